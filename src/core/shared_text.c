#include "core/shared_text.h"

#include <stdatomic.h>
#include <stdlib.h>

struct shared_text {
    atomic_uint owners;
    char        text[];
};

static struct shared_text *whole(str text)
{
    return CONTAINER_OF(text.at, struct shared_text, text);
}

str shared_text_new(str text)
{
    size_t room;
    if (!size_add(sizeof(struct shared_text) + 1, text.n, &room)) return STR_NONE;
    struct shared_text *s = malloc(room);
    if (!s) return STR_NONE;
    atomic_init(&s->owners, 1);
    if (text.n) memcpy(s->text, text.at, text.n);
    s->text[text.n] = '\0';
    return (str){s->text, text.n};
}

str shared_text_take(str text)
{
    atomic_fetch_add_explicit(&whole(text)->owners, 1, memory_order_relaxed);
    return text;
}

void shared_text_drop(str text)
{
    if (text.at && atomic_fetch_sub_explicit(&whole(text)->owners, 1, memory_order_acq_rel) == 1) free(whole(text));
}
