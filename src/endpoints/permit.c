#include "endpoints/permit.h"

#include "endpoints/service.h"

static enum err ask_roles(struct call *c, struct work *w, struct wire *q)
{
    const struct permit *p = &q->route->permit;
    struct op_target     target = {0};
    TRY(p->target(c, w, q, &target));
    q->scope = target.scope;
    q->action = q->route->op ? op_action(q->route->op, &target) : p->by_target ? target.action : str_of(p->action);
    if (q->route->op) return op_ask(c, w, q->route->op, &target);
    return work_require(c, w, RBAC_CONTROL, q->action, &target);
}

static enum err ask(struct call *c, struct work *w, struct wire *q)
{
    switch (q->route->permit.kind) {
    case PERMIT_MISSING: break;
    case PERMIT_BY_ROLE: return ask_roles(c, w, q);
    case PERMIT_BY_RULE: return q->route->permit.rule(c, w, q);
    case PERMIT_BY_ITEM:
    case PERMIT_NOTHING: return OK;
    }
    return FAIL(c, ERR_INTERNAL, "The route %s does not say which permission it needs.", q->route->pattern);
}

// What was decided is kept in the request: it is recorded when the work is over.
enum err permit_ask(struct call *c, struct work *w, struct wire *q)
{
    enum err failed = ask(c, w, q);
    bool     is_refused = failed != OK && !str_empty(w->refusal.scope);
    q->permission.is_asked = is_refused || w->decided.op;
    q->permission.is_allowed = failed == OK;
    q->permission.by = is_refused ? w->refusal.answer.decided_by : w->decided.by;
    q->permission.by_roles = is_refused ? str_empty(w->refusal.policy) : !guid_is_none(w->decided.by);
    if (is_refused) q->action = w->refusal.action;
    else if (w->decided.op) q->action = op_action(w->decided.op, &w->decided.target);
    if (str_empty(q->scope) && q->permission.is_asked) q->scope = is_refused ? w->refusal.scope : w->decided.target.scope;
    return failed;
}

enum err permit_item(struct call *c, struct work *w, const struct wire *q, size_t kind, str scope, bool *out)
{
    const struct permit *p = &q->route->permit;
    struct rbac_answer   answer;
    if (p->kind == PERMIT_MISSING || kind >= PERMIT_MAX_ITEMS || !p->items[kind])
        return FAIL(c, ERR_INTERNAL, "The route %s does not say which permission its items need.", q->route->pattern);
    TRY(work_decide(c, w, NULL, str_of(p->items[kind]), RBAC_CONTROL, scope, NULL, &answer));
    *out = answer.allowed;
    return OK;
}
