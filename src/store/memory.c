#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/ref.h"
#include "store/backend.h"

// A version of the records is a tree per kind that never changes: a write builds the path to the
// record anew and shares the rest. So a reader, a mark and a rollback are each a version held on to.
// The trees are treaps: ordered from left to right, by rank (a hash of the key) from the root down. Beside the tree
// by key a kind has one of those that are due some time and one of those with a secondary key.

struct record {
    struct ref ref;
    size_t     key_n, body_n, secondary_n;
    int64_t    due_ns;
    uint64_t   version;
    char       at[]; // the key, the body, the secondary key
};

struct node {
    struct ref     ref;
    uint64_t       rank;
    struct record *record;
    struct node   *left, *right;
};

struct version {
    struct node *kinds[STORE_ALL_KINDS][STORE_ORDER_N];
};

struct mark {
    struct version before;
    struct mark   *older;
};

struct memory_store {
    struct store    base;
    uint64_t        seed;
    pthread_mutex_t lock; // guards `committed`
    struct version  committed;
};

struct memory_session {
    struct store_session base;
    struct version       draft; // the writer's, in its transaction; what a read transaction sees
    struct mark         *marks;
};

static str key_of(const struct record *r)
{
    return (str){r->at, r->key_n};
}

static bytes body_of(const struct record *r)
{
    return (bytes){(const uint8_t *)r->at + r->key_n, r->body_n};
}

static void record_free(struct ref *r)
{
    free(r);
}

static str secondary_of(const struct record *r)
{
    return (str){r->at + r->key_n + r->body_n, r->secondary_n};
}

static struct store_record view(const struct record *r)
{
    return (struct store_record){.key = key_of(r), .body = body_of(r), .due_ns = r->due_ns, .secondary = secondary_of(r), .version = r->version};
}

static struct record *record_new(const struct store_record *from)
{
    struct record *r = malloc(sizeof *r + from->key.n + from->body.n + from->secondary.n);
    if (!r) return NULL;
    ref_init(&r->ref, record_free);
    r->key_n = from->key.n;
    r->body_n = from->body.n;
    r->secondary_n = from->secondary.n;
    r->due_ns = from->due_ns;
    r->version = from->version;
    memcpy(r->at, from->key.at, r->key_n);
    if (r->body_n) memcpy(r->at + r->key_n, from->body.at, r->body_n);
    if (r->secondary_n) memcpy(r->at + r->key_n + r->body_n, from->secondary.at, r->secondary_n);
    return r;
}

// Does the record stand in that order at all?
static bool has_order(const struct record *r, enum store_order order)
{
    return order == STORE_BY_KEY || (order == STORE_BY_DUE ? r->due_ns > 0 : r->secondary_n > 0);
}

static int compare(enum store_order order, const struct record *a, const struct record *b)
{
    int d = 0;
    if (order == STORE_BY_DUE) d = (a->due_ns > b->due_ns) - (a->due_ns < b->due_ns);
    if (order == STORE_BY_SECONDARY) d = str_cmp(secondary_of(a), secondary_of(b));
    return d ? d : str_cmp(key_of(a), key_of(b));
}

static void record_freep(struct record **r)
{
    if (*r) ref_drop(&(*r)->ref);
}

static struct node *hold(struct node *t)
{
    if (t) ref_take(&t->ref);
    return t;
}

static void drop(struct node *t)
{
    if (t) ref_drop(&t->ref);
}

static void dropp(struct node **t)
{
    drop(*t);
}

static void node_free(struct ref *r)
{
    struct node *t = CONTAINER_OF(r, struct node, ref);
    ref_drop(&t->record->ref);
    drop(t->left);
    drop(t->right);
    free(t);
}

// Owns `left` and `right` from here on. Without memory it sets *full and gives the empty tree: who
// builds a tree looks at *full once, at the end.
static struct node *node_new(bool *full, struct record *record, uint64_t rank, struct node *left, struct node *right)
{
    struct node *t = malloc(sizeof *t);
    if (!t) {
        *full = true;
        drop(left);
        drop(right);
        return NULL;
    }
    ref_init(&t->ref, node_free);
    ref_take(&record->ref);
    t->rank = rank;
    t->record = record;
    t->left = left;
    t->right = right;
    return t;
}

