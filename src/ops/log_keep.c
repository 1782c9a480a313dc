#include "ops/log_keep.h"

#include "log/trim.h"
#include "ops/denials.h"

// What is over the number is counted by reading work: the committer's transaction is no place to count in.
static enum err count_over(struct call *c, struct work *w)
{
    struct log_limits *l = &w->product->log_limits;
    size_t             n, most = l->records ? l->records : LOG_KEEP_RECORDS;
    TRY(log_count(c, w->store, STORE_ACTIVITY, STR_NONE, &n));
    l->over = n > most ? n - most : 0;
    return OK;
}

static enum err drop(struct call *c, struct work *w, const struct log_trim *t, size_t limit, size_t *n)
{
    str   *keys;
    size_t found;
    TRY(log_overdue(c, w->store, t, limit, &keys, &found));
    for (size_t i = 0; i < found && w->writes; i++) TRY(store_remove(c, w->store, t->kind, keys[i]));
    *n += found;
    return OK;
}

enum err log_keep_drop_overdue(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct log_limits *l = &w->product->log_limits;
    int64_t            before_ns = c->now_ns - (l->days ? l->days : LOG_KEEP_DAYS) * S_PER_DAY * NS_PER_S;
    if (!w->writes) TRY(count_over(c, w));
    const struct log_trim TRIMS[] = {
        {.kind = STORE_ACTIVITY, .before_ns = before_ns, .over = l->over},
        {.kind = STORE_DIAGNOSTIC, .prefix = DENIALS_PREFIX, .before_ns = before_ns},
    };
    size_t n = 0;
    for (size_t i = 0; i < COUNT(TRIMS); i++) TRY(drop(c, w, &TRIMS[i], limit, &n));
    if (w->writes) l->over -= l->over < n ? l->over : n;
    *out_n = n;
    return OK;
}
