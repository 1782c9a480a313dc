#include "model_causes.h"

#include <stdio.h>

#define OF_ROLE                                                                                                                              \
    (1u << RBAC_MISS_ROLE_UNKNOWN | 1u << RBAC_MISS_ACTION_NOT_NAMED | 1u << RBAC_MISS_WRONG_PLANE | 1u << RBAC_MISS_NOT_ACTIONS | \
     1u << RBAC_MISS_UNPUBLISHED | 1u << RBAC_MISS_ROLE_CONDITION)

// A world of that one assignment and its role.
static bool alone(const struct model_world *w, const struct rbac_step *step, struct model_world *out)
{
    out->role_n = out->assignment_n = out->deny_n = 0;
    for (size_t i = 0; i < w->assignment_n; i++)
        if (guid_eq(w->assignments[i].id, step->assignment->id)) out->assignments[out->assignment_n++] = w->assignments[i];
    for (size_t i = 0; out->assignment_n && i < w->role_n; i++)
        if (guid_eq(w->roles[i].id, out->assignments[0].role)) out->roles[out->role_n++] = w->roles[i];
    return out->assignment_n == 1;
}

static void mend(struct model_world *w, const struct rbac_question *q, unsigned causes)
{
    static char              scope[4096], action[512];
    struct model_assignment *a = &w->assignments[0];
    snprintf(scope, sizeof scope, "%.*s", PSTR(q->at.path));
    snprintf(action, sizeof action, "%.*s", PSTR(q->action));
    if (causes & 1u << RBAC_MISS_WRONG_SCOPE) a->scope = scope;
    if (causes & 1u << RBAC_MISS_ENDED) a->lingers_until = 0;
    if (causes & 1u << RBAC_MISS_NOT_YET) a->counts_from = 0;
    if (causes & 1u << RBAC_MISS_CONDITION) a->condition = NULL, a->condition_broken = false;
    if (!(causes & OF_ROLE)) return;
    w->role_n = 1;
    w->roles[0] = (struct model_role){.id = a->role, .block_n = 1};
    w->roles[0].blocks[0].lists[q->plane == RBAC_DATA ? 2 : 0][0] = action;
}

static bool grants(const struct model_world *w, const struct rbac_question *q, const struct rbac_step *step, unsigned mended)
{
    static struct model_world one;
    struct model_answer       answer;
    if (!alone(w, step, &one)) return false;
    mend(&one, q, mended);
    model_decide(&one, q, &answer);
    return answer.allowed;
}

// What the cause says of the role itself.
static bool is_true_of_role(const struct model_world *w, const struct rbac_question *q, const struct rbac_step *step)
{
    static struct model_world one;
    struct rbac_question      other = *q;
    bool                      here = false, there = false, taken = false;
    other.plane = q->plane == RBAC_DATA ? RBAC_CONTROL : RBAC_DATA;
    if (!alone(w, step, &one)) return false;
    for (size_t i = 0; one.role_n && i < one.roles[0].block_n; i++) {
        struct model_block bare = one.roles[0].blocks[i];
        here |= model_block_names(&bare, q);
        there |= model_block_names(&bare, &other);
        for (size_t list = 1; list < 4; list += 2) bare.lists[list][0] = NULL; // without its NotActions
        taken |= model_block_names(&bare, q) && !model_block_names(&one.roles[0].blocks[i], q);
    }
    if (step->causes & 1u << RBAC_MISS_ROLE_UNKNOWN) return one.role_n == 0;
    if (step->causes & 1u << RBAC_MISS_WRONG_PLANE) return !here && there;
    if (step->causes & 1u << RBAC_MISS_NOT_ACTIONS) return !here && taken;
    if (step->causes & 1u << RBAC_MISS_ACTION_NOT_NAMED) return !here && !there;
    return here;
}

bool model_causes_hold(const struct model_world *w, const struct rbac_question *q, const struct rbac_step *step)
{
    if (__builtin_popcount(step->causes & OF_ROLE) > 1 || (step->causes != 0) != (step->miss != RBAC_MISS_GRANTS)) return false;
    if (!(step->causes & rbac_cause(step->miss)) && step->causes) return false;
    if (!grants(w, q, step, step->causes) || !is_true_of_role(w, q, step)) return false;
    for (unsigned one = 1; one <= step->causes; one <<= 1)
        if ((step->causes & one) && grants(w, q, step, step->causes & ~one)) return false;
    return true;
}
