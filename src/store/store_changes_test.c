#include <stdlib.h>

#include "core/buf.h"
#include "store_fixture.h"

// The contract's tests go on: versions, the change sequence, due times, secondary keys, read transactions.

static enum err put(struct call *c, struct store_session *w, const char *key, const char *body)
{
    return store_put(c, w, STORE_RESOURCE, str_of(key), str_bytes(str_of(body)));
}

static uint64_t version_of(struct test *t, struct store_session *x, const char *key)
{
    struct store_record r = {0};
    CHECK_ERR(store_get_record(t->call, x, STORE_RESOURCE, str_of(key), &r), OK, key);
    return r.version;
}

TEST(store_gives_a_version_that_changes_with_the_record)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(put(t->call, f.w, "a", "1"));
        CHECK_OK(put(t->call, f.w, "b", "1"));
        CHECK_INT(version_of(t, f.w, "a"), 1, b->name);
        CHECK_INT(version_of(t, f.w, "b"), 2, b->name);
        CHECK_INT(store_latest(f.w), 2, b->name);
        CHECK_OK(store_mark(t->call, f.w));
        CHECK_OK(put(t->call, f.w, "a", "undone"));
        CHECK_INT(version_of(t, f.w, "a"), 3, b->name);
        store_undo(f.w);
        CHECK_INT(version_of(t, f.w, "a"), 1, b->name);
        CHECK_OK(put(t->call, f.w, "b", "1")); // the same again is a write too
        CHECK_OK(store_put(t->call, f.w, STORE_ACTIVITY, S("log"), str_bytes(S("x"))));
        CHECK_INT(store_latest(f.w), 3, "a log record is no change");
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_INT(version_of(t, f.r, "b"), 3, b->name);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(put(t->call, f.w, "a", "rolled back"));
        store_rollback(f.w);
        CHECK_INT(version_of(t, f.r, "a"), 1, b->name);
        CHECK_OK(fixture_put(t->call, &f, STORE_RESOURCE, S("a"), S("2")));
        CHECK_INT(version_of(t, f.r, "a"), 4, "no number is missing");
    }
}

// "4(4)+resource a=1" for each change.
static enum err note_change(struct call *c, const struct store_change *change, void *context)
{
    static const char WHAT[] = {[STORE_REMOVED] = '-', [STORE_PUT] = '+', [STORE_PUT_KEY] = '?'};
    (void)c;
    buf_addf(context, "%llu(%llu)%c%d %.*s=%.*s\n", (unsigned long long)change->number, (unsigned long long)change->first, WHAT[change->what],
             change->kind, PSTR(change->key), PSTR(bytes_str(change->body)));
    return OK;
}

static str changes_after(struct call *c, struct store_session *x, uint64_t after, size_t limit)
{
    struct buf b;
    str        all;
    buf_init(&b, &c->arena);
    buf_add(&b, S("")); // never NULL
    if (store_changes(c, x, after, limit, note_change, &b) != OK || buf_finish(c, &b, &all) != OK) return str_of(c->failure.text);
    return all;
}

TEST(store_tells_every_change_in_order_and_without_a_gap)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        uint64_t                              oldest, latest;
        CHECK_OK(store_changes_kept(t->call, f.r, &oldest, &latest));
        CHECK(oldest == 1 && latest == 0);
        CHECK_STR(changes_after(t->call, f.r, 0, 0), S(""), b->name);
        CHECK_OK(fixture_put(t->call, &f, STORE_RESOURCE, S("a"), S("1")));
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(put(t->call, f.w, "a", "2"));
        CHECK_OK(store_put(t->call, f.w, STORE_SECRET, S("s"), str_bytes(S("sealed"))));
        CHECK_OK(store_mark(t->call, f.w));
        CHECK_OK(put(t->call, f.w, "never", "seen"));
        store_undo(f.w);
        CHECK_OK(store_remove(t->call, f.w, STORE_RESOURCE, S("a")));
        CHECK_STR(changes_after(t->call, f.r, 1, 0), S(""), "not committed yet");
        CHECK_OK(store_commit(t->call, f.w));
        str want = call_format(t->call, "1(1)+%1$d a=1\n2(2)+%1$d a=2\n3(2)?%2$d s=\n4(2)-%1$d a=\n", STORE_RESOURCE, STORE_SECRET);
        CHECK_STR(changes_after(t->call, f.r, 0, 0), want, b->name);
        CHECK_STR(changes_after(t->call, f.r, 2, 1), call_format(t->call, "3(2)?%d s=\n", STORE_SECRET), b->name);
        CHECK_STR(changes_after(t->call, f.r, 4, 0), S(""), b->name);
        CHECK_OK(store_changes_kept(t->call, f.r, &oldest, &latest));
        CHECK(oldest == 1 && latest == 4);
    }
}

