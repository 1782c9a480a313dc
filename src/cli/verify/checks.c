#include "cli/verify/checks.h"

#include "core/buf.h"

const struct check CHECKS[] = {
    {.service = CHECK_MANAGEMENT, .words = "read it"},
    {.type = "Microsoft.KeyVault/vaults", .service = CHECK_VAULT, .action = "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
     .permission = "list", .path = "/secrets?api-version=7.4", .words = "list the secrets"},
    {.type = "Microsoft.KeyVault/vaults", .service = CHECK_VAULT, .action = "Microsoft.KeyVault/vaults/secrets/getSecret/action",
     .permission = "get", .path = "/secrets/{name}?api-version=7.4", .words = "get a secret", .may_be_absent = true},
    {.type = "Microsoft.KeyVault/vaults/secrets", .service = CHECK_VAULT, .action = "Microsoft.KeyVault/vaults/secrets/getSecret/action",
     .path = "/secrets/{name}?api-version=7.4", .words = "get the secret", .may_be_absent = true},
};
const size_t CHECK_N = COUNT(CHECKS);

static const struct { const char *provider, *audience; } WITHOUT_CHECK[] = {
    {"Microsoft.Storage/", "https://storage.azure.com/"},
    {"Microsoft.ServiceBus/", "https://servicebus.azure.net/"},
    {"Microsoft.EventHub/", "https://eventhubs.azure.net/"},
    {"Microsoft.AppConfiguration/", "https://azconfig.io/"},
    {"Microsoft.DocumentDB/", "https://cosmos.azure.com/"},
};

const char *check_audience_of(str type)
{
    for (size_t i = 0; i < COUNT(WITHOUT_CHECK); i++)
        if (str_starts_nocase(type, str_of(WITHOUT_CHECK[i].provider))) return WITHOUT_CHECK[i].audience;
    return NULL;
}

// "NS/a/x/b/y": the type is "NS/a/b", the names are "x/y".
static void read_provider(struct call *c, str rest, struct target *out)
{
    struct buf type, names;
    str        piece;
    buf_init(&type, &c->arena);
    buf_init(&names, &c->arena);
    for (size_t i = 0; str_cut(&rest, '/', &piece); i++) {
        bool is_type = i == 0 || i % 2 == 1;
        bool is_kind = is_type && i > 1; // of a child: its name alone would not say what it is
        if (is_type) buf_addf(&type, "%s%.*s", i ? "/" : "", PSTR(piece));
        if (is_kind || !is_type) buf_addf(&names, "%s%.*s", names.n ? "/" : "", PSTR(piece));
    }
    out->type = buf_view(&type);
    out->short_name = buf_view(&names);
}

struct target target_of(struct call *c, str id)
{
    struct target t = {.id = id, .short_name = id};
    str           rest = id, piece, after = STR_NONE, last = STR_NONE;
    size_t        pieces = 0;
    while (str_cut(&rest, '/', &piece)) {
        if (str_eq_nocase(piece, S("providers"))) after = rest;
        if (piece.n) pieces++;
        last = piece;
    }
    if (after.n) {
        read_provider(c, after, &t);
    } else if (pieces == 2) {
        t.type = S("Microsoft.Resources/subscriptions");
        t.short_name = S("subscription");
    } else if (pieces == 4) {
        t.type = S("Microsoft.Resources/subscriptions/resourceGroups");
        t.short_name = last;
    }
    return t;
}

bool target_contains(str outer, str inner)
{
    if (str_eq(outer, S("/"))) return true;
    return str_starts_nocase(inner, outer) && (inner.n == outer.n || inner.at[outer.n] == '/');
}
