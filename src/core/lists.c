#include "core/lists.h"

size_t lists_bytes(const struct lists *measured)
{
    return measured->slot_n + measured->text_n;
}

struct lists lists_into(const struct lists *measured, void *tail)
{
    return (struct lists){.slots = tail, .texts = (char *)tail + measured->slot_n};
}

void *lists_slots(struct lists *l, const void *from, size_t n, size_t size)
{
    void *to = l->slots ? l->slots + l->slot_n : NULL;
    if (to && n) memcpy(to, from, n * size);
    l->slot_n += n * size;
    return to;
}

str lists_text(struct lists *l, str s)
{
    str copy = {l->texts ? l->texts + l->text_n : NULL, s.n};
    if (l->texts && s.n) memcpy(l->texts + l->text_n, s.at, s.n);
    l->text_n += s.n;
    return copy;
}

const str *lists_strs(struct lists *l, const str *from, size_t n)
{
    str *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        str copy = lists_text(l, from[i]);
        if (to) to[i] = copy;
    }
    return to;
}

void pack_strs(struct buf *b, const str *items, size_t n)
{
    pack_u64(b, n);
    for (size_t i = 0; i < n; i++) pack_str(b, items[i]);
}

enum err unpack_count(struct call *c, struct unpack *u, size_t limit, size_t *out)
{
    size_t n = unpack_u64(u);
    if (u->damaged || n > limit) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    *out = n;
    return OK;
}

enum err unpack_strs(struct call *c, struct unpack *u, size_t limit, const str **out, size_t *out_n)
{
    str   *items = NULL;
    size_t n = 0;
    TRY(unpack_count(c, u, limit, &n));
    TRY(NEW(c, &items, n));
    for (size_t i = 0; i < n; i++) items[i] = unpack_str(u);
    *out = items;
    *out_n = n;
    return OK;
}
