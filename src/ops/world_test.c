#include "ops/world_load.h"

#include <pthread.h>

#include "core/record_kind.h"
#include "ops/world_kinds.h"
#include "test_product.h"

#define IDS     24 /* of each kind: few, so that changes meet */
#define ROUNDS  400
#define READERS 3
#define TURNS   300

static bool note_principal(const struct principal *p, void *ctx)
{
    buf_addf(ctx, "P%s %.*s\n", guid_text(p->id.g).s, PSTR(p->name));
    return true;
}

static bool note_resource(const struct resource *r, void *ctx)
{
    buf_addf(ctx, "R%.*s %.*s%s\n", PSTR(r->id), PSTR(r->document), r->deleted_ns ? " deleted" : "");
    return true;
}

static bool note_assignment(const struct assignment *a, void *ctx)
{
    buf_addf(ctx, "A%s %.*s %s\n", guid_text(a->id).s, PSTR(a->scope), guid_text(a->principal.g).s);
    return true;
}

// All that a world holds, as text.
static str told(struct test *t, const struct world *w)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    directory_each(w->directory, NULL, note_principal, &b);
    tree_each_resource(w->tree, STR_NONE, STR_NONE, note_resource, &b);
    tree_each_deleted(w->tree, STR_NONE, STR_NONE, note_resource, &b);
    rbac_each_assignment(w->rules, NULL, note_assignment, &b);
    buf_addf(&b, "%zu\n", rbac_assignment_count(w->rules));
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

static void change_principal(struct test_product *s, uint32_t n, bool stays, uint32_t value)
{
    struct test            *t = s->test;
    struct principal       *made = NULL, plain = {.id = {test_product_guid(0x300 + n % IDS)}, .kind = PRINCIPAL_USER};
    const struct principal *before = directory_find(s->work.world->directory, plain.id);
    plain.name = call_format(t->call, "n%u", value);
    if (stays) CHECK_OK(principal_new(t->call, &plain, &made));
    change(s, STORE_PRINCIPAL, before ? &before->ref : NULL, made ? &made->ref : NULL);
}

