#include "log/trim.h"

#include "log/key.h"

static enum err count_one(struct call *c, str key, bytes body, void *context)
{
    (void)c, (void)key, (void)body;
    ++*(size_t *)context;
    return OK;
}

enum err log_count(struct call *c, struct store_session *session, enum store_kind kind, str prefix, size_t *out)
{
    size_t n = 0;
    TRY(store_scan(c, session, kind, &(struct store_range){.prefix = prefix}, count_one, &n));
    *out = n;
    return OK;
}

struct overdue {
    const struct log_trim *trim;
    str                   *keys;
    size_t                 n, seen;
};

static enum err note_overdue(struct call *c, str key, bytes body, void *context)
{
    struct overdue *o = context;
    int64_t         time_ns;
    guid            id;
    (void)body;
    TRY(log_key_read(c, str_from(key, o->trim->prefix.n), &time_ns, &id));
    bool goes = time_ns < o->trim->before_ns || o->seen < o->trim->over;
    o->seen++;
    return goes ? call_copy_str(c, key, &o->keys[o->n++]) : OK;
}

enum err log_overdue(struct call *c, struct store_session *session, const struct log_trim *t, size_t limit, str **out, size_t *out_n)
{
    struct overdue o = {.trim = t};
    TRY(NEW(c, &o.keys, limit));
    // The oldest come first: beyond these none can be due.
    TRY(store_scan(c, session, t->kind, &(struct store_range){.prefix = t->prefix, .limit = limit}, note_overdue, &o));
    *out = o.keys;
    *out_n = o.n;
    return OK;
}
