// Whether a name that is global can still be taken. Each provider has its own words for the answer.
// Source: https://learn.microsoft.com/rest/api/storagerp/storage-accounts/check-name-availability and its like
#include "endpoints/arm/arm.h"
#include "resources/types.h"

static const struct name_check {
    const char *provider, *type;
    const char *action;                   // the permission, behind the provider
    const char *available;                // the member that says yes or no
    const char *fine, *taken, *malformed; // the member "reason"; NULL: it is left out
    bool        echoes;                   // the name and the type that were asked about
} CHECKS[] = {
    {"Microsoft.AppConfiguration", "configurationStores", "checkNameAvailability/read", "nameAvailable", NULL, "AlreadyExists", "Invalid"},
    {"Microsoft.DBforPostgreSQL", "flexibleServers", "checkNameAvailability/action", "nameAvailable", NULL, "AlreadyExists", "Invalid",
     .echoes = true},
    {"Microsoft.EventHub", "namespaces", "checkNameAvailability/action", "nameAvailable", "None", "NameInUse", "InvalidName"},
    {"Microsoft.KeyVault", "vaults", "checkNameAvailability/read", "nameAvailable", NULL, "AlreadyExists", "AccountNameInvalid"},
    {"Microsoft.ServiceBus", "namespaces", "checkNameAvailability/action", "nameAvailable", "None", "NameInUse", "InvalidName"},
    {"Microsoft.Sql", "servers", "checkNameAvailability/action", "available", NULL, "AlreadyExists", "Invalid", .echoes = true},
    {"Microsoft.Storage", "storageAccounts", "checknameavailability/read", "nameAvailable", NULL, "AlreadyExists", "AccountNameInvalid"},
    {"Microsoft.Web", "sites", "checknameavailability/read", "nameAvailable", "", "AlreadyExists", "Invalid"},
};

// The route of vaults names its provider itself.
static enum err find_check(struct call *c, const struct wire *q, const struct name_check **out)
{
    str provider = wire_param(q, "namespace");
    if (str_empty(provider)) provider = S("Microsoft.KeyVault");
    for (size_t i = 0; i < COUNT(CHECKS); i++) {
        *out = &CHECKS[i];
        if (str_eq_nocase(provider, str_of(CHECKS[i].provider))) return OK;
    }
    return FAIL(c, ERR_TYPE_UNKNOWN, "The resource type 'checkNameAvailability' could not be found in the namespace '%.*s'.",
                PSTR(call_printable(c, provider, 128)));
}

enum err arm_at_name_check(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    const struct name_check *check;
    TRY(find_check(c, q, &check));
    TRY(wire_read_body(c, q));
    TRY(arm_at_subscription(c, w, q, out));
    out->action = call_format(c, "%s/%s", check->provider, check->action);
    return OK;
}

// The soft-deleted hold their names too.
static enum err problem_of(struct call *c, const struct work *w, const struct name_check *check, str name, str *out, const char **out_reason)
{
    str type = call_format(c, "%s/%s", check->provider, check->type);
    *out_reason = check->fine;
    *out = STR_NONE;
    enum err malformed = types_check_name(c, types_of(type), name);
    if (malformed == ERR_NO_MEMORY) return malformed;
    if (malformed != OK) *out = call_format(c, "%s", c->failure.text);
    if (malformed != OK) *out_reason = check->malformed;
    call_forgive(c);
    if (malformed != OK || (!tree_find_global(w->world->tree, type, name, false) && !tree_find_global(w->world->tree, type, name, true))) return OK;
    *out = call_format(c, "The name '%.*s' is already in use.", PSTR(name));
    *out_reason = check->taken;
    return OK;
}

enum err arm_name_check(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct name_check *check;
    const struct json       *body, *name, *type;
    const char              *reason;
    str                      problem;
    TRY(find_check(c, q, &check));
    TRY(wire_body(c, q, &body));
    name = json_get_nocase(body, S("name"));
    type = json_get_nocase(body, S("type"));
    if (!json_is(name, JSON_IS_STRING)) return FAIL(c, ERR_CONTENT_INVALID, "The request needs a 'name'.");
    TRY(problem_of(c, w, check, json_str(name), &problem, &reason));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_bool(j, str_of(check->available), str_empty(problem));
    if (reason) json_put_string(j, S("reason"), str_of(reason));
    if (reason) json_put_string(j, S("message"), problem);
    if (check->echoes) json_put_string(j, S("name"), json_str(name));
    if (check->echoes && type) json_put_value(j, S("type"), type);
    json_write_end(j);
    return OK;
}

// Cosmos DB asks by HEAD: 200, it is taken.
enum err arm_cosmos_name_head(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c;
    a->status = tree_find_global(w->world->tree, S("Microsoft.DocumentDB/databaseAccounts"), wire_param(q, "name"), false) ? 200 : 404;
    return OK;
}
