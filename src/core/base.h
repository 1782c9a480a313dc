/*
 * base.h - macros and types that every file uses.
 *
 * Layer:  core
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The variable is cleaned by fn(&variable) when it leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Hands a pointer over: gives its value and leaves NULL behind. */
#define TAKE(p)                 \
    ({                          \
        __auto_type took_ = (p); \
        (p) = NULL;             \
        took_;                  \
    })

/* The struct of `type` whose member `member` is at `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_USE               __attribute__((warn_unused_result))

/*
 * Asks for the cache line at `p`, which need not be an address of anything: what is read of it soon will be there. The empty
 * instruction keeps it: gcc counts a bare prefetch as no effect, and removes whole calls of functions that do nothing else.
 */
static inline void memory_prefetch(const void *p)
{
    __builtin_prefetch(p);
    __asm__ volatile("" : : "r"(p));
}

/* a + b and a * b for sizes: false instead of wrapping round; *out is then untouched. */
static inline MUST_USE bool size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline MUST_USE bool size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
