#include "core/pack.h"
#include "store/backend.h"

#define TRIM_STEP 256 // changes between two looks at what is not kept any more

enum { CHANGE_VERSION = 1, NUMBER_BYTES = 8 };

static enum store_follow follow_of(enum store_kind kind)
{
    static const enum store_follow KINDS[STORE_KIND_N] = {
#define X(kind, table, follow) [STORE_##kind] = follow,
        STORE_KINDS(X)
#undef X
    };
    if (kind < STORE_KIND_N) return KINDS[kind];
    const struct store_own_kind *own = store_own_kind(kind);
    return own ? own->follow : STORE_UNFOLLOWED;
}

bool changes_are_kept(enum store_kind kind)
{
    return follow_of(kind) != STORE_UNFOLLOWED;
}

// Keys are numbers, the most significant byte first, so that their order is that of the numbers.
static str key_of(uint64_t number, char room[NUMBER_BYTES])
{
    for (int i = 0; i < NUMBER_BYTES; i++) room[i] = (char)(number >> (56 - 8 * i));
    return (str){room, NUMBER_BYTES};
}

static enum err read_number(struct call *c, str key, uint64_t *out)
{
    uint64_t number = 0;
    if (key.n != NUMBER_BYTES) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    for (int i = 0; i < NUMBER_BYTES; i++) number = number << 8 | (uint8_t)key.at[i];
    *out = number;
    return OK;
}

// Kinds are known by their tables' names: numbers of kinds may change from one version of the program to the next. One that
// nobody knows is a service's that this program does not have: it has kept its records, and they are as they were.
static enum store_kind kind_of(str table)
{
    size_t i = 0;
    while (i < store_kind_n() && !str_eq(store_table((enum store_kind)i), table)) i++;
    return (enum store_kind)(i < store_kind_n() ? i : STORE_MAX_KINDS);
}

static enum err read_change(struct call *c, const struct store_record *r, struct store_change *out, uint64_t *out_bytes)
{
    struct unpack       u;
    struct store_change change = {0};
    TRY(read_number(c, r->key, &change.number));
    unpack_begin(&u, r->body);
    change.first = unpack_u64(&u);
    *out_bytes = unpack_u64(&u);
    uint64_t what = unpack_u64(&u);
    change.kind = kind_of(unpack_str(&u));
    change.key = unpack_str(&u);
    change.body = str_bytes(unpack_str(&u));
    TRY(unpack_end(c, &u));
    if (u.version != CHANGE_VERSION || what > STORE_PUT_KEY) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    change.what = (enum store_change_kind)what;
    *out = change;
    return OK;
}

// From `low` on, or from the latest one backwards.
static enum err scan(struct call *c, struct store_session *x, uint64_t low, bool backwards, size_t limit, store_record_visit *visit, void *context)
{
    static const char TOP[NUMBER_BYTES + 1] = {[0 ... NUMBER_BYTES] = (char)0xff};
    char              room[NUMBER_BYTES];
    struct store_span span = {.low = key_of(low, room), .high = {TOP, sizeof TOP}, .backwards = backwards, .limit = limit};
    return x->store->backend->scan(c, x, STORE_CHANGE, &span, visit, context);
}

static enum err note_end(struct call *c, const struct store_record *r, void *context)
{
    struct change_end  *end = context;
    struct store_change change;
    TRY(read_change(c, r, &change, &end->bytes));
    end->number = change.number;
    return OK;
}

enum err changes_find_end(struct call *c, struct store_session *x)
{
    x->last = (struct change_end){0};
    return scan(c, x, 0, true, 1, note_end, &x->last);
}

