#include "fuzz.h"

#include "core/random.h"

#define FUZZ_NOW_S INT64_C(1795407300) // 2026-11-23T04:15:00Z

static struct fuzz_target *targets; // filled by constructors, before main

void fuzz_register(struct fuzz_target *target)
{
    target->next = targets;
    targets = target;
}

const struct fuzz_target *fuzz_targets(void)
{
    return targets;
}

struct copy {
    void        *at;
    struct copy *next;
};
static struct copy *copies; // of the input being run; they stand in its call

str fuzz_str(struct call *c, const void *data, size_t n)
{
    struct copy *copy = arena_alloc(&c->arena, sizeof *copy);
    char        *at = malloc(n);
    if (!copy || (!at && n)) abort();
    if (n) memcpy(at, data, n);
    *copy = (struct copy){.at = at, .next = copies};
    copies = copy;
    return (str){at, n};
}

static void fill_predictably(const struct random *r, uint8_t *out, size_t n)
{
    (void)r;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(i * 37 + n);
}

void fuzz_run(const struct fuzz_target *target, const uint8_t *data, size_t n)
{
    static const struct random PREDICTABLE = {.fill = fill_predictably};
    struct call                c;
    call_init(&c, NULL, &PREDICTABLE);
    c.now_s = FUZZ_NOW_S;
    c.now_ns = FUZZ_NOW_S * NS_PER_S;
    target->run(&c, data, n);
    for (struct copy *copy = copies; copy; copy = copy->next) free(copy->at);
    copies = NULL;
    call_clear(&c);
}

// What libFuzzer calls; a program for it holds one target.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_run(targets, data, n);
    return 0;
}
