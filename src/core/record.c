#include "core/record.h"

#include <stdalign.h>
#include <stdlib.h>

static void record_free(struct ref *r)
{
    free(r);
}

static str *text_at(void *record, size_t offset)
{
    return (str *)((char *)record + offset);
}

// The struct and the tail, rounded up so that what follows each is aligned; false: too large to be.
static bool head_bytes(size_t size, size_t tail, size_t *out_struct, size_t *out_head)
{
    const size_t align = alignof(max_align_t);
    *out_struct = *out_head = size;
    if (tail == 0) return true; // texts need no alignment
    if (!size_add(size, align - 1, &size) || !size_add(tail, align - 1, &tail)) return false;
    *out_struct = size / align * align;
    return size_add(*out_struct, tail / align * align, out_head);
}

void *record_new(const void *plain, size_t size, const size_t *texts, size_t text_n, size_t tail, void **out_tail)
{
    size_t struct_bytes, head, total;
    if (!head_bytes(size, tail, &struct_bytes, &head)) return NULL;
    total = head;
    for (size_t i = 0; i < text_n; i++) {
        const str *s = (const str *)((const char *)plain + texts[i]);
        if (s->n && (!size_add(total, s->n, &total) || !size_add(total, 1, &total))) return NULL;
    }
    char *record = calloc(1, total);
    if (!record) return NULL;
    memcpy(record, plain, size);
    ref_init((struct ref *)record, record_free);
    char *at = record + head;
    for (size_t i = 0; i < text_n; i++) {
        str *s = text_at(record, texts[i]);
        if (s->n) memcpy(at, s->at, s->n);
        s->at = s->n ? at : "";
        at += s->n ? s->n + 1 : 0;
    }
    if (out_tail) *out_tail = record + struct_bytes;
    return record;
}
