#include "ops/world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/report.h"
#include "ops/world_kinds.h"
#include "ops/world_load.h"

// The kind of a change: one that is not held in memory cannot be changed in it.
static const struct world_kind *kind_of(enum store_kind kind)
{
    const struct world_kind *row = world_kind_find(kind);
    if (!row) abort();
    return row;
}

#define CHANGES_KEPT 4096 // room for that many is kept from turn to turn

// How deep a thread is inside the published copy, and which copy that is. One cache line each.
struct reader {
    _Alignas(64) _Atomic uint32_t depth;
    _Atomic uint32_t side; // 0 or 1: valid while depth > 0
};

struct worlds {
    struct world          sides[2];
    _Atomic uint32_t      published; // index of the copy that is read
    struct change        *changes;   // of this turn; or, if is_behind, those that the idle copy lacks yet
    size_t                change_n, change_room;
    bool                  is_behind;
    struct world_records *loaded;        // if the idle copy lacks all that was loaded; else NULL
    uint64_t              at;            // of a follower, and after loading: the number of the change that the copies are at
    atomic_bool           is_waited_for; // the writer waits for a reader to leave
    pthread_mutex_t       lock;          // for that wait alone
    pthread_cond_t        has_left;
    struct reader         readers[WORLD_MAX_READERS];
};

static bool world_init(struct world *w)
{
    bool is_made = true;
    for (size_t i = 0; i < WORLD_ROOM_N; i++) is_made = (*world_room(w, WORLD_ROOMS[i].at) = WORLD_ROOMS[i].make()) && is_made;
    return is_made;
}

static void world_clear(struct world *w)
{
    for (size_t i = 0; i < WORLD_ROOM_N; i++) {
        void *home = *world_room(w, WORLD_ROOMS[i].at);
        if (home) WORLD_ROOMS[i].free(home);
    }
}

static bool put(const struct world_kind *row, struct world *to, struct ref *record)
{
    return row->records->put(*world_room(to, row->room), record);
}

static void drop_change(struct change *change)
{
    ref_drop(change->before);
    ref_drop(change->after);
}

// Takes the change's references over, also on failure.
static enum err remember(struct call *c, struct worlds *w, struct change change)
{
    if (w->change_n == w->change_room) {
        size_t         room = w->change_room ? w->change_room * 2 : 64;
        struct change *more = realloc(w->changes, room * sizeof *more);
        if (!more) {
            drop_change(&change);
            return FAIL_PLAIN(c, ERR_NO_MEMORY);
        }
        w->changes = more;
        w->change_room = room;
    }
    w->changes[w->change_n++] = change;
    return OK;
}

