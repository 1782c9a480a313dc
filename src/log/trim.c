#include "log/trim.h"

// Ends a scan that has what it wants: no failure.
#define ENOUGH ERR_CONFLICT

static enum err is_one(struct call *c, const struct log_trim *t, str key, int64_t *out_time_ns, bool *out)
{
    guid    id;
    int64_t ms;
    TRY(log_key_read(c, str_from(key, t->prefix.n), out_time_ns, &id));
    *out = t->ids == LOG_IDS_ANY || log_id_ms(id, &ms) == (t->ids == LOG_IDS_TIMED);
    return OK;
}

struct count {
    const struct log_trim *trim;
    struct log_tally      *tally;
};

static enum err count_one(struct call *c, str key, void *context)
{
    struct count *count = context;
    int64_t       time_ns;
    bool          counts = true;
    if (key.n > sizeof count->tally->newest) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    if (count->trim->ids != LOG_IDS_ANY) TRY(is_one(c, count->trim, key, &time_ns, &counts));
    memcpy(count->tally->newest, key.at, key.n);
    count->tally->newest_n = key.n;
    count->tally->n += counts;
    return OK;
}

enum err log_count(struct call *c, struct store_session *session, const struct log_trim *t, struct log_tally *tally)
{
    struct log_tally from = *tally;
    return store_scan_keys(c, session, t->kind, t->prefix, (str){from.newest, from.newest_n}, count_one, &(struct count){t, tally});
}

struct newest {
    str     prefix;
    int64_t ns;
};

static enum err note_time(struct call *c, str key, bytes body, void *context)
{
    struct newest *newest = context;
    guid           id;
    (void)body;
    return log_key_read(c, str_from(key, newest->prefix.n), &newest->ns, &id);
}

enum err log_newest(struct call *c, struct store_session *session, enum store_kind kind, str prefix, int64_t *out_ns)
{
    struct newest newest = {.prefix = prefix};
    TRY(store_scan(c, session, kind, &(struct store_range){.prefix = prefix, .limit = 1, .backwards = true}, note_time, &newest));
    *out_ns = newest.ns;
    return OK;
}

struct overdue {
    const struct log_trim *trim;
    str                   *keys;
    size_t                 n, seen, limit;
};

// The oldest come first: behind one that is neither too old nor too many there is none.
static enum err note_overdue(struct call *c, str key, void *context)
{
    struct overdue *o = context;
    int64_t         time_ns;
    bool            counts;
    TRY(is_one(c, o->trim, key, &time_ns, &counts));
    if (time_ns >= o->trim->before_ns && o->seen >= o->trim->over) return ENOUGH;
    if (!counts) return OK;
    if (o->n == o->limit) return ENOUGH;
    o->seen++;
    return call_copy_str(c, key, &o->keys[o->n++]);
}

enum err log_overdue(struct call *c, struct store_session *session, const struct log_trim *t, size_t limit, const str **out, size_t *out_n)
{
    struct overdue o = {.trim = t, .limit = limit};
    TRY(NEW(c, &o.keys, limit));
    enum err failed = store_scan_keys(c, session, t->kind, t->prefix, STR_NONE, note_overdue, &o);
    if (failed != OK && failed != ENOUGH) return failed;
    *out = o.keys;
    *out_n = o.n;
    return OK;
}
