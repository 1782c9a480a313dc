/*
 * allocator.h - where memory comes from, when it is not malloc.
 *
 * The server and the command line use malloc. The installed library may be given an allocator by the program that it is part of.
 *
 * Layer:  core
 */
#pragma once
#include <stdlib.h>
#include <string.h>

#include "core/base.h"

struct allocator {
    void *(*allocate)(size_t size, void *context); /* aligned for any type; NULL: no memory */
    void (*release)(void *at, void *context);      /* never called with NULL */
    void *context;
};

/* `size` bytes, zeroed; NULL: no memory. `a` may be NULL: malloc. */
static inline MUST_USE void *allocator_new(const struct allocator *a, size_t size)
{
    if (!a) return calloc(1, size ? size : 1);
    void *at = a->allocate(size ? size : 1, a->context);
    if (at) memset(at, 0, size);
    return at;
}

/* What allocator_new of the same `a` gave, or NULL. */
static inline void allocator_free(const struct allocator *a, void *at)
{
    if (!at) return;
    if (a) a->release(at, a->context);
    else free(at);
}
