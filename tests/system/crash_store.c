// The store itself under the axe: a child commits transactions of several records and tells of each
// only after store_commit answered. Each transaction also takes away what an older one wrote, and
// undoes something, so that a lost, a half and an undone one all leave another trace.

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "crash.h"
#include "store/store.h"

enum { KEPT = 40, LARGEST_BODY = 12000, ROUNDS_MAX = 100000 };

// A transaction puts a record of each of these kinds.
static const enum store_kind KINDS[] = {STORE_GROUP, STORE_ASSIGNMENT, STORE_SECRET, STORE_RESOURCE};

struct round {
    uint32_t whole;   // transactions 0 to whole - 1 were committed; of an unsettled round those acknowledged
    bool     settled; // a look at the store has shown whether the one after them was too
};

struct world {
    char         dir[64];
    struct round rounds[ROUNDS_MAX];
    unsigned     round_n;
    int          acks; // the read end of the child's pipe
    char         wrong[FAILURE_TEXT_BYTES];
};

struct text {
    char s[40];
};

static struct text key_of(unsigned round, unsigned i)
{
    struct text t;
    snprintf(t.s, sizeof t.s, "%06u/%08u", round, i);
    return t;
}

// The body that belongs to a record, and to no other.
static bytes body_of(uint8_t room[LARGEST_BODY], unsigned round, unsigned i, unsigned kind)
{
    uint64_t x = hash_mix((uint64_t)round << 32 | i, kind);
    size_t   n = 1 + x % LARGEST_BODY;
    for (size_t at = 0; at < n; at++) {
        if (at % 8 == 0) x = hash_mix(x, at);
        room[at] = (uint8_t)(x >> 8 * (at % 8));
    }
    return (bytes){room, n};
}

static FALLIBLE commit_one(struct call *c, struct store_session *w, unsigned round, unsigned i)
{
    uint8_t     room[LARGEST_BODY];
    struct text key = key_of(round, i), oldest = key_of(round, i - KEPT);
    TRY(store_begin(c, w));
    for (unsigned k = 0; k < COUNT(KINDS); k++) {
        TRY(store_put(c, w, KINDS[k], str_of(key.s), body_of(room, round, i, k)));
        if (i >= KEPT) TRY(store_remove(c, w, KINDS[k], str_of(oldest.s)));
        TRY(store_mark(c, w));
        TRY(store_put(c, w, KINDS[k], S("undone"), str_bytes(S("never to be seen"))));
        store_undo(w);
    }
    TRY(store_put(c, w, STORE_META, S("head"), str_bytes(str_of(key.s))));
    return store_commit(c, w);
}

static FALLIBLE commit_for_ever(struct call *c, const char *dir, unsigned round, int acks)
{
    struct store         *s;
    struct store_session *w;
    TRY(store_open_sqlite(c, str_of(dir), &s));
    TRY(store_session_open(c, s, STORE_WRITE, &w));
    for (uint32_t i = 0;; i++) {
        TRY(commit_one(c, w, round, i));
        if (write(acks, &i, sizeof i) != sizeof i) return FAIL(c, ERR_IO, "Nobody hears the acknowledgements.");
    }
}

static pid_t start(void *context, unsigned round)
{
    struct world *world = context;
    int           ends[2];
    if (pipe(ends) != 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct call c;
        close(ends[0]);
        call_init(&c, NULL, NULL);
        enum err ended = commit_for_ever(&c, world->dir, round, ends[1]);
        fprintf(stderr, "the writer stopped: %s (%s)\n", c.failure.text, err_name(ended));
        _exit(1);
    }
    close(ends[1]);
    world->acks = ends[0];
    world->round_n = round + 1;
    return pid;
}

static const char *hear(void *context, unsigned round)
{
    struct world *world = context;
    struct round *r = &world->rounds[round];
    uint32_t      i;
    ssize_t       n;
    const char   *wrong = NULL;
    while ((n = read(world->acks, &i, sizeof i)) == sizeof i && !wrong) {
        if (i != r->whole) wrong = "the writer lost count";
        r->whole++;
    }
    close(world->acks);
    return wrong ? wrong : n == 0 ? NULL : "a broken acknowledgement";
}

// What was under way when the writer died is there or not: either is right, if it is there whole.
static FALLIBLE settle(struct call *c, struct store_session *r, struct world *world, unsigned round)
{
    struct round *of = &world->rounds[round];
    bytes         body;
    if (of->settled) return OK;
    enum err got = store_get(c, r, KINDS[0], str_of(key_of(round, of->whole).s), &body);
    if (got != OK && got != ERR_NOT_FOUND) return got;
    if (got == OK) of->whole++;
    call_forgive(c);
    of->settled = true;
    return OK;
}

