#include "log/sink.h"

#include <pthread.h>
#include <stdlib.h>

#include "log/activity.h"
#include "log/diagnostic.h"
#include "log/key.h"
#include "log/signin.h"

static enum err pack_dropped_signins(struct call *c, uint64_t n, str *out)
{
    return signin_pack(c, &(struct signin){.time_ns = c->now_ns, .dropped = n, .error = S("RECORDS_DROPPED")}, out);
}

static enum err pack_dropped_diagnostics(struct call *c, uint64_t n, str *out)
{
    return diagnostic_pack(c, &(struct diagnostic){.time_ns = c->now_ns, .dropped = n, .result = S("RECORDS_DROPPED")}, out);
}

static enum err pack_dropped_activities(struct call *c, uint64_t n, str *out)
{
    return activity_pack(c, &(struct activity){.event_ns = c->now_ns, .dropped = n, .error = S("RECORDS_DROPPED")}, out);
}

// The kinds of records that wait here, and what the record is that stands for dropped ones.
static const struct sink_kind {
    const struct log_kind *kind;
    enum err (*pack_dropped)(struct call *c, uint64_t n, str *out);
} KINDS[] = {
    {&LOG_SIGNIN, pack_dropped_signins},
    {&LOG_DIAGNOSTIC, pack_dropped_diagnostics},
    {&LOG_ACTIVITY, pack_dropped_activities},
};

struct item {
    struct item *next;
    size_t       kind; // of KINDS
    size_t       n;
    char         body[];
};

struct log_sink {
    pthread_mutex_t lock; // held to link one record or to take them all, never longer
    struct item    *first, *last;
    size_t          n, bytes;
    uint64_t        dropped[COUNT(KINDS)];
    bool            told_start, told_urgent;
    uint64_t        written[COUNT(KINDS)]; // the writer's: what it wrote last
};

struct log_sink *log_sink_new(void)
{
    struct log_sink *s = calloc(1, sizeof *s);
    if (s) pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void free_items(struct item *items)
{
    while (items) {
        struct item *next = items->next;
        free(items);
        items = next;
    }
}

void log_sink_free(struct log_sink *s)
{
    if (!s) return;
    free_items(s->first);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static size_t index_of(const struct log_kind *kind)
{
    size_t i = 0;
    while (i + 1 < COUNT(KINDS) && KINDS[i].kind != kind) i++;
    return i;
}

static enum log_sink_state what_to_do(struct log_sink *s)
{
    if (!s->told_urgent && s->n >= LOG_SINK_URGENT) {
        s->told_urgent = s->told_start = true;
        return LOG_SINK_URGED;
    }
    if (s->told_start) return LOG_SINK_QUIET;
    s->told_start = true;
    return LOG_SINK_STARTED;
}

enum log_sink_state log_sink_put(struct log_sink *s, const struct log_kind *kind, str body)
{
    size_t       at = index_of(kind);
    struct item *item = malloc(sizeof *item + body.n);
    if (item) {
        *item = (struct item){.kind = at, .n = body.n};
        memcpy(item->body, body.at, body.n);
    }
    pthread_mutex_lock(&s->lock);
    bool fits = item && s->n < LOG_SINK_MAX_RECORDS && body.n <= LOG_SINK_MAX_BYTES - s->bytes;
    if (!fits) s->dropped[at]++;
    else if (s->last) s->last->next = item;
    else s->first = item;
    if (fits) {
        s->last = item;
        s->n++;
        s->bytes += body.n;
    }
    enum log_sink_state state = what_to_do(s);
    pthread_mutex_unlock(&s->lock);
    if (!fits) free(item);
    return state;
}

static void count_dropped(struct log_sink *s, const uint64_t n[COUNT(KINDS)])
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < COUNT(KINDS); i++) s->dropped[i] += n[i];
    pthread_mutex_unlock(&s->lock);
}

void log_sink_drop(struct log_sink *s, const struct log_kind *kind)
{
    uint64_t n[COUNT(KINDS)] = {0};
    n[index_of(kind)] = 1;
    count_dropped(s, n);
}

// What a writing has taken out of the sink.
struct taken {
    struct item *items;
    uint64_t     dropped[COUNT(KINDS)];
};

static struct taken take_all(struct log_sink *s)
{
    struct taken t = {0};
    pthread_mutex_lock(&s->lock);
    t.items = s->first;
    memcpy(t.dropped, s->dropped, sizeof t.dropped);
    memset(s->dropped, 0, sizeof s->dropped);
    s->first = s->last = NULL;
    s->n = s->bytes = 0;
    s->told_start = s->told_urgent = false;
    pthread_mutex_unlock(&s->lock);
    return t;
}

void log_sink_lost(struct log_sink *s)
{
    count_dropped(s, s->written);
    memset(s->written, 0, sizeof s->written);
}

static enum err write_all(struct call *c, const struct taken *t, struct store_session *session, int64_t (*next_ns)(void *context), void *context,
                          size_t *out_n)
{
    size_t  n = 0;
    int64_t now_ns;
    for (const struct item *item = t->items; item; item = item->next, n++) {
        now_ns = next_ns(context);
        TRY(log_put(c, session, KINDS[item->kind].kind, now_ns, log_id_new(c, now_ns), (str){item->body, item->n}));
    }
    for (size_t i = 0; i < COUNT(KINDS); i++) {
        str body;
        if (!t->dropped[i]) continue;
        TRY(KINDS[i].pack_dropped(c, t->dropped[i], &body));
        now_ns = next_ns(context);
        TRY(log_put(c, session, KINDS[i].kind, now_ns, log_id_new(c, now_ns), body));
        n++;
    }
    *out_n = n;
    return OK;
}

enum err log_sink_write(struct call *c, struct log_sink *s, struct store_session *session, int64_t (*next_ns)(void *context), void *context,
                        size_t *out_n)
{
    struct taken t = take_all(s);
    memcpy(s->written, t.dropped, sizeof s->written); // these are owed again if they are lost
    for (const struct item *item = t.items; item; item = item->next) s->written[item->kind]++;
    enum err failed = write_all(c, &t, session, next_ns, context, out_n);
    free_items(t.items);
    if (failed != OK) log_sink_lost(s);
    return failed;
}
