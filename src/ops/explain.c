#include "ops/explain.h"

#include "ops/existence.h"
#include "ops/secrets.h"
#include "ops/vault.h"
#include "rbac/deny.h"

struct asking {
    struct call                   *c;
    struct work                   *w;
    const struct explain_question *q;
    struct rbac_question           question; // with the groups that count now
    struct rbac_attributes         own;
    struct rbac_view               view;
    struct rbac_explanation        told;
    enum err                       failed; // of the view
};

// A record for the operator has no caller.
static bool sees_all(const struct asking *a)
{
    return !a->c->caller || a->c->caller->is_local_operator;
}

// An assignment elsewhere is shown to who may read it there.
static bool sees(const struct assignment *x, void *context)
{
    struct asking     *a = context;
    struct rbac_answer answer = {0};
    if (a->failed == OK)
        a->failed = work_decide(a->c, a->w, NULL, S("Microsoft.Authorization/roleAssignments/read"), RBAC_CONTROL, x->scope, NULL, &answer);
    return answer.allowed;
}

static enum err explain_rules(struct asking *a, const struct rbac_question *q, struct rbac_explanation *out)
{
    TRY(rbac_explain(a->c, a->w->world->rules, q, sees_all(a) ? NULL : &a->view, out));
    return a->failed;
}

static str name_of(struct call *c, const struct work *w, object_id id)
{
    const struct principal *p = directory_find(w->world->directory, id);
    return p && !str_empty(p->name) ? p->name : guid_str(c, id.g);
}

static str via(struct asking *a, object_id holder)
{
    if (object_id_eq(holder, a->q->who)) return S("");
    if (guid_is_none(holder.g)) return S(" for everyone");
    return call_format(a->c, " through the group '%.*s'", PSTR(name_of(a->c, a->w, holder)));
}

// --- what was considered ---

static struct explain_item item_of_step(struct asking *a, const struct rbac_question *q, const struct rbac_step *s)
{
    const struct assignment *x = s->assignment;
    return (struct explain_item){.outcome = rbac_miss_name(s->miss),
                                 .causes = s->causes,
                                 .id = x->id,
                                 .role = x->role,
                                 .scope = x->scope,
                                 .holder = x->principal,
                                 .name = s->role ? s->role->name : S("(no such role)"),
                                 .detail = rbac_step_reason(a->c, q, s)};
}

static enum err list_items(struct asking *a, struct explanation *out)
{
    struct explain_item          *items;
    const struct deny_assignment *d = a->told.deny;
    const struct deny_principal  *named = d ? deny_means(d, a->question.who, a->question.who_n) : NULL;
    size_t                        n = 0;
    TRY(NEW(a->c, &items, a->told.step_n + 1));
    if (named)
        items[n++] = (struct explain_item){.outcome = "Denies",
                                           .is_deny = true,
                                           .id = d->id,
                                           .name = d->name,
                                           .scope = d->scope,
                                           .holder = named->id,
                                           .detail = S("it forbids this, whatever roles allow.")};
    for (size_t i = 0; i < a->told.step_n; i++) items[n++] = item_of_step(a, &a->question, &a->told.steps[i]);
    out->items = items;
    out->item_n = n;
    return OK;
}

// Would it be allowed once every membership counts? Then that is what is missing.
static enum err look_ahead(struct asking *a, struct explanation *out)
{
    struct rbac_question    later = a->question;
    struct rbac_explanation told;
    struct explain_item    *item;
    TRY(directory_closure(a->c, a->w->world->directory, a->q->who, DIRECTORY_AS_WRITTEN, &later.who, &later.who_n));
    if (a->told.answer.allowed || a->told.deny || later.who_n == a->question.who_n) return OK;
    TRY(explain_rules(a, &later, &told));
    if (!told.answer.allowed || told.step_n == 0) return OK;
    TRY(NEW(a->c, &item, out->item_n + 1));
    *item = item_of_step(a, &later, &told.steps[0]);
    item->outcome = "MembershipNotYetCounting";
    item->detail = a->q->groups_at_ns ? S("it is a group's, and the token was issued before the membership counted: a new token has it.")
                                      : S("it is a group's, and the membership does not count yet.");
    if (out->item_n) memcpy(item + 1, out->items, out->item_n * sizeof *item);
    out->items = item;
    out->item_n++;
    return OK;
}

// No role helps against a deny.
static enum err list_proposals(struct asking *a, struct explanation *out)
{
    struct rbac_proposal *list;
    if (a->told.deny || a->told.proposal_n == 0) return OK;
    TRY(NEW(a->c, &list, a->told.proposal_n));
    memcpy(list, a->told.proposals, a->told.proposal_n * sizeof *list);
    out->proposals = list;
    out->proposal_n = a->told.proposal_n;
    return OK;
}

// --- the answer in words ---

static void conclude(struct asking *a, struct explanation *out)
{
    struct call               *c = a->c;
    const struct explain_item *first = out->item_n ? &out->items[0] : NULL;
    str                        through = first ? via(a, first->holder) : STR_NONE;
    out->allowed = a->told.answer.allowed;
    out->reason = first ? first->outcome : "NoRole";
    if (!out->who && !out->allowed) {
        out->reason = "UnknownPrincipal";
        out->summary = call_format(c, "No: %.*s", PSTR(existence_unknown_principal(c, a->w, a->q->who)));
    } else if (!first) {
        out->summary = call_format(c, "No: '%.*s' has no role assignment %s, nor has any group that it is in.", PSTR(name_of(c, a->w, a->q->who)),
                                   sees_all(a) ? "at all" : "that you may read");
    } else if (first->is_deny) {
        out->summary = call_format(c, "No: the deny assignment '%.*s' at %.*s forbids it%.*s.", PSTR(first->name), PSTR(first->scope), PSTR(through));
    } else if (out->allowed) {
        out->summary = call_format(c, "Yes: '%.*s' at %.*s allows it%.*s.", PSTR(first->name), PSTR(first->scope), PSTR(through));
    } else {
        out->summary =
            call_format(c, "No: nearest is '%.*s' at %.*s%.*s: %.*s", PSTR(first->name), PSTR(first->scope), PSTR(through), PSTR(first->detail));
    }
}

