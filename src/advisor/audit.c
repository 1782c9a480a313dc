#include "advisor/audit.h"

#include "core/buf.h"
#include "rbac/condition_reach.h"

const char *audit_severity_text(enum audit_severity s)
{
    return s == AUDIT_WARNING ? "warning" : "note";
}

// --- role assignments ---

// What is wrong with one goes to *out; *is_found stays false if nothing is.
typedef enum err assignment_check(struct call *c, const struct audit_state *s, const struct assignment *a, struct audit_finding *out, bool *is_found);

struct walk {
    struct call              *c;
    const struct audit_state *state;
    assignment_check         *check;
    audit_visitor            *see;
    void                     *context;
    enum err                  failed;
};

static bool offer(const struct assignment *a, void *ctx)
{
    struct walk         *w = ctx;
    struct audit_finding finding = {0};
    bool                 is_found = false;
    w->failed = w->check(w->c, w->state, a, &finding, &is_found);
    if (w->failed != OK) return false;
    if (is_found) finding.subject = assignment_path(w->c, a->scope, a->id);
    return w->see(guid_key(&a->id), is_found ? &finding : NULL, w->context);
}

static enum err each_assignment(struct walk *w, str after)
{
    guid id;
    if (!str_empty(after) && after.n != sizeof id.b)
        return FAIL(w->c, ERR_PARAMETER_INVALID, "The cursor of the findings is not the id of an assignment.");
    if (!str_empty(after)) memcpy(id.b, after.at, sizeof id.b);
    rbac_each_assignment(w->state->rules, str_empty(after) ? NULL : &id, offer, w);
    return w->failed;
}

bool audit_is_orphan(const struct audit_state *s, const struct assignment *a)
{
    return !directory_find(s->directory, a->principal);
}

static enum err check_principal(struct call *c, const struct audit_state *s, const struct assignment *a, struct audit_finding *out, bool *is_found)
{
    if (!audit_is_orphan(s, a)) return OK;
    *is_found = true;
    out->what = call_format(c,
                            "The directory has no principal %s: it was deleted, or was never there. The assignment grants nothing and counts "
                            "towards the limits.",
                            guid_text(a->principal.g).s);
    out->advice = S("Delete it: `lanyard orphans --remove` deletes all of this kind.");
    return OK;
}

static enum err find_orphans(struct call *c, const struct audit_state *s, str after, audit_visitor *see, void *context)
{
    return each_assignment(&(struct walk){c, s, check_principal, see, context, OK}, after);
}

static void add_needs(struct buf *b, const struct condition_reach *reach)
{
    for (size_t i = 0; i < reach->need_n; i++) {
        const char *before = i == 0 ? "" : i + 1 < reach->need_n ? ", " : " and ";
        buf_addf(b, "%s%.*s, which only %.*s carry", before, PSTR(reach->needs[i].attribute), PSTR(reach->needs[i].carriers));
    }
}

static enum err check_condition(struct call *c, const struct audit_state *s, const struct assignment *a, struct audit_finding *out, bool *is_found)
{
    struct condition_reach reach;
    struct buf             b;
    const struct role     *role = rbac_find_role(s->rules, a->role);
    str                    condition = assignment_condition(a);
    if (str_empty(condition) || !role) return OK;
    if (condition_reach(c, condition, role, &reach) != OK) {
        if (c->failure.kind != ERR_CONDITION_INVALID) return c->failure.kind;
        call_forgive(c); // written by an older version: never true, which is another finding
        return OK;
    }
    if (reach.is_met) return OK;
    *is_found = true;
    buf_init(&b, &c->arena);
    buf_add(&b, S("Its condition asks for "));
    add_needs(&b, &reach);
    buf_addf(&b, ". The role %.*s has none of these actions, so nothing that the condition compares is ever known, and no comparison is true.",
             PSTR(role->name));
    out->advice = S("Assign a role that has such an action, or write the condition for the actions of this role. If the condition is not needed, "
                    "assign the role without one.");
    return buf_finish(c, &b, &out->what);
}

static enum err find_conditions(struct call *c, const struct audit_state *s, str after, audit_visitor *see, void *context)
{
    return each_assignment(&(struct walk){c, s, check_condition, see, context, OK}, after);
}

const struct audit_kind AUDIT_KINDS[] = {
    {"condition-never-applies", AUDIT_WARNING, "A condition that no action of its role can meet", find_conditions},
    {"orphaned-assignment",     AUDIT_NOTE,    "A role assignment whose principal is gone",       find_orphans},
};
const size_t AUDIT_KIND_N = COUNT(AUDIT_KINDS);
