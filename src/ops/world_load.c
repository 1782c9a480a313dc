#include "ops/world_load.h"

#include <pthread.h>
#include <stdlib.h>

#include "ops/resource_references.h"
#include "ops/world_kinds.h"

#define CHUNKS_AHEAD 1 // records become smaller when they are put (they share texts): no more chunks than this wait for it

// Records of one kind, in the order of loading. Once it is in the list of `world_records` it does not change.
struct chunk {
    const struct world_kind *row;
    struct chunk            *next;
    size_t                   n;
    struct ref              *records[WORLD_LOAD_CHUNK];
};

struct world_records {
    struct chunk *first, *last;
};

// Between the thread that reads and the one that puts.
struct loading {
    struct world_records    *records;
    struct world            *to;
    const struct world_kind *row;
    struct chunk            *open; // the reader's: it is not full yet
    pthread_t                putter;
    pthread_mutex_t          lock; // of all below, and of the list
    pthread_cond_t           has_more, has_room;
    size_t                   ahead; // chunks that the putter has not taken yet
    bool                     is_whole;
    bool                     is_out_of_memory;
};

static struct chunk *chunk_new(const struct world_kind *row)
{
    struct chunk *x = malloc(sizeof *x);
    if (!x) return NULL;
    x->row = row;
    x->next = NULL;
    x->n = 0;
    return x;
}

static void chunk_free(struct chunk *x)
{
    for (size_t i = 0; x && i < x->n; i++) ref_drop(x->records[i]);
    free(x);
}

void world_records_free(struct world_records *records)
{
    for (struct chunk *x = records ? records->first : NULL, *next; x; x = next) {
        next = x->next;
        chunk_free(x);
    }
    free(records);
}

static void free_records(struct world_records **records)
{
    world_records_free(*records);
}

// By batches: with a prefetch for all of one before its puts, cache misses overlap.
static bool put_chunk(const struct chunk *x, struct world *to)
{
    void                     *home = *world_room(to, x->row->room);
    const struct record_kind *kind = x->row->records;
    bool                      is_put = true;
    for (size_t i = 0; i < x->n && is_put; i++) {
        size_t left = x->n - i;
        if (kind->prefetch && i % RECORD_BATCH == 0) kind->prefetch(home, x->records + i, left < RECORD_BATCH ? left : RECORD_BATCH);
        is_put = kind->put(home, x->records[i]);
    }
    return is_put;
}

bool world_records_put(const struct world_records *records, struct world *to)
{
    const struct chunk *x = records->first;
    while (x && put_chunk(x, to)) x = x->next;
    return !x;
}

// ---- the thread that puts ----

// NULL: there is no more, or no use in more.
static const struct chunk *next_chunk(struct loading *l, const struct chunk *last)
{
    pthread_mutex_lock(&l->lock);
    struct chunk *const *next = last ? &last->next : &l->records->first;
    while (!*next && !l->is_whole) pthread_cond_wait(&l->has_more, &l->lock);
    const struct chunk *x = *next;
    if (x) l->ahead--;
    pthread_cond_signal(&l->has_room);
    pthread_mutex_unlock(&l->lock);
    return x;
}

static void *putter_main(void *context)
{
    struct loading     *l = context;
    const struct chunk *x = NULL;
    bool                is_put = true;
    while (is_put && (x = next_chunk(l, x))) is_put = put_chunk(x, l->to);
    pthread_mutex_lock(&l->lock);
    l->is_out_of_memory = !is_put;
    pthread_cond_signal(&l->has_room);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

// ---- the thread that reads ----

static void hand_over(struct loading *l)
{
    struct chunk *x = TAKE(l->open);
    if (!x) return;
    pthread_mutex_lock(&l->lock);
    while (l->ahead >= CHUNKS_AHEAD && !l->is_out_of_memory) pthread_cond_wait(&l->has_room, &l->lock);
    if (l->records->last) l->records->last->next = x;
    else l->records->first = x;
    l->records->last = x;
    l->ahead++;
    pthread_cond_signal(&l->has_more);
    pthread_mutex_unlock(&l->lock);
}

static enum err read_record(struct call *c, const struct store_record *from, void *context)
{
    struct loading *l = context;
    if (!l->open) l->open = chunk_new(l->row);
    struct chunk *x = l->open;
    if (!x) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(l->row->records->unpack(c, from->body, &x->records[x->n]));
    struct ref **record = &x->records[x->n++]; // the chunk's from here on, whatever fails
    (*record)->version = from->version;
    if (l->row->kind == STORE_RESOURCE) TRY(references_complete(c, record));
    if (x->n == WORLD_LOAD_CHUNK) hand_over(l);
    return OK;
}

static enum err read_all(struct call *c, struct store_session *session, struct loading *l)
{
    for (size_t i = 0; i < WORLD_KIND_N; i++) {
        l->row = &WORLD_KINDS[i];
        TRY(store_scan_records(c, session, l->row->kind, &(struct store_range){0}, read_record, l));
        hand_over(l);
    }
    return OK;
}

// All that was handed over is put, or there was no memory for it.
static void finish(struct loading *l)
{
    pthread_mutex_lock(&l->lock);
    l->is_whole = true;
    pthread_cond_signal(&l->has_more);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->putter, NULL);
    chunk_free(l->open);
}

static enum err load_with(struct call *c, struct store_session *session, struct loading *l)
{
    if (pthread_create(&l->putter, NULL, putter_main, l) != 0) return FAIL(c, ERR_IO, "The thread that loads the state cannot be started.");
    enum err failed = read_all(c, session, l);
    finish(l);
    TRY(failed);
    return l->is_out_of_memory ? FAIL_PLAIN(c, ERR_NO_MEMORY) : OK;
}

enum err world_load(struct call *c, struct store_session *session, struct world *to, struct world_records **out)
{
    CLEANUP(free_records) struct world_records *records = calloc(1, sizeof *records);
    struct loading                              l = {.records = records, .to = to};
    if (!records) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    pthread_mutex_init(&l.lock, NULL);
    pthread_cond_init(&l.has_more, NULL);
    pthread_cond_init(&l.has_room, NULL);
    enum err failed = load_with(c, session, &l);
    pthread_cond_destroy(&l.has_room);
    pthread_cond_destroy(&l.has_more);
    pthread_mutex_destroy(&l.lock);
    TRY(failed);
    *out = TAKE(records);
    return OK;
}
