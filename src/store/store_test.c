#include <stdlib.h>

#include "core/buf.h"
#include "store_fixture.h"

// The contract's one test suite, run against every back end: here what is written and refused, in
// store_scan_test.c what is seen. What is SQLite's alone: sqlite_test.c.

TEST(store_gives_back_what_was_put)
{
    static char longest[STORE_MAX_KEY_BYTES];
    memset(longest, 0xff, sizeof longest);
    char *largest = calloc(1, STORE_MAX_BODY_BYTES);
    if (!largest) abort();
    largest[STORE_MAX_BODY_BYTES - 1] = 'z';
    const struct { const char *name; str key, body; } CASES[] = {
        {"text", S_INIT("a"), S_INIT("one")},
        {"an empty body", S_INIT("b"), S_INIT("")},
        {"NUL is a byte like any other", S_INIT("\0"), S_INIT("\0\0")},
        {"a key that begins another", S_INIT("\0\0"), S_INIT("two")},
        {"the highest byte", S_INIT("\xff"), S_INIT("\xff")},
        {"quotes", S_INIT("' \" ; --"), S_INIT("' \" ; --")},
        {"the longest key", {longest, sizeof longest}, S_INIT("long")},
        {"the largest body", S_INIT("large"), {largest, STORE_MAX_BODY_BYTES}},
    };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        for (size_t i = 0; i < COUNT(CASES); i++) CHECK_OK(fixture_put(t->call, &f, STORE_RESOURCE, CASES[i].key, CASES[i].body));
        for (size_t i = 0; i < COUNT(CASES); i++) {
            bytes got;
            CHECK_ERR(store_get(t->call, f.r, STORE_RESOURCE, CASES[i].key, &got), OK, CASES[i].name);
            CHECK_ROW(str_eq(bytes_str(got), CASES[i].body), CASES[i].name);
        }
    }
    free(largest);
}

TEST(store_puts_over_and_removes)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        bytes                                 got;
        CHECK_OK(fixture_put(t->call, &f, STORE_SECRET, S("k"), S("a long first value")));
        CHECK_OK(fixture_put(t->call, &f, STORE_SECRET, S("k"), S("short")));
        CHECK_OK(store_get(t->call, f.r, STORE_SECRET, S("k"), &got));
        CHECK_STR(bytes_str(got), S("short"), b->name);
        CHECK_STR(all_keys(t->call, f.r, STORE_SECRET), S("k"), b->name);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(store_remove(t->call, f.w, STORE_SECRET, S("k")));
        CHECK_OK(store_remove(t->call, f.w, STORE_SECRET, S("k")));
        CHECK_OK(store_remove(t->call, f.w, STORE_SECRET, S("never there")));
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_ERR(store_get(t->call, f.r, STORE_SECRET, S("k"), &got), ERR_NOT_FOUND, b->name);
    }
}

TEST(store_keeps_the_kinds_apart)
{
    static const char BODY[64];
    CHECK(store_kind_n() <= sizeof BODY);
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        for (size_t kind = 0; kind < store_kind_n(); kind++) CHECK_OK(fixture_put(t->call, &f, kind, S("same key"), (str){BODY, kind + 1}));
        for (size_t kind = 0; kind < store_kind_n(); kind++) {
            bytes got = {0};
            CHECK_OK(store_get(t->call, f.r, kind, S("same key"), &got));
            CHECK_INT(got.n, kind + 1, b->name);
            CHECK_STR(all_keys(t->call, f.r, kind), S("same\\20key"), b->name);
        }
    }
}

static char too_long[STORE_MAX_KEY_BYTES + 1];
#define TOO_LONG ((str){too_long, sizeof too_long})

static enum err get_it(struct call *c, struct fixture *f, enum store_kind kind, str key)
{
    bytes    out = {(const uint8_t *)"untouched", 9};
    enum err got = store_get(c, f->r, kind, key, &out);
    return got != OK && out.n != 9 ? ERR_INTERNAL : got;
}

static enum err scan_it(struct call *c, struct fixture *f, enum store_kind kind, str prefix, str after)
{
    struct buf b;
    buf_init(&b, &c->arena);
    return store_scan(c, f->r, kind, &(struct store_range){.prefix = prefix, .after = after}, note_key, &b);
}

// A visit that does what it must not.
static enum err put_amid_scan(struct call *c, str key, bytes body, void *session)
{
    return store_put(c, session, STORE_GROUP, key, body);
}

static enum err commit_amid_scan(struct call *c, str key, bytes body, void *session)
{
    (void)key, (void)body;
    return store_commit(c, session);
}

