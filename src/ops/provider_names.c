#include "ops/provider_names.h"

#include "core/map.h"
#include "rbac/pattern.h"
#include "resources/types.h"

struct known {
    struct map control, data; // the value is the key's own text: only its being there counts
};

static str provider_of(str action)
{
    return str_upto(action, str_find(action, '/'));
}

static bool add(struct map *m, str action)
{
    str provider = provider_of(action);
    if (str_find(action, '/') == STR_NOWHERE || str_find(provider, '*') != STR_NOWHERE || map_get(m, provider)) return true;
    return map_put(m, provider, (void *)provider.at, NULL);
}

static bool add_role(struct known *p, const struct role *role)
{
    for (const struct role_permission *block = role->permissions; block < role->permissions + role->permission_n; block++) {
        for (size_t i = 0; i < block->action_n; i++)
            if (!add(&p->control, block->actions[i])) return false;
        for (size_t i = 0; i < block->data_action_n; i++)
            if (!add(&p->data, block->data_actions[i])) return false;
    }
    return true;
}

static bool fill(struct known *p)
{
    size_t             n;
    const struct role *roles = role_builtins(&n);
    for (size_t i = 0; i < n; i++)
        if (!add_role(p, &roles[i])) return false;
    for (size_t i = 0; i < types_count(); i++)
        if (!add(&p->control, types_at(i)->type)) return false;
    return true;
}

static void clear_known(struct known *p)
{
    map_clear(&p->control);
    map_clear(&p->data);
}

static enum err check_one(struct call *c, const struct known *p, str pattern, enum rbac_plane plane)
{
    str provider = provider_of(pattern), shown = call_printable(c, pattern, 256);
    if (pattern_is_valid(pattern) && str_find(provider, '*') != STR_NOWHERE) return OK;
    bool has_data = map_get(&p->data, provider);
    if (!pattern_is_valid(pattern) || (!has_data && !map_get(&p->control, provider)))
        return FAIL(c, ERR_ROLE_ACTION_UNKNOWN, "'%.*s' does not match any of the actions supported by the providers.", PSTR(shown));
    if (plane == RBAC_DATA && !has_data)
        return FAIL(c, ERR_ROLE_ACTION_UNKNOWN, "The resource provider referenced in the action '%.*s' has not published any data operations.", PSTR(shown));
    return OK;
}

static enum err check_list(struct call *c, const struct known *p, const str *actions, size_t n, enum rbac_plane plane)
{
    for (size_t i = 0; i < n; i++) TRY(check_one(c, p, actions[i], plane));
    return OK;
}

static enum err check_block(struct call *c, const struct known *known, const struct role_permission *p)
{
    TRY(check_list(c, known, p->actions, p->action_n, RBAC_CONTROL));
    TRY(check_list(c, known, p->not_actions, p->not_action_n, RBAC_CONTROL));
    TRY(check_list(c, known, p->data_actions, p->data_action_n, RBAC_DATA));
    return check_list(c, known, p->not_data_actions, p->not_data_action_n, RBAC_DATA);
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
    CLEANUP(clear_known) struct known known = {0};
    TRY(check_count(c, blocks, n));
    map_init(&known.control, true);
    map_init(&known.data, true);
    if (!fill(&known)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < n; i++) TRY(check_block(c, &known, &blocks[i]));
    return OK;
}
