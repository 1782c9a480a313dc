#include "ops/log_keep.h"

#include "log/activity.h"
#include "log/diagnostic.h"
#include "log/signin.h"
#include "ops/denials.h"
#include "ops/housekeeper.h"

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

enum err log_keep_start(struct call *c, struct product *p, struct store_session *session)
{
    for (size_t kind = 0; kind < LOG_KEPT_KINDS; kind++) {
        int64_t newest_ns;
        TRY(log_newest(c, session, KEPT[kind].kind->store, KEPT[kind].kind->prefix, &newest_ns));
        if (newest_ns > p->last_log_ns) p->last_log_ns = newest_ns;
    }
    return OK;
}

// What reading work does: the housekeeper has time, the writer has none.
static enum err look(struct call *c, struct work *w, size_t kind, int64_t before_ns)
{
    const struct log_limits *l = &w->product->log_limits;
    struct log_keeping      *k = &w->product->log_keeping[kind];
    struct log_trim trim = {.kind = KEPT[kind].kind->store, .prefix = KEPT[kind].kind->prefix, .ids = KEPT[kind].ids, .before_ns = before_ns};
    size_t          most = l->records ? l->records : LOG_KEEP_RECORDS;
    if (KEPT[kind].is_counted) TRY(log_count(c, w->store, &trim, &k->tally));
    trim.over = k->tally.n > most ? k->tally.n - most : 0;
    return log_overdue(c, w->store, &trim, LOG_KEEP_FOUND, &k->due, &k->due_n);
}

// More are gone than were counted: the next look counts anew, for a wrong number would let the whole log go.
static void subtract(struct log_tally *tally, size_t n)
{
    if (n > tally->n) *tally = (struct log_tally){0};
    else tally->n -= n;
}

static enum err drop(struct call *c, struct work *w, size_t kind, size_t n)
{
    struct log_keeping *k = &w->product->log_keeping[kind];
    for (size_t i = 0; i < n; i++) TRY(store_remove(c, w->store, KEPT[kind].kind->store, k->due[i]));
    k->due += n;
    k->due_n -= n;
    if (KEPT[kind].is_counted) subtract(&k->tally, n);
    return OK;
}

enum err log_keep_drop_overdue(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct log_limits *l = &w->product->log_limits;
    int64_t            before_ns = c->now_ns - (l->days ? l->days : LOG_KEEP_DAYS) * S_PER_DAY * NS_PER_S;
    *out_n = 0;
    for (size_t kind = 0; kind < LOG_KEPT_KINDS; kind++) {
        if (!w->writes) TRY(look(c, w, kind, before_ns));
        size_t due = w->product->log_keeping[kind].due_n, n = due < limit ? due : limit;
        if (w->writes) TRY(drop(c, w, kind, n));
        *out_n += n;
    }
    return OK;
}

bool log_keep_has_overdue(const struct product *p)
{
    size_t n = 0;
    for (size_t kind = 0; kind < LOG_KEPT_KINDS; kind++) n += p->log_keeping[kind].due_n;
    return n > 0;
}

void log_keep_forget(struct product *p)
{
    memset(p->log_keeping, 0, sizeof p->log_keeping);
}

void log_keep_written(struct product *p, size_t n)
{
    p->log_written += n;
    if (p->log_written < LOG_KEEP_LOOK_AFTER) return;
    p->log_written = 0;
    housekeeper_wake(p->housekeeper);
}
