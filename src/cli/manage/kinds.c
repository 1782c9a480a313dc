#include "cli/manage/kinds.h"

#define GENERIC_VERSION "2021-04-01"

const struct kind KINDS[] = {
    {"vm", "vms", "a virtual machine", "Microsoft.Compute/virtualMachines", "2024-07-01", .takes_identity = true, .rank = KIND_STANDS_ALONE,
     .properties = "\"hardwareProfile\":{\"vmSize\":\"Standard_D2s_v5\"}"},
    {"app", "apps", "a web app", "Microsoft.Web/sites", "2024-04-01", .takes_identity = true, .members = "\"kind\":\"app\"", .rank = KIND_STANDS_ALONE},
    {"function", "functions", "a function app", "Microsoft.Web/sites", "2024-04-01", .takes_identity = true, .members = "\"kind\":\"functionapp\"",
     .rank = KIND_STANDS_ALONE},
    {"slot", "slots", "a deployment slot of an app, APP/SLOT", "Microsoft.Web/sites/slots", "2024-04-01", .takes_identity = true,
     .members = "\"kind\":\"app\"", .rank = KIND_HAS_PARENT},
    {"container-app", "container-apps", "a container app", "Microsoft.App/containerApps", "2024-03-01", .takes_identity = true, .rank = KIND_STANDS_ALONE},
    {"identity", "identities", "a user-assigned managed identity", "Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30",
     .rank = KIND_IS_REFERRED_TO},
    {"vault", "vaults", "a key vault in which roles decide", "Microsoft.KeyVault/vaults", "2023-07-01", .names_tenant = true, .rank = KIND_STANDS_ALONE,
     .properties = "\"sku\":{\"family\":\"A\",\"name\":\"standard\"},\"enableRbacAuthorization\":true"},
    {"storage", "storage-accounts", "a storage account", "Microsoft.Storage/storageAccounts", "2023-05-01", .takes_identity = true,
     .members = "\"kind\":\"StorageV2\",\"sku\":{\"name\":\"Standard_LRS\"}", .rank = KIND_STANDS_ALONE},
};
const size_t KIND_N = COUNT(KINDS);

const struct kind *kind_of_type(str type)
{
    for (size_t i = 0; i < KIND_N; i++)
        if (str_eq_nocase(str_of(KINDS[i].type), type)) return &KINDS[i];
    return NULL;
}

static str after_last_providers(str id)
{
    str found = STR_NONE;
    for (str rest = id, piece; str_cut(&rest, '/', &piece);)
        if (str_eq_nocase(piece, S("providers"))) found = rest;
    return found;
}

// Does the id end in that type's segments, with a name behind each?
static bool is_id_of(const struct kind *kind, str id)
{
    str rest = after_last_providers(id), types = str_of(kind->type), piece, type;
    if (!str_cut(&rest, '/', &piece) || !str_cut(&types, '/', &type) || !str_eq_nocase(piece, type)) return false;
    while (str_cut(&types, '/', &type))
        if (!str_cut(&rest, '/', &piece) || !str_eq_nocase(piece, type) || !str_cut(&rest, '/', &piece)) return false;
    return rest.at == NULL;
}

const char *kind_version_of(str id)
{
    for (size_t i = 0; i < KIND_N; i++)
        if (is_id_of(&KINDS[i], id)) return KINDS[i].version;
    return GENERIC_VERSION;
}

static bool is_type(str word)
{
    size_t slash = str_find(word, '/'), dot = str_find(word, '.');
    for (size_t i = 0; i < word.n; i++) {
        char ch = char_lower(word.at[i]);
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '/' || ch == '.' || ch == '-')) return false;
    }
    return dot != STR_NOWHERE && slash != STR_NOWHERE && dot > 0 && dot < slash && !str_ends(word, S("/"));
}

static const struct kind *made_of_type(struct call *c, str type)
{
    struct kind *kind;
    const char  *z = call_zstr(c, type);
    if (!z || NEW(c, &kind, 1) != OK) return NULL;
    bool has_parent = str_find(str_from(type, str_find(type, '/') + 1), '/') != STR_NOWHERE;
    *kind = (struct kind){.word = z,
                          .plural = z,
                          .help = z,
                          .type = z,
                          .version = GENERIC_VERSION,
                          .takes_identity = true,
                          .rank = has_parent ? KIND_HAS_PARENT : KIND_STANDS_ALONE};
    return kind;
}

const struct kind *kind_find(struct call *c, str word)
{
    for (size_t i = 0; i < KIND_N; i++)
        if (str_eq_nocase(str_of(KINDS[i].word), word) || str_eq_nocase(str_of(KINDS[i].plural), word)) return &KINDS[i];
    const struct kind *known = kind_of_type(word);
    return known || !is_type(word) ? known : made_of_type(c, word);
}

str kind_words(struct call *c)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < KIND_N; i++) buf_addf(&b, "%s%s", i ? ", " : "", KINDS[i].word);
    return buf_view(&b);
}

static size_t parts_of(str path)
{
    size_t n = 0;
    for (str rest = path, piece; str_cut(&rest, '/', &piece);) n++;
    return n;
}

static bool is_name(str name)
{
    static const str FORBIDDEN = S_INIT("<>%&:\\?# \"'");
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.at[i] < 0x21 || (unsigned char)name.at[i] > 0x7e || str_find(FORBIDDEN, name.at[i]) != STR_NOWHERE) return false;
    return name.n > 0 && !str_eq(name, S(".")) && !str_eq(name, S(".."));
}

enum err kind_id(struct call *c, const struct kind *kind, str group, str name, str *out)
{
    struct buf b;
    str        types = str_of(kind->type), type, names = name, piece, provider;
    bool       has_provider = str_cut(&types, '/', &provider);
    size_t     wanted = parts_of(types);
    if (!has_provider || parts_of(name) != wanted)
        return FAIL(c, ERR_USAGE,
                    wanted == 1 ? "\"%.*s\" is not the name of %s: such a name has no slash." : "\"%.*s\" is not the name of %s: write PARENT/NAME.",
                    PSTR(name), kind->help);
    buf_init(&b, &c->arena);
    buf_addf(&b, "%.*s/providers/%.*s", PSTR(group), PSTR(provider));
    while (str_cut(&types, '/', &type) && str_cut(&names, '/', &piece)) {
        if (!is_name(piece))
            return FAIL(c, ERR_USAGE, "\"%.*s\" is not a valid name: it is empty or has a character that names cannot have.", PSTR(piece));
        buf_addf(&b, "/%.*s/%.*s", PSTR(type), PSTR(piece));
    }
    return buf_finish(c, &b, out);
}
