#include "ops/log_keep.h"

#include "log/activity.h"
#include "log/diagnostic.h"
#include "log/signin.h"
#include "log/trim.h"
#include "ops/denials.h"

// Each log by itself. Records of refused requests with their explanation are bounded where they are made (ops/denials.h).
static const struct log_kept {
    const struct log_kind *kind;
    enum log_ids           ids;
    bool                   is_counted; // no more than so many
} KEPT[LOG_KEPT_KINDS] = {
    {&LOG_ACTIVITY, LOG_IDS_RANDOM, true}, // changes
    {&LOG_ACTIVITY, LOG_IDS_TIMED, true},  // refused ones: they push out no records of changes
    {&LOG_SIGNIN, LOG_IDS_ANY, true},      {&LOG_DIAGNOSTIC, LOG_IDS_ANY, true}, {&LOG_DENIAL, LOG_IDS_ANY, false},
};

static struct log_trim trim_of(const struct log_kept *kept)
{
    return (struct log_trim){.kind = kept->kind->store, .prefix = kept->kind->prefix, .ids = kept->ids};
}

// Reading work counts how many are over the number: counting takes too long for the committer's transaction.
static enum err count_over(struct call *c, struct work *w)
{
    struct log_limits *l = &w->product->log_limits;
    size_t             n, most = l->records ? l->records : LOG_KEEP_RECORDS;
    for (size_t i = 0; i < LOG_KEPT_KINDS; i++) {
        struct log_trim trim = trim_of(&KEPT[i]);
        if (!KEPT[i].is_counted) continue;
        TRY(log_count(c, w->store, &trim, &n));
        l->over[i] = n > most ? n - most : 0;
    }
    return OK;
}

static enum err drop(struct call *c, struct work *w, const struct log_trim *t, size_t limit, size_t *out_n)
{
    str *keys;
    TRY(log_overdue(c, w->store, t, limit, &keys, out_n));
    for (size_t i = 0; i < *out_n && w->writes; i++) TRY(store_remove(c, w->store, t->kind, keys[i]));
    return OK;
}

enum err log_keep_drop_overdue(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct log_limits *l = &w->product->log_limits;
    int64_t            before_ns = c->now_ns - (l->days ? l->days : LOG_KEEP_DAYS) * S_PER_DAY * NS_PER_S;
    if (!w->writes) TRY(count_over(c, w));
    *out_n = 0;
    for (size_t i = 0; i < LOG_KEPT_KINDS; i++) {
        struct log_trim trim = trim_of(&KEPT[i]);
        size_t          n;
        trim.before_ns = before_ns;
        trim.over = l->over[i];
        TRY(drop(c, w, &trim, limit * LOG_KEEP_BATCHES, &n));
        if (w->writes) l->over[i] -= l->over[i] < n ? l->over[i] : n;
        *out_n += n;
    }
    return OK;
}
