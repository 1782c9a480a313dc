#include "core/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE ((size_t)64)
#define HUGE_PAGE  ((size_t)2 << 20)

static void *small_alloc(size_t bytes)
{
    size_t whole = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void  *room = aligned_alloc(CACHE_LINE, whole ? whole : CACHE_LINE);
    if (room) memset(room, 0, bytes);
    return room;
}

void *pages_alloc(size_t n, size_t size)
{
    size_t bytes, whole;
    if (!size_mul(n, size, &bytes) || !size_add(bytes, HUGE_PAGE - 1, &whole)) return NULL;
    if (bytes < HUGE_PAGE) return small_alloc(bytes);
    whole = whole / HUGE_PAGE * HUGE_PAGE;
    void *room = aligned_alloc(HUGE_PAGE, whole);
    if (!room) return NULL;
    madvise(room, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); // a request: without them it is slower. The rest may be little
    memset(room, 0, bytes);
    return room;
}