static void change_resource(struct test_product *s, uint32_t n, bool stays, bool is_deleted, uint32_t value)
{
    struct test     *t = s->test;
    struct resource *made = NULL, plain = {.type = S("Contoso.Things/widgets"), .location = S("westus")};
    plain.id = call_format(t->call, TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/%c%u", value % 2 ? 'w' : 'W', n % IDS);
    plain.name = str_from(plain.id, str_find_last(plain.id, '/') + 1);
    plain.document = call_format(t->call, "{\"n\":%u}", value);
    plain.deleted_ns = is_deleted;
    const struct resource *before = is_deleted ? tree_find_deleted(s->work.world->tree, plain.id) : tree_find(s->work.world->tree, plain.id);
    if (stays) CHECK_OK(resource_new(t->call, &plain, &made));
    change(s, STORE_RESOURCE, before ? &before->ref : NULL, made ? &made->ref : NULL);
}

static void change_assignment(struct test_product *s, uint32_t n, bool stays, uint32_t value)
{
    static const guid        READER = {{0xac, 0xdd, 0x72, 0xa7, 0x33, 0x85, 0x48, 0xef, 0xbd, 0x42, 0xf6, 0x06, 0xfb, 0xa8, 0x1a, 0xe7}};
    static const char *const SCOPES[] = {"/", TEST_PRODUCT_SUBSCRIPTION, TEST_PRODUCT_GROUP};
    struct test             *t = s->test;
    struct assignment       *made = NULL,
                      plain = {.id = test_product_guid(0x500 + n % IDS), .role = READER, .principal.g = test_product_guid(0x300 + value % IDS)};
    const struct assignment *before = rbac_find_assignment(s->work.world->rules, plain.id);
    plain.scope = str_of(SCOPES[value % COUNT(SCOPES)]);
    if (stays) CHECK_OK(assignment_new(t->call, &plain, &made));
    change(s, STORE_ASSIGNMENT, before ? &before->ref : NULL, made ? &made->ref : NULL);
}

static void change_something(struct test_product *s, uint32_t *state)
{
    uint32_t what = next_random(state) % 4, n = next_random(state), value = next_random(state) % 1000;
    bool     stays = next_random(state) % 3 > 0;
    switch (what) {
    case 0: change_principal(s, n, stays, value); break;
    case 1: change_resource(s, n, stays, false, value); break;
    case 2: change_resource(s, n, stays, true, value); break;
    default: change_assignment(s, n, stays, value);
    }
}

static void must_equal(struct test *t, const struct test_product *s, str want, const char *what)
{
    const struct world *published = world_enter(s->product.worlds, 1);
    CHECK_STR(told(t, published), want, what);
    world_leave(s->product.worlds, 1);
}

TEST(both_copies_of_the_world_stay_equal_and_as_the_store_has_them)
{
    CLEANUP(test_product_close) struct test_product s;
    uint32_t                                        state = 20261123;
    test_product_open(&s, t);
    test_product_commit(&s);
    for (int i = 0; i < ROUNDS; i++) {
        struct call  own = {0}; // what a round needs goes with it
        struct call *kept = t->call;
        call_init(&own, NULL, NULL);
        own.caller = kept->caller;
        t->call = s.call = &own;
        str before = told(t, s.work.world);
        must_equal(t, &s, before, "before a turn");
        for (uint32_t k = next_random(&state) % 6; k > 0; k--) change_something(&s, &state);
        str    middle = told(t, s.work.world);
        size_t keep = world_changes(s.product.worlds);
        CHECK_OK(store_mark(t->call, s.work.store));
        for (uint32_t k = next_random(&state) % 6; k > 0; k--) change_something(&s, &state);
        must_equal(t, &s, before, "while it changes"); // readers see nothing of it
        if (next_random(&state) % 2) {
            world_undo(s.product.worlds, keep);
            store_undo(s.work.store);
            CHECK_STR(told(t, s.work.world), middle, "after undo");
        } else {
            CHECK_OK(store_keep(t->call, s.work.store));
        }
        if (next_random(&state) % 5 == 0) { // the whole turn is taken back
            world_undo(s.product.worlds, 0);
            store_rollback(s.work.store);
            CHECK_OK(store_begin(t->call, s.work.store));
            CHECK_STR(told(t, s.work.world), before, "after a rollback");
        }
        str after = told(t, s.work.world);
        test_product_commit(&s);
        must_equal(t, &s, after, "what was published");
        CHECK_STR(told(t, s.work.world), after, "the other copy");
        if (i % 50 == 0) {
            struct worlds *again = NULL;
            CHECK_OK(worlds_load(t->call, s.work.store, &again));
            if (again) CHECK_STR(told(t, world_enter(again, 0)), after, "from the store");
            if (again) world_leave(again, 0);
            worlds_free(again);
        }
        t->call = s.call = kept;
        call_clear(&own);
        if (t->failures) return; // one round's words are enough
    }
}

// Some more assignments at each round, so that the last batch has one record, a few, all; half of them below a subscription.
TEST(all_batches_of_a_start_reach_both_copies)
{
    CLEANUP(test_product_close) struct test_product s;
    static const unsigned                           MORE[] = {1, RECORD_BATCH - 2, 1, 1, 3 * RECORD_BATCH, 5};
    unsigned                                        n = 0;
    test_product_open(&s, t);
    for (size_t i = 0; i < COUNT(MORE); i++) {
        struct worlds *again = NULL;
        for (unsigned until = n + MORE[i]; n < until; n++) {
            object_id who = {test_product_guid(0x1000 + n % 7)};
            test_product_assign(&s, who, "Reader", n % 2 ? TEST_PRODUCT_GROUP : TEST_PRODUCT_SUBSCRIPTION);
        }
        test_product_commit(&s);
        str want = told(t, s.work.world);
        CHECK_OK(worlds_load(t->call, s.work.store, &again));
        if (!again) return;
        CHECK_STR(told(t, world_enter(again, 0)), want, "the published copy");
        CHECK_STR(told(t, world_draft(again)), want, "the other copy");
        world_leave(again, 0);
        worlds_free(again);
    }
}

// Straight into the store, where a start finds them.
static void store_assignments(struct test_product *s, size_t n)
{
    struct test              *t = s->test;
    const struct record_kind *kind = world_kind_find(STORE_ASSIGNMENT)->records;
    struct assignment        *made, plain = {.principal = {test_product_guid(1)}, .role = test_product_guid(2), .scope = S(TEST_PRODUCT_GROUP)};
    struct buf                key, body;
    for (size_t i = 0; i < n; i++) {
        buf_init(&key, &t->call->arena);
        buf_init(&body, &t->call->arena);
        plain.id = test_product_guid(0x100000 + (unsigned)i);
        CHECK_OK(assignment_new(t->call, &plain, &made));
        kind->key(&key, &made->ref);
        kind->pack(&body, &made->ref);
        CHECK_OK(store_put(t->call, s->work.store, STORE_ASSIGNMENT, buf_view(&key), str_bytes(buf_view(&body))));
        ref_drop(&made->ref);
    }
}

// As many as are handed over several times from the thread that reads to the one that puts; then one that cannot be read.
TEST(a_start_takes_what_is_read_over_from_another_thread)
{
    CLEANUP(test_product_close) struct test_product s;
    struct worlds                                  *again = NULL;
    size_t                                          n = 2 * WORLD_LOAD_CHUNK + 3;
    test_product_open(&s, t);
    store_assignments(&s, n);
    CHECK_OK(worlds_load(t->call, s.work.store, &again));
    if (!again) return;
    CHECK(rbac_assignment_count(world_enter(again, 0)->rules) == n);
    CHECK(rbac_assignment_count(world_draft(again)->rules) == n);
    world_leave(again, 0);
    worlds_free(again);
    CHECK_OK(store_put(t->call, s.work.store, STORE_ASSIGNMENT, S("\xff\xff"), str_bytes(S("no record"))));
    CHECK_ERR(worlds_load(t->call, s.work.store, &again), ERR_STORE_DAMAGED, "damaged");
}

TEST(a_reader_that_enters_twice_keeps_its_world)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_commit(&s);
    const struct world *first = world_enter(s.product.worlds, 0);
    CHECK(world_enter(s.product.worlds, 0) == first);
    world_leave(s.product.worlds, 0);
    world_publish(s.product.worlds); // nothing changed: nobody is waited for
    CHECK(world_enter(s.product.worlds, 0) == first);
    world_leave(s.product.worlds, 0);
    world_leave(s.product.worlds, 0);
}