// `t` with the record in it, in place of one of the same place in the order.
static struct node *with(bool *full, enum store_order order, struct node *t, struct record *r, uint64_t rank)
{
    if (!t) return node_new(full, r, rank, NULL, NULL);
    int d = compare(order, r, t->record);
    if (d == 0) return node_new(full, r, t->rank, hold(t->left), hold(t->right));
    CLEANUP(dropp) struct node *side = with(full, order, d < 0 ? t->left : t->right, r, rank);
    if (!side) return NULL;
    if (side->rank <= t->rank && d < 0) return node_new(full, t->record, t->rank, TAKE(side), hold(t->right));
    if (side->rank <= t->rank) return node_new(full, t->record, t->rank, hold(t->left), TAKE(side));
    // The new record outranks `t`: it comes up, and `t` goes down to its other side.
    if (d < 0) {
        struct node *down = node_new(full, t->record, t->rank, hold(side->right), hold(t->right));
        return node_new(full, side->record, side->rank, hold(side->left), down);
    }
    struct node *down = node_new(full, t->record, t->rank, hold(t->left), hold(side->left));
    return node_new(full, side->record, side->rank, down, hold(side->right));
}

// One tree of two, where every key of `a` is below every key of `b`.
static struct node *joined(bool *full, struct node *a, struct node *b)
{
    if (!a || !b) return hold(a ? a : b);
    if (a->rank > b->rank) return node_new(full, a->record, a->rank, hold(a->left), joined(full, a->right, b));
    return node_new(full, b->record, b->rank, joined(full, a, b->left), hold(b->right));
}

static struct node *without(bool *full, enum store_order order, struct node *t, const struct record *r)
{
    if (!t) return NULL;
    int d = compare(order, r, t->record);
    if (d == 0) return joined(full, t->left, t->right);
    if (d < 0) return node_new(full, t->record, t->rank, without(full, order, t->left, r), hold(t->right));
    return node_new(full, t->record, t->rank, hold(t->left), without(full, order, t->right, r));
}

static struct record *find(const struct node *t, str key)
{
    while (t) {
        int d = str_cmp(key, key_of(t->record));
        if (d == 0) return t->record;
        t = d < 0 ? t->left : t->right;
    }
    return NULL;
}

static struct version version_hold(const struct version *v)
{
    struct version held;
    for (size_t i = 0; i < STORE_ALL_KINDS; i++)
        for (size_t o = 0; o < STORE_ORDER_N; o++) held.kinds[i][o] = hold(v->kinds[i][o]);
    return held;
}

static void version_drop(struct version *v)
{
    for (size_t i = 0; i < STORE_ALL_KINDS; i++)
        for (size_t o = 0; o < STORE_ORDER_N; o++) drop(v->kinds[i][o]);
    *v = (struct version){0};
}

static struct memory_store *store_of(struct store_session *x)
{
    return CONTAINER_OF(x->store, struct memory_store, base);
}

static struct memory_session *session_of(struct store_session *x)
{
    return CONTAINER_OF(x, struct memory_session, base);
}

// What the session sees of a kind: the writer its draft, a read transaction what it began with, everybody else what
// was committed last.
static struct node *seen(struct store_session *x, enum store_kind kind, enum store_order order)
{
    if (x->in_transaction || x->in_read) return hold(session_of(x)->draft.kinds[kind][order]);
    struct memory_store *s = store_of(x);
    pthread_mutex_lock(&s->lock);
    struct node *t = hold(s->committed.kinds[kind][order]);
    pthread_mutex_unlock(&s->lock);
    return t;
}