static enum err second_writer(struct call *c, struct fixture *f)
{
    struct store_session *second;
    return store_session_open(c, f->store, STORE_WRITE, &second);
}

// Undoing without a mark is answered by the next thing that can answer.
static enum err undo_without_mark(struct call *c, struct fixture *f)
{
    store_undo(f->w);
    return store_commit(c, f->w);
}

static enum err write_after_undo_without_mark(struct call *c, struct fixture *f)
{
    store_undo(f->w);
    return store_put(c, f->w, STORE_GROUP, S("x"), str_bytes(S("x")));
}

struct refusal {
    const char *name;
    enum { IDLE, BEGUN, MARKED } at; // what the writing session has done before
    enum err (*ask)(struct call *c, struct fixture *f);
    enum err want;
};

#define REFUSALS(X)                                                                                                              \
    X(put_of_an_empty_key, BEGUN, store_put(c, f->w, STORE_GROUP, STR_NONE, str_bytes(S("x"))), PARAMETER_INVALID)               \
    X(get_of_an_empty_key, IDLE, get_it(c, f, STORE_GROUP, S("")), PARAMETER_INVALID)                                            \
    X(removal_of_an_empty_key, BEGUN, store_remove(c, f->w, STORE_GROUP, S("")), PARAMETER_INVALID)                              \
    X(put_of_a_long_key, BEGUN, store_put(c, f->w, STORE_GROUP, TOO_LONG, str_bytes(S("x"))), TOO_LARGE)                         \
    X(get_of_a_long_key, IDLE, get_it(c, f, STORE_GROUP, TOO_LONG), TOO_LARGE)                                                   \
    X(removal_of_a_long_key, BEGUN, store_remove(c, f->w, STORE_GROUP, TOO_LONG), TOO_LARGE)                                     \
    X(put_of_a_large_body, BEGUN, store_put(c, f->w, STORE_GROUP, S("x"), (bytes){NULL, STORE_MAX_BODY_BYTES + 1}), TOO_LARGE)   \
    X(put_of_an_endless_body, BEGUN, store_put(c, f->w, STORE_GROUP, S("x"), (bytes){NULL, SIZE_MAX}), TOO_LARGE)                \
    X(put_of_no_kind, BEGUN, store_put(c, f->w, STORE_MAX_KINDS, S("x"), str_bytes(S("x"))), INTERNAL)                              \
    X(removal_of_no_kind, BEGUN, store_remove(c, f->w, STORE_MAX_KINDS, S("x")), INTERNAL)                                          \
    X(get_of_no_kind, IDLE, get_it(c, f, (enum store_kind)-1, S("x")), INTERNAL)                                                 \
    X(scan_of_no_kind, IDLE, scan_it(c, f, STORE_MAX_KINDS, S("x"), STR_NONE), INTERNAL)                                            \
    X(scan_of_a_long_prefix, IDLE, scan_it(c, f, STORE_GROUP, TOO_LONG, STR_NONE), TOO_LARGE)                                    \
    X(scan_after_a_long_key, IDLE, scan_it(c, f, STORE_GROUP, STR_NONE, TOO_LONG), TOO_LARGE)                                    \
    X(get_of_an_absent_key, IDLE, get_it(c, f, STORE_GROUP, S("absent")), NOT_FOUND)                                             \
    X(get_of_a_part_of_a_key, IDLE, get_it(c, f, STORE_GROUP, S("roo")), NOT_FOUND)                                              \
    X(get_of_a_longer_key, IDLE, get_it(c, f, STORE_GROUP, S("root\0")), NOT_FOUND)                                              \
    X(get_in_another_case, IDLE, get_it(c, f, STORE_GROUP, S("ROOT")), NOT_FOUND)                                                \
    X(get_of_another_kind, IDLE, get_it(c, f, STORE_RESOURCE, S("root")), NOT_FOUND)                                             \
    X(begin_by_a_reader, IDLE, store_begin(c, f->r), INTERNAL)                                                                   \
    X(put_by_a_reader, BEGUN, store_put(c, f->r, STORE_GROUP, S("x"), str_bytes(S("x"))), INTERNAL)                              \
    X(removal_by_a_reader, BEGUN, store_remove(c, f->r, STORE_GROUP, S("root")), INTERNAL)                                       \
    X(commit_by_a_reader, BEGUN, store_commit(c, f->r), INTERNAL)                                                                \
    X(mark_by_a_reader, BEGUN, store_mark(c, f->r), INTERNAL)                                                                    \
    X(keep_by_a_reader, MARKED, store_keep(c, f->r), INTERNAL)                                                                   \
    X(put_outside_a_transaction, IDLE, store_put(c, f->w, STORE_GROUP, S("x"), str_bytes(S("x"))), INTERNAL)                     \
    X(removal_outside_a_transaction, IDLE, store_remove(c, f->w, STORE_GROUP, S("root")), INTERNAL)                              \
    X(commit_outside_a_transaction, IDLE, store_commit(c, f->w), INTERNAL)                                                       \
    X(mark_outside_a_transaction, IDLE, store_mark(c, f->w), INTERNAL)                                                           \
    X(keep_outside_a_transaction, IDLE, store_keep(c, f->w), INTERNAL)                                                           \
    X(begin_in_a_transaction, BEGUN, store_begin(c, f->w), INTERNAL)                                                             \
    X(commit_with_an_open_mark, MARKED, store_commit(c, f->w), INTERNAL)                                                         \
    X(keep_without_a_mark, BEGUN, store_keep(c, f->w), INTERNAL)                                                                 \
    X(undo_without_a_mark, BEGUN, undo_without_mark(c, f), STORE_UNAVAILABLE)                                                    \
    X(write_after_an_undo_without_a_mark, BEGUN, write_after_undo_without_mark(c, f), STORE_UNAVAILABLE)                         \
    X(put_amid_a_scan, BEGUN, store_scan(c, f->w, STORE_GROUP, &(struct store_range){0}, put_amid_scan, f->w), INTERNAL)         \
    X(commit_amid_a_scan, BEGUN, store_scan(c, f->w, STORE_GROUP, &(struct store_range){0}, commit_amid_scan, f->w), INTERNAL)   \
    X(a_second_writing_session, IDLE, second_writer(c, f), CONFLICT)

