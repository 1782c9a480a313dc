#include "ops/gate.h"

#include "log/activity.h"
#include "test_product.h"

#define ACTION "Microsoft.Compute/virtualMachines/write"

static int runs;

static enum err do_nothing(struct call *c, struct work *w, const void *args, void *out)
{
    (void)c, (void)w, (void)args, (void)out;
    runs++;
    return OK;
}

static enum err do_named(struct call *c, struct work *w, const void *args, void *out)
{
    (void)c, (void)args, (void)out;
    work_log_as(w, S("microsoft.directory/groups/create"), S("/groups/1"));
    return OK;
}

static enum err do_fail(struct call *c, struct work *w, const void *args, void *out)
{
    (void)w, (void)args, (void)out;
    runs++;
    return FAIL(c, ERR_CONFLICT, "This always fails.");
}

// Whose row says that it only reads, and who writes nevertheless.
static enum err do_change(struct call *c, struct work *w, const void *args, void *out)
{
    struct principal *made, plain = {.id = {test_product_guid(0xC1)}, .kind = PRINCIPAL_USER, .name = S("sneaked in")};
    (void)args, (void)out;
    runs++;
    TRY(principal_new(c, &plain, &made));
    return work_change(c, w, STORE_PRINCIPAL, NULL, &made->ref);
}

static const struct op OP_WRITE = {.name = "write", .action = ACTION, .writes = true, .run = do_nothing};
static const struct op OP_OTHER = {.name = "other", .action = ACTION, .writes = true, .run = do_nothing};
static const struct op OP_FAILS = {.name = "fails", .action = ACTION, .writes = true, .run = do_fail};
static const struct op OP_BY_TARGET = {.name = "by_target", .by_target = true, .writes = true, .run = do_nothing};
static const struct op OP_SNEAKS = {.name = "sneaks", .action = ACTION, .run = do_change};
static const struct op OP_NAMELESS = {.name = "nameless", .no_action = "a test", .writes = true, .run = do_nothing};
static const struct op OP_NAMED_BY_DEED = {.name = "named_by_deed", .no_action = "a test", .writes = true, .run = do_named};
static const struct op OP_FORGOTTEN = {.name = "forgotten", .run = do_nothing};
static const struct op OP_DATA_WRITE = {
    .name = "data_write", .plane = RBAC_DATA, .action = "Microsoft.KeyVault/vaults/secrets/setSecret/action", .writes = true, .run = do_nothing};
static const struct op OP_DATA = {
    .name = "data", .plane = RBAC_DATA, .action = "Microsoft.KeyVault/vaults/secrets/getSecret/action", .run = do_nothing};

