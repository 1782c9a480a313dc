/*
 * random.h - where unguessable bytes come from.
 *
 * Handed in with the call, so that a test can hand in its own.
 *
 * Layer:  core
 */
#pragma once
#include "core/base.h"

struct random {
    void (*fill)(const struct random *r, uint8_t *out, size_t n);
};

/* Fills `out` from `r`, or from the operating system where `r` is NULL. Never fails: without randomness it aborts. */
void random_fill(const struct random *r, uint8_t *out, size_t n);

/* The operating system's bytes, fetched many at a time. For one thread; what was given out is wiped. */
struct random_pool {
    struct random random; /* hand in &pool->random */
    size_t        left;
    uint8_t       bytes[1024];
};
void random_pool_init(struct random_pool *pool);