void worlds_free(struct worlds *w)
{
    if (!w) return;
    world_records_free(w->loaded);
    while (w->change_n > 0) drop_change(&w->changes[--w->change_n]); // no copy is looked at any more
    free(w->changes);
    world_clear(&w->sides[0]);
    world_clear(&w->sides[1]);
    pthread_cond_destroy(&w->has_left);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void free_worlds(struct worlds **w)
{
    worlds_free(*w);
}

enum err worlds_load(struct call *c, struct store_session *session, struct worlds **out)
{
    uint64_t                            oldest;
    CLEANUP(free_worlds) struct worlds *w = NULL;
    w = aligned_alloc(_Alignof(struct reader), sizeof *w);
    if (!w) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    memset(w, 0, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_left, NULL);
    if (!world_init(&w->sides[0]) || !world_init(&w->sides[1])) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(store_changes_kept(c, session, &oldest, &w->at));
    TRY(world_load(c, session, &w->sides[0], &w->loaded));
    w->is_behind = true;
    *out = TAKE(w);
    return OK;
}

const struct world *world_enter(struct worlds *w, unsigned row)
{
    struct reader *r = &w->readers[row];
    if (atomic_load_explicit(&r->depth, memory_order_relaxed) > 0) {
        atomic_fetch_add_explicit(&r->depth, 1, memory_order_relaxed);
        return &w->sides[atomic_load_explicit(&r->side, memory_order_relaxed)];
    }
    // The mark goes up before the copy is chosen, and the choice is made again if the writer published
    // in between: so the writer either sees the mark, or this reader sees the new copy.
    for (;;) {
        uint32_t side = atomic_load(&w->published);
        atomic_store(&r->side, side);
        atomic_store(&r->depth, 1);
        if (atomic_load(&w->published) == side) return &w->sides[side];
        atomic_store(&r->depth, 0);
    }
}

// The mark goes down before the look at the writer's, which goes up before its look at this one: either the
// writer sees that nobody is there, or this reader sees that it is waited for.
void world_leave(struct worlds *w, unsigned row)
{
    bool has_left = atomic_fetch_sub(&w->readers[row].depth, 1) == 1;
    if (!has_left || !atomic_load(&w->is_waited_for)) return;
    pthread_mutex_lock(&w->lock);
    pthread_cond_signal(&w->has_left);
    pthread_mutex_unlock(&w->lock);
}

static struct world *draft(const struct worlds *w)
{
    return (struct world *)&w->sides[1 - atomic_load_explicit(&w->published, memory_order_relaxed)];
}

const struct world *world_draft(struct worlds *w)
{
    worlds_complete(w);
    return draft(w);
}

// Memory that runs out between the store and the indexes leaves no way back; what is on disk is whole.
static void stop(void)
{
    report(REPORT_ERROR, "ops: out of memory", "what=\"stopping; start the server again with more memory\"");
    abort();
}

static void apply(struct world *to, enum store_kind kind, struct ref *before, struct ref *after)
{
    const struct world_kind *row = kind_of(kind);
    if (before && !after) row->records->remove(*world_room(to, row->room), before);
    if (after && !put(row, to, after)) stop();
}

static enum err write_record(struct call *c, struct store_session *session, const struct change *change)
{
    const struct record_kind *records = kind_of(change->kind)->records;
    struct buf                key, body;
    str                       key_text, body_text;
    buf_init(&key, &c->arena);
    records->key(&key, change->after ? change->after : change->before);
    TRY(buf_finish(c, &key, &key_text));
    if (!change->after) return store_remove(c, session, change->kind, key_text);
    buf_init(&body, &c->arena);
    records->pack(&body, change->after);
    TRY(buf_finish(c, &body, &body_text));
    TRY(store_put(c, session, change->kind, key_text, str_bytes(body_text)));
    change->after->version = store_latest(session);
    return OK;
}

enum err world_change(struct call *c, struct worlds *w, struct store_session *session, enum store_kind kind, const struct ref *before,
                      struct ref *after)
{
    struct change change = {.kind = kind, .before = (struct ref *)before, .after = after};
    if (before) ref_take(change.before);
    worlds_complete(w);
    enum err failed = write_record(c, session, &change);
    if (failed != OK) {
        drop_change(&change);
        return failed;
    }
    TRY(remember(c, w, change));
    apply(draft(w), change.kind, change.before, change.after);
    return OK;
}

static bool is_read(struct worlds *w, uint32_t side)
{
    for (size_t i = 0; i < COUNT(w->readers); i++) {
        struct reader *r = &w->readers[i];
        if (atomic_load(&r->depth) > 0 && atomic_load(&r->side) == side) return true;
    }
    return false;
}

static void wait_for_readers(struct worlds *w, uint32_t side)
{
    if (!is_read(w, side)) return;
    pthread_mutex_lock(&w->lock);
    atomic_store(&w->is_waited_for, true);
    while (is_read(w, side)) pthread_cond_wait(&w->has_left, &w->lock);
    atomic_store(&w->is_waited_for, false);
    pthread_mutex_unlock(&w->lock);
}

void worlds_complete(struct worlds *w)
{
    if (!w->is_behind) return;
    wait_for_readers(w, 1 - atomic_load_explicit(&w->published, memory_order_relaxed));
    if (w->loaded && !world_records_put(w->loaded, draft(w))) stop();
    world_records_free(TAKE(w->loaded));
    for (size_t i = 0; i < w->change_n; i++) {
        apply(draft(w), w->changes[i].kind, w->changes[i].before, w->changes[i].after);
        drop_change(&w->changes[i]);
    }
    w->change_n = 0;
    w->is_behind = false;
    if (w->change_room <= CHANGES_KEPT) return;
    free(w->changes); // of a long turn: few need that much
    w->changes = NULL;
    w->change_room = 0;
}

size_t world_changes(const struct worlds *w)
{
    return w->is_behind ? 0 : w->change_n;
}

const struct change *world_change_at(const struct worlds *w, size_t i)
{
    return &w->changes[i];
}

void world_undo(struct worlds *w, size_t keep)
{
    while (!w->is_behind && w->change_n > keep) {
        struct change *change = &w->changes[--w->change_n];
        apply(draft(w), change->kind, change->after, change->before);
        drop_change(change);
    }
}

void world_publish(struct worlds *w)
{
    if (world_changes(w) == 0) return;
    atomic_store(&w->published, 1 - atomic_load(&w->published));
    w->is_behind = true;
}

// --- following ---

#define FOLLOW_BATCH 4096

struct following {
    struct worlds *worlds;
    uint64_t       number;        // of the change that was applied last
    uint64_t       whole_number;  // the last one of the last transaction that was applied as a whole
    size_t         whole_changes; // how many changes the draft had then
    size_t         n;             // changes told in this batch
};

// One change applied to the draft.
static enum err follow_one(struct call *c, struct worlds *w, const struct store_change *change)
{
    const struct world_kind *row = world_kind_find(change->kind);
    struct change            one = {.kind = change->kind};
    if (!row) return OK; // not held in memory
    one.before = (struct ref *)row->records->find(*world_room(draft(w), row->room), change->key);
    if (change->what == STORE_PUT) {
        TRY(row->records->unpack(c, change->body, &one.after));
        one.after->version = change->number;
    }
    if (!one.before && !one.after) return OK; // the removal of what was not there
    if (one.before) ref_take(one.before);
    TRY(remember(c, w, one));
    apply(draft(w), one.kind, one.before, one.after);
    return OK;
}

static enum err follow(struct call *c, const struct store_change *change, void *context)
{
    struct following *f = context;
    if (change->number == change->first) { // the transaction before is whole
        f->whole_number = change->number - 1;
        f->whole_changes = world_changes(f->worlds);
    }
    TRY(follow_one(c, f->worlds, change));
    f->number = change->number;
    f->n++;
    return OK;
}

// All that is told, in batches; a batch that ends within a transaction gives that one's beginning back, unless it has no more.
static enum err follow_all(struct call *c, struct worlds *w, struct store_session *session)
{
    struct following f = {.worlds = w, .number = w->at};
    do {
        f.n = 0;
        TRY(store_changes(c, session, f.number, FOLLOW_BATCH, follow, &f));
        bool is_all = f.n < FOLLOW_BATCH;
        if (!is_all && f.whole_number <= w->at) continue; // one transaction that is longer than a batch
        if (!is_all) world_undo(w, f.whole_changes);
        w->at = f.number = is_all ? f.number : f.whole_number;
        world_publish(w);
        worlds_complete(w);
    } while (f.n == FOLLOW_BATCH);
    return OK;
}

enum err worlds_follow(struct call *c, struct worlds *w, struct store_session *session)
{
    worlds_complete(w);
    TRY(store_begin_read(c, session));
    enum err failed = follow_all(c, w, session);
    store_end_read(session);
    if (failed != OK) world_undo(w, 0); // of the batch that failed; those before it are published
    return failed;
}

uint64_t worlds_at(const struct worlds *w)
{
    return w->at;
}
