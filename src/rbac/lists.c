#include "rbac/lists.h"

const struct role_permission *lists_permissions(struct lists *l, const struct role_permission *from, size_t n)
{
    struct role_permission *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        struct role_permission p = from[i];
        p.actions = lists_strs(l, p.actions, p.action_n);
        p.not_actions = lists_strs(l, p.not_actions, p.not_action_n);
        p.data_actions = lists_strs(l, p.data_actions, p.data_action_n);
        p.not_data_actions = lists_strs(l, p.not_data_actions, p.not_data_action_n);
        p.condition = lists_text(l, p.condition);
        if (to) to[i] = p;
    }
    return to;
}

static enum err check_actions(struct call *c, const str *items, size_t n, size_t *total)
{
    *total += n;
    if (n > ROLE_MAX_ACTIONS || *total > ROLE_MAX_ACTIONS) return FAIL(c, ERR_ROLE_INVALID, "There are more than %d actions.", ROLE_MAX_ACTIONS);
    for (size_t i = 0; i < n; i++)
        if (items[i].n > ROLE_MAX_ACTION_BYTES) return FAIL(c, ERR_ROLE_INVALID, "An action is longer than %d bytes.", ROLE_MAX_ACTION_BYTES);
    return OK;
}

enum err lists_check(struct call *c, const struct role_permission *permissions, size_t n)
{
    size_t total = 0;
    if (n > ROLE_MAX_PERMISSIONS) return FAIL(c, ERR_ROLE_INVALID, "There are more than %d permissions.", ROLE_MAX_PERMISSIONS);
    for (const struct role_permission *p = permissions; p < permissions + n; p++) {
        TRY(check_actions(c, p->actions, p->action_n, &total));
        TRY(check_actions(c, p->not_actions, p->not_action_n, &total));
        TRY(check_actions(c, p->data_actions, p->data_action_n, &total));
        TRY(check_actions(c, p->not_data_actions, p->not_data_action_n, &total));
        if (p->condition.n > ROLE_MAX_CONDITION_BYTES)
            return FAIL(c, ERR_ROLE_INVALID, "A condition is longer than %u bytes.", ROLE_MAX_CONDITION_BYTES);
    }
    return OK;
}

void pack_permissions(struct buf *b, const struct role_permission *items, size_t n)
{
    pack_u64(b, n);
    for (const struct role_permission *p = items; p < items + n; p++) {
        pack_strs(b, p->actions, p->action_n);
        pack_strs(b, p->not_actions, p->not_action_n);
        pack_strs(b, p->data_actions, p->data_action_n);
        pack_strs(b, p->not_data_actions, p->not_data_action_n);
        pack_str(b, p->condition);
        pack_bool(b, p->condition_unknown);
    }
}

enum err unpack_permissions(struct call *c, struct unpack *u, const struct role_permission **out, size_t *out_n)
{
    struct role_permission *items = NULL;
    size_t                  n = 0;
    TRY(unpack_count(c, u, ROLE_MAX_PERMISSIONS, &n));
    TRY(NEW(c, &items, n));
    for (struct role_permission *p = items; p < items + n; p++) {
        TRY(unpack_strs(c, u, ROLE_MAX_ACTIONS, &p->actions, &p->action_n));
        TRY(unpack_strs(c, u, ROLE_MAX_ACTIONS, &p->not_actions, &p->not_action_n));
        TRY(unpack_strs(c, u, ROLE_MAX_ACTIONS, &p->data_actions, &p->data_action_n));
        TRY(unpack_strs(c, u, ROLE_MAX_ACTIONS, &p->not_data_actions, &p->not_data_action_n));
        p->condition = unpack_str(u);
        p->condition_unknown = unpack_bool(u);
    }
    *out = items;
    *out_n = n;
    return OK;
}
