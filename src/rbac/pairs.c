#include "rbac/pairs.h"

#include <stdlib.h>

#include "core/pages.h"

#define FEWEST_LINES ((size_t)16)
#define PAIRS_EACH   ((size_t)40) // in a line, at most and on average: 160 of 512 bits, so that one answer in two hundred is wrongly yes

bool pairs_are_full(const struct pairs *p)
{
    return p->n + p->stale >= p->line_n * PAIRS_EACH;
}

bool pairs_new(const struct pairs *old, struct pairs *out)
{
    size_t lines = FEWEST_LINES;
    while (lines * PAIRS_EACH < old->n * 3 / 2) lines *= 2;
    struct pairs fresh = {.lines = pages_alloc(lines, sizeof *fresh.lines), .line_n = lines};
    if (!fresh.lines) return false;
    *out = fresh;
    return true;
}

void pairs_add(struct pairs *p, uint32_t place_tag, uint32_t who_tag)
{
    struct pair_mark m = pair_mark_of(who_tag);
    uint64_t        *words = pairs_line(p, place_tag)->words + m.at;
    words[0] |= m.bits[0];
    words[1] |= m.bits[1];
    p->n++;
}

void pairs_remove(struct pairs *p)
{
    p->n--;
    p->stale++;
}

void pairs_clear(struct pairs *p)
{
    free(p->lines);
    *p = (struct pairs){0};
}

size_t pairs_bytes(const struct pairs *p)
{
    return p->line_n * sizeof *p->lines;
}