TEST(store_keeps_so_many_changes_and_says_when_one_is_gone)
{
    enum { MORE = 1000 };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        uint64_t                              oldest, latest;
        for (unsigned i = 0; i < (STORE_CHANGES_KEPT + MORE) / 512; i++) {
            struct call own = {0}; // what a transaction needs goes with it
            CHECK_OK(store_begin(&own, f.w));
            for (unsigned k = 0; k < 512; k++) CHECK_OK(put(&own, f.w, "the same", "x"));
            CHECK_OK(store_commit(&own, f.w));
            call_clear(&own);
        }
        CHECK_OK(store_changes_kept(t->call, f.r, &oldest, &latest));
        CHECK_INT(latest, (STORE_CHANGES_KEPT + MORE) / 512 * 512, b->name);
        CHECK_INT(latest - oldest + 1, STORE_CHANGES_KEPT, b->name);
        str gone = changes_after(t->call, f.r, oldest - 2, 1);
        CHECK_ROW(str_contains_nocase(gone, S("not kept any more")), b->name);
        CHECK_ERR(t->call->failure.kind, ERR_NOT_FOUND, b->name);
        CHECK_STR(str_upto(changes_after(t->call, f.r, oldest - 1, 1), 3), str_upto(call_format(t->call, "%llu", (unsigned long long)oldest), 3),
                  b->name);
    }
}

TEST(store_keeps_changes_of_so_many_bytes)
{
    enum { BODY = 1 << 20, WRITES = 600 };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        uint64_t                              oldest, latest;
        char                                 *body = calloc(1, BODY);
        if (!body) abort();
        for (unsigned i = 0; i < WRITES; i++) {
            struct call own = {0};
            CHECK_OK(store_begin(&own, f.w));
            CHECK_OK(store_put(&own, f.w, STORE_RESOURCE, S("large"), (bytes){(const uint8_t *)body, BODY}));
            CHECK_OK(store_commit(&own, f.w));
            call_clear(&own);
        }
        CHECK_OK(store_changes_kept(t->call, f.r, &oldest, &latest));
        CHECK_INT(latest, WRITES, b->name);
        // Looked at once in 256 changes: there may be so many more.
        CHECK_ROW(latest - oldest < STORE_CHANGE_BYTES_KEPT / BODY + 256, b->name);
        free(body);
    }
}

static enum err note_record(struct call *c, const struct store_record *r, void *context)
{
    (void)c;
    buf_addf(context, " %.*s@%lld/%.*s", PSTR(r->key), (long long)r->due_ns, PSTR(r->secondary));
    return OK;
}

static str due_by(struct call *c, struct store_session *x, int64_t until_ns, size_t limit)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S(""));
    return store_scan_due(c, x, STORE_ROLE, until_ns, limit, note_record, &b) == OK ? buf_view(&b) : str_of(c->failure.text);
}

static str by_secondary(struct call *c, struct store_session *x, const char *prefix, const char *after_secondary, const char *after_key, size_t limit)
{
    struct store_secondary_range range = {
        .prefix = str_of(prefix), .after_secondary = str_of(after_secondary), .after_key = str_of(after_key), .limit = limit};
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S(""));
    return store_scan_secondary(c, x, STORE_ROLE, &range, note_record, &b) == OK ? buf_view(&b) : str_of(c->failure.text);
}

static enum err put_role(struct call *c, struct store_session *w, const char *key, int64_t due_ns, const char *secondary)
{
    return store_put_record(c, w, STORE_ROLE,
                            &(struct store_record){.key = str_of(key), .body = str_bytes(S("x")), .due_ns = due_ns, .secondary = str_of(secondary)});
}

