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
