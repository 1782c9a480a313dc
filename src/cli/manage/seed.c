// A file that says what shall be there: read whole and checked before the first request.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/grants.h"
#include "cli/manage/report.h"
#include "cli/read_file.h"
#include "core/yaml.h"

#define SECRET_MAX_BYTES 25600 /* of a vault's secret; source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets */
#define MOST_IDENTITIES  20

struct seed {
    struct cli        *cli;
    const struct json *file;
    const char        *dir; /* of the file: paths in it start here; NULL: the working directory */
    str                group, location;
    size_t             n[ENSURE_CHANGED + 1];
};

static enum err unfit(struct seed *s, const char *list, size_t i, const char *what)
{
    return FAIL(&s->cli->call, ERR_USAGE, "%s, entry %zu: %s.", list, i + 1, what);
}

static enum err tell(struct seed *s, const char *kind, str name, const struct ensure_result *result)
{
    s->n[result->what]++;
    return s->cli->json ? OK : report_result(s->cli, kind, name, result);
}

// A row of the file: the members that it may have.
static enum err check_members(struct seed *s, const char *list, size_t i, const struct json *row, const str *known, size_t n)
{
    struct call *c = &s->cli->call;
    if (!json_is(row, JSON_IS_OBJECT)) return unfit(s, list, i, "it is no mapping");
    for (size_t k = 0; k < json_n(row); k++)
        if (str_index_nocase(known, n, row->u.list.names[k]) == STR_NOWHERE && !kind_find(c, row->u.list.names[k]))
            return unfit(s, list, i, call_zstr(c, call_format(c, "\"%.*s\" is not known here", PSTR(row->u.list.names[k]))));
    return OK;
}

static const str RESOURCE_MEMBERS[] = {S_INIT("identity"), S_INIT("group"), S_INIT("location"), S_INIT("secrets")};

// "vm: web" says both the kind and the name. `identity` is a kind, and what other kinds carry: alone it is the kind.
static const struct kind *kind_of_row(struct call *c, const struct json *row, str *out_name)
{
    const struct kind *found = NULL, *identity = NULL;
    str                identity_name = STR_NONE;
    for (size_t i = 0; i < json_n(row); i++) {
        str                word = row->u.list.names[i];
        const struct kind *kind =
            str_index_nocase(RESOURCE_MEMBERS + 1, COUNT(RESOURCE_MEMBERS) - 1, word) == STR_NOWHERE ? kind_find(c, word) : NULL;
        if (!kind) continue;
        if (str_eq(word, S("identity"))) {
            identity = kind;
            identity_name = json_str(json_at(row, i));
        } else {
            found = kind;
            *out_name = json_str(json_at(row, i));
        }
    }
    if (!found) *out_name = identity_name;
    return found ? found : identity;
}

static enum err check_resource(struct seed *s, size_t i, const struct json *row)
{
    struct call       *c = &s->cli->call;
    str                name = STR_NONE;
    const struct kind *kind = kind_of_row(c, row, &name);
    TRY(check_members(s, "resources", i, row, RESOURCE_MEMBERS, COUNT(RESOURCE_MEMBERS)));
    if (!kind || str_empty(name))
        return unfit(s, "resources", i, call_zstr(c, call_format(c, "it begins with a kind and a name: one of %.*s", PSTR(kind_words(c)))));
    if (json_get(row, S("secrets")) && !kind->names_tenant) return unfit(s, "resources", i, "only a vault has secrets");
    if (json_n(json_get(row, S("identity"))) > MOST_IDENTITIES) return unfit(s, "resources", i, "it carries too many identities");
    return OK;
}

static enum err check_grant(struct seed *s, size_t i, const struct json *row)
{
    static const str MEMBERS[] = {S_INIT("to"), S_INIT("role"), S_INIT("on"), S_INIT("condition")};
    TRY(check_members(s, "grants", i, row, MEMBERS, COUNT(MEMBERS)));
    for (size_t k = 0; k < 3; k++)
        if (str_empty(json_get_str(row, MEMBERS[k])))
            return unfit(s, "grants", i, call_zstr(&s->cli->call, call_format(&s->cli->call, "\"%.*s\" is missing", PSTR(MEMBERS[k]))));
    return OK;
}

static enum err check_usergroup(struct seed *s, size_t i, const struct json *row)
{
    static const str MEMBERS[] = {S_INIT("usergroup"), S_INIT("members")};
    TRY(check_members(s, "usergroups", i, row, MEMBERS, COUNT(MEMBERS)));
    return str_empty(json_get_str(row, S("usergroup"))) ? unfit(s, "usergroups", i, "\"usergroup\" is missing: its name") : OK;
}