struct reader {
    pthread_t      thread;
    struct worlds *worlds;
    unsigned       row;
    atomic_bool   *ends;
    long           torn, looks;
};

// The principal's name and the resource's document are always written together.
static void *read_on(void *context)
{
    struct reader *r = context;
    while (!atomic_load(r->ends)) {
        const struct world     *w = world_enter(r->worlds, r->row);
        const struct principal *p = directory_find(w->directory, (object_id){test_product_guid(0x300)});
        const struct resource  *x = tree_find(w->tree, S(TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/w0"));
        str                     number = p ? str_from(p->name, 1) : STR_NONE;
        str                     document = x ? x->document : STR_NONE;
        bool                    whole = !p == !x && (!p || (str_starts(str_from(document, 5), number) && document.n == number.n + 6));
        r->torn += !whole;
        r->looks++;
        world_leave(r->worlds, r->row);
    }
    return NULL;
}

TEST(readers_in_threads_see_whole_states)
{
    CLEANUP(test_product_close) struct test_product s;
    struct reader                                   readers[READERS];
    atomic_bool                                     ends = false;
    test_product_open(&s, t);
    test_product_commit(&s);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.worlds = s.product.worlds, .row = i, .ends = &ends};
        CHECK(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) == 0);
    }
    for (uint32_t i = 0; i < TURNS; i++) {
        bool stays = i % 7 != 0;
        change_principal(&s, 0, stays, 2 * i);
        change_resource(&s, 0, stays, false, 2 * i);
        test_product_commit(&s);
    }
    atomic_store(&ends, true);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        CHECK_INT(readers[i].torn, 0, "torn states");
    }
}
