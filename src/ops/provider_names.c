#include "ops/provider_names.h"

#include <stdlib.h>

#include "core/map.h"
#include "rbac/pattern.h"
#include "resources/types.h"

struct provider_names {
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

static bool add_role(struct provider_names *p, const struct role *role)
{
    for (const struct role_permission *block = role->permissions; block < role->permissions + role->permission_n; block++) {
        for (size_t i = 0; i < block->action_n; i++)
            if (!add(&p->control, block->actions[i])) return false;
        for (size_t i = 0; i < block->data_action_n; i++)
            if (!add(&p->data, block->data_actions[i])) return false;
    }
    return true;
}

static bool fill(struct provider_names *p)
{
    size_t             n;
    const struct role *roles = role_builtins(&n);
    for (size_t i = 0; i < n; i++)
        if (!add_role(p, &roles[i])) return false;
    for (size_t i = 0; i < types_count(); i++)
        if (!add(&p->control, types_at(i)->type)) return false;
    return true;
}

enum err provider_names_new(struct call *c, struct provider_names **out)
{
    struct provider_names *p = calloc(1, sizeof *p);
    if (!p) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    map_init(&p->control, true);
    map_init(&p->data, true);
    if (!fill(p)) {
        provider_names_free(p);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *out = p;
    return OK;
}

void provider_names_free(struct provider_names *p)
{
    if (!p) return;
    map_clear(&p->control);
    map_clear(&p->data);
    free(p);
}

enum err provider_names_check(struct call *c, const struct provider_names *p, str pattern, enum rbac_plane plane)
{
    str provider = provider_of(pattern), shown = call_printable(c, pattern, 256);
    if (!pattern_is_valid(pattern))
        return FAIL(c, ERR_ROLE_ACTION_UNKNOWN, "'%.*s' does not match any of the actions supported by the providers.", PSTR(shown));
    if (str_find(provider, '*') != STR_NOWHERE) return OK;
    bool has_control = map_get(&p->control, provider), has_data = map_get(&p->data, provider);
    if (!has_control && !has_data)
        return FAIL(c, ERR_ROLE_ACTION_UNKNOWN, "'%.*s' does not match any of the actions supported by the providers.", PSTR(shown));
    if (plane == RBAC_DATA && !has_data)
        return FAIL(c, ERR_ROLE_ACTION_UNKNOWN, "The resource provider referenced in the action '%.*s' has not published any data operations.", PSTR(shown));
    return OK;
}
