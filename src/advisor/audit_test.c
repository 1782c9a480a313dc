#include "advisor/audit.h"

#include "test.h"

#define SUB   "/subscriptions/11111111-1111-1111-1111-111111111111"
#define QUEUE "@Resource[Microsoft.Storage/storageAccounts/queueServices/queues:name] StringEquals 'q'"

static guid small(unsigned n)
{
    return (guid){{1, (uint8_t)n}};
}

struct state {
    struct directory  *directory;
    struct rbac_rules *rules;
};

static void state_close(struct state *s)
{
    directory_free(s->directory);
    rbac_rules_free(s->rules);
}

// Principal 1 exists, 2 does not.
static void state_open(struct test *t, struct state *s)
{
    struct principal *p = NULL;
    *s = (struct state){.directory = directory_new(), .rules = rbac_rules_new()};
    CHECK(s->directory && s->rules);
    CHECK_OK(principal_new(t->call, &(struct principal){.id = {small(1)}, .kind = PRINCIPAL_USER, .name = S("somebody")}, &p));
    CHECK(directory_put(s->directory, p));
    ref_drop(&p->ref);
}

static void assign(struct test *t, struct state *s, unsigned id, unsigned who, const char *role, const char *condition)
{
    const struct role *r = rbac_find_role_by_name(s->rules, str_of(role));
    struct assignment *a = NULL;
    CHECK_ROW(r || str_eq(str_of(role), S("no such role")), role);
    CHECK_OK(assignment_new(t->call,
                            &(struct assignment){.id = small(id),
                                                 .principal = {small(who)},
                                                 .role = r ? r->id : small(99),
                                                 .scope = S(SUB),
                                                 .notes = &(struct assignment_notes){.condition = str_of(condition)}},
                            &a));
    CHECK(rbac_put_assignment(s->rules, a));
    ref_drop(&a->ref);
}

struct seen {
    struct test *t;
    struct buf   found; // "11 13": what there is a finding about
    size_t       looks, most;
    str          last;
    str          subject, what, advice; // of the last finding
};

static bool see(str key, const struct audit_finding *x, void *ctx)
{
    struct seen *s = ctx;
    if (s->looks == s->most) return false;
    s->looks++;
    s->last = key;
    if (!x) return true;
    buf_addf(&s->found, "%s%u", s->found.n ? " " : "", (unsigned)(unsigned char)key.at[1]);
    s->subject = x->subject;
    s->what = x->what;
    s->advice = x->advice;
    return true;
}

static void find(struct test *t, const struct state *s, const char *kind, str after, size_t most, struct seen *out)
{
    const struct audit_state state = {s->directory, s->rules};
    bool                     is_known = false;
    *out = (struct seen){.t = t, .most = most};
    buf_init(&out->found, &t->call->arena);
    for (size_t i = 0; i < AUDIT_KIND_N; i++) {
        if (!str_eq(str_of(AUDIT_KINDS[i].id), str_of(kind))) continue;
        is_known = true;
        CHECK_ERR(AUDIT_KINDS[i].find(t->call, &state, after, see, out), OK, kind);
    }
    CHECK_ROW(is_known, kind);
}

static void check_has(struct test *t, str text, const char *part)
{
    CHECK_ROW(str_find_str(text, str_of(part)) != STR_NOWHERE, call_zstr(t->call, call_format(t->call, "%s in: %.*s", part, PSTR(text))));
}

TEST(A1_audit_finds_conditions_that_no_action_of_the_role_can_meet)
{
    CLEANUP(state_close) struct state s;
    struct seen                       seen;
    state_open(t, &s);
    assign(t, &s, 11, 1, "Storage Blob Data Reader", QUEUE);
    assign(t, &s, 12, 1, "Storage Queue Data Reader", QUEUE);
    assign(t, &s, 13, 2, "Reader", QUEUE); // its principal is gone: that is another finding
    assign(t, &s, 14, 1, "Reader", "");
    assign(t, &s, 15, 1, "no such role", QUEUE);
    assign(t, &s, 16, 1, "Reader", "written before conditions were checked");
    find(t, &s, "condition-never-applies", STR_NONE, 100, &seen);
    CHECK_STR(buf_view(&seen.found), S("11 13"), "what is found");
    CHECK_INT(seen.looks, 6, "each is seen once");
    check_has(t, seen.subject, SUB "/providers/Microsoft.Authorization/roleAssignments/010d0000-");
    check_has(t, seen.what, "@Resource[Microsoft.Storage/storageAccounts/queueServices/queues:name]");
    check_has(t, seen.what, "which only the data actions Microsoft.Storage/storageAccounts/queueServices/queues/* carry");
    check_has(t, seen.what, "The role Reader has none of these actions");
    CHECK(!str_empty(seen.advice));
    CHECK(t->call->failure.kind == OK);
}

TEST(A1_audit_finds_orphaned_assignments)
{
    CLEANUP(state_close) struct state s;
    struct seen                       seen;
    state_open(t, &s);
    assign(t, &s, 11, 1, "Reader", "");
    find(t, &s, "orphaned-assignment", STR_NONE, 100, &seen);
    CHECK_STR(buf_view(&seen.found), S(""), "nothing is found");
    assign(t, &s, 12, 2, "Reader", "");
    assign(t, &s, 13, 2, "no such role", QUEUE);
    find(t, &s, "orphaned-assignment", STR_NONE, 100, &seen);
    CHECK_STR(buf_view(&seen.found), S("12 13"), "what is found");
    check_has(t, seen.what, "no principal 01020000-");
}

TEST(A1_audit_goes_on_behind_any_key_and_refuses_what_is_none)
{
    CLEANUP(state_close) struct state s;
    struct seen                       seen;
    const struct audit_state          state = {NULL, NULL};
    state_open(t, &s);
    for (unsigned i = 11; i < 16; i++) assign(t, &s, i, 2, "Reader", QUEUE);
    for (size_t i = 0; i < AUDIT_KIND_N; i++) {
        const char *kind = AUDIT_KINDS[i].id;
        find(t, &s, kind, STR_NONE, 2, &seen);
        CHECK_STR(buf_view(&seen.found), S("11 12"), kind);
        find(t, &s, kind, seen.last, 100, &seen);
        CHECK_STR(buf_view(&seen.found), S("13 14 15"), kind);
        CHECK_ERR(AUDIT_KINDS[i].find(t->call, &state, S("x"), see, &seen), ERR_PARAMETER_INVALID, kind);
        call_forgive(t->call);
    }
}
