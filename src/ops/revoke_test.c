#include "ops/revoke.h"

#include "ops/refresh_token.h"

#include "log/activity.h"
#include "test_product.h"

static int64_t revoked_s(struct test_product *s, object_id who)
{
    const struct revocation *r = directory_find_revocation(s->work.world->directory, who);
    return r ? r->at_s : 0;
}

TEST(tokens_revoke_keeps_the_latest_time_and_needs_its_permission)
{
    static const char *const                        SCOPE = TEST_PRODUCT_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id";
    CLEANUP(test_product_close) struct test_product s;
    int64_t                                         at_s = 0, first_s;
    struct activity                                *list;
    size_t                                          n = 0;
    test_product_open(&s, t);
    object_id who = test_product_put_principal(&s, 0x700, PRINCIPAL_MANAGED), none = {GUID_NONE};
    CHECK_ERR(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &who, &at_s), ERR_NOT_AUTHORIZED, "without a role");
    CHECK_INT(revoked_s(&s, who), 0, "and nothing is kept");
    test_product_assign(&s, s.caller.id, "Reader", TEST_PRODUCT_GROUP);
    CHECK_ERR(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &who, &at_s), ERR_NOT_AUTHORIZED, "a Reader");
    test_product_assign(&s, s.caller.id, "Managed Identity Contributor", TEST_PRODUCT_GROUP);
    CHECK_OK(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &who, &at_s));
    first_s = t->call->now_s;
    CHECK(at_s == first_s && revoked_s(&s, who) == first_s);
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 10}, &list, &n, NULL));
    CHECK(n == 1 && str_eq(list[0].action, S(REVOKE_ACTION)) && str_eq(list[0].scope, str_of(SCOPE)));

    test_product_pass(&s, 100);
    CHECK_OK(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &who, &at_s));
    CHECK_INT(revoked_s(&s, who), first_s + 100, "later");
    test_product_pass(&s, -50);
    CHECK_OK(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &who, &at_s));
    CHECK_INT(at_s, first_s + 101, "a clock that was set back gives nothing free");
    CHECK_OK(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &who, &at_s));
    CHECK_INT(at_s, first_s + 102, "what was signed since the one before is dated a second later");
    CHECK_ERR(test_product_run(&s, &OP_TOKENS_REVOKE, NULL, SCOPE, &none, &at_s), ERR_OBJECT_ID_INVALID, "nobody");
}

TEST(revocations_go_when_no_token_can_need_them)
{
    CLEANUP(test_product_close) struct test_product s;
    int64_t                                         at_s;
    size_t                                          n;
    test_product_open(&s, t);
    object_id early = test_product_put_principal(&s, 0x700, PRINCIPAL_MANAGED), late = {test_product_guid(0x9999)}; // the second one does not exist
    CHECK_OK(test_product_run(&s, &OP_TOKENS_REVOKE_ANY, NULL, "/", &early, &at_s));
    test_product_pass(&s, 100);
    CHECK_OK(test_product_run(&s, &OP_TOKENS_REVOKE_ANY, NULL, "/", &late, &at_s));
    test_product_pass(&s, REFRESH_TOKEN_LIFETIME_S + TOKEN_SKEW_S - 100);
    CHECK_OK(revocations_drop_ended(t->call, &s.work, 10, &n));
    CHECK_INT(n, 0, "the last token ends now");
    test_product_pass(&s, 1);
    CHECK_OK(revocations_drop_ended(t->call, &s.work, 10, &n));
    CHECK(n == 1 && !revoked_s(&s, early) && revoked_s(&s, late));
}
