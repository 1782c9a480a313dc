#include "core/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_fill(const struct random *r, uint8_t *out, size_t n)
{
    if (r) {
        r->fill(r, out, n);
        return;
    }
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);
        if (got < 0 && errno != EINTR) abort(); // going on with guessable ids would be worse
        if (got <= 0) continue;
        out += got;
        n -= (size_t)got;
    }
}

static void fill_from_pool(const struct random *r, uint8_t *out, size_t n)
{
    struct random_pool *pool = CONTAINER_OF(r, struct random_pool, random);
    if (n > sizeof pool->bytes) {
        random_fill(NULL, out, n);
        return;
    }
    if (n > pool->left) {
        random_fill(NULL, pool->bytes, sizeof pool->bytes);
        pool->left = sizeof pool->bytes;
    }
    pool->left -= n;
    memcpy(out, pool->bytes + pool->left, n);
    explicit_bzero(pool->bytes + pool->left, n);
}

void random_pool_init(struct random_pool *pool)
{
    *pool = (struct random_pool){.random = {.fill = fill_from_pool}};
}
