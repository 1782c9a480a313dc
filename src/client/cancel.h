/*
 * cancel.h - the switch by which a program ends requests that it no longer wants.
 *
 * Who waits looks at it every CANCEL_LOOK_MS: so it needs no descriptor, and a signal handler may set it.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include <stdatomic.h>

#include "lanyard/identity.h"

#define CANCEL_LOOK_MS 50

struct lanyard_cancel {
    atomic_bool                  is_set;
    const struct lanyard_cancel *also; /* another one that counts; may be NULL */
};

static inline bool cancel_is_set(const struct lanyard_cancel *cancel)
{
    for (; cancel; cancel = cancel->also)
        if (atomic_load_explicit(&cancel->is_set, memory_order_acquire)) return true;
    return false;
}
