#include "test_product.h"
#include "store_fixture.h"

// A second world, fed from the change sequence alone, is the first one over again.

#define IDS    16 /* of each kind: few, so that changes meet */
#define ROUNDS 300

struct pair {
    struct test_product   s; // the leader, on the store at hand
    struct store_session *reader;
    struct worlds        *follower;
};

static void pair_open(struct pair *p, struct test *t, const struct backend *b)
{
    *p = (struct pair){.s = {.test = t, .call = t->call}};
    struct test_product *s = &p->s;
    CHECK_OK(b->open(t->call, str_of(call_zstr(t->call, call_format(t->call, "%s/%s", test_dir(t), b->name))), &s->product.store));
    CHECK_OK(store_session_open(t->call, s->product.store, STORE_WRITE, &s->work.store));
    CHECK_OK(store_session_open(t->call, s->product.store, STORE_READ, &p->reader));
    CHECK_OK(worlds_load(t->call, s->work.store, &s->product.worlds));
    CHECK_OK(worlds_load(t->call, p->reader, &p->follower));
    CHECK_OK(store_begin(t->call, s->work.store));
    s->work = (struct work){.product = &s->product, .store = s->work.store, .writes = true, .world = world_draft(s->product.worlds)};
}

static void pair_close(struct pair *p)
{
    store_rollback(p->s.work.store);
    worlds_free(p->s.product.worlds);
    worlds_free(p->follower);
    store_session_close(p->reader);
    store_session_close(p->s.work.store);
    store_close(p->s.product.store);
}