TEST(store_finds_records_by_due_time_and_by_secondary_key)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct store_record                   r;
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(put_role(t->call, f.w, "k1", 30, "red"));
        CHECK_OK(put_role(t->call, f.w, "k2", 10, "blue"));
        CHECK_OK(put_role(t->call, f.w, "k3", 0, "red"));
        CHECK_OK(put_role(t->call, f.w, "k4", 10, ""));
        CHECK_OK(put_role(t->call, f.w, "k5", INT64_MAX, "reddish"));
        CHECK_STR(due_by(t->call, f.w, 30, 0), S(" k2@10/blue k4@10/ k1@30/red"), "the writer sees its own");
        CHECK_STR(due_by(t->call, f.r, 30, 0), S(""), "others do not yet");
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_STR(due_by(t->call, f.r, 9, 0), S(""), b->name);
        CHECK_STR(due_by(t->call, f.r, 29, 0), S(" k2@10/blue k4@10/"), b->name);
        CHECK_STR(due_by(t->call, f.r, 30, 1), S(" k2@10/blue"), b->name);
        CHECK_STR(due_by(t->call, f.r, INT64_MAX, 0), S(" k2@10/blue k4@10/ k1@30/red k5@9223372036854775807/reddish"), b->name);
        CHECK_STR(by_secondary(t->call, f.r, "red", "", "", 0), S(" k1@30/red k3@0/red k5@9223372036854775807/reddish"), b->name);
        CHECK_STR(by_secondary(t->call, f.r, "", "", "", 2), S(" k2@10/blue k1@30/red"), b->name);
        CHECK_STR(by_secondary(t->call, f.r, "red", "red", "k1", 0), S(" k3@0/red k5@9223372036854775807/reddish"), b->name);
        CHECK_STR(by_secondary(t->call, f.r, "red", "red", "k2", 0), S(" k3@0/red k5@9223372036854775807/reddish"), "behind one that is not there");
        CHECK_STR(by_secondary(t->call, f.r, "redd", "", "", 0), S(" k5@9223372036854775807/reddish"), b->name);
        CHECK_STR(by_secondary(t->call, f.r, "green", "", "", 0), S(""), b->name);
        CHECK_OK(store_get_record(t->call, f.r, STORE_ROLE, S("k1"), &r));
        CHECK(r.due_ns == 30 && str_eq(r.secondary, S("red")) && str_eq(r.key, S("k1")));
        // A record put over another, or removed, is found by the old ones no more; nor is one put without them.
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(put_role(t->call, f.w, "k1", 20, "green"));
        CHECK_OK(store_remove(t->call, f.w, STORE_ROLE, S("k2")));
        CHECK_OK(store_put(t->call, f.w, STORE_ROLE, S("k4"), str_bytes(S("x"))));
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_STR(due_by(t->call, f.r, 30, 0), S(" k1@20/green"), b->name);
        CHECK_STR(by_secondary(t->call, f.r, "", "", "", 0), S(" k1@20/green k3@0/red k5@9223372036854775807/reddish"), b->name);
    }
}

TEST(store_orders_agree_with_a_model_whatever_comes_and_goes)
{
    enum { KEYS = 60, ROUNDS = 300 };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        int64_t                               due[KEYS] = {0}, before[KEYS];
        uint32_t                              state = 5;
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct call own = {0};
            CHECK_OK(store_begin(&own, f.w));
            for (unsigned k = 0; k < 8; k++) {
                state = state * 1664525 + 1013904223;
                unsigned i = (state >> 8) % KEYS;
                memcpy(before, due, sizeof due);
                CHECK_OK(store_mark(&own, f.w));
                str key = call_format(&own, "%02u", i);
                due[i] = (state >> 16) % 7;
                if ((state >> 20) % 4) CHECK_OK(put_role(&own, f.w, key.at, due[i], due[i] ? "s" : ""));
                else CHECK_OK(store_remove(&own, f.w, STORE_ROLE, key));
                if (!((state >> 20) % 4)) due[i] = 0;
                if ((state >> 24) % 3) CHECK_OK(store_keep(&own, f.w));
                else memcpy(due, before, sizeof due);
                if (!((state >> 24) % 3)) store_undo(f.w);
            }
            CHECK_OK(store_commit(&own, f.w));
            struct buf want;
            buf_init(&want, &own.arena);
            buf_add(&want, S(""));
            for (int64_t at = 1; at <= 5; at++)
                for (unsigned i = 0; i < KEYS; i++)
                    if (due[i] == at) buf_addf(&want, " %02u@%lld/s", i, (long long)at);
            CHECK_STR(due_by(&own, f.r, 5, 0), buf_view(&want), b->name);
            call_clear(&own);
        }
    }
}