static enum err memory_get(struct call *c, struct store_session *x, enum store_kind kind, str key, struct store_record *out)
{
    CLEANUP(dropp) struct node *t = seen(x, kind, STORE_BY_KEY);
    const struct record        *r = find(t, key);
    if (!r) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    struct store_record copy = view(r);
    str                 body;
    TRY(call_copy_str(c, copy.key, &copy.key));
    TRY(call_copy_str(c, bytes_str(copy.body), &body));
    TRY(call_copy_str(c, copy.secondary, &copy.secondary));
    copy.body = str_bytes(body);
    *out = copy;
    return OK;
}

struct walk {
    const struct store_span *span;
    store_record_visit      *visit;
    void                    *context;
    size_t                   visited;
};

static bool is_high_enough(const struct store_span *span, const struct record *r)
{
    if (span->order == STORE_BY_DUE) return true;
    if (span->order == STORE_BY_KEY) return str_cmp(key_of(r), span->low) >= 0;
    int d = str_cmp(secondary_of(r), span->after_secondary);
    return str_cmp(secondary_of(r), span->low) >= 0 && (d > 0 || (d == 0 && str_cmp(key_of(r), span->after_key) > 0));
}

static bool is_low_enough(const struct store_span *span, const struct record *r)
{
    if (span->order == STORE_BY_DUE) return r->due_ns <= span->until_ns;
    return str_cmp(span->order == STORE_BY_KEY ? key_of(r) : secondary_of(r), span->high) < 0;
}

static enum err walk(struct call *c, const struct node *t, struct walk *w)
{
    const struct store_span *span = w->span;
    if (!t) return OK;
    bool low_enough = is_low_enough(span, t->record), high_enough = is_high_enough(span, t->record);
    if (high_enough && !span->backwards) TRY(walk(c, t->left, w));
    if (low_enough && span->backwards) TRY(walk(c, t->right, w));
    if (span->limit && w->visited == span->limit) return OK;
    if (low_enough && high_enough) {
        struct store_record r = view(t->record);
        w->visited++;
        TRY(w->visit(c, &r, w->context));
    }
    if (low_enough && !span->backwards) TRY(walk(c, t->right, w));
    if (high_enough && span->backwards) TRY(walk(c, t->left, w));
    return OK;
}

static enum err memory_scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_span *span, store_record_visit *visit,
                            void *context)
{
    CLEANUP(dropp) struct node *t = seen(x, kind, span->order);
    return walk(c, t, &(struct walk){.span = span, .visit = visit, .context = context});
}

static enum err memory_begin_read(struct call *c, struct store_session *x)
{
    struct memory_store *s = store_of(x);
    (void)c;
    pthread_mutex_lock(&s->lock);
    session_of(x)->draft = version_hold(&s->committed);
    pthread_mutex_unlock(&s->lock);
    return OK;
}

static void memory_end_read(struct store_session *x)
{
    version_drop(&session_of(x)->draft);
}

static enum err memory_begin(struct call *c, struct store_session *x)
{
    (void)c;
    // Only this session changes what is committed: it may look without the lock.
    session_of(x)->draft = version_hold(&store_of(x)->committed);
    return OK;
}

static enum err memory_commit(struct call *c, struct store_session *x)
{
    (void)c;
    struct memory_store *s = store_of(x);
    pthread_mutex_lock(&s->lock);
    struct version before = s->committed;
    s->committed = session_of(x)->draft;
    pthread_mutex_unlock(&s->lock);
    session_of(x)->draft = (struct version){0};
    version_drop(&before);
    return OK;
}

static enum err memory_mark(struct call *c, struct store_session *x)
{
    struct memory_session *m = session_of(x);
    struct mark           *fresh = malloc(sizeof *fresh);
    if (!fresh) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *fresh = (struct mark){.before = version_hold(&m->draft), .older = m->marks};
    m->marks = fresh;
    return OK;
}

// What stood at the latest mark; the mark is gone.
static struct version unmark(struct memory_session *m)
{
    struct mark   *mark = m->marks;
    struct version before = mark->before;
    m->marks = mark->older;
    free(mark);
    return before;
}