#define NOTE(kind, type, format, ...)                                                                                              \
    static bool note_##kind(const struct type *x, void *ctx)                                                                       \
    {                                                                                                                              \
        buf_addf(ctx, #kind " v%llu " format "\n", (unsigned long long)x->ref.version, __VA_ARGS__);                               \
        return true;                                                                                                               \
    }
NOTE(membership, membership, "%s in %s until %lld", guid_text(x->member.g).s, guid_text(x->group.g).s, (long long)x->counts_until_ns)
NOTE(resource, resource, "%.*s %.*s deleted %lld", PSTR(x->id), PSTR(x->document), (long long)x->deleted_ns)
NOTE(group, resource_group, "%.*s", PSTR(x->id))
NOTE(mgmt_group, mgmt_group, "%.*s below %.*s", PSTR(x->name), PSTR(x->parent))
NOTE(subscription, subscription, "%s in %.*s", guid_text(x->id.g).s, PSTR(x->mgmt_group))
NOTE(assignment, assignment, "%s %.*s %s until %lld", guid_text(x->id).s, PSTR(x->scope), guid_text(x->principal.g).s,
     (long long)assignment_lingers_until_ns(x))
NOTE(deny, deny_assignment, "%s %.*s", guid_text(x->id).s, PSTR(x->scope))
NOTE(lock, lock, "%.*s %.*s", PSTR(x->id), PSTR(x->notes))

struct note {
    struct buf         *b;
    const struct world *w;
};

static bool note_principal(const struct principal *x, void *ctx)
{
    const struct note *n = ctx;
    buf_addf(n->b, "principal v%llu %s %.*s\n", (unsigned long long)x->ref.version, guid_text(x->id.g).s, PSTR(x->name));
    directory_each_member(n->w->directory, x->id, NULL, note_membership, n->b);
    return true;
}

static bool note_subscription_and_groups(const struct subscription *x, void *ctx)
{
    const struct note *n = ctx;
    note_subscription(x, n->b);
    tree_each_group(n->w->tree, x->id, STR_NONE, note_group, n->b);
    return true;
}

static bool note_role(const struct role *x, void *ctx)
{
    if (!x->is_builtin) buf_addf(ctx, "role v%llu %s %.*s\n", (unsigned long long)x->ref.version, guid_text(x->id).s, PSTR(x->name));
    return true;
}

// All that a world holds, as text, with the versions.
static str told(struct test *t, struct worlds *worlds)
{
    const struct world *w = world_enter(worlds, 0);
    struct buf          b;
    buf_init(&b, &t->call->arena);
    directory_each(w->directory, NULL, note_principal, &(struct note){&b, w});
    tree_each_mgmt_group(w->tree, STR_NONE, note_mgmt_group, &b);
    tree_each_subscription(w->tree, NULL, note_subscription_and_groups, &(struct note){&b, w});
    tree_each_resource(w->tree, STR_NONE, STR_NONE, note_resource, &b);
    tree_each_deleted(w->tree, STR_NONE, STR_NONE, note_resource, &b);
    rbac_each_role(w->rules, NULL, note_role, &b);
    rbac_each_assignment(w->rules, NULL, note_assignment, &b);
    rbac_each_deny(w->rules, NULL, note_deny, &b);
    tree_each_lock(w->tree, STR_NONE, STR_NONE, note_lock, &b);
    world_leave(worlds, 0);
    return buf_view(&b);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void change(struct test_product *s, enum store_kind kind, const struct ref *before, struct ref *after)
{
    struct test *t = s->test;
    if (before || after) CHECK_OK(work_change(t->call, &s->work, kind, before, after));
}

#define REF(p) ((p) ? &(p)->ref : NULL)

static void change_something(struct test_product *s, uint32_t *state)
{
    static const char *const SCOPES[] = {"/", TEST_PRODUCT_SUBSCRIPTION, TEST_PRODUCT_GROUP};
    struct test             *t = s->test;
    struct call             *c = t->call;
    const struct world      *w = s->work.world;
    uint32_t                 what = next_random(state) % 10, n = next_random(state) % IDS, value = next_random(state) % 1000;
    bool                     stays = next_random(state) % 3 > 0, is_deleted = value % 3 == 0;
    str                      name = call_format(c, "n%u", value);
    if (what == 0) {
        struct principal *made = NULL, plain = {.id = {test_product_guid(0x300 + n)}, .kind = n % 2 ? PRINCIPAL_USER : PRINCIPAL_GROUP, .name = name};
        const struct principal *before = directory_find(w->directory, plain.id);
        if (stays) CHECK_OK(principal_new(c, &plain, &made));
        change(s, STORE_PRINCIPAL, REF(before), REF(made));
    } else if (what == 1) {
        struct membership       *made = NULL, plain = {.group = {test_product_guid(0x300 + n / 2 * 2)},
                                                       .member = {test_product_guid(0x300 + value % IDS)},
                                                       .counts_until_ns = value % 4 ? 0 : 7};
        const struct membership *before = directory_find_membership(w->directory, plain.group, plain.member);
        if (stays) CHECK_OK(membership_new(c, &plain, &made));
        change(s, STORE_MEMBERSHIP, REF(before), REF(made));
    } else if (what == 2) {
        struct mgmt_group *made = NULL,
                          plain = {.name = call_format(c, "%s%u", value % 2 ? "mg" : "MG", n), .display_name = name, .parent = S("root")};
        const struct mgmt_group *before = tree_find_mgmt_group(w->tree, plain.name);
        if (stays) CHECK_OK(mgmt_group_new(c, &plain, &made));
        change(s, STORE_MGMT_GROUP, REF(before), REF(made));
    } else if (what == 3) {
        struct subscription *made = NULL,
                            plain = {.id = {test_product_guid(0x50 + n)}, .name = name, .mgmt_group = call_format(c, "mg%u", value % IDS)};
        const struct subscription *before = tree_find_subscription(w->tree, plain.id);
        if (stays) CHECK_OK(subscription_new(c, &plain, &made));
        change(s, STORE_SUBSCRIPTION, REF(before), REF(made));
    } else if (what == 4) {
        struct resource_group *made = NULL, plain = {.id = call_format(c, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/%s%u", value % 2 ? "g" : "G", n),
                                                     .location = S("westus"),
                                                     .document = S("{}")};
        const struct resource_group *before = tree_find_group(w->tree, plain.id);
        plain.name = str_from(plain.id, str_find_last(plain.id, '/') + 1);
        if (stays) CHECK_OK(resource_group_new(c, &plain, &made));
        change(s, STORE_GROUP, REF(before), REF(made));
    } else if (what == 5) {
        struct resource *made = NULL, plain = {.type = S("Contoso.Things/widgets"), .location = S("westus"), .deleted_ns = is_deleted};
        plain.id = call_format(c, TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/%c%u", value % 2 ? 'w' : 'W', n);
        plain.name = str_from(plain.id, str_find_last(plain.id, '/') + 1);
        plain.document = call_format(c, "{\"n\":%u}", value);
        const struct resource *before = is_deleted ? tree_find_deleted(w->tree, plain.id) : tree_find(w->tree, plain.id);
        if (stays) CHECK_OK(resource_new(c, &plain, &made));
        change(s, STORE_RESOURCE, REF(before), REF(made));
    } else if (what == 6) {
        struct role       *made = NULL, plain = {.id = test_product_guid(0x800 + n), .name = name};
        const struct role *before = rbac_find_role(w->rules, plain.id);
        if (stays) CHECK_OK(role_new(c, &plain, &made));
        change(s, STORE_ROLE, REF(before), REF(made));
    } else if (what == 7) {
        struct assignment *made = NULL, plain = {.id = test_product_guid(0x500 + n),
                                                 .role = test_product_guid(0x800 + value % IDS),
                                                 .principal = {test_product_guid(0x300 + value % IDS)}};
        plain.scope = str_of(SCOPES[value % COUNT(SCOPES)]);
        plain.notes = &(struct assignment_notes){.lingers_until_ns = value % 5 ? 0 : 9};
        const struct assignment *before = rbac_find_assignment(w->rules, plain.id);
        if (!before) before = rbac_find_lingering(w->rules, plain.id);
        if (stays) CHECK_OK(assignment_new(c, &plain, &made));
        change(s, STORE_ASSIGNMENT, REF(before), REF(made));
    } else if (what == 8) {
        struct lock       *made = NULL, plain = {.id = call_format(c, "%s" LOCK_PATH "l%u", SCOPES[1 + value % 2], n), .notes = name};
        const struct lock *before = tree_find_lock(w->tree, plain.id);
        plain.name = call_format(c, "l%u", n);
        if (stays) CHECK_OK(lock_new(c, &plain, &made));
        change(s, STORE_LOCK, REF(before), REF(made));
    } else {
        struct deny_assignment *made = NULL,
                               plain = {.id = test_product_guid(0x600 + n), .name = name, .scope = str_of(SCOPES[value % COUNT(SCOPES)])};
        const struct deny_assignment *before = rbac_find_deny(w->rules, plain.id);
        if (stays) CHECK_OK(deny_new(c, &plain, &made));
        change(s, STORE_DENY, REF(before), REF(made));
    }
}

static void change_for_a_while(struct pair *p, struct test *t, uint32_t *state)
{
    struct test_product *s = &p->s;
    for (uint32_t jobs = next_random(state) % 4; jobs > 0; jobs--) {
        size_t keep = world_changes(s->product.worlds);
        CHECK_OK(store_mark(t->call, s->work.store));
        for (uint32_t k = next_random(state) % 6; k > 0; k--) change_something(s, state);
        if (next_random(state) % 3) {
            CHECK_OK(store_keep(t->call, s->work.store));
        } else {
            world_undo(s->product.worlds, keep);
            store_undo(s->work.store);
        }
    }
    if (next_random(state) % 6 == 0) {
        world_undo(s->product.worlds, 0);
        store_rollback(s->work.store);
        CHECK_OK(store_begin(t->call, s->work.store));
    }
    CHECK_OK(store_put(t->call, s->work.store, STORE_SECRET, S("s"), str_bytes(S("no world has it"))));
    test_product_commit(s);
}

TEST(a_world_fed_from_the_change_sequence_is_the_world)
{
    EACH_BACKEND(b)
    {
        CLEANUP(pair_close) struct pair p;
        uint32_t                        state = 20261128;
        pair_open(&p, t, b);
        for (int round = 0; round < ROUNDS && !t->failures; round++) {
            struct call own = {0}, *kept = t->call; // what a round needs goes with it
            call_init(&own, NULL, NULL);
            t->call = p.s.call = &own;
            change_for_a_while(&p, t, &state);
            if (next_random(&state) % 3) {
                uint64_t oldest, latest;
                CHECK_OK(worlds_follow(t->call, p.follower, p.reader));
                CHECK_OK(store_changes_kept(t->call, p.reader, &oldest, &latest));
                CHECK_INT(worlds_at(p.follower), latest, b->name);
                str want = told(t, p.s.product.worlds);
                CHECK_STR(told(t, p.follower), want, b->name);
                (void)world_draft(p.follower); // both copies of it
                CHECK_STR(told(t, p.follower), want, b->name);
            }
            if (round % 50 == 0) { // one that begins now has the same, with the versions
                struct worlds *again = NULL;
                CHECK_OK(store_begin_read(t->call, p.reader));
                CHECK_OK(worlds_load(t->call, p.reader, &again));
                store_end_read(p.reader);
                if (again) CHECK_STR(told(t, again), told(t, p.s.product.worlds), b->name);
                worlds_free(again);
            }
            t->call = p.s.call = kept;
            call_clear(&own);
        }
    }
}

// A transaction of more changes than one batch is published whole, never its beginning alone.
TEST(a_follower_takes_a_long_transaction_as_a_whole)
{
    enum { LONG = 10000, SHORT = 50 };
    EACH_BACKEND(b)
    {
        CLEANUP(pair_close) struct pair p;
        struct test_product            *s = &p.s;
        pair_open(&p, t, b);
        for (int i = 0; i < LONG; i++) test_product_put_principal(s, 0x1000 + (unsigned)i, PRINCIPAL_USER);
        test_product_commit(s);
        for (int i = 0; i < SHORT; i++) {
            for (int k = 0; k < 100; k++) test_product_put_principal(s, 0x1000 + LONG + 100 * (unsigned)i + (unsigned)k, PRINCIPAL_USER);
            test_product_commit(s);
        }
        CHECK_OK(worlds_follow(t->call, p.follower, p.reader));
        CHECK_INT(worlds_at(p.follower), LONG + 100 * SHORT, b->name);
        const struct world *w = world_enter(p.follower, 0);
        CHECK_INT(directory_count(w->directory, 1u << PRINCIPAL_USER), LONG + 100 * SHORT, b->name);
        world_leave(p.follower, 0);
    }
}

TEST(a_follower_that_is_too_far_behind_is_told_so)
{
    EACH_BACKEND(b)
    {
        CLEANUP(pair_close) struct pair p;
        struct test_product            *s = &p.s;
        pair_open(&p, t, b);
        for (int i = 0; i < 2 + STORE_CHANGES_KEPT / 1000; i++) {
            struct call own = {0};
            for (int k = 0; k < 1000; k++) CHECK_OK(store_put(&own, s->work.store, STORE_SECRET, S("s"), (bytes){0}));
            test_product_commit(s);
            call_clear(&own);
        }
        test_product_put_principal(s, 0x300, PRINCIPAL_USER);
        test_product_commit(s);
        CHECK_ERR(worlds_follow(t->call, p.follower, p.reader), ERR_NOT_FOUND, b->name);
        CHECK_INT(worlds_at(p.follower), 0, b->name);
        worlds_free(TAKE(p.follower));
        CHECK_OK(store_begin_read(t->call, p.reader));
        CHECK_OK(worlds_load(t->call, p.reader, &p.follower));
        store_end_read(p.reader);
        test_product_put_principal(s, 0x301, PRINCIPAL_USER);
        test_product_commit(s);
        CHECK_OK(worlds_follow(t->call, p.follower, p.reader)); // it goes on from where it was made
        CHECK_STR(told(t, p.follower), told(t, s->product.worlds), b->name);
    }
}