TEST(store_refuses_strange_times_and_secondary_keys)
{
    static char long_key[STORE_MAX_SECONDARY_BYTES + 1];
    memset(long_key, 'x', sizeof long_key);
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_ERR(put_role(t->call, f.w, "k", -1, ""), ERR_PARAMETER_INVALID, b->name);
        CHECK_ERR(store_put_record(t->call, f.w, STORE_ROLE, &(struct store_record){.key = S("k"), .secondary = {long_key, sizeof long_key}}),
                  ERR_TOO_LARGE, b->name);
        CHECK_OK(store_put_record(t->call, f.w, STORE_ROLE,
                                  &(struct store_record){.key = S("k"), .secondary = {long_key, sizeof long_key - 1}, .version = 99}));
        struct store_record r;
        CHECK_OK(store_get_record(t->call, f.w, STORE_ROLE, S("k"), &r));
        CHECK_INT(r.version, 1, "the store's to give");
        CHECK_ERR(store_put(t->call, f.w, (enum store_kind)STORE_MAX_KINDS, S("k"), (bytes){0}), ERR_INTERNAL, "the change sequence");
        CHECK_ERR(store_scan_due(t->call, f.w, (enum store_kind)STORE_MAX_KINDS, 1, 0, note_record, NULL), ERR_INTERNAL, "of no kind");
    }
}

// One transaction for many looks, as long as it misses nothing.
TEST(store_begin_latest_sees_every_commit_before_it)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        bytes                                 got;
        CHECK_OK(fixture_put(t->call, &f, STORE_ROLE, S("a"), S("1")));
        for (int i = 0; i < 3; i++) CHECK_OK(store_begin_latest(t->call, f.r)); // the same one
        CHECK_ERR(store_begin_read(t->call, f.r), ERR_INTERNAL, "one inside another");
        CHECK_OK(fixture_put(t->call, &f, STORE_ROLE, S("a"), S("2")));
        CHECK_OK(store_get(t->call, f.r, STORE_ROLE, S("a"), &got));
        CHECK_STR(bytes_str(got), S("1"), b->name); // it sees one state ...
        CHECK_OK(store_begin_latest(t->call, f.r));
        CHECK_OK(store_get(t->call, f.r, STORE_ROLE, S("a"), &got));
        CHECK_STR(bytes_str(got), S("2"), b->name); // ... until it is asked for the latest
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(store_put(t->call, f.w, STORE_ROLE, S("a"), str_bytes(S("3"))));
        CHECK_OK(store_begin_latest(t->call, f.w)); // the writer sees what it wrote
        CHECK_OK(store_get(t->call, f.w, STORE_ROLE, S("a"), &got));
        CHECK_STR(bytes_str(got), S("3"), b->name);
        CHECK_OK(store_begin_latest(t->call, f.r));
        CHECK_OK(store_get(t->call, f.r, STORE_ROLE, S("a"), &got));
        CHECK_STR(bytes_str(got), S("2"), b->name); // nothing of it is committed
        store_rollback(f.w);
        store_end_outdated(f.r); // it misses nothing, and goes on
        CHECK_ERR(store_begin_read(t->call, f.r), ERR_INTERNAL, "one inside another");
        CHECK_OK(fixture_put(t->call, &f, STORE_ROLE, S("a"), S("4")));
        store_end_outdated(f.r);
        CHECK_OK(store_get(t->call, f.r, STORE_ROLE, S("a"), &got));
        CHECK_STR(bytes_str(got), S("4"), b->name);
        CHECK_OK(store_begin_read(t->call, f.r));
    }
}

TEST(store_read_transactions_see_one_state)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        bytes                                 got;
        uint64_t                              oldest, latest;
        CHECK_OK(fixture_put(t->call, &f, STORE_ROLE, S("a"), S("1")));
        CHECK_ERR(store_begin_read(t->call, f.w), ERR_INTERNAL, "the writer's is its transaction");
        CHECK_OK(store_begin_read(t->call, f.r));
        CHECK_ERR(store_begin_read(t->call, f.r), ERR_INTERNAL, "one inside another");
        CHECK_OK(fixture_put(t->call, &f, STORE_ROLE, S("b"), S("2")));
        CHECK_OK(fixture_put(t->call, &f, STORE_ROLE, S("a"), S("3")));
        CHECK_STR(all_keys(t->call, f.r, STORE_ROLE), S("a"), b->name);
        CHECK_OK(store_get(t->call, f.r, STORE_ROLE, S("a"), &got));
        CHECK_STR(bytes_str(got), S("1"), b->name);
        CHECK_OK(store_changes_kept(t->call, f.r, &oldest, &latest));
        CHECK_INT(latest, 1, b->name);
        store_end_read(f.r);
        store_end_read(f.r); // also without one
        CHECK_STR(all_keys(t->call, f.r, STORE_ROLE), S("a b"), b->name);
        CHECK_OK(store_begin_read(t->call, f.r)); // left open: the session's end ends it
    }
}
