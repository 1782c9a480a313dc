/*
 * secret.h - a key or password: wiped when it goes, printed as ***, compared in constant time.
 *
 * Layer:  core
 */
#pragma once
#include "core/call.h"

struct secret {
    uint8_t                *at; /* read it through secret_reveal; a NUL stands behind the last byte, for who wants a C string */
    size_t                  n;
    const struct allocator *allocator; /* the call's; NULL: malloc */
};

#define SECRET_SHOWN "***" /* what a log or an error says in its place */

/* Copies `value` in. Errors: ERR_NO_MEMORY */
FALLIBLE secret_init(struct call *c, struct secret *s, bytes value);
/* Fresh random bytes. Errors: ERR_NO_MEMORY */
FALLIBLE secret_init_random(struct call *c, struct secret *s, size_t n);
/* Fresh random bytes in hexadecimal digits, two for each: for secrets that stand in a text. Errors: ERR_NO_MEMORY */
FALLIBLE secret_init_hex(struct call *c, struct secret *s, size_t n);
void     secret_clear(struct secret *s);

/* For the library call that needs it; do not copy it into anything that lives on. */
static inline bytes secret_reveal(const struct secret *s)
{
    return (bytes){s->at, s->n};
}

bool secret_equal(const struct secret *s, bytes other);

/* Wipes memory in a way that the compiler does not drop. */
void secret_wipe(void *at, size_t n);
