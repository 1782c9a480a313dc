/*
 * ref.h - shared ownership of things that never change once they are made.
 *
 * A struct that embeds a ref as its first member is freed when its last owner drops
 * it. Threads may take and drop at once; nobody may write to what is shared.
 *
 * Layer:  core
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

struct ref {
    atomic_uint n;
    uint32_t    tag;             /* a small number of the record's own: it would be padding */
    void (*free)(struct ref *r); /* frees the whole struct */
    uint64_t version;            /* of a record of the store: the number of the change that wrote it; 0: none yet. Set before it is shared */
};

static inline void ref_init(struct ref *r, void (*free)(struct ref *r))
{
    atomic_init(&r->n, 1);
    r->free = free;
    r->version = 0;
}

static inline void ref_take(struct ref *r)
{
    atomic_fetch_add_explicit(&r->n, 1, memory_order_relaxed);
}

/* NULL is fine. */
static inline void ref_drop(struct ref *r)
{
    if (r && atomic_fetch_sub_explicit(&r->n, 1, memory_order_acq_rel) == 1) r->free(r);
}
