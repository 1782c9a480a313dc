#include "ops/cosmos_role.h"

#include "ops/resource_children.h"

static str account_of(const struct resource *r)
{
    str parent = STR_NONE;
    return scope_parent(r->id, &parent) ? parent : STR_NONE;
}

static enum err check_name(struct call *c, const struct resource *r)
{
    guid g;
    if (guid_parse(r->name, &g)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The name '%.*s' of a role's definition or assignment must be a GUID.", PSTR(r->name));
}

// "", "/dbs/NAME" or "/dbs/NAME/colls/NAME" behind the account's id.
static bool is_scope(str account, str scope)
{
    static const str KINDS[] = {S_INIT("dbs"), S_INIT("colls")};
    str              rest = str_from(scope, account.n), word;
    size_t           n = 0;
    if (!scope_path_contains(account, scope)) return false;
    if (str_empty(rest)) return true;
    for (rest = str_from(rest, 1); str_cut(&rest, '/', &word); n++)
        if (str_empty(word) || n >= 2 * COUNT(KINDS) || (n % 2 == 0 && !str_eq(word, KINDS[n / 2]))) return false;
    return n % 2 == 0;
}

static enum err check_scope(struct call *c, str account, str scope)
{
    if (is_scope(account, scope)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The scope '%.*s' is not the account '%.*s', nor a database (/dbs/NAME) or container (/colls/NAME) in it.",
                PSTR(call_printable(c, scope, 256)), PSTR(account));
}

#define PREFIX "Microsoft.DocumentDB/databaseAccounts/"
#define INSIDE PREFIX "sqlDatabases/containers/"
static const str ACTIONS[] = {S_INIT(PREFIX "readMetadata"),
                              S_INIT(INSIDE "*"),
                              S_INIT(INSIDE "executeQuery"),
                              S_INIT(INSIDE "readChangeFeed"),
                              S_INIT(INSIDE "executeStoredProcedure"),
                              S_INIT(INSIDE "manageConflicts"),
                              S_INIT(INSIDE "items/*"),
                              S_INIT(INSIDE "items/create"),
                              S_INIT(INSIDE "items/read"),
                              S_INIT(INSIDE "items/replace"),
                              S_INIT(INSIDE "items/upsert"),
                              S_INIT(INSIDE "items/delete")};

static enum err check_permission(struct call *c, const struct json *permission)
{
    const struct json *actions = json_get(permission, S("dataActions"));
    if (!json_is(actions, JSON_IS_ARRAY) || json_n(actions) == 0 || json_n(json_get(permission, S("notDataActions"))) > 0)
        return FAIL(c, ERR_CONTENT_INVALID, "Each of the permissions must have dataActions, and no notDataActions.");
    for (size_t i = 0; i < json_n(actions); i++) {
        str action = json_str(json_at(actions, i));
        if (str_index_nocase(ACTIONS, COUNT(ACTIONS), action) == STR_NOWHERE)
            return FAIL(c, ERR_CONTENT_INVALID, "'%.*s' is no data action of Cosmos DB.", PSTR(call_printable(c, action, 128)));
    }
    return OK;
}

static enum err require_list(struct call *c, const struct json *properties, const char *name, const struct json **out)
{
    *out = json_get(properties, str_of(name));
    return json_is(*out, JSON_IS_ARRAY) && json_n(*out) > 0 ? OK : FAIL(c, ERR_CONTENT_INVALID, "The property 'properties.%s' must be a list.", name);
}

enum err cosmos_role_write(struct call *c, struct work *w, struct resource_change *change)
{
    const struct json *properties = json_get(change->document, S("properties")), *scopes, *permissions;
    (void)w;
    TRY(check_name(c, change->next));
    if (resource_children_is_fixed(change->next->type, change->next->name))
        return FAIL(c, ERR_METHOD_NOT_ALLOWED, "The role definition '%.*s' is built in and cannot be changed.", PSTR(change->next->id));
    if (str_empty(json_get_str(properties, S("roleName")))) return FAIL(c, ERR_CONTENT_INVALID, "A role definition needs a 'roleName'.");
    if (!str_eq(json_get_str(properties, S("type")), S("CustomRole")))
        return FAIL(c, ERR_CONTENT_INVALID, "The type of a role definition is 'CustomRole'.");
    TRY(require_list(c, properties, "assignableScopes", &scopes));
    TRY(require_list(c, properties, "permissions", &permissions));
    for (size_t i = 0; i < json_n(scopes); i++) TRY(check_scope(c, account_of(change->next), json_str(json_at(scopes, i))));
    for (size_t i = 0; i < json_n(permissions); i++) TRY(check_permission(c, json_at(permissions, i)));
    return OK;
}

// The role must be one of the account, which may be assigned there. That it is there was checked: resource_references.h.
static enum err check_role(struct call *c, const struct work *w, str account, str id, str scope)
{
    const struct resource *role = tree_find(w->world->tree, id);
    const struct json     *document, *scopes;
    if (!role || !scope_path_contains(account, id)) return FAIL(c, ERR_CONTENT_INVALID, "A role of the account '%.*s' must be named.", PSTR(account));
    TRY(resource_document(c, role, &document));
    scopes = json_path(document, "properties.assignableScopes");
    for (size_t i = 0; i < json_n(scopes); i++)
        if (scope_path_contains(json_str(json_at(scopes, i)), scope)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The role '%.*s' cannot be assigned at '%.*s': it lies in none of its assignableScopes.", PSTR(id),
                PSTR(scope));
}

enum err cosmos_assignment_write(struct call *c, struct work *w, struct resource_change *change)
{
    const struct json *properties = json_get(change->document, S("properties"));
    str       scope = json_get_str(properties, S("scope")), who = json_get_str(properties, S("principalId")), account = account_of(change->next);
    object_id id;
    TRY(check_name(c, change->next));
    TRY(check_scope(c, account, scope));
    TRY(check_role(c, w, account, json_get_str(properties, S("roleDefinitionId")), scope));
    if (guid_parse(who, &id.g) && directory_find(w->world->directory, id)) return OK;
    return FAIL(c, ERR_PRINCIPAL_NOT_FOUND, "The provided principal ID [\"%.*s\"] was not found in the AAD tenant(s) [%s].",
                PSTR(call_printable(c, who, 64)), guid_text(w->product->tenant.g).s);
}

enum err cosmos_role_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str NAMES[] = {S_INIT("roleName"), S_INIT("type"), S_INIT("assignableScopes"), S_INIT("permissions")};
    return json_spell(c, properties, NAMES, COUNT(NAMES), out);
}

enum err cosmos_assignment_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str NAMES[] = {S_INIT("roleDefinitionId"), S_INIT("scope"), S_INIT("principalId")};
    return json_spell(c, properties, NAMES, COUNT(NAMES), out);
}
