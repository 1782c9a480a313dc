#include "ops/gate.h"

#include "ops/activities.h"
#include "ops/effects.h"
#include "ops/locks.h"

enum err work_begin(struct call *c, struct product *p, unsigned row, struct work *out)
{
    if (!p->sessions[row]) TRY(store_session_open(c, p->store, STORE_READ, &p->sessions[row]));
    store_end_outdated(p->sessions[row]); // of an earlier work in this turn
    *out = (struct work){.product = p, .row = row, .store = p->sessions[row]};
    out->world = world_enter(p->worlds, row);
    return OK;
}

void work_end(struct work *w)
{
    if (!w->world) return;
    world_leave(w->product->worlds, w->row);
    w->world = NULL;
    if (!w->product->reads_last_a_turn || w->row >= PRODUCT_MAX_LOOPS) product_end_read(w->product, w->row);
}

enum err work_closure(struct call *c, const struct work *w, const struct caller *caller, const object_id **out, size_t *out_n)
{
    if (!caller) caller = c->caller;
    if (!caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    if (!caller->who)
        return directory_closure(c, w->world->directory, caller->id, caller->groups_at_ns ? caller->groups_at_ns : c->now_ns, out, out_n);
    *out = caller->who;
    *out_n = caller->who_n;
    return OK;
}

enum err work_above(struct call *c, const struct work *w, const struct scope *at, const str **out, size_t *out_n)
{
    subscription_id in;
    *out_n = 0;
    if (!str_empty(at->mgmt_group)) return tree_above_mgmt_group(c, w->world->tree, at->mgmt_group, out, out_n);
    return guid_parse(at->subscription, &in.g) ? tree_above(c, w->world->tree, in, out, out_n) : OK;
}

enum err work_scope(struct call *c, struct work *w, str text, struct scope *out)
{
    if (str_empty(text) || !str_eq(w->asked.path, text)) TRY(scope_parse(c, text, &w->asked));
    *out = w->asked;
    return OK;
}

enum err work_decide(struct call *c, struct work *w, const struct caller *who, str action, enum rbac_plane plane, str scope,
                     const struct rbac_attributes *attributes, struct rbac_answer *out)
{
    struct rbac_question q = {.action = action, .plane = plane, .attributes = attributes, .now_ns = c->now_ns};
    TRY(work_closure(c, w, who, &q.who, &q.who_n));
    TRY(work_scope(c, w, scope, &q.at));
    TRY(work_above(c, w, &q.at, &q.above, &q.above_n));
    TRY(rbac_decide(c, w->world->rules, &q, out));
    return call_check_texts(c);
}

static enum err refuse(struct call *c, struct work *w, enum err kind, struct refusal refusal)
{
    w->refusal = refusal;
    if (refusal.answer.reason == RBAC_DENIED && kind == ERR_NOT_AUTHORIZED) kind = ERR_DENIED;
    return FAIL(c, kind, "The client '%.*s' with object id '%s' does not have authorization to perform action '%.*s' over scope '%.*s'.",
                PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(refusal.action), PSTR(refusal.scope));
}

static enum err require(struct call *c, struct work *w, enum rbac_plane plane, str action, const struct op_target *target, guid *out_by)
{
    struct rbac_answer answer;
    if (!target || str_empty(action)) return FAIL(c, ERR_INTERNAL, "A permission was asked for without an action or a scope.");
    TRY(work_decide(c, w, NULL, action, plane, target->scope, target->attributes, &answer));
    *out_by = answer.decided_by;
    if (answer.allowed) return plane == RBAC_CONTROL ? locks_ask(c, w, action, target->scope) : OK;
    const struct rbac_attributes *kept; // the refusal outlives the asker's own
    TRY(rbac_attributes_copy(c, target->attributes, &kept));
    return refuse(c, w, ERR_NOT_AUTHORIZED,
                  (struct refusal){.action = action, .plane = plane, .scope = target->scope, .answer = answer, .attributes = kept});
}

void work_log_as(struct work *w, str action, str scope)
{
    w->logged.action = action;
    w->logged.scope = scope;
}

enum err work_require(struct call *c, struct work *w, enum rbac_plane plane, str action, const struct op_target *target)
{
    guid by;
    return require(c, w, plane, action, target, &by);
}

// What the op is called in the log, and where it was done.
static enum err record(struct call *c, struct work *w, const struct op *op, str action, const struct op_target *target, const struct deed *deed)
{
    str scope = target ? target->scope : STR_NONE;
    if (!str_empty(w->logged.action)) {
        action = w->logged.action;
        scope = w->logged.scope;
        work_log_as(w, STR_NONE, STR_NONE); // the next op of this work says its own
    }
    if (str_empty(action)) return FAIL(c, ERR_INTERNAL, "The op %s does not say what the activity log calls it.", op->name);
    enum err failed = activities_add(c, w, deed, action, scope);
    if (w->request) return failed;
    if (failed == OK) failed = work_keep_log(c, w, 0);
    w->deeds = NULL; // they lie in the call, which the work may outlive
    return failed;
}

str op_action(const struct op *op, const struct op_target *target)
{
    return target && !str_empty(target->action) ? target->action : str_of(op->action);
}

// The action to decide on; empty: the op has none, and that is no accident.
static enum err action_of(struct call *c, const struct op *op, const struct op_target *target, str *out)
{
    str  action = op_action(op, target);
    bool has_none = !op->by_target && (op->effects[0] || op->no_action);
    if (str_empty(action) && !has_none) return FAIL(c, ERR_INTERNAL, "The op %s was asked for without an action to decide on.", op->name);
    *out = action;
    return OK;
}

void op_allow(struct work *w, const struct op *op, const struct op_target *target)
{
    w->decided.op = op;
    w->decided.target = *target;
    w->decided.by = GUID_NONE;
}

enum err op_ask(struct call *c, struct work *w, const struct op *op, const struct op_target *target)
{
    str  action;
    guid by = GUID_NONE;
    TRY(action_of(c, op, target, &action));
    if (!str_empty(action)) TRY(require(c, w, op->plane, action, target, &by));
    op_allow(w, op, target);
    w->decided.by = by;
    return OK;
}

enum err op_run(struct call *c, struct work *w, const struct op *op, const struct op_target *target, const void *args, void *out)
{
    bool        is_decided = w->decided.op == op && target == &w->decided.target, is_logged = op->writes && op->plane == RBAC_CONTROL;
    guid        by = is_decided ? w->decided.by : GUID_NONE;
    struct deed deed;
    str         action;
    TRY(action_of(c, op, target, &action));
    if (op->writes && !w->writes) return FAIL(c, ERR_INTERNAL, "The op %s writes, and its route does not say so.", op->name);
    if (!is_decided && !str_empty(action)) TRY(require(c, w, op->plane, action, target, &by));
    TRY(effects_ask(c, w, op, action, target, args));
    if (is_logged) TRY(deed_begin(c, w, by, &deed));
    TRY(op->run(c, w, args, out));
    if (is_logged) TRY(record(c, w, op, action, target, &deed));
    return call_check_texts(c);
}

enum err work_change(struct call *c, struct work *w, enum store_kind kind, const struct ref *before, struct ref *after)
{
    if (!w->writes) {
        ref_drop(after);
        return FAIL(c, ERR_INTERNAL, "A reading op tried to change a record.");
    }
    return world_change(c, w->product->worlds, w->store, kind, before, after);
}
