#include "core/random.h"

#include <errno.h>
#include <stdlib.h>
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