static enum err memory_keep(struct call *c, struct store_session *x)
{
    (void)c;
    struct version before = unmark(session_of(x));
    version_drop(&before);
    return OK;
}

static bool memory_undo(struct store_session *x)
{
    struct memory_session *m = session_of(x);
    version_drop(&m->draft);
    m->draft = unmark(m);
    return true;
}

static void memory_rollback(struct store_session *x)
{
    while (session_of(x)->marks) memory_undo(x);
    version_drop(&session_of(x)->draft);
}

static enum err replace(struct call *c, struct node **root, struct node *fresh, bool full)
{
    if (full) {
        drop(fresh);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    drop(*root);
    *root = fresh;
    return OK;
}

// Without memory the draft is left by halves: the transaction is spoilt then, and nothing of it is kept.
static enum err take_out(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    struct node  **roots = session_of(x)->draft.kinds[kind];
    struct record *old = find(roots[STORE_BY_KEY], key);
    if (!old) return OK;
    ref_take(&old->ref); // the trees go on without it
    CLEANUP(record_freep) struct record *held = old;
    for (enum store_order order = 0; order < STORE_ORDER_N; order++) {
        bool full = false;
        if (!has_order(held, order)) continue;
        struct node *fresh = without(&full, order, roots[order], held);
        TRY(replace(c, &roots[order], fresh, full));
    }
    return OK;
}

static enum err memory_put(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *from)
{
    struct node                        **roots = session_of(x)->draft.kinds[kind];
    CLEANUP(record_freep) struct record *r = record_new(from);
    if (!r) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(take_out(c, x, kind, from->key));
    for (enum store_order order = 0; order < STORE_ORDER_N; order++) {
        bool full = false;
        if (!has_order(r, order)) continue;
        struct node *fresh = with(&full, order, roots[order], r, hash_str(store_of(x)->seed, from->key));
        TRY(replace(c, &roots[order], fresh, full));
    }
    return OK;
}

static enum err memory_remove(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    return take_out(c, x, kind, key);
}

static const struct record *lowest(const struct node *t)
{
    while (t && t->left) t = t->left;
    return t ? t->record : NULL;
}

static enum err memory_remove_below(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    const struct record *r;
    while ((r = lowest(session_of(x)->draft.kinds[kind][STORE_BY_KEY])) && str_cmp(key_of(r), key) < 0) TRY(take_out(c, x, kind, key_of(r)));
    return OK;
}

static enum err memory_session_open(struct call *c, struct store *s, enum store_access access, struct store_session **out)
{
    (void)s, (void)access;
    struct memory_session *m = calloc(1, sizeof *m);
    if (!m) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = &m->base;
    return OK;
}

static void memory_session_close(struct store_session *x)
{
    free(session_of(x));
}

static void memory_close(struct store *base)
{
    struct memory_store *s = CONTAINER_OF(base, struct memory_store, base);
    version_drop(&s->committed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void memory_distrust(struct store *base)
{
    (void)base; // there are no files
}

static enum err memory_settle(struct call *c, struct store_session *x)
{
    (void)c, (void)x; // and no log
    return OK;
}

static const struct store_backend MEMORY = {
    .close = memory_close,
    .distrust = memory_distrust,
    .session_open = memory_session_open,
    .session_close = memory_session_close,
    .get = memory_get,
    .scan = memory_scan,
    .begin = memory_begin,
    .commit = memory_commit,
    .settle = memory_settle,
    .mark = memory_mark,
    .keep = memory_keep,
    .undo = memory_undo,
    .put = memory_put,
    .remove = memory_remove,
    .remove_below = memory_remove_below,
    .begin_read = memory_begin_read,
    .end_read = memory_end_read,
    .rollback = memory_rollback,
};

enum err store_open_memory(struct call *c, struct store **out)
{
    struct memory_store *s = calloc(1, sizeof *s);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    s->base.backend = &MEMORY;
    s->seed = hash_seed_new();
    pthread_mutex_init(&s->lock, NULL);
    *out = &s->base;
    return OK;
}
