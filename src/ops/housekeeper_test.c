#include "ops/housekeeper.h"

#include <time.h>

#include "log/activity.h"
#include "log/diagnostic.h"
#include "log/signin.h"
#include "log/trim.h"
#include "ops/assignments.h"
#include "ops/committer.h"
#include "ops/denials.h"
#include "ops/groups_members.h"
#include "ops/log_keep.h"
#include "ops/secrets.h"
#include "ops/vault_resource.h"
#include "test_product.h"

#define PERIOD_MS 5
#define LOOKS_MAX 2000 // looks, of some milliseconds each

static void put_deleted_secret(struct test_product *s, const char *vault, const char *name)
{
    CLEANUP(secret_clear) struct secret value = {0};
    struct test                        *t = s->test;
    struct vault                        v;
    struct vault_item                   got;
    CHECK_OK(secret_init(t->call, &value, str_bytes(S("value"))));
    CHECK_OK(vault_open(t->call, &s->work, str_of(vault), &v));
    struct vault_item_args args = {.kind = &VAULT_ITEM_SECRET, .vault = &v, .name = str_of(name), .content = &value};
    CHECK_OK(test_product_vault_run(s, &v, &SECRETS_SET, args.name, &args, &got));
    CHECK_OK(test_product_vault_run(s, &v, &SECRETS_DELETE, args.name, &args, &got));
}

static void delete_vault(struct test_product *s, const char *name)
{
    struct test           *t = s->test;
    const struct resource *vault = tree_find_global(s->work.world->tree, S(VAULT_TYPE), str_of(name), false);
    bool                   handled = false;
    CHECK_OK(vault_resource_remove(t->call, &s->work, vault, &handled));
    CHECK(handled);
}

static enum err count(struct call *c, str key, bytes body, void *context)
{
    (void)c, (void)key, (void)body;
    ++*(size_t *)context;
    return OK;
}

static size_t records(struct test_product *s)
{
    struct test *t = s->test;
    struct work  w;
    size_t       n = 0;
    CHECK_OK(work_begin(t->call, &s->product, 0, &w));
    CHECK_OK(store_scan(t->call, w.store, STORE_SECRET, &(struct store_range){0}, count, &n));
    work_end(&w);
    return n;
}

static bool is_vault_gone(struct test_product *s, const char *name)
{
    const struct world *world = world_enter(s->product.worlds, 0);
    bool                gone = !tree_find_global(world->tree, S(VAULT_TYPE), str_of(name), true);
    world_leave(s->product.worlds, 0);
    return gone;
}