// A list of texts, no more than a command may say.
static bool is_words(const struct json *list)
{
    if (!list) return true;
    if (!json_is(list, JSON_IS_ARRAY) || json_n(list) > APPLICATION_MAX_WORDS) return false;
    for (size_t i = 0; i < json_n(list); i++)
        if (str_empty(json_str(json_at(list, i)))) return false;
    return true;
}

static size_t words_of(const struct json *list, str out[APPLICATION_MAX_WORDS])
{
    for (size_t i = 0; i < json_n(list); i++) out[i] = json_str(json_at(list, i));
    return json_n(list);
}

static enum err check_application(struct seed *s, size_t i, const struct json *row)
{
    static const str   MEMBERS[] = {S_INIT("application"), S_INIT("uris"), S_INIT("roles"), S_INIT("assignment-required")};
    const struct json *required = json_get(row, MEMBERS[3]);
    TRY(check_members(s, "applications", i, row, MEMBERS, COUNT(MEMBERS)));
    if (str_empty(json_get_str(row, MEMBERS[0]))) return unfit(s, "applications", i, "\"application\" is missing: its name");
    if (!is_words(json_get(row, MEMBERS[1])) || !is_words(json_get(row, MEMBERS[2])))
        return unfit(s, "applications", i, "uris and roles are lists of texts");
    return required && !json_is(required, JSON_IS_BOOL) ? unfit(s, "applications", i, "assignment-required is true or false") : OK;
}

static enum err check_user(struct seed *s, size_t i, const struct json *row)
{
    return str_empty(json_str(row)) ? unfit(s, "users", i, "it is no name") : OK;
}

static enum err each(struct seed *s, const char *list, enum err (*see)(struct seed *s, size_t i, const struct json *row))
{
    const struct json *rows = json_get(s->file, str_of(list));
    if (rows && !json_is(rows, JSON_IS_ARRAY) && !json_is(rows, JSON_IS_NULL)) return FAIL(&s->cli->call, ERR_USAGE, "\"%s\" must be a list.", list);
    for (size_t i = 0; i < json_n(rows); i++) TRY(see(s, i, json_at(rows, i)));
    return OK;
}

static enum err check_file(struct seed *s)
{
    static const str TOP[] = {S_INIT("group"),     S_INIT("location"),     S_INIT("users"), S_INIT("usergroups"),
                              S_INIT("resources"), S_INIT("applications"), S_INIT("grants")};
    struct call     *c = &s->cli->call;
    if (!json_is(s->file, JSON_IS_OBJECT))
        return FAIL(c, ERR_USAGE, "The file must be a mapping with the keys group, location, users, usergroups, resources, applications, grants.");
    for (size_t i = 0; i < json_n(s->file); i++)
        if (str_index_nocase(TOP, COUNT(TOP), s->file->u.list.names[i]) == STR_NOWHERE)
            return FAIL(c, ERR_USAGE, "\"%.*s\" is not known: a file has group, location, users, usergroups, resources, applications, grants.",
                        PSTR(s->file->u.list.names[i]));
    TRY(each(s, "users", check_user));
    TRY(each(s, "usergroups", check_usergroup));
    TRY(each(s, "resources", check_resource));
    TRY(each(s, "applications", check_application));
    return each(s, "grants", check_grant);
}

static enum err make_user(struct seed *s, size_t i, const struct json *row)
{
    CLEANUP(secret_clear) struct secret password = {0}; // nobody is told: `lanyard create user NAME --password FILE` sets another
    struct ensure_result                result;
    (void)i;
    TRY(user_password_make(&s->cli->call, &password));
    TRY(ensure_user(s->cli, json_str(row), &password, &result));
    return tell(s, "user", json_str(row), &result);
}

static enum err make_usergroup(struct seed *s, size_t i, const struct json *row)
{
    struct ensure_result result;
    const struct json   *members = json_get(row, S("members"));
    (void)i;
    TRY(ensure_usergroup(s->cli, json_get_str(row, S("usergroup")), &result));
    for (size_t k = 0; k < json_n(members); k++) TRY(ensure_member(s->cli, json_str(json_at(members, k)), &result));
    return tell(s, "usergroup", json_get_str(row, S("usergroup")), &result);
}

