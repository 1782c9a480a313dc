#include "core/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGN               ((size_t)16)
#define FIRST_CHUNK_BYTES   ((size_t)4096)
#define LARGEST_CHUNK_BYTES ((size_t)1 << 20)
#define KEPT_CHUNK_BYTES    ((size_t)64 << 10)
// Left poisoned between pieces, so that the sanitizer sees one piece run into the next.
#ifdef ARENA_POISON
#define GAP ALIGN
#else
#define GAP ((size_t)0)
#endif

// The room past `used` is zero: what was used is wiped when it is given back, so that no secret stays in it.
struct arena_chunk {
    struct arena_chunk *older;
    size_t              size; // bytes of room
    size_t              used;
    _Alignas(16) char room[];
};

static bool round_up(size_t n, size_t *out)
{
    size_t padded;
    if (!size_add(n, ALIGN - 1, &padded)) return false;
    *out = padded & ~(ALIGN - 1);
    return true;
}

static struct arena_chunk *chunk_for(struct arena *a, size_t need)
{
    size_t limit = a->limit ? a->limit : ARENA_LIMIT_BYTES;
    size_t size = a->chunk ? a->chunk->size * 2 : FIRST_CHUNK_BYTES - sizeof(struct arena_chunk);
    if (size > LARGEST_CHUNK_BYTES) size = LARGEST_CHUNK_BYTES;
    if (size < need) size = need;
    if (a->used > limit || need > limit - a->used) return NULL;
    if (size > limit - a->used) size = limit - a->used;
    struct arena_chunk *fresh = allocator_new(a->allocator, sizeof *fresh + size);
    if (!fresh) return NULL;
    fresh->older = a->chunk;
    fresh->size = size;
    ASAN_POISON_MEMORY_REGION(fresh->room, size);
    a->chunk = fresh;
    a->used += size;
    return fresh;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t need;
    if (!round_up(size ? size : 1, &need) || !size_add(need, GAP, &need)) return NULL;
    struct arena_chunk *chunk = a->chunk;
    if (!chunk || chunk->size - chunk->used < need) chunk = chunk_for(a, need);
    if (!chunk) return NULL;
    void *piece = chunk->room + chunk->used;
    chunk->used += need;
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    return piece;
}

// Gives room back from `from` on. Not by memset, which a compiler may leave out before free.
static void wipe(struct arena_chunk *chunk, size_t from)
{
    ASAN_UNPOISON_MEMORY_REGION(chunk->room + from, chunk->used - from);
    explicit_bzero(chunk->room + from, chunk->used - from);
    ASAN_POISON_MEMORY_REGION(chunk->room + from, chunk->used - from);
    chunk->used = from;
}

bool arena_resize_last(struct arena *a, void *piece, size_t old_size, size_t new_size)
{
    size_t              old_need, new_need;
    struct arena_chunk *chunk = a->chunk;
    if (!chunk || !round_up(old_size ? old_size : 1, &old_need)) return false;
    if (!round_up(new_size ? new_size : 1, &new_need) || !size_add(new_need, GAP, &new_need)) return false;
    old_need += GAP;
    if (chunk->used < old_need || (char *)piece != chunk->room + chunk->used - old_need) return false;
    size_t before = chunk->used - old_need;
    if (chunk->size - before < new_need) return false;
    if (new_need < old_need) wipe(chunk, before + new_need);
    chunk->used = before + new_need;
    ASAN_POISON_MEMORY_REGION(piece, new_need);
    ASAN_UNPOISON_MEMORY_REGION(piece, new_size);
    if (new_size > old_size) memset((char *)piece + old_size, 0, new_size - old_size); // a smaller one may have left something there
    return true;
}

str arena_copy_str(struct arena *a, str s)
{
    char *copy = arena_alloc(a, s.n + 1);
    if (!copy) return STR_NONE;
    if (s.n) memcpy(copy, s.at, s.n);
    return (str){copy, s.n};
}

static void free_chunk(const struct arena *a, struct arena_chunk *chunk)
{
    wipe(chunk, 0);
    ASAN_UNPOISON_MEMORY_REGION(chunk->room, chunk->size);
    allocator_free(a->allocator, chunk);
}

// The newest chunk is the largest: an arena that serves one request after the other settles at what one takes.
void arena_reset(struct arena *a)
{
    struct arena_chunk *kept = NULL;
    for (struct arena_chunk *chunk = a->chunk, *older; chunk; chunk = older) {
        older = chunk->older;
        if (kept || chunk->size > KEPT_CHUNK_BYTES) free_chunk(a, chunk);
        else kept = chunk;
    }
    a->chunk = kept;
    a->used = kept ? kept->size : 0;
    if (!kept) return;
    kept->older = NULL;
    wipe(kept, 0);
}

void arena_clear(struct arena *a)
{
    while (a->chunk) {
        struct arena_chunk *older = a->chunk->older;
        free_chunk(a, a->chunk);
        a->chunk = older;
    }
    a->used = 0;
}