// --- vaults that have access policies ---

static const struct resource *vault_at(const struct work *w, str path)
{
    do {
        const struct resource *r = tree_find(w->world->tree, path);
        if (r && str_eq_nocase(r->type, S(VAULT_TYPE))) return r;
    } while (scope_parent(path, &path));
    return NULL;
}

static const struct vault_op *op_of(str action)
{
    for (size_t i = 0; i < VAULT_ITEM_KIND_N; i++)
        for (size_t k = 0; k < VAULT_ITEM_KINDS[i]->op_n; k++)
            if (str_eq_nocase(action, str_of(VAULT_ITEM_KINDS[i]->ops[k]->op.action))) return VAULT_ITEM_KINDS[i]->ops[k];
    return NULL;
}

static enum err ask_policies(struct call *c, const struct work *w, const struct vault *v, const struct explain_question *q, const struct vault_op *op,
                             bool *out)
{
    const struct principal *p = directory_find(w->world->directory, q->who);
    const struct caller    *before = c->caller;
    struct caller           who = {.id = q->who, .app = p ? p->app : (client_id){GUID_NONE}, .groups_at_ns = q->groups_at_ns};
    c->caller = &who;
    enum err failed = vault_policy_allows(c, w, v, str_of(op->collection), str_of(op->permission), out);
    c->caller = before;
    return failed;
}

// "secrets get" as the action that roles would name.
static str action_of_policy(str policy)
{
    str collection = str_upto(policy, str_find(policy, ' ')), permission = str_from(policy, collection.n + 1);
    for (size_t i = 0; i < VAULT_ITEM_KIND_N; i++) {
        const struct vault_item_kind *kind = VAULT_ITEM_KINDS[i];
        if (!str_eq(collection, str_of(kind->collection))) continue;
        for (size_t k = 0; k < kind->op_n; k++)
            if (str_eq(permission, str_of(kind->ops[k]->permission))) return str_of(kind->ops[k]->op.action);
    }
    return policy;
}

// In such a vault roles do not count at all, whatever the walk has found.
static enum err look_at_vault(struct call *c, struct work *w, const struct explain_question *q, struct explanation *out)
{
    struct vault           v;
    const struct resource *r = q->plane == RBAC_DATA ? vault_at(w, q->scope) : NULL;
    const struct vault_op *op = op_of(q->action);
    bool                   given = false;
    if (!r) return OK;
    TRY(vault_open(c, w, r->name, &v));
    if (v.uses_rbac && str_empty(q->policy)) return OK;
    str permission = str_empty(q->policy) && op ? call_format(c, "%s %s", op->collection, op->permission) : q->policy;
    if (op && str_empty(q->policy)) TRY(ask_policies(c, w, &v, q, op, &given));
    out->allowed = given;
    out->reason = "AccessPolicy";
    out->proposal_n = 0;
    out->summary = call_format(c, "%s: the vault '%.*s' is in the mode of access policies, where roles do not count; %s gives '%.*s'.",
                               given ? "Yes" : "No", PSTR(r->name), given ? "a policy" : "none of its policies", PSTR(permission));
    return OK;
}

// --- all together ---

static enum err begin(struct call *c, struct work *w, const struct explain_question *q, struct asking *a)
{
    *a = (struct asking){.c = c, .w = w, .q = q, .view = {.sees = sees, .context = a}};
    struct rbac_question *asked = &a->question;
    *asked =
        (struct rbac_question){.action = q->action, .plane = q->plane, .attributes = q->attributes ? q->attributes : &a->own, .now_ns = c->now_ns};
    TRY(work_scope(c, w, q->scope, &asked->at));
    TRY(explain_attributes(c, w, &asked->at, &a->own));
    TRY(work_above(c, w, &asked->at, &asked->above, &asked->above_n));
    TRY(directory_closure(c, w->world->directory, q->who, q->groups_at_ns ? q->groups_at_ns : c->now_ns, &asked->who, &asked->who_n));
    return explain_rules(a, asked, &a->told);
}

// What only extends another resource is assigned at that resource.
static str scope_to_assign(const struct scope *at)
{
    size_t extension = str_find_str(at->path, S("/providers/Microsoft.Authorization/"));
    if (extension == STR_NOWHERE) return at->path;
    return extension ? str_upto(at->path, extension) : S("/");
}

enum err explain(struct call *c, struct work *w, const struct explain_question *asked, struct explanation *out)
{
    struct asking            a;
    struct explanation       e = {.asked = *asked, .who = directory_find(w->world->directory, asked->who)};
    struct explain_question *q = &e.asked;
    if (!str_empty(q->policy)) q->action = action_of_policy(q->policy);
    TRY(begin(c, w, q, &a));
    TRY(list_items(&a, &e));
    TRY(look_ahead(&a, &e));
    conclude(&a, &e);
    TRY(list_proposals(&a, &e));
    e.propose_at = scope_to_assign(&a.question.at);
    TRY(look_at_vault(c, w, q, &e));
    *out = e;
    return OK;
}
