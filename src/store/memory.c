#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/ref.h"
#include "store/backend.h"

// A version of the records is a tree per kind that never changes: a write builds the path to the
// record anew and shares the rest. So a reader, a mark and a rollback are each a version held on to.
// The trees are treaps: ordered by key from left to right, by rank (a hash of the key) from the root down.

struct record {
    struct ref ref;
    size_t     key_n;
    size_t     body_n;
    char       at[]; // the key, then the body
};

struct node {
    struct ref     ref;
    uint64_t       rank;
    struct record *record;
    struct node   *left, *right;
};

struct version {
    struct node *kinds[STORE_MAX_KINDS];
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
    struct version       draft; // the writer's, in its transaction
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

static struct record *record_new(str key, bytes body)
{
    struct record *r = malloc(sizeof *r + key.n + body.n);
    if (!r) return NULL;
    ref_init(&r->ref, record_free);
    r->key_n = key.n;
    r->body_n = body.n;
    memcpy(r->at, key.at, key.n);
    if (body.n) memcpy(r->at + key.n, body.at, body.n);
    return r;
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

// `t` with the record in it, in place of one of the same key.
static struct node *with(bool *full, struct node *t, struct record *r, uint64_t rank)
{
    if (!t) return node_new(full, r, rank, NULL, NULL);
    int d = str_cmp(key_of(r), key_of(t->record));
    if (d == 0) return node_new(full, r, t->rank, hold(t->left), hold(t->right));
    CLEANUP(dropp) struct node *side = with(full, d < 0 ? t->left : t->right, r, rank);
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

static struct node *without(bool *full, struct node *t, str key)
{
    if (!t) return NULL;
    int d = str_cmp(key, key_of(t->record));
    if (d == 0) return joined(full, t->left, t->right);
    if (d < 0) return node_new(full, t->record, t->rank, without(full, t->left, key), hold(t->right));
    return node_new(full, t->record, t->rank, hold(t->left), without(full, t->right, key));
}

static const struct record *find(const struct node *t, str key)
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
    for (size_t i = 0; i < STORE_MAX_KINDS; i++) held.kinds[i] = hold(v->kinds[i]);
    return held;
}

static void version_drop(struct version *v)
{
    for (size_t i = 0; i < STORE_MAX_KINDS; i++) drop(v->kinds[i]);
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

// What the session sees of a kind: the writer its draft, everybody else what was committed last.
static struct node *seen(struct store_session *x, enum store_kind kind)
{
    if (x->in_transaction) return hold(session_of(x)->draft.kinds[kind]);
    struct memory_store *s = store_of(x);
    pthread_mutex_lock(&s->lock);
    struct node *t = hold(s->committed.kinds[kind]);
    pthread_mutex_unlock(&s->lock);
    return t;
}

static enum err memory_get(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes *out)
{
    CLEANUP(dropp) struct node *t = seen(x, kind);
    const struct record        *r = find(t, key);
    if (!r) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    str copy;
    TRY(call_copy_str(c, bytes_str(body_of(r)), &copy));
    *out = str_bytes(copy);
    return OK;
}

struct walk {
    const struct store_span *span;
    store_visit             *visit;
    void                    *context;
    size_t                   visited;
};

static enum err walk(struct call *c, const struct node *t, struct walk *w)
{
    const struct store_span *span = w->span;
    if (!t) return OK;
    bool low_enough = str_cmp(key_of(t->record), span->high) < 0;
    bool high_enough = str_cmp(key_of(t->record), span->low) >= 0;
    if (high_enough && !span->backwards) TRY(walk(c, t->left, w));
    if (low_enough && span->backwards) TRY(walk(c, t->right, w));
    if (span->limit && w->visited == span->limit) return OK;
    if (low_enough && high_enough) {
        w->visited++;
        TRY(w->visit(c, key_of(t->record), body_of(t->record), w->context));
    }
    if (low_enough && !span->backwards) TRY(walk(c, t->right, w));
    if (high_enough && span->backwards) TRY(walk(c, t->left, w));
    return OK;
}

static enum err memory_scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_span *span,
                            store_visit *visit, void *context)
{
    CLEANUP(dropp) struct node *t = seen(x, kind);
    return walk(c, t, &(struct walk){.span = span, .visit = visit, .context = context});
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

static enum err memory_put(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes body)
{
    struct node                 **root = &session_of(x)->draft.kinds[kind];
    CLEANUP(record_freep) struct record *r = record_new(key, body);
    bool                          full = false;
    if (!r) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct node *fresh = with(&full, *root, r, hash_str(store_of(x)->seed, key));
    return replace(c, root, fresh, full);
}

static enum err memory_remove(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    struct node **root = &session_of(x)->draft.kinds[kind];
    bool          full = false;
    if (!find(*root, key)) return OK;
    struct node *fresh = without(&full, *root, key);
    return replace(c, root, fresh, full);
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
