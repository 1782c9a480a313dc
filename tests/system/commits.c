#include "commits.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/hash.h"

enum { LARGEST_BODY = 12000 };

// A transaction puts a record of each of these kinds.
static const enum store_kind KINDS[] = {STORE_GROUP, STORE_ASSIGNMENT, STORE_SECRET, STORE_RESOURCE};

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

enum err commits_write(struct call *c, struct store_session *w, unsigned round, uint32_t i)
{
    uint8_t     room[LARGEST_BODY];
    struct text key = key_of(round, i), oldest = key_of(round, i - COMMITS_KEPT);
    TRY(store_begin(c, w));
    for (unsigned k = 0; k < COUNT(KINDS); k++) {
        TRY(store_put(c, w, KINDS[k], str_of(key.s), body_of(room, round, i, k)));
        if (i >= COMMITS_KEPT) TRY(store_remove(c, w, KINDS[k], str_of(oldest.s)));
        TRY(store_mark(c, w));
        TRY(store_put(c, w, KINDS[k], S("undone"), str_bytes(S("never to be seen"))));
        store_undo(w);
    }
    TRY(store_put(c, w, STORE_META, S("head"), str_bytes(str_of(key.s))));
    return store_commit(c, w);
}

// What was under way when the writer died is there or not: either is right, if it is there whole.
static FALLIBLE settle(struct call *c, struct store_session *r, struct commits *l, unsigned round)
{
    struct commits_round *of = &l->rounds[round];
    bytes                 body;
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
    const struct commits *commits;
    unsigned              kind;
    unsigned              round, i;
};

static void skip_to_next(struct cursor *at)
{
    while (at->round < at->commits->round_n && at->i >= at->commits->rounds[at->round].whole) {
        at->round++;
        uint32_t whole = at->round < at->commits->round_n ? at->commits->rounds[at->round].whole : 0;
        at->i = whole > COMMITS_KEPT ? whole - COMMITS_KEPT : 0;
    }
}

static enum err compare(struct call *c, str key, bytes body, void *context)
{
    struct cursor *at = context;
    uint8_t        room[LARGEST_BODY];
    if (at->round == at->commits->round_n) return FAIL(c, ERR_STORE_DAMAGED, "%.*s is there, but nothing more was written", PSTR(key));
    struct text want = key_of(at->round, at->i);
    if (!str_eq(key, str_of(want.s)))
        return FAIL(c, ERR_STORE_DAMAGED, "kind %u has %.*s where %s belongs: lost, half-written or undone", at->kind, PSTR(key), want.s);
    if (!str_eq(bytes_str(body), bytes_str(body_of(room, at->round, at->i, at->kind))))
        return FAIL(c, ERR_STORE_DAMAGED, "kind %u has another body for %s", at->kind, want.s);
    at->i++;
    skip_to_next(at);
    return OK;
}

static FALLIBLE look_at_kind(struct call *c, struct store_session *r, const struct commits *l, unsigned kind)
{
    uint32_t      whole = l->rounds[0].whole;
    struct cursor at = {.commits = l, .kind = kind, .i = whole > COMMITS_KEPT ? whole - COMMITS_KEPT : 0};
    skip_to_next(&at);
    TRY(store_scan(c, r, KINDS[kind], &(struct store_range){0}, compare, &at));
    if (at.round < l->round_n) return FAIL(c, ERR_STORE_DAMAGED, "kind %u ends before %s, which was acknowledged", kind, key_of(at.round, at.i).s);
    return OK;
}

static FALLIBLE look_at_head(struct call *c, struct store_session *r, const struct commits *l)
{
    unsigned round = l->round_n;
    bytes    head;
    while (round && !l->rounds[round - 1].whole) round--;
    if (!round) return OK;
    TRY(store_get(c, r, STORE_META, S("head"), &head));
    struct text want = key_of(round - 1, l->rounds[round - 1].whole - 1);
    if (!str_eq(bytes_str(head), str_of(want.s))) return FAIL(c, ERR_STORE_DAMAGED, "the head is not at %s", want.s);
    return OK;
}

static enum err see_change(struct call *c, const struct store_change *change, void *latest)
{
    if (change->first > change->number)
        return FAIL(c, ERR_STORE_DAMAGED, "the change %llu stands before its transaction", (unsigned long long)change->number);
    *(uint64_t *)latest = change->number;
    return OK;
}

// What is told of the changes has no gap, ends with the latest, and holds nothing that was taken back.
static FALLIBLE look_at_changes(struct call *c, struct store_session *r)
{
    uint64_t oldest, latest, seen = 0;
    TRY(store_changes_kept(c, r, &oldest, &latest));
    TRY(store_changes(c, r, oldest - 1, 0, see_change, &seen));
    return seen == latest ? OK
                          : FAIL(c, ERR_STORE_DAMAGED, "the changes end at %llu, not at %llu", (unsigned long long)seen, (unsigned long long)latest);
}

static void session_closep(struct store_session **x)
{
    store_session_close(*x);
}

static void store_closep(struct store **s)
{
    store_close(*s);
}

static FALLIBLE look(struct call *c, struct commits *l, const char *directory)
{
    CLEANUP(store_closep) struct store           *s = NULL;
    CLEANUP(session_closep) struct store_session *r = NULL;
    TRY(store_open_sqlite(c, str_of(directory), &s));
    TRY(store_session_open(c, s, STORE_READ, &r));
    for (unsigned i = 0; i < l->round_n; i++) TRY(settle(c, r, l, i));
    for (unsigned k = 0; k < COUNT(KINDS); k++) TRY(look_at_kind(c, r, l, k));
    TRY(look_at_changes(c, r));
    return look_at_head(c, r, l);
}

const char *commits_check(struct commits *l, const char *directory)
{
    struct call c;
    call_init(&c, NULL, NULL);
    enum err done = look(&c, l, directory);
    snprintf(l->wrong, sizeof l->wrong, "%s", c.failure.text);
    call_clear(&c);
    return done == OK ? NULL : l->wrong;
}

unsigned long commits_acknowledged(const struct commits *l)
{
    unsigned long n = 0;
    for (unsigned i = 0; i < l->round_n; i++) n += l->rounds[i].whole;
    return n;
}
