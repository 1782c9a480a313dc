// For the installed library: see the header. It ends nobody's program, so where the system gives no randomness it takes OpenSSL's, and
// the clock's where that has none: this room makes ids of it, by which records are told apart, and no secret.
#include "core/random.h"

#include <errno.h>
#include <openssl/rand.h>
#include <sys/random.h>
#include <time.h>

static void fill_from_clock(uint8_t *out, size_t n)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t state = (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec << 32 ^ (uintptr_t)out;
    for (size_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(state >> 56);
    }
}

void random_fill(const struct random *r, uint8_t *out, size_t n)
{
    (void)r;
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        out += got;
        n -= (size_t)got;
    }
    if (n > 0 && RAND_bytes(out, (int)n) != 1) fill_from_clock(out, n);
}
