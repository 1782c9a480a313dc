#include <assert.h>

#include "store/backend.h"

// The contract's own rules, the same for every back end. Breaking one is a mistake of the
// caller, yet answered and not asserted: a server that stops over it helps nobody.

static const struct store_own_kind *own_kind_at(size_t i)
{
    for (size_t k = 0; k < KINDS_OF_SERVICES_N; i -= KINDS_OF_SERVICES[k++]->n)
        if (i < KINDS_OF_SERVICES[k]->n) return KINDS_OF_SERVICES[k]->at[i];
    return NULL;
}

const struct store_own_kind *store_own_kind(size_t kind)
{
    return kind >= STORE_KIND_N && kind < STORE_MAX_KINDS ? own_kind_at(kind - STORE_KIND_N) : NULL;
}

size_t store_kind_n(void)
{
    size_t n = STORE_KIND_N;
    for (size_t k = 0; k < KINDS_OF_SERVICES_N; k++) n += KINDS_OF_SERVICES[k]->n;
    return n < STORE_MAX_KINDS ? n : STORE_MAX_KINDS;
}

str store_table(enum store_kind kind)
{
    static const str TABLES[STORE_KIND_N] = {
#define X(kind, table, follow) [STORE_##kind] = S_INIT(table),
        STORE_KINDS(X)
#undef X
    };
    if (kind < STORE_KIND_N) return TABLES[kind];
    const struct store_own_kind *own = store_own_kind(kind);
    return own ? str_of(own->table) : S("change");
}

enum store_kind store_kind_of(const struct store_own_kind *kind)
{
    size_t i = STORE_KIND_N;
    while (i < store_kind_n() && store_own_kind(i) != kind) i++;
    return (enum store_kind)(i < store_kind_n() ? i : STORE_MAX_KINDS);
}

void store_close(struct store *s)
{
    if (s) s->backend->close(s);
}

void store_distrust(struct store *s)
{
    s->backend->distrust(s);
}

enum err store_session_open(struct call *c, struct store *s, enum store_access access, struct store_session **out)
{
    if (access == STORE_WRITE && atomic_exchange(&s->has_writer, true))
        return FAIL(c, ERR_CONFLICT, "The store has a writing session already; only one is possible.");
    struct store_session *x;
    enum err              opened = s->backend->session_open(c, s, access, &x);
    if (opened != OK) {
        if (access == STORE_WRITE) atomic_store(&s->has_writer, false);
        return opened;
    }
    x->store = s;
    x->access = access;
    *out = x;
    return OK;
}

void store_session_close(struct store_session *x)
{
    if (!x) return;
    store_rollback(x);
    store_end_read(x);
    struct store *s = x->store;
    bool          was_writer = x->access == STORE_WRITE;
    s->backend->session_close(x);
    if (was_writer) atomic_store(&s->has_writer, false);
}

static FALLIBLE check_kind(struct call *c, enum store_kind kind)
{
    return (unsigned)kind < store_kind_n() ? OK : FAIL(c, ERR_INTERNAL, "There are no records of kind %u.", (unsigned)kind);
}

static FALLIBLE check_kind_and_key(struct call *c, enum store_kind kind, str key)
{
    TRY(check_kind(c, kind));
    if (str_empty(key)) return FAIL(c, ERR_PARAMETER_INVALID, "A record's key is empty.");
    if (key.n > STORE_MAX_KEY_BYTES) return FAIL(c, ERR_TOO_LARGE, "A record's key has %zu bytes; the limit is %d.", key.n, STORE_MAX_KEY_BYTES);
    return OK;
}

enum err store_get_record(struct call *c, struct store_session *x, enum store_kind kind, str key, struct store_record *out)
{
    TRY(check_kind_and_key(c, kind, key));
    return x->store->backend->get(c, x, kind, key, out);
}

enum err store_get(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes *out)
{
    struct store_record r;
    TRY(store_get_record(c, x, kind, key, &r));
    *out = r.body;
    return OK;
}

// Past every key: one byte longer than the longest.
static const char TOP[STORE_MAX_KEY_BYTES + 1] = {[0 ... STORE_MAX_KEY_BYTES] = (char)0xff};

// The lowest key past all that begin with `prefix`: its last byte below 0xff one higher, the rest cut.
static FALLIBLE past_prefix(struct call *c, str prefix, str *out)
{
    while (prefix.n && (uint8_t)prefix.at[prefix.n - 1] == 0xff) prefix.n--;
    if (!prefix.n) {
        *out = (str){TOP, sizeof TOP};
        return OK;
    }
    char *next;
    TRY(NEW(c, &next, prefix.n));
    memcpy(next, prefix.at, prefix.n);
    next[prefix.n - 1] = (char)((uint8_t)next[prefix.n - 1] + 1);
    *out = (str){next, prefix.n};
    return OK;
}

// The lowest key past `key`: with a NUL behind it.
static FALLIBLE past_key(struct call *c, str key, str *out)
{
    char *next;
    TRY(NEW(c, &next, key.n + 1));
    memcpy(next, key.at, key.n);
    *out = (str){next, key.n + 1};
    return OK;
}