#define X(name, at, expression, want)                            \
    static enum err name(struct call *c, struct fixture *f)      \
    {                                                            \
        return expression;                                       \
    }
REFUSALS(X)
#undef X

TEST(store_refuses_and_stays_as_it_was)
{
    static const struct refusal CASES[] = {
#define X(name, at, expression, want) {#name, at, name, ERR_##want},
        REFUSALS(X)
#undef X
    };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(fixture_put(t->call, &f, STORE_GROUP, S("root"), S("stands")));
        for (size_t i = 0; i < COUNT(CASES); i++) {
            if (CASES[i].at >= BEGUN) {
                CHECK_OK(store_begin(t->call, f.w));
                CHECK_OK(store_put(t->call, f.w, STORE_GROUP, S("draft"), str_bytes(S("never committed"))));
            }
            if (CASES[i].at >= MARKED) CHECK_OK(store_mark(t->call, f.w));
            CHECK_ERR(CASES[i].ask(t->call, &f), CASES[i].want, CASES[i].name);
            store_rollback(f.w);
            CHECK_STR(all_keys(t->call, f.w, STORE_GROUP), S("root"), CASES[i].name);
            CHECK_STR(all_keys(t->call, f.r, STORE_GROUP), S("root"), CASES[i].name);
        }
    }
}

TEST(store_has_one_writer_after_the_other)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(store_put(t->call, f.w, STORE_META, S("left open"), str_bytes(S("x"))));
        store_session_close(TAKE(f.w));
        CHECK_OK(store_session_open(t->call, f.store, STORE_WRITE, &f.w));
        CHECK_STR(all_keys(t->call, f.w, STORE_META), S(""), b->name);
        CHECK_OK(fixture_put(t->call, &f, STORE_META, S("a"), S("x")));
        CHECK_STR(all_keys(t->call, f.r, STORE_META), S("a"), b->name);
    }
}

TEST(store_a_small_refusal_does_not_spoil_the_transaction)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(store_put(t->call, f.w, STORE_GROUP, S("a"), str_bytes(S("x"))));
        CHECK_ERR(store_put(t->call, f.w, STORE_GROUP, TOO_LONG, str_bytes(S("x"))), ERR_TOO_LARGE, b->name);
        CHECK_OK(store_mark(t->call, f.w));
        CHECK_ERR(store_commit(t->call, f.w), ERR_INTERNAL, b->name);
        CHECK_OK(store_keep(t->call, f.w));
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_STR(all_keys(t->call, f.r, STORE_GROUP), S("a"), b->name);
    }
}