TEST(housekeeper_removes_what_is_due_and_nothing_else)
{
    CLEANUP(test_product_close) struct test_product s;
    struct housekeeper                             *housekeeper;
    test_product_open(&s, t);
    test_product_put_vault(&s, "short", "{\"properties\":{\"enableRbacAuthorization\":true,\"softDeleteRetentionInDays\":7}}");
    test_product_put_vault(&s, "long", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    test_product_put_vault(&s, "gone", "{\"properties\":{\"enableRbacAuthorization\":true,\"softDeleteRetentionInDays\":7}}");
    test_product_put_vault(&s, "kept", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    test_product_assign(&s, s.caller.id, "Key Vault Secrets Officer", TEST_PRODUCT_GROUP);
    for (int i = 0; i < HOUSEKEEPER_BATCH + 5; i++) put_deleted_secret(&s, "short", call_zstr(t->call, call_format(t->call, "n%d", i)));
    put_deleted_secret(&s, "long", "n");
    put_deleted_secret(&s, "gone", "n");
    put_deleted_secret(&s, "kept", "n");
    delete_vault(&s, "gone");
    delete_vault(&s, "kept");
    test_product_hand_over(&s);

    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    CHECK_OK(housekeeper_start(t->call, &s.product, PERIOD_MS, &housekeeper));
    for (int i = 0; i < 5; i++) CHECK_INT(records(&s), 2 * (HOUSEKEEPER_BATCH + 8), "before the day");
    clock_advance(&s.product.clock, 7 * S_PER_DAY * NS_PER_S);
    for (int i = 0; i < LOOKS_MAX && records(&s) > 4; i++) nanosleep(&(struct timespec){.tv_nsec = PERIOD_MS * NS_PER_MS}, NULL);
    CHECK_INT(records(&s), 4, "of the vaults that keep longer");
    CHECK(is_vault_gone(&s, "gone") && !is_vault_gone(&s, "kept"));
    housekeeper_stop(housekeeper);
    committer_stop(s.product.committer);
    housekeeper_free(housekeeper);
}

static size_t log_records(struct test_product *s, enum store_kind kind)
{
    struct test *t = s->test;
    struct work  w;
    CHECK_OK(work_begin(t->call, &s->product, 0, &w));
    struct log_tally tally = {0};
    CHECK_OK(log_count(t->call, w.store, &(struct log_trim){.kind = kind}, &tally));
    work_end(&w);
    return tally.n;
}

static void wait_for_records(struct test_product *s, enum store_kind kind, size_t want, const char *row)
{
    struct test *t = s->test;
    for (int i = 0; i < LOOKS_MAX && log_records(s, kind) != want; i++) nanosleep(&(struct timespec){.tv_nsec = PERIOD_MS * NS_PER_MS}, NULL);
    CHECK_INT(log_records(s, kind), want, row);
}

#define ACTIVITY_N (LOG_KEEP_FOUND + 500) // more than one look finds
static bool has_activity(struct test_product *s, guid id)
{
    struct test     *t = s->test;
    struct work      w;
    struct activity *list;
    size_t           n = 0;
    bool             has = false;
    CHECK_OK(work_begin(t->call, &s->product, 0, &w));
    CHECK_OK(activity_list(t->call, w.store, &(struct log_range){.limit = 2 * ACTIVITY_N}, &list, &n, NULL));
    for (size_t i = 0; i < n; i++) has |= guid_eq(list[i].id, id);
    work_end(&w);
    return has;
}

TEST(housekeeper_keeps_so_many_log_records_for_so_long)
{
    CLEANUP(test_product_close) struct test_product s;
    struct housekeeper                             *housekeeper;
    guid                                            first = GUID_NONE, last = GUID_NONE;
    test_product_open(&s, t);
    s.product.log_limits = (struct log_limits){.days = 10, .records = 220};
    int64_t start_ns = clock_now_ns(&s.product.clock);
    for (int i = 0; i < ACTIVITY_N; i++) {
        struct activity a = {.time_ns = start_ns + i * NS_PER_S, .id = guid_new(t->call), .action = S("a/b/write"), .scope = S("/")};
        CHECK_OK(activity_write(t->call, s.work.store, &a));
        if (i == ACTIVITY_N - 221) first = a.id;
        if (i == ACTIVITY_N - 220) last = a.id;
    }
    for (int i = 0; i < 230; i++) {
        CHECK_OK(log_put(t->call, s.work.store, &LOG_SIGNIN, start_ns + i, guid_new(t->call), S("x")));
        CHECK_OK(log_put(t->call, s.work.store, &LOG_DIAGNOSTIC, start_ns + i, guid_new(t->call), S("x")));
    }
    CHECK_OK(log_put(t->call, s.work.store, &LOG_DENIAL, start_ns, guid_new(t->call), S("x")));
    test_product_hand_over(&s);

    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    CHECK_OK(housekeeper_start(t->call, &s.product, PERIOD_MS, &housekeeper));
    wait_for_records(&s, STORE_ACTIVITY, 220, "the oldest go first");
    CHECK(!has_activity(&s, first) && has_activity(&s, last));
    wait_for_records(&s, STORE_SIGNIN, 220, "sign-ins are counted by themselves");
    wait_for_records(&s, STORE_DIAGNOSTIC, 220 + 1, "and operations; a refusal with its explanation is none, and not old enough");
    clock_advance(&s.product.clock, 10 * S_PER_DAY * NS_PER_S);
    wait_for_records(&s, STORE_DIAGNOSTIC, 0, "a refusal that is too old");
    clock_advance(&s.product.clock, ACTIVITY_N * NS_PER_S);
    wait_for_records(&s, STORE_ACTIVITY, 0, "all are too old");
    housekeeper_stop(housekeeper);
    committer_stop(s.product.committer);
    housekeeper_free(housekeeper);
}

static void look_and_drop(struct test_product *s, size_t want)
{
    struct test *t = s->test;
    size_t       n;
    s->work.writes = false;
    CHECK_OK(log_keep_drop_overdue(t->call, &s->work, LOG_KEEP_FOUND, &n));
    s->work.writes = true;
    CHECK_OK(log_keep_drop_overdue(t->call, &s->work, LOG_KEEP_FOUND, &n));
    CHECK_INT(n, want, "that went");
}

// Keys of an earlier version may stand before those that were counted: then more go than the count tells of.
TEST(housekeeper_keeps_fresh_log_records_where_its_count_is_wrong)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    int64_t now_ns = t->call->now_ns, old_ns = now_ns - (LOG_KEEP_DAYS + 1) * S_PER_DAY * NS_PER_S;
    CHECK_OK(log_put(t->call, s.work.store, &LOG_SIGNIN, now_ns, guid_new(t->call), S("x")));
    look_and_drop(&s, 0);
    for (int i = 0; i < 5; i++) CHECK_OK(log_put(t->call, s.work.store, &LOG_SIGNIN, old_ns + i, guid_new(t->call), S("x")));
    look_and_drop(&s, 5);
    for (int i = 0; i < 3; i++) CHECK_OK(log_put(t->call, s.work.store, &LOG_SIGNIN, now_ns + 1 + i, guid_new(t->call), S("x")));
    look_and_drop(&s, 0);
    s.product.log_limits.records = 3;
    look_and_drop(&s, 1);
}

struct many {
    struct write_job job;
    struct call      call;
    atomic_bool      is_done;
};

static enum err write_many(struct write_job *job, struct work *w)
{
    struct many *m = CONTAINER_OF(job, struct many, job);
    for (int i = 0; i < 230; i++) TRY(log_put(&m->call, w->store, &LOG_SIGNIN, m->call.now_ns + i, guid_new(&m->call), S("x")));
    log_keep_written(w->product, LOG_KEEP_LOOK_AFTER);
    return OK;
}

static void many_done(struct write_job *job, enum err committed)
{
    atomic_store(&CONTAINER_OF(job, struct many, job)->is_done, committed == OK);
}

// It looks before its period ends where many records are written: else a log grew by all that half a minute brings.
TEST(housekeeper_looks_when_many_log_records_were_written)
{
    CLEANUP(test_product_close) struct test_product s;
    struct many                                     m = {.job = {.run = write_many, .done = many_done}};
    test_product_open(&s, t);
    s.product.log_limits.records = 220;
    test_product_hand_over(&s);
    call_init(&m.call, &s.product.clock, NULL);
    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    CHECK_OK(housekeeper_start(t->call, &s.product, INT64_C(3600000), &s.product.housekeeper));
    CHECK_OK(committer_submit(t->call, s.product.committer, &m.job));
    wait_for_records(&s, STORE_SIGNIN, 220, "the first are removed");
    housekeeper_stop(s.product.housekeeper);
    committer_stop(s.product.committer);
    housekeeper_free(s.product.housekeeper);
    s.product.committer = NULL;
    s.product.housekeeper = NULL;
    CHECK(atomic_load(&m.is_done));
    call_clear(&m.call);
}

static size_t lingering(struct test_product *s)
{
    const struct world *world = world_enter(s->product.worlds, 0);
    size_t              n = rbac_lingering_count(world->rules);
    world_leave(s->product.worlds, 0);
    return n;
}

TEST(housekeeper_drops_removed_assignments_when_they_cease_to_grant) // R8
{
    CLEANUP(test_product_close) struct test_product s;
    struct housekeeper                             *housekeeper;
    struct assignment_args                          args = {.scope = S(TEST_PRODUCT_GROUP)};
    struct assignment_result                        removed = {0};
    test_product_open(&s, t);
    s.product.propagation = PROPAGATION_CLOUD;
    test_product_assign(&s, s.caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
    for (int i = 0; i < HOUSEKEEPER_BATCH + 5; i++) {
        struct op_target target = {.scope = args.scope};
        args.id = test_product_assign(&s, test_product_put_principal(&s, 0x1000 + 2 * (unsigned)i, PRINCIPAL_MANAGED), "Reader", TEST_PRODUCT_GROUP);
        CHECK_OK(op_run(t->call, &s.work, &OP_ASSIGNMENT_DELETE, &target, &args, &removed));
    }
    test_product_hand_over(&s);

    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    CHECK_OK(housekeeper_start(t->call, &s.product, PERIOD_MS, &housekeeper));
    for (int i = 0; i < 5; i++) CHECK_INT(lingering(&s), HOUSEKEEPER_BATCH + 5, "before their time");
    clock_advance(&s.product.clock, PROPAGATION_CLOUD.role_removal_s * NS_PER_S);
    for (int i = 0; i < LOOKS_MAX && lingering(&s) > 0; i++) nanosleep(&(struct timespec){.tv_nsec = PERIOD_MS * NS_PER_MS}, NULL);
    CHECK_INT(lingering(&s), 0, "after it");
    housekeeper_stop(housekeeper);
    committer_stop(s.product.committer);
    housekeeper_free(housekeeper);
}

static bool is_kept(struct test_product *s, object_id group, object_id member)
{
    const struct world *world = world_enter(s->product.worlds, 0);
    bool                kept = directory_find_membership(world->directory, group, member) != NULL;
    world_leave(s->product.worlds, 0);
    return kept;
}

TEST(housekeeper_drops_ended_memberships_when_no_token_can_need_them) // R8
{
    CLEANUP(test_product_close) struct test_product s;
    struct housekeeper                             *housekeeper;
    test_product_open(&s, t);
    s.product.propagation = PROPAGATION_CLOUD;
    s.product.token_lifetime_s = TOKEN_LIFETIME_S;
    s.caller.is_local_operator = true; // who may change groups
    struct member_args args = {.group = test_product_put_principal(&s, 0x100, PRINCIPAL_GROUP), .member = s.caller.id};
    object_id          other = test_product_put_principal(&s, 0x102, PRINCIPAL_GROUP);
    test_product_put_member(&s, args.group, args.member);
    test_product_put_member(&s, other, args.member);
    CHECK_OK(op_run(t->call, &s.work, &OP_MEMBER_REMOVE, NULL, &args, NULL));
    test_product_hand_over(&s);

    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    CHECK_OK(housekeeper_start(t->call, &s.product, PERIOD_MS, &housekeeper));
    clock_advance(&s.product.clock, TOKEN_LIFETIME_S * NS_PER_S);
    for (int i = 0; i < 5; i++) CHECK(is_kept(&s, args.group, args.member));
    clock_advance(&s.product.clock, TOKEN_SKEW_S * NS_PER_S);
    for (int i = 0; i < LOOKS_MAX && is_kept(&s, args.group, args.member); i++) nanosleep(&(struct timespec){.tv_nsec = PERIOD_MS * NS_PER_MS}, NULL);
    CHECK(!is_kept(&s, args.group, args.member));
    CHECK(is_kept(&s, other, args.member)); // it has not ended
    housekeeper_stop(housekeeper);
    committer_stop(s.product.committer);
    housekeeper_free(housekeeper);
}

TEST(housekeeper_stops_at_once)
{
    CLEANUP(test_product_close) struct test_product s;
    struct housekeeper                             *housekeeper;
    test_product_open(&s, t);
    test_product_hand_over(&s);
    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    int64_t before = clock_now_ns(NULL);
    CHECK_OK(housekeeper_start(t->call, &s.product, 0, &housekeeper));
    housekeeper_stop(housekeeper);
    CHECK(clock_now_ns(NULL) - before < HOUSEKEEPER_PERIOD_MS * NS_PER_MS / 2);
    housekeeper_stop(NULL);
    housekeeper_free(NULL);
    committer_stop(s.product.committer);
    housekeeper_free(housekeeper);
}