// The next record that a scan of a kind must come to.
struct cursor {
    const struct world *world;
    unsigned            kind;
    unsigned            round, i;
};

static void skip_to_next(struct cursor *at)
{
    while (at->round < at->world->round_n && at->i >= at->world->rounds[at->round].whole) {
        at->round++;
        uint32_t whole = at->round < at->world->round_n ? at->world->rounds[at->round].whole : 0;
        at->i = whole > KEPT ? whole - KEPT : 0;
    }
}

static enum err compare(struct call *c, str key, bytes body, void *context)
{
    struct cursor *at = context;
    uint8_t        room[LARGEST_BODY];
    if (at->round == at->world->round_n) return FAIL(c, ERR_STORE_DAMAGED, "%.*s is there, but nothing more was written", PSTR(key));
    struct text want = key_of(at->round, at->i);
    if (!str_eq(key, str_of(want.s)))
        return FAIL(c, ERR_STORE_DAMAGED, "kind %u has %.*s where %s belongs: lost, half-written or undone", at->kind, PSTR(key), want.s);
    if (!str_eq(bytes_str(body), bytes_str(body_of(room, at->round, at->i, at->kind))))
        return FAIL(c, ERR_STORE_DAMAGED, "kind %u has another body for %s", at->kind, want.s);
    at->i++;
    skip_to_next(at);
    return OK;
}

static FALLIBLE look_at_kind(struct call *c, struct store_session *r, const struct world *world, unsigned kind)
{
    uint32_t      whole = world->rounds[0].whole;
    struct cursor at = {.world = world, .kind = kind, .i = whole > KEPT ? whole - KEPT : 0};
    skip_to_next(&at);
    TRY(store_scan(c, r, KINDS[kind], &(struct store_range){0}, compare, &at));
    if (at.round < world->round_n)
        return FAIL(c, ERR_STORE_DAMAGED, "kind %u ends before %s, which was acknowledged", kind, key_of(at.round, at.i).s);
    return OK;
}

static FALLIBLE look_at_head(struct call *c, struct store_session *r, const struct world *world)
{
    unsigned round = world->round_n;
    bytes    head;
    while (round && !world->rounds[round - 1].whole) round--;
    if (!round) return OK;
    TRY(store_get(c, r, STORE_META, S("head"), &head));
    struct text want = key_of(round - 1, world->rounds[round - 1].whole - 1);
    if (!str_eq(bytes_str(head), str_of(want.s))) return FAIL(c, ERR_STORE_DAMAGED, "the head is not at %s", want.s);
    return OK;
}

static void session_closep(struct store_session **x)
{
    store_session_close(*x);
}

static void store_closep(struct store **s)
{
    store_close(*s);
}

static FALLIBLE look(struct call *c, struct world *world)
{
    CLEANUP(store_closep) struct store           *s = NULL;
    CLEANUP(session_closep) struct store_session *r = NULL;
    TRY(store_open_sqlite(c, str_of(world->dir), &s));
    TRY(store_session_open(c, s, STORE_READ, &r));
    for (unsigned i = 0; i < world->round_n; i++) TRY(settle(c, r, world, i));
    for (unsigned k = 0; k < COUNT(KINDS); k++) TRY(look_at_kind(c, r, world, k));
    return look_at_head(c, r, world);
}

static const char *verify(void *context)
{
    struct world *world = context;
    struct call   c;
    call_init(&c, NULL, NULL);
    enum err done = look(&c, world);
    snprintf(world->wrong, sizeof world->wrong, "%s", c.failure.text);
    call_clear(&c);
    return done == OK ? NULL : world->wrong;
}

static unsigned long acknowledged(const void *context)
{
    const struct world *world = context;
    unsigned long       n = 0;
    for (unsigned i = 0; i < world->round_n; i++) n += world->rounds[i].whole;
    return n;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

int main(int argc, char **argv)
{
    static struct world     world = {.dir = "/tmp/lanyard-crash-XXXXXX"};
    const struct crash_plan plan = {
        .name = "crash_store",
        .longest_ms = 80,
        .start = start,
        .write = hear,
        .verify = verify,
        .acknowledged = acknowledged,
        .world = &world,
    };
    if (!mkdtemp(world.dir)) {
        printf("not ok crash_store - no directory in /tmp\n");
        return 1;
    }
    int status = crash_main(&plan, argc, argv);
    if (status == 0) nftw(world.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    else printf("# what is left stays in %s\n", world.dir);
    return status;
}