static FALLIBLE span_of(struct call *c, const struct store_range *range, struct store_span *out)
{
    if (range->prefix.n > STORE_MAX_KEY_BYTES || range->after.n > STORE_MAX_KEY_BYTES)
        return FAIL(c, ERR_TOO_LARGE, "A scan begins at a key of more than %d bytes.", STORE_MAX_KEY_BYTES);
    struct store_span span = {.low = range->prefix, .backwards = range->backwards, .limit = range->limit};
    TRY(past_prefix(c, range->prefix, &span.high));
    if (!str_empty(range->after) && range->backwards) {
        if (str_cmp(range->after, span.high) < 0) span.high = range->after;
    } else if (!str_empty(range->after) && str_cmp(range->after, span.low) >= 0) {
        TRY(past_key(c, range->after, &span.low));
    }
    *out = span;
    return OK;
}

static enum err scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_span *span, store_record_visit *visit,
                     void *context)
{
    x->visiting++;
    enum err scanned = x->store->backend->scan(c, x, kind, span, visit, context);
    x->visiting--;
    return scanned;
}

enum err store_scan_records(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range, store_record_visit *visit,
                            void *context)
{
    struct store_span span;
    TRY(check_kind(c, kind));
    TRY(span_of(c, range, &span));
    return scan(c, x, kind, &span, visit, context);
}

struct plain_visit {
    store_visit *visit;
    void        *context;
};

static enum err visit_plain(struct call *c, const struct store_record *r, void *context)
{
    const struct plain_visit *v = context;
    return v->visit(c, r->key, r->body, v->context);
}

enum err store_scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range, store_visit *visit, void *context)
{
    return store_scan_records(c, x, kind, range, visit_plain, &(struct plain_visit){visit, context});
}

struct key_visit {
    store_key_visit *visit;
    void            *context;
};

static enum err visit_key(struct call *c, const struct store_record *r, void *context)
{
    const struct key_visit *v = context;
    return v->visit(c, r->key, v->context);
}

enum err store_scan_keys(struct call *c, struct store_session *x, enum store_kind kind, str prefix, str after, store_key_visit *visit, void *context)
{
    struct store_span span;
    TRY(check_kind(c, kind));
    TRY(span_of(c, &(struct store_range){.prefix = prefix, .after = after}, &span));
    span.keys_only = true;
    return scan(c, x, kind, &span, visit_key, &(struct key_visit){visit, context});
}

enum err store_scan_due(struct call *c, struct store_session *x, enum store_kind kind, int64_t until_ns, size_t limit, store_record_visit *visit,
                        void *context)
{
    TRY(check_kind(c, kind));
    return scan(c, x, kind, &(struct store_span){.order = STORE_BY_DUE, .until_ns = until_ns, .limit = limit}, visit, context);
}

enum err store_scan_secondary(struct call *c, struct store_session *x, enum store_kind kind, const struct store_secondary_range *range,
                              store_record_visit *visit, void *context)
{
    struct store_span span = {.order = STORE_BY_SECONDARY, .low = range->prefix, .limit = range->limit};
    TRY(check_kind(c, kind));
    if (range->prefix.n > STORE_MAX_KEY_BYTES || range->after_secondary.n > STORE_MAX_KEY_BYTES || range->after_key.n > STORE_MAX_KEY_BYTES)
        return FAIL(c, ERR_TOO_LARGE, "A scan begins at a key of more than %d bytes.", STORE_MAX_KEY_BYTES);
    TRY(past_prefix(c, range->prefix, &span.high));
    span.after_secondary = range->after_secondary;
    span.after_key = range->after_key;
    return scan(c, x, kind, &span, visit, context);
}

enum err store_begin_read(struct call *c, struct store_session *x)
{
    if (x->access != STORE_READ || x->in_read) return FAIL(c, ERR_INTERNAL, "A read transaction was begun in a session that cannot have one.");
    TRY(x->store->backend->begin_read(c, x));
    x->in_read = true;
    return OK;
}

enum err store_begin_latest(struct call *c, struct store_session *x)
{
    if (x->access == STORE_WRITE) return OK;
    uint64_t commits = atomic_load(&x->store->commits); // before the beginning: what is committed in between is seen, and looked for again
    if (x->in_read && x->saw_commits == commits) return OK;
    store_end_read(x);
    x->saw_commits = commits;
    return store_begin_read(c, x);
}

void store_end_outdated(struct store_session *x)
{
    if (x->in_read && x->saw_commits != atomic_load(&x->store->commits)) store_end_read(x);
}

void store_end_read(struct store_session *x)
{
    assert(!x->visiting);
    if (x->in_read) x->store->backend->end_read(x);
    x->in_read = false;
}

static FALLIBLE check_may_write(struct call *c, const struct store_session *x)
{
    if (x->access != STORE_WRITE) return FAIL(c, ERR_INTERNAL, "A reading session was asked to write.");
    if (x->visiting) return FAIL(c, ERR_INTERNAL, "A write was attempted during a scan.");
    return OK;
}

