#include "ops/provider_names.h"

#include "ops/registrations.h"
#include "rbac/operations.h"
#include "rbac/pattern.h"
#include "resources/types.h"

enum err provider_names_refusal(enum rbac_plane plane)
{
    return plane == RBAC_DATA ? ERR_ROLE_DATA_ACTION_UNKNOWN : ERR_ROLE_ACTION_UNKNOWN;
}

// Looked for only where the catalogue has nothing: the built-in roles name thousands.
static bool a_builtin_names(str pattern, enum rbac_plane plane)
{
    size_t             n;
    const struct role *roles = role_builtins(&n);
    for (const struct role *role = roles; role < roles + n; role++)
        for (const struct role_permission *p = role->permissions; p < role->permissions + role->permission_n; p++) {
            bool is_data = plane == RBAC_DATA;
            if (str_index_nocase(is_data ? p->data_actions : p->actions, is_data ? p->data_action_n : p->action_n, pattern) != STR_NOWHERE)
                return true;
        }
    return false;
}

static enum err check_one(struct call *c, str pattern, enum rbac_plane plane)
{
    str provider = str_upto(pattern, str_find(pattern, '/')), shown = call_printable(c, pattern, 256);
    if (pattern_is_valid(pattern) && str_find(provider, '*') != STR_NOWHERE) return OK;
    if (operations_has(pattern, plane) || a_builtin_names(pattern, plane)) return OK;
    if (plane == RBAC_DATA && !str_empty(operations_provider_find(provider)) && !operations_has(call_format(c, "%.*s/*", PSTR(provider)), RBAC_DATA))
        return FAIL(c, ERR_ROLE_DATA_ACTION_UNKNOWN, "The resource provider referenced in the action '%.*s' has not published any data operations.",
                    PSTR(shown));
    return FAIL(c, provider_names_refusal(plane), "'%.*s' does not match any of the actions supported by the providers.", PSTR(shown));
}

static enum err check_list(struct call *c, const str *actions, size_t n, enum rbac_plane plane)
{
    for (size_t i = 0; i < n; i++) TRY(check_one(c, actions[i], plane));
    return OK;
}

static enum err check_block(struct call *c, const struct role_permission *p)
{
    TRY(check_list(c, p->actions, p->action_n, RBAC_CONTROL));
    TRY(check_list(c, p->not_actions, p->not_action_n, RBAC_CONTROL));
    TRY(check_list(c, p->data_actions, p->data_action_n, RBAC_DATA));
    return check_list(c, p->not_data_actions, p->not_data_action_n, RBAC_DATA);
}

static enum err check_count(struct call *c, const struct role_permission *blocks, size_t n)
{
    size_t granting = 0, all = 0;
    for (const struct role_permission *p = blocks; p < blocks + n; p++) {
        granting += p->action_n + p->data_action_n;
        all += p->action_n + p->data_action_n + p->not_action_n + p->not_data_action_n;
    }
    if (all > ROLE_MAX_ACTIONS) return FAIL(c, ERR_ROLE_INVALID, "There are more than %d actions.", ROLE_MAX_ACTIONS);
    return granting ? OK : FAIL(c, ERR_ROLE_INVALID, "There must be at least one action or data action.");
}

enum err provider_names_check(struct call *c, const struct role_permission *blocks, size_t n)
{
    TRY(check_count(c, blocks, n));
    for (size_t i = 0; i < n; i++) TRY(check_block(c, &blocks[i]));
    return OK;
}

str provider_of_type(str type)
{
    return str_upto(type, str_find(type, '/'));
}

str provider_names_find(str name)
{
    str published = operations_provider_find(name);
    for (size_t i = 0; str_empty(published) && i < types_count(); i++)
        if (str_eq_nocase(provider_of_type(types_at(i)->type), name)) return provider_of_type(types_at(i)->type);
    return published;
}

enum err provider_names_check_type(struct call *c, str type, str version)
{
    str  provider = provider_of_type(type), any = call_format(c, "%.*s/*", PSTR(type));
    bool is_name = str_find(type, '*') == STR_NOWHERE;
    if (registration_is_free(provider) || types_find(type) || (is_name && (operations_has(any, RBAC_CONTROL) || operations_has(any, RBAC_DATA))))
        return OK;
    if (str_empty(provider_names_find(provider)))
        return FAIL(c, ERR_NAMESPACE_UNKNOWN, "The resource namespace '%.*s' is invalid.", PSTR(call_printable(c, provider, 256)));
    return FAIL(c, ERR_TYPE_UNKNOWN, "The resource type '%.*s' could not be found in the namespace '%.*s' for api version '%.*s'.",
                PSTR(call_printable(c, str_from(type, provider.n + 1), 256)), PSTR(provider), PSTR(version));
}
