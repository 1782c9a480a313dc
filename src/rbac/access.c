#include "rbac/access.h"

#include <stdlib.h>

#include "rbac/index.h"

struct gathering {
    struct call                       *c;
    const struct rbac_rules           *rules;
    const struct rbac_access_question *q;
    size_t                             holder;
    struct rbac_access_row            *rows;
    const struct deny_assignment     **denies;
    size_t                             row_n, row_room, deny_n, deny_room;
    enum err                           failed;
};

const str *rbac_access_except(const struct rbac_access_row *row, size_t *out_n)
{
    const struct role_permission *p = row->block;
    *out_n = row->plane == RBAC_DATA ? p->not_data_action_n : p->not_action_n;
    return row->plane == RBAC_DATA ? p->not_data_actions : p->not_actions;
}

// Twice the room for a list in the call.
static enum err grow(struct call *c, void **items, size_t n, size_t *room, size_t size)
{
    size_t more = *room ? *room * 2 : 64;
    void  *fresh = arena_alloc(&c->arena, more * size);
    if (!fresh) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (n) memcpy(fresh, *items, n * size);
    *items = fresh;
    *room = more;
    return OK;
}

static str service_of(str pattern)
{
    str provider = str_upto(pattern, str_find(pattern, '/'));
    return str_find(provider, '*') == STR_NOWHERE ? provider : S("*");
}

static enum err add_row(struct gathering *g, struct rbac_access_row row, str pattern)
{
    if (g->row_n == RBAC_ACCESS_MAX_ROWS) return FAIL(g->c, ERR_TOO_LARGE, "The principal has more than %d grants.", RBAC_ACCESS_MAX_ROWS);
    if (g->row_n == g->row_room) TRY(grow(g->c, (void **)&g->rows, g->row_n, &g->row_room, sizeof *g->rows));
    row.pattern = pattern;
    row.service = service_of(pattern);
    g->rows[g->row_n++] = row;
    return OK;
}

static enum err add_block(struct gathering *g, struct rbac_access_row row, const struct role_permission *p)
{
    row.block = p;
    row.counts &= !p->condition_unknown;
    row.plane = RBAC_CONTROL;
    for (size_t i = 0; i < p->action_n; i++) TRY(add_row(g, row, p->actions[i]));
    row.plane = RBAC_DATA;
    for (size_t i = 0; i < p->data_action_n; i++) TRY(add_row(g, row, p->data_actions[i]));
    return OK;
}

static bool stands_above(const struct rbac_access_question *q, str scope)
{
    if (!q->at || scope_path_contains(scope, q->at->path)) return true;
    for (size_t i = 0; i < q->above_n; i++)
        if (str_eq_nocase(scope, q->above[i])) return true;
    return false;
}

static bool gather_assignment(const struct assignment *a, void *ctx)
{
    struct gathering      *g = ctx;
    const struct role     *role = rbac_find_role(g->rules, a->role);
    struct rbac_access_row row = {.role = role, .assignment = a, .holder = g->holder, .above = stands_above(g->q, a->scope), .counts = g->q->now_ns >= a->counts_from_ns};
    if (!role || (!row.above && !scope_path_contains(g->q->at->path, a->scope))) return true;
    for (size_t i = 0; i < role->permission_n && g->failed == OK; i++) g->failed = add_block(g, row, &role->permissions[i]);
    return g->failed == OK;
}

static bool names(const struct rbac_access_question *q, const struct deny_principal *list, size_t n, bool everyone_too)
{
    for (size_t i = 0; i < n; i++) {
        if (everyone_too && guid_is_none(list[i].id.g)) return true;
        for (size_t k = 0; k < q->who_n; k++)
            if (object_id_eq(list[i].id, q->who[k])) return true;
    }
    return false;
}

static bool gather_deny(const struct deny_assignment *d, void *ctx)
{
    struct gathering *g = ctx;
    if (!names(g->q, d->principals, d->principal_n, true) || names(g->q, d->excluded, d->excluded_n, false)) return true;
    if (!stands_above(g->q, d->scope) && !scope_path_contains(g->q->at->path, d->scope)) return true;
    if (g->deny_n == g->deny_room) g->failed = grow(g->c, (void **)&g->denies, g->deny_n, &g->deny_room, sizeof *g->denies);
    if (g->failed == OK) g->denies[g->deny_n++] = d;
    return g->failed == OK;
}

static int in_order(const void *a, const void *b)
{
    const struct rbac_access_row *x = a, *y = b;
    int                           d = (x->plane > y->plane) - (x->plane < y->plane);
    if (!d) d = str_cmp_nocase(x->service, y->service);
    if (!d) d = str_cmp_nocase(x->assignment->scope, y->assignment->scope);
    if (!d) d = guid_cmp(x->assignment->id, y->assignment->id);
    return d ? d : str_cmp_nocase(x->pattern, y->pattern);
}

enum err rbac_access_of(struct call *c, const struct rbac_rules *rules, const struct rbac_access_question *q, struct rbac_access *out)
{
    struct gathering g = {.c = c, .rules = rules, .q = q};
    for (g.holder = 0; g.holder < q->who_n && g.failed == OK; g.holder++) rbac_each_of_principal(rules, q->who[g.holder], gather_assignment, &g);
    if (g.failed == OK) rbac_each_deny(rules, gather_deny, &g);
    TRY(g.failed);
    if (g.row_n) qsort(g.rows, g.row_n, sizeof *g.rows, in_order);
    *out = (struct rbac_access){.rows = g.rows, .row_n = g.row_n, .denies = g.denies, .deny_n = g.deny_n};
    return OK;
}
