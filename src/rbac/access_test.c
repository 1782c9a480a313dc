#include "rbac/access.h"

#include "test.h"

#define SUB1  "/subscriptions/11111111-1111-1111-1111-111111111111"
#define SUB2  "/subscriptions/22222222-2222-2222-2222-222222222222"
#define VAULT SUB1 "/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/v1"

static guid small(unsigned n)
{
    return (guid){{1, (uint8_t)n}};
}

static void assign(struct test *t, struct rbac_rules *r, unsigned id, unsigned who, const char *role, const char *scope, int64_t from)
{
    const struct role *x = rbac_find_role_by_name(r, str_of(role));
    struct assignment *a = NULL, plain = {.id = small(id), .principal = {small(who)}, .role = x ? x->id : small(99), .scope = str_of(scope), .counts_from_ns = from};
    CHECK_OK(assignment_new(t->call, &plain, &a));
    CHECK(rbac_put_assignment(r, a));
    ref_drop(&a->ref);
}

static struct rbac_rules *filled(struct test *t)
{
    struct rbac_rules *r = rbac_rules_new();
    assign(t, r, 10, 1, "Key Vault Secrets User", VAULT, 0);      // 2 data actions
    assign(t, r, 11, 2, "Reader", SUB1, 0);                       // */read, through a group
    assign(t, r, 12, 1, "AcrPull", SUB2, 500);                    // 1 action, not yet
    assign(t, r, 13, 1, "no such role", SUB1, 0);                 // nothing
    assign(t, r, 14, 3, "Owner", "/", 0);                         // somebody else's
    assign(t, r, 15, 1, "Defender for Storage Scanner Operator", SUB2, 0);
    return r;
}

static struct rbac_access access_at(struct test *t, const struct rbac_rules *r, const char *at)
{
    const object_id             who[] = {{small(1)}, {small(2)}};
    struct scope                scope;
    struct rbac_access_question q = {.who = who, .who_n = 2, .now_ns = 100};
    struct rbac_access          a = {0};
    if (at) CHECK_OK(scope_parse(t->call, str_of(at), &scope));
    if (at) q.at = &scope;
    CHECK_OK(rbac_access_of(t->call, r, &q, &a));
    return a;
}

TEST(access_lists_each_grant_with_its_assignment)
{
    struct rbac_rules *r = filled(t);
    struct rbac_access a = access_at(t, r, NULL);
    size_t             data = 0, withheld = 0, waiting = 0, group = 0;
    for (size_t i = 0; i < a.row_n; i++) {
        data += a.rows[i].plane == RBAC_DATA;
        group += a.rows[i].holder == 1;
        waiting += !a.rows[i].counts && guid_eq(a.rows[i].assignment->id, small(12));
        withheld += !a.rows[i].counts && guid_eq(a.rows[i].assignment->id, small(15));
        CHECK_ROW(i == 0 || a.rows[i - 1].plane <= a.rows[i].plane, "grouped by plane");
        CHECK_ROW(!guid_eq(a.rows[i].assignment->id, small(14)), "nobody else's");
    }
    CHECK_INT(data, 2, "data actions");
    CHECK_INT(group, 1, "through the group");
    CHECK_INT(waiting, 1, "not yet");
    CHECK_INT(withheld, 2, "never: not published");
    const struct rbac_access_row *first = &a.rows[0], *last = &a.rows[a.row_n - 1];
    CHECK_STR(first->service, S("*"), "the star is a service of its own");
    CHECK_STR(first->pattern, S("*/read"), "first");
    CHECK_STR(last->service, S("Microsoft.KeyVault"), "last");
    CHECK(guid_eq(last->assignment->id, small(10)) && last->holder == 0);
    rbac_rules_free(r);
}

TEST(access_at_a_scope_leaves_out_what_lies_beside_it)
{
    static const struct { const char *at; size_t reader, secrets, acr; bool secrets_above; } CASES[] = {
        {SUB1, 1, 2, 0, false}, {VAULT, 1, 2, 0, true}, {VAULT "/secrets/s", 1, 2, 0, true}, {SUB1 "/resourceGroups/rg1", 1, 2, 0, false},
        {SUB1 "/resourceGroups/rg10", 1, 0, 0, false}, {SUB2, 0, 0, 1, false}, {"/", 1, 2, 1, false},
    };
    struct rbac_rules *r = filled(t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_access a = access_at(t, r, CASES[i].at);
        size_t             reader = 0, secrets = 0, acr = 0;
        for (size_t k = 0; k < a.row_n; k++) {
            reader += guid_eq(a.rows[k].assignment->id, small(11));
            acr += guid_eq(a.rows[k].assignment->id, small(12));
            if (!guid_eq(a.rows[k].assignment->id, small(10))) continue;
            secrets++;
            CHECK_ROW(a.rows[k].above == CASES[i].secrets_above, CASES[i].at);
        }
        CHECK_ROW(reader == CASES[i].reader && secrets == CASES[i].secrets && acr == CASES[i].acr, CASES[i].at);
    }
    rbac_rules_free(r);
}

TEST(access_names_the_denies_beside_the_grants)
{
    static const str                   ALL = S_INIT("*");
    static const struct deny_principal EVERYONE = {.type = S_INIT("SystemDefined")};
    const struct deny_principal        group = {.id = {small(2)}}, other = {.id = {small(3)}};
    const struct role_permission       block = {.actions = &ALL, .action_n = 1};
    const struct deny_assignment       PLAIN[] = {
        {.id = small(40), .scope = S("/"), .permissions = &block, .permission_n = 1, .principals = &group, .principal_n = 1},
        {.id = small(41), .scope = S(VAULT), .permissions = &block, .permission_n = 1, .principals = &EVERYONE, .principal_n = 1},
        {.id = small(42), .scope = S(SUB1), .permissions = &block, .permission_n = 1, .principals = &other, .principal_n = 1},
        {.id = small(43), .scope = S(SUB1), .permissions = &block, .permission_n = 1, .principals = &EVERYONE, .principal_n = 1, .excluded = &group, .excluded_n = 1},
        {.id = small(44), .scope = S(SUB2), .permissions = &block, .permission_n = 1, .principals = &group, .principal_n = 1},
    };
    struct rbac_rules *r = filled(t);
    for (size_t i = 0; i < COUNT(PLAIN); i++) {
        struct deny_assignment *d = NULL;
        CHECK_OK(deny_new(t->call, &PLAIN[i], &d));
        CHECK(rbac_put_deny(r, d));
        ref_drop(&d->ref);
    }
    struct rbac_access a = access_at(t, r, SUB1);
    CHECK_INT(a.deny_n, 2, "those that name it, at, above or below");
    CHECK(a.deny_n == 2 && guid_eq(a.denies[0]->id, small(40)) && guid_eq(a.denies[1]->id, small(41)));
    rbac_rules_free(r);
}
