// Deployments as records: accepted, replaced, canceled, deleted; what is sealed in them, and how long.
#include "ops/deployments.h"

#include "test_product.h"

#define GROUP     TEST_PRODUCT_GROUP
#define TEMPLATE  "{\"resources\":[]}"
#define PASSWORDS "{\"p\":{\"value\":\"not for others\"}}"

struct stage {
    struct test_product s;
    struct call        *c;
};

static void open_stage(struct stage *x, struct test *t)
{
    test_product_open(&x->s, t);
    x->c = t->call;
    test_product_put_group(&x->s, GROUP);
    test_product_assign(&x->s, x->s.caller.id, "Contributor", TEST_PRODUCT_SUBSCRIPTION);
}

static void close_stage(struct stage *x)
{
    test_product_close(&x->s);
}

static struct deployment wish(struct stage *x, str scope, str name)
{
    struct deployment d = {.scope = scope, .name = name, .keeps_template = true, .caller = x->s.caller, .started_ns = x->c->now_ns};
    d.seed = guid_new(x->c);
    d.correlation_id = guid_new(x->c);
    d.changed_ns = d.started_ns;
    if (!str_eq(scope, S(GROUP))) d.location = S("westus");
    return d;
}

static enum err accept(struct stage *x, const struct deployment *d, bool *out_is_new)
{
    static const struct deployment_input INPUT = {.template = S_INIT(TEMPLATE), .parameters = S_INIT(PASSWORDS)};
    struct deployment_args               args = {.scope = d->scope, .name = d->name, .wish = d, .input = &INPUT};
    const char                          *at = call_zstr(x->c, deployment_id(x->c, d->scope, d->name));
    return test_product_run(&x->s, &OP_DEPLOYMENT_WRITE, NULL, at, &args, out_is_new);
}

static enum err run(struct stage *x, const struct op *op, str scope, str name, void *out)
{
    struct deployment_args args = {.scope = scope, .name = name};
    return test_product_run(&x->s, op, NULL, call_zstr(x->c, deployment_id(x->c, scope, name)), &args, out);
}

static void end(struct stage *x, struct test *t, str scope, str name, enum deployment_state state)
{
    struct deployment d;
    bool              found;
    CHECK_OK(deployment_find(x->c, x->s.work.store, scope, name, &d, &found));
    CHECK(found);
    CHECK_OK(deployment_end(x->c, &x->s.work, &d, state, STR_NONE));
}

TEST(deployment_ids_are_read_as_they_are_written)
{
    static const struct { const char *scope, *name, *id; } CASES[] = {
        {"/", "d", "/providers/Microsoft.Resources/deployments/d"},
        {GROUP, "a.b(1)_-", GROUP "/providers/Microsoft.Resources/deployments/a.b(1)_-"},
        {"/providers/Microsoft.Management/managementGroups/m", "d",
         "/providers/Microsoft.Management/managementGroups/m/providers/Microsoft.Resources/deployments/d"},
    };
    static const char *const OTHERS[] = {"", "/", GROUP, "/providers/Microsoft.Resources/deployments/", GROUP "/providers/Microsoft.Web/sites/d"};
    str                      scope, name;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_STR(deployment_id(t->call, str_of(CASES[i].scope), str_of(CASES[i].name)), str_of(CASES[i].id), CASES[i].id);
        CHECK_ROW(deployment_id_read(str_of(CASES[i].id), &scope, &name), CASES[i].id);
        CHECK_STR(scope, str_of(CASES[i].scope), CASES[i].id);
        CHECK_STR(name, str_of(CASES[i].name), CASES[i].id);
    }
    for (size_t i = 0; i < COUNT(OTHERS); i++) CHECK_ROW(!deployment_id_read(str_of(OTHERS[i]), &scope, &name), OTHERS[i]);
}

// D1: names as published.
TEST(deployment_names_have_their_rule)
{
    static const struct { const char *name; enum err want; } CASES[] = {
        {"d", OK},
        {"Main-1_2.3(4)", OK},
        {"1234567890123456789012345678901234567890123456789012345678901234", OK},
        {"12345678901234567890123456789012345678901234567890123456789012345", ERR_DEPLOYMENT_NAME},
        {"", ERR_DEPLOYMENT_NAME},
        {"a b", ERR_DEPLOYMENT_NAME},
        {"a/b", ERR_DEPLOYMENT_NAME},
        {"a\xc3\xa4", ERR_DEPLOYMENT_NAME},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(deployment_check_name(t->call, str_of(CASES[i].name)), CASES[i].want, CASES[i].name);
        call_forgive(t->call);
    }
}

