/*
 * world_load.h - all records of the store, read into a world by two threads.
 *
 * The calling thread reads and unpacks, another puts what is unpacked into the indexes: with two processors
 * a start takes as long as the slower half.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "core/record_kind.h"
#include "ops/world.h"

#define WORLD_LOAD_CHUNK (256 * RECORD_BATCH) /* so many are handed over at once: enough that malloc gives the memory back as a whole */

/* What was read, with a reference to each record, until it is in both copies. */
struct world_records;

/*
 * Fills a world that is empty. Lives: *out is the caller's, to be freed.
 * Errors: ERR_STORE_DAMAGED, ERR_STORE_UNAVAILABLE, ERR_NO_MEMORY, ERR_IO - no thread can be started
 */
FALLIBLE world_load(struct call *c, struct store_session *session, struct world *to, struct world_records **out);
/* Puts all into another copy. False: there was no memory for all. */
bool world_records_put(const struct world_records *records, struct world *to);
/* NULL is fine. */
void world_records_free(struct world_records *records);