static size_t activities(struct test_product *s)
{
    struct activity *list;
    size_t           n = 0;
    struct test     *t = s->test;
    CHECK_OK(activity_list(t->call, s->work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    return n;
}

TEST(op_run_refuses_before_the_deed)
{
    static const struct { const char *what; const struct op *op; bool has_caller, writes; const char *scope, *action; enum err want; } CASES[] = {
        {"no caller", &OP_WRITE, false, true, TEST_PRODUCT_GROUP, NULL, ERR_CALLER_UNKNOWN},
        {"a reading route", &OP_WRITE, true, false, TEST_PRODUCT_GROUP, NULL, ERR_INTERNAL},
        {"no action", &OP_BY_TARGET, true, true, TEST_PRODUCT_GROUP, NULL, ERR_INTERNAL},
        {"an empty action", &OP_BY_TARGET, true, true, TEST_PRODUCT_GROUP, "", ERR_INTERNAL},
        {"not granted", &OP_WRITE, true, true, TEST_PRODUCT_SUBSCRIPTION, NULL, ERR_NOT_AUTHORIZED},
        {"a sibling that begins the same", &OP_WRITE, true, true, TEST_PRODUCT_GROUP "2", NULL, ERR_NOT_AUTHORIZED},
        {"the other plane", &OP_DATA, true, true, TEST_PRODUCT_GROUP, NULL, ERR_NOT_AUTHORIZED}, // R4
        {"an action that is none", &OP_BY_TARGET, true, true, TEST_PRODUCT_GROUP, "write", ERR_NOT_AUTHORIZED},
        {"a pattern for an action", &OP_BY_TARGET, true, true, TEST_PRODUCT_GROUP, "*", ERR_NOT_AUTHORIZED},
        {"no scope", &OP_WRITE, true, true, "", NULL, ERR_SCOPE_INVALID},
        {"a scope that is none", &OP_WRITE, true, true, TEST_PRODUCT_GROUP "/..", NULL, ERR_SCOPE_INVALID},
        {"no action, by accident", &OP_FORGOTTEN, true, true, TEST_PRODUCT_GROUP, NULL, ERR_INTERNAL},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    runs = 0;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct op_target target = {.scope = str_of(CASES[i].scope), .action = str_of(CASES[i].action)};
        t->call->caller = CASES[i].has_caller ? &s.caller : NULL;
        s.work.writes = CASES[i].writes;
        enum err got = op_run(t->call, &s.work, CASES[i].op, &target, NULL, NULL);
        // An action or scope that is not well formed is refused in whatever words; it is never done.
        CHECK_ROW(got != OK, CASES[i].what);
        if (i != 7 && i != 8) CHECK_ERR(got, CASES[i].want, CASES[i].what);
        call_forgive(t->call);
    }
    t->call->caller = &s.caller;
    s.work.writes = true;
    CHECK_INT(runs, 0, "deeds done");
    CHECK_INT(activities(&s), 0, "and nothing is in the log");
}

// A decision taken ahead is good for that op at that target and for nothing else; one that refused is good for nothing.
TEST(op_ask_allows_one_op_at_one_target)
{
    CLEANUP(test_product_close) struct test_product s;
    struct op_target                                group = {.scope = S(TEST_PRODUCT_GROUP)}, above = {.scope = S(TEST_PRODUCT_SUBSCRIPTION)};
    test_product_open(&s, t);
    runs = 0;
    CHECK_ERR(op_ask(t->call, &s.work, &OP_WRITE, &group), ERR_NOT_AUTHORIZED, "no role");
    call_forgive(t->call);
    CHECK_ERR(op_run(t->call, &s.work, &OP_WRITE, &s.work.decided.target, NULL, NULL), ERR_SCOPE_INVALID, "nothing was decided");
    call_forgive(t->call);
    guid grant = test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    CHECK_OK(op_ask(t->call, &s.work, &OP_WRITE, &group));
    CHECK_INT(runs, 0, "the deed waits");
    CHECK_OK(op_run(t->call, &s.work, &OP_WRITE, &s.work.decided.target, NULL, NULL));
    // With the role gone only the decision that was taken holds.
    const struct assignment *x = rbac_find_assignment(s.work.world->rules, grant);
    CHECK(x != NULL);
    if (x) CHECK_OK(work_change(t->call, &s.work, STORE_ASSIGNMENT, &x->ref, NULL));
    CHECK_OK(op_run(t->call, &s.work, &OP_WRITE, &s.work.decided.target, NULL, NULL));
    CHECK_ERR(op_run(t->call, &s.work, &OP_OTHER, &s.work.decided.target, NULL, NULL), ERR_NOT_AUTHORIZED, "another op");
    call_forgive(t->call);
    CHECK_ERR(op_run(t->call, &s.work, &OP_WRITE, &above, NULL, NULL), ERR_NOT_AUTHORIZED, "another target");
    call_forgive(t->call);
    CHECK_ERR(op_ask(t->call, &s.work, &OP_BY_TARGET, &group), ERR_INTERNAL, "no action");
    call_forgive(t->call);
    CHECK_ERR(work_require(t->call, &s.work, RBAC_CONTROL, STR_NONE, &group), ERR_INTERNAL, "a question without an action");
    CHECK_INT(runs, 2, "deeds done");
}

TEST(op_run_says_what_was_refused)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    CHECK_ERR(op_run(t->call, &s.work, &OP_WRITE, &(struct op_target){.scope = S(TEST_PRODUCT_GROUP)}, NULL, NULL), ERR_NOT_AUTHORIZED,
              "R1: nothing");
    CHECK_STR(s.work.refusal.action, S(ACTION), "the action");
    CHECK_STR(s.work.refusal.scope, S(TEST_PRODUCT_GROUP), "the scope");
    CHECK(s.work.refusal.answer.reason == RBAC_NO_ROLE && !s.work.refusal.answer.allowed);
}

TEST(op_run_logs_what_was_done_once)
{
    CLEANUP(test_product_close) struct test_product s;
    struct activity                                *list;
    size_t                                          n;
    test_product_open(&s, t);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    struct op_target target = {.scope = S(TEST_PRODUCT_GROUP)};
    CHECK_OK(op_run(t->call, &s.work, &OP_WRITE, &target, NULL, NULL));
    test_product_assign(&s, s.caller.id, "Key Vault Secrets Officer", TEST_PRODUCT_GROUP);
    CHECK_OK(op_run(t->call, &s.work, &OP_DATA_WRITE, &target, NULL, NULL)); // a data plane has its own log
    CHECK_ERR(op_run(t->call, &s.work, &OP_FAILS, &target, NULL, NULL), ERR_CONFLICT, "the deed's own failure");
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    CHECK_INT(n, 1, "O1: one record for one change");
    CHECK_STR(list[0].action, S(ACTION), "what");
    CHECK_STR(list[0].scope, S(TEST_PRODUCT_GROUP), "where");
    CHECK(object_id_eq(list[0].caller, s.caller.id) && guid_eq(list[0].correlation_id, t->call->correlation_id) &&
          list[0].time_ns == t->call->now_ns);
}

// O1: by which assignment, by whose token, by which request, and what stood there before and after; R4: a deed may take the assignment away.
TEST(op_run_logs_the_evidence_and_the_documents)
{
    static const char *const PUT = "{\"location\":\"westus\",\"tags\":{\"a\":\"1\"},\"properties\":{\"osProfile\":{\"adminPassword\":\"MARKER\"}}}";
    const char              *vm = TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/web";
    CLEANUP(test_product_close) struct test_product s;
    struct activity                                *list;
    struct resource_result                          made;
    size_t                                          n;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    guid by = test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    CHECK_OK(test_product_write(&s, vm, IDENTITY_PUT, PUT, &made));
    CHECK_OK(test_product_write(&s, vm, IDENTITY_PATCH, "{\"tags\":{\"a\":\"2\"}}", &made));
    CHECK_OK(test_product_delete(&s, vm));
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    CHECK_INT(n, 3, "records");
    if (n != 3) return;
    for (size_t i = 0; i < n; i++) {
        CHECK(guid_eq(list[i].evidence.assignment, by) && str_eq(list[i].evidence.role_name, S("Contributor")));
        CHECK_STR(list[i].resource, str_of(vm), "what");
        CHECK(str_find_str(list[i].before, S("MARKER")) == STR_NOWHERE && str_find_str(list[i].after, S("MARKER")) == STR_NOWHERE); // T9
    }
    CHECK(str_empty(list[2].before) && str_find_str(list[2].after, S("\"a\":\"1\"")) != STR_NOWHERE);
    CHECK_STR(list[1].before, list[2].after, "what stood there");
    CHECK(str_find_str(list[1].after, S("\"a\":\"2\"")) != STR_NOWHERE);
    CHECK_STR(list[0].before, list[1].after, "what was deleted");
    CHECK(str_empty(list[0].after));
}

// I7: a role that goes with its resource group is in the log as one that was taken away, and says with what it went.
TEST(op_run_logs_the_assignments_that_go_along)
{
    CLEANUP(test_product_close) struct test_product s;
    struct activity                                *list;
    size_t                                          n;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    guid              by = test_product_assign(&s, s.caller.id, "Owner", TEST_PRODUCT_GROUP);
    struct group_args args = {.id = S(TEST_PRODUCT_GROUP)};
    CHECK_OK(op_run(t->call, &s.work, &OP_GROUP_DELETE, &(struct op_target){.scope = args.id}, &args, NULL));
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    CHECK_INT(n, 2, "records");
    if (n != 2) return;
    CHECK_STR(list[0].action, S("Microsoft.Authorization/roleAssignments/delete"), "went along");
    CHECK(guid_eq(list[0].part_of, list[1].id) && guid_is_none(list[1].part_of));
    CHECK(str_find_str(list[0].before, guid_str(t->call, s.caller.id.g)) != STR_NOWHERE && str_empty(list[0].after));
    CHECK(guid_eq(list[1].evidence.assignment, by)); // it is gone by now
    CHECK_STR(list[1].resource, args.id, "the group");
}

// O1: the record of a change is written when its answer is known; what failed leaves none.
TEST(records_of_a_request_wait_for_its_status)
{
    static const struct work_request REQUEST = {
        .method = S_INIT("PUT"), .uri = S_INIT("https://m/x"), .address = S_INIT("10.0.0.1"), .client_id = S_INIT("mine")};
    CLEANUP(test_product_close) struct test_product s;
    struct activity                                *list;
    size_t                                          n;
    test_product_open(&s, t);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    struct op_target target = {.scope = S(TEST_PRODUCT_GROUP)};
    s.work.request = &REQUEST;
    CHECK_OK(op_run(t->call, &s.work, &OP_WRITE, &target, NULL, NULL));
    CHECK_INT(activities(&s), 0, "not yet");
    CHECK_OK(work_keep_log(t->call, &s.work, 201));
    CHECK_OK(work_keep_log(t->call, &s.work, 500)); // nothing is left
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    CHECK(n == 1 && list[0].status == 201 && str_eq(list[0].method, S("PUT")) && str_eq(list[0].address, REQUEST.address));
    CHECK(n == 1 && str_eq(list[0].client_request, S("mine")) && str_eq(list[0].uri, REQUEST.uri));
}

// O1: no write without a record: a deed that needs no permission says itself what it is.
TEST(op_run_logs_a_write_without_an_action_by_its_own_name)
{
    CLEANUP(test_product_close) struct test_product s;
    struct activity                                *list;
    size_t                                          n;
    test_product_open(&s, t);
    CHECK_ERR(op_run(t->call, &s.work, &OP_NAMELESS, NULL, NULL, NULL), ERR_INTERNAL, "it would not be in the log");
    call_forgive(t->call);
    CHECK_OK(op_run(t->call, &s.work, &OP_NAMED_BY_DEED, NULL, NULL, NULL));
    CHECK_OK(op_run(t->call, &s.work, &OP_NAMED_BY_DEED, NULL, NULL, NULL));
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    CHECK_INT(n, 2, "records");
    CHECK(str_eq(list[0].action, S("microsoft.directory/groups/create")) && str_eq(list[0].scope, S("/groups/1")));
    CHECK(list[0].time_ns > list[1].time_ns); // in one turn of one clock: still in the order of writing
    CHECK_ERR(op_run(t->call, &s.work, &OP_NAMELESS, NULL, NULL, NULL), ERR_INTERNAL, "a name is not left over for the next");
}

// The scope of a request is one text, and read once: each question of the work gets the views of the first reading.
TEST(work_scope_reads_a_text_once)
{
    CLEANUP(test_product_close) struct test_product s;
    struct scope                                    first, again, other;
    test_product_open(&s, t);
    str one = call_format(t->call, "%s", TEST_PRODUCT_GROUP), same = call_format(t->call, "%s", TEST_PRODUCT_GROUP);
    CHECK_OK(work_scope(t->call, &s.work, one, &first));
    CHECK_OK(work_scope(t->call, &s.work, same, &again));
    CHECK(again.path.at == one.at && again.kind == SCOPE_GROUP && str_eq(again.group, first.group));
    CHECK_OK(work_scope(t->call, &s.work, S(TEST_PRODUCT_SUBSCRIPTION), &other));
    CHECK(other.kind == SCOPE_SUBSCRIPTION);
    CHECK_ERR(work_scope(t->call, &s.work, STR_NONE, &other), ERR_SCOPE_INVALID, "no scope is not the last one");
    call_forgive(t->call);
    CHECK_ERR(work_scope(t->call, &s.work, S("nowhere"), &other), ERR_SCOPE_INVALID, "no scope");
    call_forgive(t->call);
    CHECK_OK(work_scope(t->call, &s.work, same, &again));
    CHECK(again.kind == SCOPE_GROUP);
}

TEST(a_reading_op_changes_nothing)
{
    CLEANUP(test_product_close) struct test_product s;
    struct work                                     reading;
    test_product_open(&s, t);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    test_product_commit(&s);
    CHECK_OK(work_begin(t->call, &s.product, 0, &reading));
    runs = 0;
    CHECK_ERR(op_run(t->call, &reading, &OP_SNEAKS, &(struct op_target){.scope = S(TEST_PRODUCT_GROUP)}, NULL, NULL), ERR_INTERNAL,
              "a change in a reading op");
    CHECK_INT(runs, 1, "it was tried");
    CHECK(!directory_find(reading.world->directory, (object_id){test_product_guid(0xC1)}) && world_changes(s.product.worlds) == 0);
    work_end(&reading);
    work_end(&reading); // twice is fine
}

TEST(activities_are_listed_newest_first_as_many_as_asked_for)
{
    CLEANUP(test_product_close) struct test_product s;
    struct activity                                *list;
    size_t                                          n;
    test_product_open(&s, t);
    for (int i = 0; i < 5; i++) {
        struct activity a = {.time_ns = 1000 + i, .id = test_product_guid(9 - i), .action = call_format(t->call, "a/b/%d", i)};
        CHECK_OK(activity_write(t->call, s.work.store, &a));
    }
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 3}, &list, &n, NULL));
    CHECK_INT(n, 3, "as many as asked for");
    CHECK_STR(list[0].action, S("a/b/4"), "newest");
    CHECK_STR(list[2].action, S("a/b/2"), "then older");
    CHECK_OK(store_put(t->call, s.work.store, STORE_ACTIVITY, S("\x7f short"), str_bytes(S("x"))));
    CHECK_ERR(activity_list(t->call, s.work.store, &(struct log_range){.limit = 3}, &list, &n, NULL), ERR_STORE_DAMAGED, "a key that is none");
}
