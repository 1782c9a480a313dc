#include "rbac/rules.h"

#include <stdlib.h>

#include "rbac/decide.h"
#include "test.h"

#define SUB1 "/subscriptions/11111111-1111-1111-1111-111111111111"
#define SUB2 "/subscriptions/22222222-2222-2222-2222-222222222222"
#define RG1  SUB1 "/resourceGroups/rg1"

static const guid READER = {{0xac, 0xdd, 0x72, 0xa7, 0x33, 0x85, 0x48, 0xef, 0xbd, 0x42, 0xf6, 0x06, 0xfb, 0xa8, 0x1a, 0xe7}};
static const guid CUSTOM = {{0xc0}};
static const guid NOBODY_KNOWS = {{0xee}};

static guid id_of(unsigned n)
{
    return (guid){{1, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static bool put(struct test *t, struct rbac_rules *r, unsigned id, unsigned who, guid role, const char *scope, int64_t lingers)
{
    struct assignment *a = NULL, plain = {.id = id_of(id),
                                          .principal = {id_of(who)},
                                          .role = role,
                                          .scope = str_of(scope),
                                          .notes = &(struct assignment_notes){.lingers_until_ns = lingers}};
    if (assignment_new(t->call, &plain, &a) != OK) return false;
    bool done = rbac_put_assignment(r, a);
    ref_drop(&a->ref);
    return done;
}

static bool count(const struct assignment *a, void *ctx)
{
    (void)a;
    ++*(size_t *)ctx;
    return true;
}

struct order_check {
    guid   last;
    size_t n;
    bool   ordered;
};

static bool check_order(const struct assignment *a, void *ctx)
{
    struct order_check *o = ctx;
    o->ordered &= o->n++ == 0 || guid_cmp(o->last, a->id) < 0;
    o->last = a->id;
    return true;
}

static bool can_read(struct test *t, const struct rbac_rules *r, unsigned who, const char *scope)
{
    object_id            caller = {id_of(who)};
    struct rbac_question q = {.who = &caller, .who_n = 1, .action = S("Microsoft.X/y/read"), .plane = RBAC_CONTROL};
    struct rbac_answer   answer = {0};
    CHECK_OK(scope_parse(t->call, str_of(scope), &q.at));
    CHECK_OK(rbac_decide(t->call, r, &q, &answer));
    return answer.allowed;
}

TEST(rules_count_and_list_by_place_principal_and_subscription)
{
    struct rbac_rules *r = rbac_rules_new();
    subscription_id    sub1 = {GUID_NONE}, sub2 = {GUID_NONE};
    CHECK(guid_parse(S("11111111-1111-1111-1111-111111111111"), &sub1.g) && guid_parse(S("22222222-2222-2222-2222-222222222222"), &sub2.g));
    CHECK(put(t, r, 1, 50, READER, "/", 0));
    CHECK(put(t, r, 2, 50, READER, SUB1, 0));
    CHECK(put(t, r, 3, 51, READER, SUB1 "/resourceGroups/RG1", 0));
    CHECK(put(t, r, 4, 50, READER, RG1, 0));
    CHECK(put(t, r, 5, 50, NOBODY_KNOWS, RG1 "/providers/A.B/t/n", 0));
    CHECK(put(t, r, 6, 50, READER, SUB2, 0));
    CHECK(put(t, r, 7, 50, READER, "/providers/Microsoft.Management/managementGroups/mg", 0));
    CHECK(put(t, r, 8, 52, CUSTOM, RG1, 77)); // removed, but lingers
    size_t n = 0;
    rbac_each_at_scope(r, S(RG1), count, &n);
    CHECK_INT(n, 2, "at rg1");
    CHECK_INT(rbac_count_at_scope(r, S("/SUBSCRIPTIONS/11111111-1111-1111-1111-111111111111/resourcegroups/rg1")), 2, "at rg1, any case");
    CHECK_INT(rbac_count_at_scope(r, S("/")), 1, "at the root");
    CHECK_INT(rbac_count_at_scope(r, S(SUB1 "/resourceGroups/rg10")), 0, "nowhere");
    CHECK_INT(rbac_count_in_subscription(r, sub1), 4, "in sub1");
    CHECK_INT(rbac_count_in_subscription(r, sub2), 1, "in sub2");
    n = 0;
    rbac_each_in_subscription(r, sub1, count, &n);
    CHECK_INT(n, 4, "listed in sub1");
    n = 0;
    rbac_each_of_principal(r, (object_id){id_of(50)}, count, &n);
    CHECK_INT(n, 6, "of 50");
    n = 0;
    rbac_each_of_principal(r, (object_id){id_of(52)}, count, &n);
    CHECK_INT(n, 0, "of 52, which lingers");
    CHECK_INT(rbac_lingering_count(r), 1, "one lingers");
    CHECK(rbac_find_lingering(r, id_of(8)) && !rbac_find_assignment(r, id_of(8)));
    CHECK(!rbac_find_lingering(r, id_of(1)) && !rbac_find_lingering(r, id_of(999)));
    n = 0;
    rbac_each_lingering(r, count, &n);
    CHECK_INT(n, 1, "lingering");
    struct order_check o = {.ordered = true};
    rbac_each_assignment(r, NULL, check_order, &o);
    CHECK(o.ordered);
    CHECK_INT(o.n, 7, "all");
    CHECK_INT(rbac_assignment_count(r), 7, "count");
    CHECK(rbac_role_in_use(r, READER) && rbac_role_in_use(r, NOBODY_KNOWS) && !rbac_role_in_use(r, CUSTOM));
    CHECK(rbac_find_assignment(r, id_of(4)) && !rbac_find_assignment(r, id_of(8)) && !rbac_find_assignment(r, id_of(9)));
    CHECK(rbac_find_same(r, (object_id){id_of(51)}, READER, S(RG1)) == rbac_find_assignment(r, id_of(3)));
    CHECK(!rbac_find_same(r, (object_id){id_of(51)}, CUSTOM, S(RG1)));
    CHECK(!rbac_find_same(r, (object_id){id_of(51)}, READER, S(SUB1)));
    CHECK(!rbac_find_same(r, (object_id){id_of(53)}, READER, S(RG1)));
    rbac_rules_free(r);
}

TEST(rules_replace_and_remove_leave_nothing_behind)
{
    struct rbac_rules *r = rbac_rules_new();
    CHECK(put(t, r, 1, 50, READER, SUB1, 0));
    CHECK(can_read(t, r, 50, RG1));
    CHECK(put(t, r, 1, 51, READER, SUB2, 0)); // the same id: another principal, another place
    CHECK(!can_read(t, r, 50, RG1));
    CHECK(can_read(t, r, 51, SUB2));
    CHECK_INT(rbac_assignment_count(r), 1, "count");
    CHECK_INT(rbac_count_at_scope(r, S(SUB1)), 0, "at sub1");
    rbac_remove_assignment(r, id_of(9));
    rbac_remove_assignment(r, id_of(1));
    rbac_remove_assignment(r, id_of(1));
    CHECK(!can_read(t, r, 51, SUB2));
    CHECK(!rbac_role_in_use(r, READER));
    CHECK_INT(rbac_assignment_count(r), 0, "count");
    rbac_rules_free(r);
}

TEST(rules_take_a_custom_role_before_and_after_its_assignments)
{
    static const str             ACTIONS[] = {S_INIT("Microsoft.X/*/read"), S_INIT("Microsoft.X/y/read")};
    const struct role_permission first = {.actions = ACTIONS, .action_n = 1},
                                 second = {.actions = ACTIONS, .action_n = 1, .not_actions = ACTIONS + 1, .not_action_n = 1};
    struct role plain = {.id = CUSTOM, .name = S("Mine"), .permissions = &first, .permission_n = 1}, *role = NULL, *changed = NULL,
                *false_reader = NULL;
    struct rbac_rules *r = rbac_rules_new();
    CHECK(put(t, r, 1, 50, CUSTOM, SUB1, 0));
    CHECK(!can_read(t, r, 50, SUB1)); // nobody knows the role
    CHECK(!rbac_find_role(r, CUSTOM));
    CHECK_OK(role_new(t->call, &plain, &role));
    CHECK(rbac_put_role(r, role));
    CHECK(can_read(t, r, 50, SUB1));
    plain.permissions = &second;
    CHECK_OK(role_new(t->call, &plain, &changed));
    CHECK(rbac_put_role(r, changed));
    CHECK(!can_read(t, r, 50, SUB1));
    CHECK(rbac_find_role(r, CUSTOM) == changed && rbac_find_role_by_name(r, S("mINE")) == changed);
    CHECK_INT(rbac_custom_role_count(r), 1, "custom roles");
    CHECK(rbac_put_role(r, role));
    rbac_remove_role(r, CUSTOM);
    rbac_remove_role(r, CUSTOM);
    CHECK(!can_read(t, r, 50, SUB1));
    CHECK(rbac_put_role(r, role));
    CHECK(can_read(t, r, 50, SUB1));
    rbac_remove_assignment(r, id_of(1));
    CHECK(rbac_find_role(r, CUSTOM) == role);
    // A built-in role cannot be replaced.
    plain.id = READER;
    plain.permissions = &first;
    CHECK_OK(role_new(t->call, &plain, &false_reader));
    CHECK(rbac_put_role(r, false_reader));
    CHECK(rbac_find_role(r, READER)->is_builtin && rbac_find_role_by_name(r, S("reader"))->is_builtin);
    rbac_remove_role(r, READER);
    CHECK(rbac_find_role(r, READER) != NULL);
    rbac_rules_free(r);
    ref_drop(&role->ref);
    ref_drop(&changed->ref);
    ref_drop(&false_reader->ref);
}

static bool check_role_order(const struct role *x, void *ctx)
{
    struct order_check *o = ctx;
    o->ordered &= o->n++ == 0 || guid_cmp(o->last, x->id) < 0;
    o->last = x->id;
    return true;
}

static bool only_three(const struct role *x, void *ctx)
{
    (void)x;
    return ++*(size_t *)ctx < 3;
}

TEST(rules_list_roles_in_the_order_of_ids)
{
    struct rbac_rules *r = rbac_rules_new();
    for (unsigned i = 0; i < 40; i++) {
        struct role *role = NULL, plain = {.id = {{(uint8_t)(i * 37 % 256), 1}}, .name = S("x")};
        CHECK_OK(role_new(t->call, &plain, &role));
        CHECK(rbac_put_role(r, role));
        ref_drop(&role->ref);
    }
    struct order_check o = {.ordered = true};
    size_t             n = 0;
    rbac_each_role(r, NULL, check_role_order, &o);
    CHECK(o.ordered);
    CHECK_INT(o.n, 968, "roles");
    rbac_each_role(r, NULL, only_three, &n);
    CHECK_INT(n, 3, "stopped");
    rbac_rules_free(r);
}

TEST(rules_denies_are_found_replaced_and_removed)
{
    static const str                   ALL = S_INIT("*");
    static const struct deny_principal EVERYONE = {.type = S_INIT("SystemDefined")};
    const struct role_permission       block = {.actions = &ALL, .action_n = 1};
    struct rbac_rules                 *r = rbac_rules_new();
    CHECK(put(t, r, 1, 50, READER, "/", 0));
    for (unsigned i = 0; i < 100; i++) {
        const struct deny_principal who = {.id = {id_of(60 + i)}};
        char                        scope[128];
        snprintf(scope, sizeof scope, SUB1 "/resourceGroups/rg%u", i);
        struct deny_assignment *d = NULL, plain = {.id = id_of(i),
                                                   .scope = str_of(scope),
                                                   .permissions = &block,
                                                   .permission_n = 1,
                                                   .principals = &who,
                                                   .principal_n = 1};
        CHECK_OK(deny_new(t->call, &plain, &d));
        CHECK(rbac_put_deny(r, d));
        CHECK(rbac_put_deny(r, d));
        ref_drop(&d->ref);
    }
    CHECK(can_read(t, r, 50, RG1));
    struct deny_assignment *d = NULL,
                           plain = {
                               .id = id_of(5), .scope = S(SUB1), .permissions = &block, .permission_n = 1, .principals = &EVERYONE, .principal_n = 1};
    CHECK_OK(deny_new(t->call, &plain, &d));
    CHECK(rbac_put_deny(r, d)); // replaces the one on rg5: everyone, in all of the subscription
    CHECK(!can_read(t, r, 50, RG1));
    CHECK(can_read(t, r, 50, SUB2));
    CHECK(rbac_find_deny(r, id_of(5)) == d && rbac_find_deny(r, id_of(99)) && !rbac_find_deny(r, id_of(100)));
    rbac_remove_deny(r, id_of(5));
    rbac_remove_deny(r, id_of(5));
    CHECK(can_read(t, r, 50, RG1));
    rbac_rules_free(r);
    ref_drop(&d->ref);
}

// Many principals with few entries, and one with many: tables grow and shrink, and every answer stays right.
TEST(rules_stay_right_while_they_grow_and_shrink)
{
    enum { N = 6000 };
    struct rbac_rules *r = rbac_rules_new();
    char               scope[128];
    for (unsigned i = 0; i < N; i++) {
        snprintf(scope, sizeof scope, SUB1 "/resourceGroups/g%u", i);
        CHECK(put(t, r, i, i % 2 ? 7 : 100 + i, READER, scope, 0));
    }
    CHECK_INT(rbac_assignment_count(r), N, "count");
    for (unsigned i = 0; i < N; i += 3) rbac_remove_assignment(r, id_of(i));
    for (unsigned i = 0; i < N; i++) {
        snprintf(scope, sizeof scope, SUB1 "/resourceGroups/G%u/providers/A.B/t/n", i);
        CHECK_ROW(can_read(t, r, i % 2 ? 7 : 100 + i, scope) == (i % 3 != 0), scope);
        CHECK_ROW(!can_read(t, r, 8, scope), scope);
        arena_reset(&t->call->arena);
    }
    CHECK(rbac_index_bytes(r) > N * 20);
    for (unsigned i = 0; i < N; i++) rbac_remove_assignment(r, id_of(i));
    CHECK_INT(rbac_assignment_count(r), 0, "count");
    CHECK(!can_read(t, r, 7, SUB1 "/resourceGroups/g1"));
    rbac_rules_free(r);
}

TEST(decide_gives_no_answer_where_there_is_none)
{
    struct rbac_rules   *r = rbac_rules_new();
    object_id            who = {{{1}}};
    str                  above[RBAC_MAX_ABOVE + 1];
    struct rbac_question q = {.who = &who, .who_n = 1, .action = S("*/read"), .plane = RBAC_CONTROL};
    struct rbac_answer   answer;
    CHECK_OK(scope_parse(t->call, S(SUB1), &q.at));
    CHECK_ERR(rbac_decide(t->call, r, &q, &answer), ERR_PARAMETER_INVALID, "a pattern is no action");
    q.action = S("");
    CHECK_ERR(rbac_decide(t->call, r, &q, &answer), ERR_PARAMETER_INVALID, "no action");
    q.action = S("Microsoft.X/y/read");
    for (size_t i = 0; i < COUNT(above); i++) above[i] = S("/providers/Microsoft.Management/managementGroups/m");
    q.above = above;
    q.above_n = COUNT(above);
    CHECK_ERR(rbac_decide(t->call, r, &q, &answer), ERR_TOO_LARGE, "too many management groups");
    q.above_n--;
    CHECK_ERR(rbac_decide(t->call, r, &q, &answer), OK, "as many as there may be");
    CHECK(!answer.allowed && answer.reason == RBAC_NO_ROLE && guid_is_none(answer.decided_by));
    q.who_n = 0;
    CHECK_ERR(rbac_decide(t->call, r, &q, &answer), OK, "nobody");
    CHECK(!answer.allowed);
    rbac_rules_free(r);
}
