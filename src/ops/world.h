/*
 * world.h - the whole domain in memory, twice: one copy is read while the other changes.
 *
 * Records (principals, resources, assignments ...) are shared by both copies and never
 * change; what is doubled are the indexes over them. The writer changes the idle copy and
 * publishes it. Before it changes anything again it waits until nobody reads the other
 * copy any more - asleep, woken by the last reader - and brings that one up to date with
 * the same changes. So a published change waits for nobody, and a slow reader delays the
 * next change only. Readers take no lock and never wait.
 *
 * Layer:  ops (uses core, directory, resources, rbac, store)
 * Source: P. Ramalhete, A. Correia, "Left-Right: a concurrency control technique with
 *         wait-free population oblivious reads" (2013)
 */
#pragma once
#include "directory/applications.h"
#include "directory/directory.h"
#include "directory/owners.h"
#include "directory/permission_grants.h"
#include "rbac/rules.h"
#include "resources/bindings.h"
#include "resources/tree.h"
#include "store/store.h"

#define WORLD_MAX_READERS 72 /* serving threads and helpers, each with a row of its own */

struct world {
    struct directory         *directory;
    struct applications      *applications;
    struct owners            *owners;
    struct permission_grants *grants;
    struct tree              *tree;
    struct rbac_rules        *rules;
    struct bindings          *bindings;
};

/* One record before and after: NULL before is a new one, NULL after a removal. */
struct change {
    enum store_kind kind;
    struct ref     *before;
    struct ref     *after;
};

struct worlds;

/*
 * Reads all records of the store into the published copy: readers may begin. The idle one follows with
 * worlds_complete. Where others may write meanwhile, the session must be in a read transaction (store_begin_read).
 * Records know their version: ref->version is that of the store's record, and changes with every write of it.
 * Errors: ERR_STORE_DAMAGED, ERR_STORE_UNAVAILABLE
 */
FALLIBLE worlds_load(struct call *c, struct store_session *session, struct worlds **out);
void     worlds_free(struct worlds *w);

/*
 * The published copy, for reading: it and all it holds stay until world_leave. A row is one
 * thread's own (0 .. WORLD_MAX_READERS-1); entering again before leaving is counted.
 */
const struct world *world_enter(struct worlds *w, unsigned row);
void                world_leave(struct worlds *w, unsigned row);

/* The rest is the writer's alone. */

/*
 * Brings the idle copy to where the published one is, once its readers have left it: after loading and after each
 * world_publish. The functions below do it where they need it; to do it before spares the next change the time.
 */
void worlds_complete(struct worlds *w);

/* The idle copy, with the changes of this turn. */
const struct world *world_draft(struct worlds *w);
/*
 * Changes the draft and the store's transaction: packs `after` and puts it, or removes `before`.
 * `before` is what stands in the draft; the caller's reference to `after` is taken over, also on failure.
 */
FALLIBLE world_change(struct call *c, struct worlds *w, struct store_session *session, enum store_kind kind, const struct ref *before,
                      struct ref *after);
/* How many changes the draft holds; world_undo takes back those after the first `keep`, newest first. */
size_t world_changes(const struct worlds *w);
/* One of them, in the order in which they were made. Lives: until the next change. */
const struct change *world_change_at(const struct worlds *w, size_t i);
void                 world_undo(struct worlds *w, size_t keep);
/* Publishes the draft: whoever enters from now on reads it. Waits for nobody. */
void world_publish(struct worlds *w);

/*
 * A follower: worlds of a store that somebody else writes. It is brought to where the store is by the store's change
 * sequence alone, and publishes whole transactions only. The session is a reading one, in no read transaction.
 * Errors: ERR_NOT_FOUND - it is too far behind: make it anew with worlds_load. ERR_STORE_DAMAGED, ERR_STORE_UNAVAILABLE;
 *         it is then at the change that worlds_at says, and may go on later.
 */
FALLIBLE worlds_follow(struct call *c, struct worlds *w, struct store_session *session);
/* The number of the change that the follower is at; of other worlds, that at which they were loaded. */
uint64_t worlds_at(const struct worlds *w);
