#include "ops/effects.h"

#include "ops/locks.h"

enum err effect_site_add(struct call *c, struct effect_sites *sites, struct effect_site site)
{
    if (sites->n == sites->room) {
        struct effect_site *more;
        size_t              room = sites->room ? sites->room * 2 : 8;
        TRY(NEW(c, &more, room));
        if (sites->n) memcpy(more, sites->items, sites->n * sizeof *more);
        sites->items = more;
        sites->room = room;
    }
    sites->items[sites->n++] = site;
    return OK;
}

// What is being asked: for the op itself, then for one site of one effect.
struct asking {
    struct work              *w;
    const struct op          *op;
    str                       action, scope;
    const struct effect      *effect;
    const struct effect_site *site;
};

static enum err refuse(struct call *c, const struct asking *a, enum err kind, str action, const struct rbac_answer *answer)
{
    const struct rbac_attributes *kept;
    TRY(rbac_attributes_copy(c, a->site->attributes, &kept));
    a->w->refusal = (struct refusal){.action = action, .plane = a->effect->plane, .scope = a->site->scope, .answer = *answer, .attributes = kept};
    if (kind != ERR_LINKED_NOT_AUTHORIZED)
        return FAIL(c, kind, "The client '%.*s' with object id '%s' does not have authorization to perform action '%.*s' over scope '%.*s'.",
                    PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(action), PSTR(a->site->scope));
    return FAIL(c, ERR_LINKED_NOT_AUTHORIZED,
                "The client '%.*s' with object id '%s' has permission to perform action '%.*s' on scope '%.*s'; however, it does not have "
                "permission to perform action '%.*s' on the linked scope(s) '%.*s' or the linked scope(s) are invalid.",
                PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(a->action), PSTR(a->scope), PSTR(action), PSTR(a->site->scope));
}

static enum err ask_operator(struct call *c, const struct asking *a)
{
    struct rbac_answer denied = {.reason = RBAC_DENIED, .decided_by = a->site->deny};
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    if (c->caller->is_local_operator) return OK;
    if (guid_is_none(a->site->deny)) return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
    return refuse(c, a, ERR_DENIED, a->action, &denied);
}

// The data planes know no linked permission: there it is the op's own that is missing.
static enum err ask_site(struct call *c, const struct asking *a)
{
    struct rbac_answer answer;
    str                action = str_empty(a->site->action) ? str_of(a->effect->action) : a->site->action;
    if (a->effect->rule == EFFECT_OPERATOR) return ask_operator(c, a);
    if (a->effect->rule == EFFECT_DIRECTORY) return directory_ask(c, a->w, a->site->need, a->site->object);
    TRY(work_decide(c, a->w, NULL, action, a->effect->plane, a->site->scope, a->site->attributes, &answer));
    bool is_denied = answer.reason == RBAC_DENIED;
    bool is_allowed = a->effect->rule == EFFECT_NOT_DENIED ? !is_denied : answer.allowed;
    if (is_allowed && a->effect->changes_site) return locks_ask(c, a->w, action, a->site->scope);
    if (a->effect->rule == EFFECT_NOT_DENIED) return is_denied ? refuse(c, a, ERR_DENIED, action, &answer) : OK;
    if (answer.allowed || (a->effect->rule == EFFECT_NOT_BOUND && answer.reason == RBAC_NO_ROLE)) return OK;
    if (a->effect->plane == RBAC_DATA) return refuse(c, a, is_denied ? ERR_DENIED : ERR_NOT_AUTHORIZED, action, &answer);
    return refuse(c, a, ERR_LINKED_NOT_AUTHORIZED, action, &answer);
}

enum err effects_ask(struct call *c, struct work *w, const struct op *op, str action, const struct op_target *target, const void *args)
{
    struct asking a = {.w = w, .op = op, .action = action, .scope = target ? target->scope : STR_NONE};
    for (size_t i = 0; i < COUNT(op->effects) && op->effects[i]; i++) {
        struct effect_sites sites = {0};
        a.effect = op->effects[i];
        TRY(a.effect->find(c, w, a.effect, args, &sites));
        for (size_t k = 0; k < sites.n; k++) {
            a.site = &sites.items[k];
            TRY(ask_site(c, &a));
        }
    }
    return OK;
}

static enum err always(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    (void)w, (void)e, (void)args;
    return effect_site_add(c, out, (struct effect_site){0});
}

// Source: https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
const struct effect EFFECT_DENY_WRITE = {.name = "deny_write", .rule = EFFECT_OPERATOR, .find = always};
// A binding hands a resource's identities to programs of this machine: our own rule.
const struct effect EFFECT_BINDING_WRITE = {.name = "binding_write", .rule = EFFECT_OPERATOR, .find = always};
