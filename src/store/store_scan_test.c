#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/buf.h"
#include "store_fixture.h"

static enum err note_key_alone(struct call *c, str key, void *context)
{
    return note_key(c, key, (bytes){0}, context);
}

// As keys_in writes them.
static str keys_alone(struct test *t, struct store_session *x, str prefix, str after)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    CHECK_OK(store_scan_keys(t->call, x, STORE_GROUP, prefix, after, note_key_alone, &b));
    return buf_view(&b);
}

TEST(store_scans_to_every_boundary)
{
    static const str KEYS[] = {S_INIT("\0"),
                               S_INIT("a"),
                               S_INIT("a\0"),
                               S_INIT("a\0b"),
                               S_INIT("ab"),
                               S_INIT("a\xff"),
                               S_INIT("a\xff\xff"),
                               S_INIT("b"),
                               S_INIT("\xff"),
                               S_INIT("\xff\xff"),
                               S_INIT("\xff\xff"
                                      "a")};
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
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        CHECK_STR(all_keys(t->call, f.r, STORE_GROUP), S(""), "none there");
        for (size_t i = 0; i < COUNT(KEYS); i++) CHECK_OK(fixture_put(t->call, &f, STORE_GROUP, KEYS[(i * 7) % COUNT(KEYS)], S("x")));
        CHECK_OK(fixture_put(t->call, &f, STORE_MGMT_GROUP, S("a"), S("of another kind")));
        for (size_t i = 0; i < COUNT(CASES); i++) {
            struct store_range range = {CASES[i].prefix, CASES[i].after, CASES[i].limit, CASES[i].backwards};
            char               row[64];
            snprintf(row, sizeof row, "%s: row %zu, wants \"%.30s\"", b->name, i, CASES[i].want);
            CHECK_STR(keys_in(t->call, f.r, STORE_GROUP, &range), str_of(CASES[i].want), row);
            if (!range.limit && !range.backwards) CHECK_STR(keys_alone(t, f.r, range.prefix, range.after), str_of(CASES[i].want), row);
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
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct inner                          in = {.x = f.r};
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
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct upheaval                       u = {.w = f.w};
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
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct race                           race = {.store = f.store};
        pthread_t                             readers[READERS];
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
    EACH_BACKEND(b)
    {
        CLEANUP(fixture_close) struct fixture f = fixture_open(t, b);
        struct model                          m;
        unsigned                              seed = 20231;
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
