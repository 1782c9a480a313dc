/*
 * fuzz.h - fuzz targets: a FUZZ is a function that gets arbitrary bytes and checks a property.
 *
 *     FUZZ(scope)
 *     {
 *         if (scope_parse(c, fuzz_str(c, data, n), &s) != OK) return 0;
 *         ASSERT(scope_contains(&s, &s));
 *         return 0;
 *     }
 *
 * The call is fresh for every input, with a fixed time and predictable randomness, so that what
 * failed once fails again. README.md tells how targets are run and how one is added.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>

#include "core/call.h"

struct fuzz_target {
    const char *name;
    int (*run)(struct call *c, const uint8_t *data, size_t n);
    struct fuzz_target *next;
};

void                      fuzz_register(struct fuzz_target *target);
const struct fuzz_target *fuzz_targets(void);
/* Gives one input to the target, in a call of its own. */
void fuzz_run(const struct fuzz_target *target, const uint8_t *data, size_t n);

/* A heap copy of exactly n bytes, freed when the input is done with: a step too far is seen. */
str fuzz_str(struct call *c, const void *data, size_t n);

#define FUZZ(name_)                                                                        \
    static int                fuzz_##name_(struct call *c, const uint8_t *data, size_t n); \
    static struct fuzz_target target_##name_ = {.name = #name_, .run = fuzz_##name_};      \
    __attribute__((constructor)) static void register_##name_(void)                        \
    {                                                                                      \
        fuzz_register(&target_##name_);                                                    \
    }                                                                                      \
    static int fuzz_##name_(__attribute__((unused)) struct call *c, const uint8_t *data, size_t n)

/* Unlike assert it is never compiled out. */
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
