/*
 * lock.h - management locks: what keeps a scope, and all below it, from being deleted or changed.
 *
 * A lock stands at a subscription, a resource group or a resource. It binds everybody, whatever
 * roles they have, and only management calls: what a service does with data it does not see.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
 */
#pragma once
#include "core/call.h"
#include "core/pack.h"
#include "core/ref.h"

#define LOCK_PATH            "/providers/Microsoft.Authorization/locks/" /* between a scope and a lock's name */
#define LOCK_MAX_NOTES_BYTES 2048                                        /* 512 characters are published: of at most four bytes each */
#define LOCK_MAX_OWNERS      16                                          /* ours: no number is published */

enum lock_level {
    LOCK_CAN_NOT_DELETE, /* nothing at the scope or below is deleted */
    LOCK_READ_ONLY,      /* nor changed, nor asked by POST */
};

struct lock {
    struct ref      ref;
    str             id; /* SCOPE LOCK_PATH NAME */
    str             name;
    enum lock_level level;
    str             notes;
    str             owners; /* a JSON array as it was sent; empty: none was */
};

/* Where it stands. Lives: as long as the lock's id. */
static inline str lock_scope(const struct lock *l)
{
    return str_upto(l->id, l->id.n - l->name.n - strlen(LOCK_PATH));
}

/* "CanNotDelete", "ReadOnly". */
str lock_level_text(enum lock_level level);
/* In any case. False: it is none of them. */
bool lock_level_read(str text, enum lock_level *out);

/* A copy on the heap with one reference, the caller's; packing for the store. Errors: ERR_SCOPE_INVALID - the id is past its limit */
FALLIBLE lock_new(struct call *c, const struct lock *plain, struct lock **out);
void     lock_pack(struct buf *b, const struct lock *l);
FALLIBLE lock_unpack(struct call *c, bytes record, struct lock **out);
