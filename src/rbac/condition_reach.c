#include "rbac/condition_reach.h"

#include <stdlib.h>

#include "rbac/condition_form.h"
#include "rbac/naming.h"
#include "rbac/operations.h"

// Is there a published operation that carries the attribute and that the role allows?
struct search {
    const struct condition_carriers *carriers;
    const struct role               *role;
};

static bool is_not_the_one(str operation, enum rbac_plane plane, void *context)
{
    const struct search *s = context;
    struct action        a;
    if (plane != s->carriers->plane || !action_read(operation, &a)) return true;
    return !naming_pattern(s->carriers->patterns, s->carriers->n, &a) || !naming_in_role(s->role, plane, &a);
}

static bool role_carries(const struct role *role, const struct condition_carriers *carriers)
{
    struct search s = {carriers, role};
    str           first = carriers->patterns[0];
    return !operations_each(str_upto(first, str_find(first, '/')), is_not_the_one, &s);
}

static str carriers_text(struct call *c, const struct condition_carriers *carriers)
{
    const char *plane = carriers->plane == RBAC_DATA ? "data actions" : "actions";
    if (carriers->n == 1) return call_format(c, "the %s %.*s", plane, PSTR(carriers->patterns[0]));
    return call_format(c, "the %s %.*s and %.*s", plane, PSTR(carriers->patterns[0]), PSTR(carriers->patterns[1]));
}

static enum err add_need(struct call *c, const struct condition *condition, const struct operand *o, const struct condition_carriers *carriers,
                         struct condition_reach *out)
{
    static const char *const SOURCES[] = {
        [RBAC_REQUEST] = "Request", [RBAC_RESOURCE] = "Resource", [RBAC_PRINCIPAL] = "Principal", [RBAC_ENVIRONMENT] = "Environment"};
    str said = carriers_text(c, carriers);
    for (size_t i = 0; i < out->need_n; i++)
        if (str_eq(out->needs[i].carriers, said)) return OK;
    if (out->need_n == CONDITION_REACH_MAX) return OK;
    str attribute = call_format(c, "@%s[%.*s]", SOURCES[o->source], PSTR(condition_text(condition, o->name)));
    if (str_empty(said) || str_empty(attribute)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    out->needs[out->need_n].carriers = said;
    out->needs[out->need_n++].attribute = attribute;
    return OK;
}

static enum err reach(struct call *c, const struct condition *condition, const struct role *role, struct condition_reach *out)
{
    for (const struct node *node = condition->nodes; node < condition->nodes + condition->node_n; node++) {
        const struct operand *sides[] = {&node->left, &node->right};
        for (size_t i = 0; i < COUNT(sides); i++) {
            const struct condition_carriers *carriers = condition_carriers_of(condition, sides[i]);
            if (!carriers) continue;
            if (role_carries(role, carriers)) {
                *out = (struct condition_reach){.is_met = true};
                return OK;
            }
            TRY(add_need(c, condition, sides[i], carriers, out));
        }
    }
    out->is_met = out->need_n == 0;
    return OK;
}

enum err condition_reach(struct call *c, str condition, const struct role *role, struct condition_reach *out)
{
    struct condition          parsed;
    struct condition_fault    fault;
    struct condition_reach    found = {0};
    struct condition_scratch *scratch = malloc(sizeof *scratch);
    if (!scratch) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    enum err failed =
        condition_read(condition, scratch, &parsed, &fault)
            ? reach(c, &parsed, role, &found)
            : FAIL(c, ERR_CONDITION_INVALID, "The condition is not well formed at column %zu: expected %s.", fault.at + 1, fault.expected);
    free(scratch);
    if (failed == OK) *out = found;
    return failed;
}
