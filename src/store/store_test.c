#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/buf.h"
#include "test.h"

// The contract's one test suite, run against every back end. What is SQLite's alone: sqlite_test.c.

static enum err open_on_disk(struct call *c, str directory, struct store **out)
{
    return store_open_sqlite(c, directory, out);
}

static enum err open_in_memory(struct call *c, str directory, struct store **out)
{
    (void)directory;
    return store_open_memory(c, out);
}

static const struct backend {
    const char *name;
    enum err (*open)(struct call *c, str directory, struct store **out);
} BACKENDS[] = {
    {"sqlite", open_on_disk},
    {"memory", open_in_memory},
};

#define EACH_BACKEND(b) for (const struct backend *b = BACKENDS; b < BACKENDS + COUNT(BACKENDS); b++)

struct fixture {
    struct store         *store;
    struct store_session *w, *r; // the writing session, a reading one
};

static void fixture_close(struct fixture *f)
{
    store_session_close(f->r);
    store_session_close(f->w);
    store_close(f->store);
}

static struct fixture fixture_open(struct test *t, const struct backend *b)
{
    struct fixture f = {0};
    if (b->open(t->call, call_format(t->call, "%s/%s", test_dir(t), b->name), &f.store) != OK ||
        store_session_open(t->call, f.store, STORE_WRITE, &f.w) != OK || store_session_open(t->call, f.store, STORE_READ, &f.r) != OK) {
        test_failed(t, __FILE__, __LINE__, "%s: %s", b->name, t->call->failure.text);
        abort();
    }
    return f;
}

static enum err put(struct call *c, struct fixture *f, enum store_kind kind, str key, str body)
{
    TRY(store_begin(c, f->w));
    TRY(store_put(c, f->w, kind, key, str_bytes(body)));
    return store_commit(c, f->w);
}

// What a scan saw: its keys, one after the other, with bytes that do not print as \x...
static enum err note_key(struct call *c, str key, bytes body, void *context)
{
    (void)c, (void)body;
    struct buf *b = context;
    if (b->n) buf_add_char(b, ' ');
    for (size_t i = 0; i < key.n; i++) {
        if (key.at[i] > ' ' && key.at[i] < 0x7f) buf_add_char(b, key.at[i]);
        else buf_addf(b, "\\%02x", (uint8_t)key.at[i]);
    }
    return OK;
}

static str keys_in(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range)
{
    struct buf b;
    str        all;
    buf_init(&b, &c->arena);
    if (store_scan(c, x, kind, range, note_key, &b) != OK || buf_finish(c, &b, &all) != OK) return str_of(c->failure.text);
    return all;
}

static str all_keys(struct call *c, struct store_session *x, enum store_kind kind)
{
    return keys_in(c, x, kind, &(struct store_range){0});
}

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
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        for (size_t i = 0; i < COUNT(CASES); i++) CHECK_OK(put(t->call, &f, STORE_RESOURCE, CASES[i].key, CASES[i].body));
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
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        bytes                                got;
        CHECK_OK(put(t->call, &f, STORE_SECRET, S("k"), S("a long first value")));
        CHECK_OK(put(t->call, &f, STORE_SECRET, S("k"), S("short")));
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
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        for (int kind = 0; kind < STORE_KIND_N; kind++)
            CHECK_OK(put(t->call, &f, kind, S("same key"), (str){"0123456789abcdefghij", (size_t)kind + 1}));
        for (int kind = 0; kind < STORE_KIND_N; kind++) {
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
    bytes out = {(const uint8_t *)"untouched", 9};
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
    X(put_of_no_kind, BEGUN, store_put(c, f->w, STORE_KIND_N, S("x"), str_bytes(S("x"))), INTERNAL)                              \
    X(removal_of_no_kind, BEGUN, store_remove(c, f->w, STORE_KIND_N, S("x")), INTERNAL)                                          \
    X(get_of_no_kind, IDLE, get_it(c, f, (enum store_kind)-1, S("x")), INTERNAL)                                                 \
    X(scan_of_no_kind, IDLE, scan_it(c, f, STORE_KIND_N, S("x"), STR_NONE), INTERNAL)                                            \
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
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(put(t->call, &f, STORE_GROUP, S("root"), S("stands")));
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
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_OK(store_begin(t->call, f.w));
        CHECK_OK(store_put(t->call, f.w, STORE_META, S("left open"), str_bytes(S("x"))));
        store_session_close(TAKE(f.w));
        CHECK_OK(store_session_open(t->call, f.store, STORE_WRITE, &f.w));
        CHECK_STR(all_keys(t->call, f.w, STORE_META), S(""), b->name);
        CHECK_OK(put(t->call, &f, STORE_META, S("a"), S("x")));
        CHECK_STR(all_keys(t->call, f.r, STORE_META), S("a"), b->name);
    }
}