enum err changes_pack(struct call *c, const struct store_session *x, enum store_kind kind, enum store_change_kind what, str key, bytes body,
                      struct packed_change *out)
{
    struct buf b;
    if (what == STORE_PUT && follow_of(kind) == STORE_FOLLOWED_KEY) {
        what = STORE_PUT_KEY;
        body = (bytes){0};
    }
    struct change_end end = {x->last.number + 1, x->last.bytes + key.n + body.n};
    buf_init(&b, &c->arena);
    buf_reserve(&b, body.n + key.n + 64);
    pack_begin(&b, CHANGE_VERSION);
    pack_u64(&b, x->first);
    pack_u64(&b, end.bytes);
    pack_u64(&b, what);
    pack_str(&b, store_table(kind));
    pack_str(&b, key);
    pack_str(&b, bytes_str(body));
    out->end = end;
    return buf_finish(c, &b, &out->packed);
}

enum err changes_add(struct call *c, struct store_session *x, const struct packed_change *change)
{
    char room[NUMBER_BYTES];
    TRY(x->store->backend->put(c, x, STORE_CHANGE,
                               &(struct store_record){.key = key_of(change->end.number, room), .body = str_bytes(change->packed)}));
    x->last = change->end;
    return OK;
}

struct trim {
    struct change_end end;
    uint64_t          keep_from; // the first number that is kept
    size_t            n;         // changes that are not
};

static enum err look_at_old(struct call *c, const struct store_record *r, void *context)
{
    struct trim        *t = context;
    struct store_change change;
    uint64_t            bytes_then;
    TRY(read_change(c, r, &change, &bytes_then));
    bool is_old = t->end.number - change.number >= STORE_CHANGES_KEPT || t->end.bytes - bytes_then > STORE_CHANGE_BYTES_KEPT;
    if (is_old) t->keep_from = change.number + 1;
    t->n += is_old;
    return OK;
}

// Not at every commit: one that passes a multiple of the step.
enum err changes_trim(struct call *c, struct store_session *x)
{
    struct trim t = {.end = x->last};
    char        room[NUMBER_BYTES];
    if (x->last.number < x->first || x->last.number / TRIM_STEP == (x->first - 1) / TRIM_STEP) return OK;
    for (size_t looks = 1;; looks *= 2) { // twice as many each time, as long as all that were looked at went: mostly there is nothing to drop
        t.n = t.keep_from = 0;
        TRY(scan(c, x, 0, false, looks, look_at_old, &t));
        if (t.keep_from) TRY(x->store->backend->remove_below(c, x, STORE_CHANGE, key_of(t.keep_from, room)));
        if (t.n < looks) return OK;
    }
}

static enum err note_first(struct call *c, const struct store_record *r, void *context)
{
    return read_number(c, r->key, context);
}

enum err store_changes_kept(struct call *c, struct store_session *x, uint64_t *out_oldest, uint64_t *out_latest)
{
    struct change_end end = {0};
    uint64_t          oldest = 1;
    TRY(scan(c, x, 0, false, 1, note_first, &oldest));
    TRY(scan(c, x, 0, true, 1, note_end, &end));
    *out_oldest = oldest;
    *out_latest = end.number;
    return OK;
}

struct telling {
    store_change_visit *visit;
    void               *context;
    uint64_t            expected;
};

static enum err not_kept(struct call *c, uint64_t number)
{
    return FAIL(c, ERR_NOT_FOUND, "The change %llu is not kept any more: everything is to be read anew.", (unsigned long long)number);
}

static enum err tell(struct call *c, const struct store_record *r, void *context)
{
    struct telling     *t = context;
    struct store_change change;
    uint64_t            total;
    TRY(read_change(c, r, &change, &total));
    if (change.number != t->expected) return not_kept(c, t->expected);
    t->expected++;
    return t->visit(c, &change, t->context);
}

enum err store_changes(struct call *c, struct store_session *x, uint64_t after, size_t limit, store_change_visit *visit, void *context)
{
    struct telling t = {.visit = visit, .context = context, .expected = after + 1};
    x->visiting++;
    enum err told = scan(c, x, after + 1, false, limit, tell, &t);
    x->visiting--;
    return told;
}