TEST(deployment_is_accepted_once_at_a_time)
{
    CLEANUP(close_stage) struct stage x;
    bool                              is_new = false;
    struct deployment                 got;
    open_stage(&x, t);
    struct deployment first = wish(&x, S(GROUP), S("Main")), second = wish(&x, S(GROUP), S("main"));
    CHECK_OK(accept(&x, &first, &is_new));
    CHECK(is_new);
    CHECK_ERR(accept(&x, &second, &is_new), ERR_DEPLOYMENT_ACTIVE, "the same in another case");
    call_forgive(t->call);
    bool found;
    CHECK_ERR(run(&x, &OP_DEPLOYMENT_DELETE, S(GROUP), S("main"), &found), ERR_DEPLOYMENT_ACTIVE, "deleting");
    call_forgive(t->call);
    end(&x, t, S(GROUP), S("main"), DEPLOYMENT_SUCCEEDED);
    CHECK_OK(accept(&x, &second, &is_new));
    CHECK(!is_new);
    CHECK_OK(run(&x, &OP_DEPLOYMENT_READ, S(GROUP), S("MAIN"), &got));
    CHECK(guid_eq(got.seed, second.seed) && got.state == DEPLOYMENT_ACCEPTED && guid_eq(got.caller.id.g, x.s.caller.id.g));
    CHECK_ERR(run(&x, &OP_DEPLOYMENT_READ, S(GROUP), S("other"), &got), ERR_DEPLOYMENT_NOT_FOUND, "another name");
}

