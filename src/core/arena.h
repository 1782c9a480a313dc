/*
 * arena.h - memory that is allocated piece by piece and freed all at once.
 *
 * An arena belongs to one thread at a time. It has a limit, so that one request cannot use
 * up the machine's memory: past the limit every allocation returns NULL.
 *
 * Layer:  core
 */
#pragma once
#include "core/allocator.h"
#include "core/str.h"

#define ARENA_LIMIT_BYTES (64u << 20) /* the default for one unit of work */

struct arena_chunk;
struct arena {
    struct arena_chunk     *chunk;     /* the one being filled; older ones hang behind it */
    size_t                  used;      /* bytes taken from the system */
    size_t                  limit;     /* 0 means ARENA_LIMIT_BYTES */
    const struct allocator *allocator; /* of the chunks; NULL: malloc. It outlives the arena */
};

/* `size` bytes, zeroed, aligned for any type; NULL when the limit or the memory is reached. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE;

/*
 * Room that may later grow: gives back the unused tail of the newest piece, or
 * grows it in place; false if it is not the newest or does not fit.
 */
bool arena_resize_last(struct arena *a, void *piece, size_t old_size, size_t new_size);

/* A copy with a NUL behind it that does not count; NULL `at` if there was no room. */
str arena_copy_str(struct arena *a, str s);

/* Frees all but the newest chunk that is small, so that the next unit of work starts warm. */
void arena_reset(struct arena *a);
/* Frees all; the arena may be used again. */
void arena_clear(struct arena *a);