TEST(store_a_small_refusal_does_not_spoil_the_transaction)
{
    EACH_BACKEND(b) {
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

// One letter a step: b begin, c commit, r rollback, m mark, k keep, u undo; +x puts x, -x removes it.
static enum err act(struct call *c, struct store_session *x, const char *script)
{
    for (const char *p = script; *p; p++) {
        switch (*p) {
        case 'b': TRY(store_begin(c, x)); break;
        case 'c': TRY(store_commit(c, x)); break;
        case 'r': store_rollback(x); break;
        case 'm': TRY(store_mark(c, x)); break;
        case 'k': TRY(store_keep(c, x)); break;
        case 'u': store_undo(x); break;
        case '+': TRY(store_put(c, x, STORE_ROLE, (str){++p, 1}, str_bytes(S("x")))); break;
        case '-': TRY(store_remove(c, x, STORE_ROLE, (str){++p, 1})); break;
        }
    }
    return OK;
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
    EACH_BACKEND(b) {
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
    EACH_BACKEND(b) {
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
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        bytes                                got = {0};
        CHECK_OK(put(t->call, &f, STORE_META, S("old"), S("1")));
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

TEST(store_scans_to_every_boundary)
{
    static const str KEYS[] = {S_INIT("\0"),    S_INIT("a"),  S_INIT("a\0"),       S_INIT("a\0b"), S_INIT("ab"), S_INIT("a\xff"),
                               S_INIT("a\xff\xff"), S_INIT("b"), S_INIT("\xff"), S_INIT("\xff\xff"), S_INIT("\xff\xff" "a")};
#define ALL "\\00 a a\\00 a\\00b ab a\\ff a\\ff\\ff b \\ff \\ff\\ff \\ff\\ffa"
    static const struct { str prefix, after; size_t limit; bool backwards; const char *want; } CASES[] = {
        {{0}, {0}, 0, false, ALL},
        {{0}, {0}, 0, true, "\\ff\\ffa \\ff\\ff \\ff b a\\ff\\ff a\\ff ab a\\00b a\\00 a \\00"},
        {{0}, {0}, 1, false, "\\00"},
        {{0}, {0}, 1, true, "\\ff\\ffa"},
        {{0}, {0}, 11, false, ALL},
        {{0}, {0}, 12, false, ALL},
        {{0}, {0}, SIZE_MAX, false, ALL},
        {S_INIT("a"), {0}, 0, false, "a a\\00 a\\00b ab a\\ff a\\ff\\ff"},
        {S_INIT("a"), {0}, 0, true, "a\\ff\\ff a\\ff ab a\\00b a\\00 a"},
        {S_INIT("a"), {0}, 2, true, "a\\ff\\ff a\\ff"},
        {S_INIT("a\0"), {0}, 0, false, "a\\00 a\\00b"},
        {S_INIT("a\xff"), {0}, 0, false, "a\\ff a\\ff\\ff"},
        {S_INIT("a\xff"), {0}, 0, true, "a\\ff\\ff a\\ff"},
        {S_INIT("a\xff\xff"), {0}, 0, true, "a\\ff\\ff"},
        {S_INIT("\xff"), {0}, 0, false, "\\ff \\ff\\ff \\ff\\ffa"},
        {S_INIT("\xff"), {0}, 0, true, "\\ff\\ffa \\ff\\ff \\ff"},
        {S_INIT("\xff\xff"), {0}, 0, false, "\\ff\\ff \\ff\\ffa"},
        {S_INIT("\xff\xff\xff"), {0}, 0, false, ""},
        {S_INIT("\xff\xff\xff"), {0}, 0, true, ""},
        {S_INIT("aa"), {0}, 0, false, ""},
        {S_INIT("aa"), {0}, 0, true, ""},
        {S_INIT("c"), {0}, 0, false, ""},
        {{0}, S_INIT("a"), 0, false, "a\\00 a\\00b ab a\\ff a\\ff\\ff b \\ff \\ff\\ff \\ff\\ffa"},
        {{0}, S_INIT("a"), 0, true, "\\00"},
        {{0}, S_INIT("aa"), 2, false, "ab a\\ff"},
        {{0}, S_INIT("aa"), 2, true, "a\\00b a\\00"},
        {{0}, S_INIT("\xff\xff" "a"), 0, false, ""},
        {{0}, S_INIT("\xff\xff" "a"), 1, true, "\\ff\\ff"},
        {{0}, S_INIT("\xff\xff\xff\xff"), 1, true, "\\ff\\ffa"},
        {{0}, S_INIT("\0"), 0, true, ""},
        {{0}, S_INIT("\0"), 1, false, "a"},
        {S_INIT("a"), S_INIT("a"), 0, false, "a\\00 a\\00b ab a\\ff a\\ff\\ff"},
        {S_INIT("a"), S_INIT("a"), 0, true, ""},
        {S_INIT("a"), S_INIT("a\0b"), 0, false, "ab a\\ff a\\ff\\ff"},
        {S_INIT("a"), S_INIT("a\0b"), 0, true, "a\\00 a"},
        {S_INIT("a"), S_INIT("a\xff\xff"), 0, false, ""},
        {S_INIT("a"), S_INIT("a\xff\xff"), 0, true, "a\\ff ab a\\00b a\\00 a"},
        {S_INIT("a"), S_INIT("\0"), 2, false, "a a\\00"}, // before the prefix: from its first key
        {S_INIT("a"), S_INIT("\0"), 0, true, ""},
        {S_INIT("a"), S_INIT("b"), 0, false, ""},         // past the prefix: from its last key down
        {S_INIT("a"), S_INIT("b"), 1, true, "a\\ff\\ff"},
        {S_INIT("\xff"), S_INIT("\xff"), 0, false, "\\ff\\ff \\ff\\ffa"},
        {S_INIT("\xff"), S_INIT("\xff\xff"), 0, true, "\\ff"},
    };
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_STR(all_keys(t->call, f.r, STORE_GROUP), S(""), "none there");
        for (size_t i = 0; i < COUNT(KEYS); i++) CHECK_OK(put(t->call, &f, STORE_GROUP, KEYS[(i * 7) % COUNT(KEYS)], S("x")));
        CHECK_OK(put(t->call, &f, STORE_MGMT_GROUP, S("a"), S("of another kind")));
        for (size_t i = 0; i < COUNT(CASES); i++) {
            struct store_range range = {CASES[i].prefix, CASES[i].after, CASES[i].limit, CASES[i].backwards};
            char               row[64];
            snprintf(row, sizeof row, "%s: row %zu, wants \"%.30s\"", b->name, i, CASES[i].want);
            CHECK_STR(keys_in(t->call, f.r, STORE_GROUP, &range), str_of(CASES[i].want), row);
        }
    }
}

struct inner {
    struct store_session *x;
    struct buf            seen;
    int                   rows;
    int                   stop_at; // 0: at the end
};

static enum err read_within(struct call *c, str key, bytes body, void *context)
{
    struct inner *in = context;
    bytes         again;
    TRY(store_get(c, in->x, STORE_ROLE, key, &again));
    if (!str_eq(bytes_str(again), bytes_str(body))) return FAIL(c, ERR_INTERNAL, "another body");
    if (++in->rows == in->stop_at) return FAIL(c, ERR_PRECONDITION, "enough");
    buf_add_char(&in->seen, '|');
    return store_scan(c, in->x, STORE_ROLE, &(struct store_range){.after = key}, note_key, &in->seen);
}

TEST(store_visits_may_read_and_may_end_the_scan)
{
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct inner                         in = {.x = f.r};
        CHECK_OK(act(t->call, f.w, "b +a +b +c c"));
        buf_init(&in.seen, &t->call->arena);
        CHECK_OK(store_scan(t->call, f.r, STORE_ROLE, &(struct store_range){0}, read_within, &in));
        CHECK_STR(buf_view(&in.seen), S("| b c| c|"), b->name);
        in = (struct inner){.x = f.r, .stop_at = 2};
        buf_init(&in.seen, &t->call->arena);
        CHECK_ERR(store_scan(t->call, f.r, STORE_ROLE, &(struct store_range){0}, read_within, &in), ERR_PRECONDITION, b->name);
        CHECK_INT(in.rows, 2, b->name);
        CHECK_STR(all_keys(t->call, f.r, STORE_ROLE), S("a b c"), "after the end");
    }
}

struct upheaval {
    struct store_session *w;
    struct buf            seen;
    bool                  done;
    enum err              result;
};

static void *turn_all_over(void *context)
{
    struct upheaval *u = context;
    struct call      c;
    call_init(&c, NULL, NULL);
    u->result = act(&c, u->w, "b -b -d +c +e c b -c c");
    call_clear(&c);
    return NULL;
}

static enum err commit_behind(struct call *c, str key, bytes body, void *context)
{
    struct upheaval *u = context;
    pthread_t        writer;
    if (!u->done) {
        if (pthread_create(&writer, NULL, turn_all_over, u) != 0) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        pthread_join(writer, NULL);
        u->done = true;
    }
    return note_key(c, key, body, &u->seen);
}

TEST(store_scan_stays_with_what_stood_at_its_start)
{
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct upheaval                      u = {.w = f.w};
        CHECK_OK(act(t->call, f.w, "b +a +b +d c"));
        buf_init(&u.seen, &t->call->arena);
        CHECK_OK(store_scan(t->call, f.r, STORE_ROLE, &(struct store_range){0}, commit_behind, &u));
        CHECK_ERR(u.result, OK, b->name);
        CHECK_STR(buf_view(&u.seen), S("a b d"), b->name);
        CHECK_STR(all_keys(t->call, f.r, STORE_ROLE), S("a e"), b->name);
    }
}

// Threads: a writer that changes two records in each transaction, readers that must see them change together.
struct race {
    struct store *store;
    atomic_bool   over;
    atomic_int    scans;
    const char   *wrong;
};

static enum err note_number(struct call *c, str key, bytes body, void *context)
{
    (void)c;
    memcpy((int *)context + (key.at[0] - 'a'), body.at, sizeof(int));
    return OK;
}

static void *watch_pair(void *context)
{
    struct race          *race = context;
    struct store_session *r;
    struct call           c;
    int                   last = 0;
    call_init(&c, NULL, NULL);
    if (store_session_open(&c, race->store, STORE_READ, &r) != OK) return (void *)"no session";
    const char *wrong = NULL;
    while (!wrong && !atomic_load(&race->over)) {
        int pair[2] = {0};
        if (store_scan(&c, r, STORE_GROUP, &(struct store_range){0}, note_number, pair) != OK) wrong = "a scan failed";
        else if (pair[0] != pair[1]) wrong = "half a transaction was seen";
        else if (pair[0] < last) wrong = "a commit was seen no more";
        last = pair[0];
        atomic_fetch_add(&race->scans, 1);
        arena_reset(&c.arena);
    }
    store_session_close(r);
    call_clear(&c);
    return (void *)wrong;
}

static enum err write_pair(struct call *c, struct store_session *w, int i)
{
    TRY(store_begin(c, w));
    TRY(store_put(c, w, STORE_GROUP, S("a"), (bytes){(const uint8_t *)&i, sizeof i}));
    TRY(store_put(c, w, STORE_GROUP, S("b"), (bytes){(const uint8_t *)&i, sizeof i}));
    return store_commit(c, w);
}

TEST(store_readers_on_other_threads_see_whole_transactions)
{
    enum { READERS = 3, COMMITS = 300 };
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct race                          race = {.store = f.store};
        pthread_t                            readers[READERS];
        for (int i = 0; i < READERS; i++) CHECK(pthread_create(&readers[i], NULL, watch_pair, &race) == 0);
        for (int i = 1; i <= COMMITS || (atomic_load(&race.scans) < 100 && i < 1000 * COMMITS); i++) {
            enum err done = write_pair(t->call, f.w, i);
            CHECK_ERR(done, OK, b->name);
            if (done != OK) break;
        }
        atomic_store(&race.over, true);
        for (int i = 0; i < READERS; i++) {
            void *wrong = NULL;
            pthread_join(readers[i], &wrong);
            if (wrong) test_failed(t, __FILE__, __LINE__, "%s: %s", b->name, (const char *)wrong);
        }
    }
}

// A model: the same steps done to a plain list of all 39 keys of up to three letters out of NUL, 'a' and 0xff.
enum { MODEL_KEYS = 39, MODEL_MARKS = 4 };

struct model {
    str  keys[MODEL_KEYS]; // in order
    char bytes[MODEL_KEYS][3];
    char now[MODEL_KEYS], committed[MODEL_KEYS]; // the body's one byte; 0: absent
    char marked[MODEL_MARKS][MODEL_KEYS];
    int  marks;
    bool is_begun;
};

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

static void model_init(struct model *m)
{
    static const char LETTERS[] = {'\0', 'a', '\xff'};
    size_t            n = 0;
    *m = (struct model){0};
    for (size_t length = 1, count = 3; length <= 3; length++, count *= 3) {
        for (size_t i = 0; i < count; i++, n++) {
            for (size_t j = 0, rest = i; j < length; j++, rest /= 3) m->bytes[n][j] = LETTERS[rest % 3];
            m->keys[n] = (str){m->bytes[n], length};
        }
    }
    qsort(m->keys, MODEL_KEYS, sizeof *m->keys, by_bytes);
}

static enum err model_step(struct call *c, struct model *m, struct store_session *w, unsigned what, size_t key, char body)
{
    if (!m->is_begun) {
        m->is_begun = true;
        return store_begin(c, w);
    }
    if (what < 45) {
        m->now[key] = body;
        return store_put(c, w, STORE_ROLE, m->keys[key], (bytes){(const uint8_t *)&body, 1});
    }
    if (what < 70) {
        m->now[key] = 0;
        return store_remove(c, w, STORE_ROLE, m->keys[key]);
    }
    if (what < 80 && m->marks < MODEL_MARKS) {
        memcpy(m->marked[m->marks++], m->now, sizeof m->now);
        return store_mark(c, w);
    }
    if (what < 85 && m->marks) {
        m->marks--;
        return store_keep(c, w);
    }
    if (what < 92 && m->marks) {
        memcpy(m->now, m->marked[--m->marks], sizeof m->now);
        store_undo(w);
        return OK;
    }
    bool commit = m->marks == 0 && what < 97;
    memcpy(commit ? m->committed : m->now, commit ? m->now : m->committed, sizeof m->now);
    m->is_begun = false;
    m->marks = 0;
    if (commit) return store_commit(c, w);
    store_rollback(w);
    return OK;
}

static str model_keys_in(struct call *c, const struct model *m, const char *state, const struct store_range *range)
{
    struct buf b;
    size_t     n = 0;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < MODEL_KEYS && (!range->limit || n < range->limit); i++) {
        size_t at = range->backwards ? MODEL_KEYS - 1 - i : i;
        int    past = str_empty(range->after) ? 1 : str_cmp(m->keys[at], range->after);
        if (!str_empty(range->after) && range->backwards) past = -past;
        if (!state[at] || past <= 0 || !str_starts(m->keys[at], range->prefix)) continue;
        if (note_key(c, m->keys[at], (bytes){0}, &b) != OK) break;
        n++;
    }
    return buf_view(&b);
}