static FALLIBLE check_in_transaction(struct call *c, const struct store_session *x)
{
    TRY(check_may_write(c, x));
    if (!x->in_transaction) return FAIL(c, ERR_INTERNAL, "A write was attempted outside of a transaction.");
    if (x->spoilt) return FAIL(c, ERR_STORE_UNAVAILABLE, "An earlier write of this transaction failed: nothing of it is kept.");
    return OK;
}

static enum err spoil_unless(enum err done, struct store_session *x)
{
    if (done != OK) x->spoilt = true;
    return done;
}

enum err store_begin(struct call *c, struct store_session *x)
{
    TRY(check_may_write(c, x));
    if (x->in_transaction) return FAIL(c, ERR_INTERNAL, "A transaction was begun inside another.");
    TRY(x->store->backend->begin(c, x));
    x->in_transaction = true;
    TRY(spoil_unless(changes_find_end(c, x), x));
    x->first = x->last.number + 1;
    return OK;
}

enum err store_commit(struct call *c, struct store_session *x)
{
    TRY(check_in_transaction(c, x));
    if (x->marks) return FAIL(c, ERR_INTERNAL, "A commit was attempted with %u open marks.", x->marks);
    TRY(spoil_unless(changes_trim(c, x), x));
    TRY(spoil_unless(x->store->backend->commit(c, x), x));
    atomic_fetch_add(&x->store->commits, 1);
    x->in_transaction = false;
    return OK;
}

enum err store_settle(struct call *c, struct store_session *x)
{
    if (x->access != STORE_WRITE || x->in_transaction)
        return FAIL(c, ERR_INTERNAL, "Only a writing session can settle, and only outside of a transaction.");
    return x->store->backend->settle(c, x);
}

void store_rollback(struct store_session *x)
{
    assert(!x->visiting);
    if (x->in_transaction) x->store->backend->rollback(x);
    x->in_transaction = false;
    x->spoilt = false;
    x->marks = 0;
}

enum err store_mark(struct call *c, struct store_session *x)
{
    TRY(check_in_transaction(c, x));
    TRY(spoil_unless(x->store->backend->mark(c, x), x));
    x->marks++;
    return OK;
}

enum err store_keep(struct call *c, struct store_session *x)
{
    TRY(check_in_transaction(c, x));
    if (!x->marks) return FAIL(c, ERR_INTERNAL, "There is no mark to keep what was written since.");
    TRY(spoil_unless(x->store->backend->keep(c, x), x));
    x->marks--;
    return OK;
}

void store_undo(struct store_session *x)
{
    assert(!x->visiting);
    if (!x->in_transaction || x->spoilt) return;
    // Who undoes without a mark, or cannot, believes something gone that is not: it must not be committed.
    struct call c = {0}; // nobody asks for the words: the transaction is spoilt if this fails
    if (!x->marks || !x->store->backend->undo(x) || changes_find_end(&c, x) != OK) x->spoilt = true;
    else x->marks--;
    call_clear(&c);
}

static FALLIBLE check_record(struct call *c, enum store_kind kind, const struct store_record *r)
{
    TRY(check_kind_and_key(c, kind, r->key));
    if (r->body.n > STORE_MAX_BODY_BYTES) return FAIL(c, ERR_TOO_LARGE, "A record has %zu bytes; the limit is %zu.", r->body.n, STORE_MAX_BODY_BYTES);
    if (r->secondary.n > STORE_MAX_SECONDARY_BYTES)
        return FAIL(c, ERR_TOO_LARGE, "A record's secondary key has %zu bytes; the limit is %d.", r->secondary.n, STORE_MAX_SECONDARY_BYTES);
    return r->due_ns >= 0 ? OK : FAIL(c, ERR_PARAMETER_INVALID, "A record is due before 1970.");
}

enum err store_put_record(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *r)
{
    struct store_record kept = *r;
    TRY(check_in_transaction(c, x));
    TRY(call_check_texts(c));
    TRY(check_record(c, kind, r));
    kept.version = changes_are_kept(kind) ? x->last.number + 1 : 0;
    struct packed_change change;
    if (changes_are_kept(kind)) TRY(changes_pack(c, x, kind, STORE_PUT, r->key, r->body, &change)); // first: without room for it nothing is written
    TRY(spoil_unless(x->store->backend->put(c, x, kind, &kept), x));
    return changes_are_kept(kind) ? spoil_unless(changes_add(c, x, &change), x) : OK;
}

enum err store_put(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes body)
{
    return store_put_record(c, x, kind, &(struct store_record){.key = key, .body = body});
}

enum err store_remove(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    TRY(check_in_transaction(c, x));
    TRY(call_check_texts(c));
    TRY(check_kind_and_key(c, kind, key));
    struct packed_change change;
    if (changes_are_kept(kind)) TRY(changes_pack(c, x, kind, STORE_REMOVED, key, (bytes){0}, &change));
    TRY(spoil_unless(x->store->backend->remove(c, x, kind, key), x));
    return changes_are_kept(kind) ? spoil_unless(changes_add(c, x, &change), x) : OK;
}

uint64_t store_latest(const struct store_session *x)
{
    return x->last.number;
}