// "identity: system", or a list of such.
static size_t identities_of(const struct json *row, const struct kind *kind, str *out)
{
    const struct json *said = json_get(row, S("identity"));
    if (!kind->takes_identity) return 0;
    if (!json_is(said, JSON_IS_ARRAY)) {
        out[0] = json_str(said);
        return !str_empty(out[0]);
    }
    size_t n = 0;
    for (size_t i = 0; i < json_n(said) && n < MOST_IDENTITIES; i++) out[n++] = json_str(json_at(said, i));
    return n;
}

// A secret's value: text, {env: NAME}, {file: PATH}, or {random: BYTES}.
static enum err read_value(struct seed *s, str name, const struct json *said, struct secret *out)
{
    struct call       *c = &s->cli->call;
    const struct json *env = json_get(said, S("env")), *file = json_get(said, S("file")), *random = json_get(said, S("random"));
    if (json_is(said, JSON_IS_STRING)) return secret_init(c, out, str_bytes(json_str(said)));
    if (env) {
        const char *name_z = call_zstr(c, json_str(env)), *value = name_z ? getenv(name_z) : NULL;
        if (!value) return FAIL(c, ERR_USAGE, "The secret \"%.*s\" wants the variable %.*s, which is not set.", PSTR(name), PSTR(json_str(env)));
        return secret_init(c, out, str_bytes(str_of(value)));
    }
    if (file) {
        str path = json_str(file);
        if (!str_starts(path, S("/")) && s->dir) path = call_format(c, "%s/%.*s", s->dir, PSTR(path));
        return read_file_secret(c, path, SECRET_MAX_BYTES, out);
    }
    if (json_is(random, JSON_IS_INT) && random->u.integer >= 16 && random->u.integer <= 1024) {
        CLEANUP(secret_clear) struct secret drawn = {0};
        struct buf                          b;
        TRY(secret_init_random(c, &drawn, (size_t)random->u.integer));
        buf_init(&b, &c->arena);
        for (size_t i = 0; i < drawn.n; i++) buf_addf(&b, "%02x", secret_reveal(&drawn).at[i]);
        enum err failed = secret_init(c, out, str_bytes(buf_view(&b)));
        secret_wipe(b.at, b.n);
        return failed;
    }
    return FAIL(c, ERR_USAGE, "The secret \"%.*s\" is text, {env: NAME}, {file: PATH}, or {random: BYTES} with 16 to 1024 bytes.", PSTR(name));
}

static enum err make_secrets(struct seed *s, str vault, str vault_name, const struct json *secrets)
{
    for (size_t i = 0; i < json_n(secrets); i++) {
        CLEANUP(secret_clear) struct secret value = {0};
        struct ensure_result                result;
        str                                 name = secrets->u.list.names[i];
        TRY(read_value(s, name, json_at(secrets, i), &value));
        TRY(ensure_secret(s->cli, vault, name, &value, &result));
        TRY(tell(s, "secret", call_format(&s->cli->call, "%.*s/secrets/%.*s", PSTR(vault_name), PSTR(name)), &result));
    }
    return OK;
}

static enum err make_resource(struct seed *s, const struct json *row, const struct kind *kind, str name)
{
    str                    identities[MOST_IDENTITIES], group = json_get_str(row, S("group"));
    struct ensure_result   result;
    struct ensure_resource wish = {.kind = kind, .name = name, .location = json_get_str(row, S("location")), .identities = identities};
    if (str_empty(wish.location)) wish.location = s->location;
    wish.identity_n = identities_of(row, kind, identities);
    TRY(find_group(s->cli, str_empty(group) ? s->group : group, &wish.group));
    TRY(ensure_resource(s->cli, &wish, &result));
    TRY(tell(s, kind->word, name, &result));
    return make_secrets(s, result.id, name, json_get(row, S("secrets")));
}

// What others refer to comes first, whatever the order in the file.
static enum err make_resources(struct seed *s)
{
    const struct json *rows = json_get(s->file, S("resources"));
    for (enum kind_rank rank = KIND_IS_REFERRED_TO; rank <= KIND_HAS_PARENT; rank++)
        for (size_t i = 0; i < json_n(rows); i++) {
            str                name = STR_NONE;
            const struct kind *kind = kind_of_row(&s->cli->call, json_at(rows, i), &name);
            if (kind && kind->rank == rank) TRY(make_resource(s, json_at(rows, i), kind, name));
        }
    return OK;
}