TEST(store_undoes_in_order)
{
    // Every row begins with the records 1 and 2.
    static const struct { const char *script; enum err want; const char *left; } CASES[] = {
        {"b +a r", OK, "1 2"},
        {"r", OK, "1 2"},
        {"b r r", OK, "1 2"},
        {"b -1 -2 r", OK, "1 2"},
        {"b +a m +b u c", OK, "1 2 a"},
        {"b +a m +b k c", OK, "1 2 a b"},
        {"b m -1 u c", OK, "1 2"},
        {"b -1 m +1 u c", OK, "2"},
        {"b m u m k c", OK, "1 2"},
        {"b m +a m +b u u c", OK, "1 2"},
        {"b m +a m +b u k c", OK, "1 2 a"},
        {"b m +a m +b k u c", OK, "1 2"},
        {"b m +a m +b k k c", OK, "1 2 a b"},
        {"b m +a u m +b u m +c k c", OK, "1 2 c"},
        {"b m m m -1 -2 +a u +b k +c u +d c", OK, "1 2 d"},
        {"b m +a m +b r b +c c", OK, "1 2 c"},
        {"b m +a m +b k r", OK, "1 2"},
        {"b m +a c", ERR_INTERNAL, "1 2"},
        {"b m m k +a c", ERR_INTERNAL, "1 2"},
        {"b m k k", ERR_INTERNAL, "1 2"},
        {"b m u +a k", ERR_INTERNAL, "1 2"},
        {"b +a u c", ERR_STORE_UNAVAILABLE, "1 2"},
        {"b m u +a u c", ERR_STORE_UNAVAILABLE, "1 2"},
        {"b +a u m", ERR_STORE_UNAVAILABLE, "1 2"},
        {"b +a u u r b +b c", OK, "1 2 b"},
    };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        for (size_t i = 0; i < COUNT(CASES); i++) {
            CHECK_ERR(act(t->call, f.w, "r b -a -b -c -d +1 +2 c"), OK, CASES[i].script);
            CHECK_ERR(act(t->call, f.w, CASES[i].script), CASES[i].want, CASES[i].script);
            store_rollback(f.w);
            CHECK_STR(all_keys(t->call, f.r, STORE_ROLE), str_of(CASES[i].left), CASES[i].script);
            CHECK_STR(all_keys(t->call, f.w, STORE_ROLE), str_of(CASES[i].left), CASES[i].script);
        }
    }
}

TEST(store_marks_nest_deep)
{
    enum { DEPTH = 200 };
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(store_begin(t->call, f.w));
        for (int i = 0; i < DEPTH; i++) {
            CHECK_OK(store_mark(t->call, f.w));
            CHECK_OK(store_put(t->call, f.w, STORE_ROLE, (str){(const char *)&i, sizeof i}, str_bytes(S("x"))));
        }
        for (int i = 0; i < DEPTH - 1; i++) store_undo(f.w);
        CHECK_OK(store_keep(t->call, f.w));
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_STR(all_keys(t->call, f.r, STORE_ROLE), S("\\00\\00\\00\\00"), b->name);
    }
}

TEST(store_readers_see_only_what_was_committed)
{
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        bytes                                 got = {0};
        CHECK_OK(fixture_put(t->call, &f, STORE_META, S("old"), S("1")));
        CHECK_OK(act(t->call, f.w, "b"));
        CHECK_OK(store_put(t->call, f.w, STORE_META, S("new"), str_bytes(S("2"))));
        CHECK_OK(store_put(t->call, f.w, STORE_META, S("old"), str_bytes(S("3"))));
        CHECK_STR(all_keys(t->call, f.r, STORE_META), S("old"), b->name);
        CHECK_ERR(store_get(t->call, f.r, STORE_META, S("new"), &got), ERR_NOT_FOUND, b->name);
        CHECK_OK(store_get(t->call, f.r, STORE_META, S("old"), &got));
        CHECK_STR(bytes_str(got), S("1"), b->name);
        CHECK_STR(all_keys(t->call, f.w, STORE_META), S("new old"), "the writer sees its own");
        CHECK_OK(store_get(t->call, f.w, STORE_META, S("old"), &got));
        CHECK_STR(bytes_str(got), S("3"), b->name);
        CHECK_OK(store_remove(t->call, f.w, STORE_META, S("old")));
        CHECK_ERR(store_get(t->call, f.w, STORE_META, S("old"), &got), ERR_NOT_FOUND, "the writer's own removal");
        CHECK_OK(store_commit(t->call, f.w));
        CHECK_STR(all_keys(t->call, f.r, STORE_META), S("new"), b->name);
    }
}