TEST(deployment_scopes_must_be_there_and_locations_stay)
{
    CLEANUP(close_stage) struct stage x;
    bool                              is_new;
    open_stage(&x, t);
    struct deployment nowhere = wish(&x, S(TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/none"), S("d"));
    struct deployment on_one = wish(&x, S(GROUP "/providers/Microsoft.Web/sites/s"), S("d"));
    struct deployment here = wish(&x, S(TEST_PRODUCT_SUBSCRIPTION), S("d"));
    CHECK_ERR(accept(&x, &nowhere, &is_new), ERR_GROUP_NOT_FOUND, "no such group");
    call_forgive(t->call);
    CHECK_ERR(accept(&x, &on_one, &is_new), ERR_SCOPE_INVALID, "a resource");
    call_forgive(t->call);
    CHECK_OK(accept(&x, &here, &is_new));
    end(&x, t, here.scope, here.name, DEPLOYMENT_FAILED);
    here.location = S("eastus");
    CHECK_ERR(accept(&x, &here, &is_new), ERR_DEPLOYMENT_LOCATION, "another location");
}

// Parameters may be passwords: sealed while they are needed, gone afterwards. The template stays where it holds no values of them.
TEST(deployment_parameters_go_with_its_end)
{
    CLEANUP(close_stage) struct stage x;
    bool                              is_new;
    open_stage(&x, t);
    for (int keeps = 0; keeps < 2; keeps++) {
        struct deployment       d = wish(&x, S(GROUP), keeps ? S("keeps") : S("drops"));
        struct deployment_input input = {0};
        struct secret           opened = {0};
        bytes                   sealed;
        d.keeps_template = keeps;
        CHECK_OK(accept(&x, &d, &is_new));
        CHECK_OK(store_get(t->call, x.s.work.store, store_kind_of(&KIND_DEPLOYMENT_INPUT), deployment_key(t->call, d.scope, d.name), &sealed));
        CHECK(str_find_str(bytes_str(sealed), S("not for others")) == STR_NOWHERE && str_find_str(bytes_str(sealed), S("resources")) == STR_NOWHERE);
        CHECK_OK(deployment_input_open(t->call, &x.s.work, &d, &opened, &input));
        CHECK_STR(input.template, S(TEMPLATE), "the template");
        CHECK_STR(input.parameters, S(PASSWORDS), "the parameters");
        secret_clear(&opened);
        end(&x, t, d.scope, d.name, DEPLOYMENT_SUCCEEDED);
        CHECK_ERR(deployment_input_open(t->call, &x.s.work, &d, &opened, &input), keeps ? OK : ERR_NOT_FOUND, keeps ? "kept" : "dropped");
        if (keeps) CHECK(str_eq(input.template, S(TEMPLATE)) && str_empty(input.parameters));
        secret_clear(&opened);
        call_forgive(t->call);
    }
}

static enum err count(struct call *c, str key, const struct deployment *d, void *context)
{
    size_t *n = context;
    (void)c, (void)key, (void)d;
    ++*n;
    return OK;
}

static size_t count_active(struct stage *x)
{
    struct test *t = x->s.test;
    size_t       n = 0;
    CHECK_OK(deployment_each_active(x->c, x->s.work.store, STR_NONE, 0, count, &n));
    return n;
}

// A deployment inside another one: the outer one rests meanwhile, and goes on with the end of the inner one.
TEST(deployment_inside_wakes_the_one_around_it)
{
    CLEANUP(close_stage) struct stage x;
    bool                              is_new;
    struct deployment_operation      *operations;
    size_t                            n;
    open_stage(&x, t);
    struct deployment outer = wish(&x, S(GROUP), S("outer")), inner = wish(&x, S(GROUP), S("inner"));
    CHECK_OK(accept(&x, &outer, &is_new));
    inner.parent = deployment_id(t->call, outer.scope, outer.name);
    inner.parent_index = 3;
    CHECK_OK(accept(&x, &inner, &is_new));
    CHECK_INT(count_active(&x), 2, "both");
    struct deployment_operation o = {
        .index = 3, .kind = S("Create"), .state = DEPLOYMENT_RUNNING, .target = deployment_id(t->call, S(GROUP), S("INNER"))};
    CHECK_OK(deployment_operation_put(t->call, x.s.work.store, &outer, &o));
    outer.is_waiting = true;
    CHECK_OK(deployment_put(t->call, x.s.work.store, &outer));
    CHECK_INT(count_active(&x), 1, "the inner one");
    end(&x, t, inner.scope, inner.name, DEPLOYMENT_FAILED);
    CHECK_INT(count_active(&x), 1, "the outer one");
    CHECK_OK(deployment_operations(t->call, x.s.work.store, &outer, &operations, &n));
    CHECK(n == 1 && operations[0].state == DEPLOYMENT_FAILED && operations[0].status == 409);
}

TEST(deployment_is_canceled_with_those_inside)
{
    CLEANUP(close_stage) struct stage x;
    bool                              is_new;
    struct deployment                 got;
    open_stage(&x, t);
    struct deployment outer = wish(&x, S(GROUP), S("outer")), inner = wish(&x, S(GROUP), S("inner"));
    CHECK_OK(accept(&x, &outer, &is_new));
    inner.parent = deployment_id(t->call, outer.scope, outer.name);
    CHECK_OK(accept(&x, &inner, &is_new));
    struct deployment_operation o = {.kind = S("Create"), .state = DEPLOYMENT_RUNNING, .target = deployment_id(t->call, S(GROUP), S("inner"))};
    CHECK_OK(deployment_operation_put(t->call, x.s.work.store, &outer, &o));
    CHECK_OK(run(&x, &OP_DEPLOYMENT_CANCEL, S(GROUP), S("outer"), NULL));
    CHECK_OK(run(&x, &OP_DEPLOYMENT_READ, S(GROUP), S("inner"), &got));
    CHECK(got.state == DEPLOYMENT_CANCELED);
    CHECK_INT(count_active(&x), 0, "none");
    CHECK_ERR(run(&x, &OP_DEPLOYMENT_CANCEL, S(GROUP), S("outer"), NULL), ERR_DEPLOYMENT_OVER, "again");
}

// Published: 800 for each scope. The oldest that is over makes room; if none is, the new one is refused.
TEST(deployment_history_has_an_end)
{
    CLEANUP(close_stage) struct stage x;
    bool                              is_new;
    struct deployment                 got;
    open_stage(&x, t);
    for (unsigned i = 0; i < DEPLOYMENTS_MAX_PER_SCOPE; i++) {
        struct deployment d = wish(&x, S(GROUP), call_format(t->call, "d%u", i));
        d.changed_ns += i;
        CHECK_OK(deployment_put(t->call, x.s.work.store, &d));
    }
    struct deployment more = wish(&x, S(GROUP), S("more"));
    CHECK_ERR(accept(&x, &more, &is_new), ERR_DEPLOYMENT_QUOTA, "all are active");
    call_forgive(t->call);
    for (unsigned i = 0; i < 3; i++) {
        struct deployment d = wish(&x, S(GROUP), call_format(t->call, "d%u", 7 - i));
        d.state = DEPLOYMENT_FAILED;
        d.changed_ns += 7 - i;
        CHECK_OK(deployment_put(t->call, x.s.work.store, &d));
    }
    CHECK_OK(accept(&x, &more, &is_new));
    CHECK_ERR(run(&x, &OP_DEPLOYMENT_READ, S(GROUP), S("d5"), &got), ERR_DEPLOYMENT_NOT_FOUND, "the oldest that is over");
    call_forgive(t->call);
    CHECK_OK(run(&x, &OP_DEPLOYMENT_READ, S(GROUP), S("d6"), &got));
    CHECK_OK(deployment_remove_all(t->call, x.s.work.store, S(GROUP)));
    size_t left = 0;
    CHECK_OK(deployment_each(t->call, x.s.work.store, S(GROUP), STR_NONE, 0, count, &left));
    CHECK_INT(left, 0, "with the group all go");
}