static enum err make_application(struct seed *s, size_t i, const struct json *row)
{
    str                       uris[APPLICATION_MAX_WORDS], roles[APPLICATION_MAX_WORDS];
    struct ensure_result      result = {0};
    struct ensure_application wish = {.name = json_get_str(row, S("application")), .uris = uris, .roles = roles};
    (void)i;
    wish.uri_n = words_of(json_get(row, S("uris")), uris);
    wish.role_n = words_of(json_get(row, S("roles")), roles);
    wish.needs_assignment = json_get_bool(row, S("assignment-required"), false);
    TRY(ensure_application(s->cli, &wish, &result));
    return tell(s, "application", wish.name, &result);
}

static enum err make_grant(struct seed *s, size_t i, const struct json *row)
{
    struct grant         grant;
    struct ensure_result result = {0};
    (void)i;
    TRY(grant_read(s->cli, json_get_str(row, S("to")), json_get_str(row, S("role")), json_get_str(row, S("on")), json_get_str(row, S("condition")),
                   &grant));
    TRY(grant_ensure(s->cli, &grant, &result));
    return tell(s, "grant", grant.words, &result);
}

static enum err make_all(struct seed *s)
{
    struct ensure_result result;
    TRY(each(s, "users", make_user));
    if (!str_empty(s->group)) {
        TRY(ensure_group(s->cli, s->group, s->location, &result));
        TRY(tell(s, "group", s->group, &result));
    }
    TRY(make_resources(s));
    TRY(each(s, "applications", make_application));
    TRY(each(s, "usergroups", make_usergroup)); // their members may be identities
    return each(s, "grants", make_grant);
}

static enum err read_seed(struct seed *s, const char *path)
{
    struct call *c = &s->cli->call;
    str          text, dir = str_of(path);
    if (str_eq(dir, S("-"))) dir = STR_NONE;
    TRY(read_file(c, path, YAML_MAX_BYTES, &text));
    size_t slash = str_find_last(dir, '/');
    if (slash != STR_NOWHERE) s->dir = call_zstr(c, str_upto(dir, slash ? slash : 1));
    if (yaml_parse(c, text, &s->file) != OK) {
        str words = call_format(c, "%s", c->failure.text);
        call_forgive(c);
        return FAIL(c, ERR_USAGE, "%s: %.*s", path, PSTR(words));
    }
    s->group = json_get_str(s->file, S("group"));
    s->location = json_get_str(s->file, S("location"));
    return check_file(s);
}

static int run_seed(struct cli *cli)
{
    struct seed s = {.cli = cli};
    if (read_seed(&s, cli->operands[0]) != OK || make_all(&s) != OK) return cli_failed(cli);
    if (cli->json) printf("{\"created\":%zu,\"changed\":%zu,\"unchanged\":%zu}\n", s.n[ENSURE_CREATED], s.n[ENSURE_CHANGED], s.n[ENSURE_UNCHANGED]);
    return STATUS_OK;
}

static const struct operand_row OPERANDS[] = {{"FILE", "YAML or JSON; - for standard input"}};

static const struct section_row SECTIONS[] = {
    {"The file",
     "  group: shop                     # the resource group; made if it is not there\n"
     "  users: [dev]\n"
     "  usergroups:\n"
     "    - usergroup: on-call\n"
     "      members: [dev]\n"
     "  resources:\n"
     "    - identity: billing\n"
     "    - vm: web\n"
     "      identity: [system, billing]\n"
     "    - vault: my-shop\n"
     "      secrets:\n"
     "        payment-key: {env: PAYMENT_KEY}\n"
     "        session-key: {random: 32}\n"
     "  applications:\n"
     "    - application: Orders\n"
     "      uris: ['api://orders']\n"
     "      roles: [Orders.Read, Orders.Write]\n"
     "  grants:\n"
     "    - {to: web, role: Key Vault Secrets User, on: my-shop}\n"
     "    - {to: web, role: Orders.Read, on: 'api://orders'}\n"
     "    - {to: on-call, role: Reader, on: shop}\n"
     "\n"
     "A resource begins with its kind and name and may say group, location, identity, and a vault its secrets: text, or where the value comes from - "
     "{env: NAME}, {file: PATH}, {random: BYTES}. An application may say assignment-required: true. A grant says to whom, which role, on what, and may say a condition."},
};

const struct command COMMAND_SEED = {
    .name = "seed",
    .summary = "Make everything that a file describes",
    .about =
        "Makes what does not exist yet and leaves the rest as it is, so a file can be given again after it has grown. Nothing is ever removed, and a "
        "secret that exists keeps its value. The whole file is checked before anything is made.",
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .run = run_seed,
};
