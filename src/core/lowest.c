#include "core/lowest.h"

#include <stdlib.h>

enum err lowest_init(struct call *c, struct lowest *l, size_t room)
{
    *l = (struct lowest){.room = room};
    return NEW(c, &l->at, room);
}

static bool is_above(const guid *a, const guid *b)
{
    return guid_cmp(*a, *b) > 0;
}

bool lowest_wants(const struct lowest *l, const guid *id)
{
    return l->n < l->room || (l->room && is_above(l->at[0], id));
}

static void sift_down(struct lowest *l, const guid *id)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < l->n; at = child) {
        if (child + 1 < l->n && is_above(l->at[child + 1], l->at[child])) child++;
        if (!is_above(l->at[child], id)) break;
        l->at[at] = l->at[child];
    }
    l->at[at] = id;
}

static void sift_up(struct lowest *l, const guid *id)
{
    size_t at = l->n++;
    for (; at > 0 && is_above(id, l->at[(at - 1) / 2]); at = (at - 1) / 2) l->at[at] = l->at[(at - 1) / 2];
    l->at[at] = id;
}

void lowest_offer(struct lowest *l, const guid *id)
{
    if (!lowest_wants(l, id)) return;
    if (l->n < l->room) sift_up(l, id);
    else sift_down(l, id);
}

static int by_id(const void *a, const void *b)
{
    const guid *const *x = a, *const *y = b;
    return guid_cmp(**x, **y);
}

void lowest_sort(struct lowest *l)
{
    if (l->n) qsort(l->at, l->n, sizeof *l->at, by_id);
}