TEST(store_agrees_with_a_plain_list_over_random_steps)
{
    EACH_BACKEND(b) {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct model                         m;
        unsigned                             seed = 20231;
        model_init(&m);
        for (int i = 0; i < 4000 && !t->failures; i++) {
            char row[48];
            snprintf(row, sizeof row, "%s: step %d", b->name, i);
            CHECK_ERR(model_step(t->call, &m, f.w, (unsigned)rand_r(&seed) % 100, (size_t)rand_r(&seed) % MODEL_KEYS, (char)(1 + i % 100)), OK, row);
            size_t             key = (size_t)rand_r(&seed) % MODEL_KEYS, other = (size_t)rand_r(&seed) % MODEL_KEYS;
            struct store_range range = {.limit = (size_t)rand_r(&seed) % 8, .backwards = rand_r(&seed) & 1};
            if (rand_r(&seed) & 1) range.prefix = m.keys[key];
            if (rand_r(&seed) & 1) range.after = m.keys[other];
            CHECK_STR(keys_in(t->call, f.w, STORE_ROLE, &range), model_keys_in(t->call, &m, m.now, &range), row);
            CHECK_STR(keys_in(t->call, f.r, STORE_ROLE, &range), model_keys_in(t->call, &m, m.committed, &range), row);
            bytes    body = {0};
            enum err got = store_get(t->call, f.w, STORE_ROLE, m.keys[key], &body);
            CHECK_ERR(got, m.now[key] ? OK : ERR_NOT_FOUND, row);
            CHECK_ROW(got != OK || (body.n == 1 && (char)body.at[0] == m.now[key]), row);
            arena_reset(&t->call->arena);
        }
    }
}
