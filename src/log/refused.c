#include "log/refused.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"

#define ANY S("*")

// What is known of the writes of one caller that were too many.
struct rest {
    unsigned        singles; // recorded one by one
    struct activity activity;
    char            action[LOG_MAX_TEXT_BYTES], name[LOG_MAX_TEXT_BYTES];
};

struct refused {
    pthread_mutex_t lock;
    uint64_t        seed;
    struct rest     rests[REFUSED_CALLERS];
};

struct refused *refused_new(void)
{
    struct refused *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    pthread_mutex_init(&r->lock, NULL);
    r->seed = hash_seed_new();
    return r;
}

void refused_free(struct refused *r)
{
    if (!r) return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static str keep(char room[LOG_MAX_TEXT_BYTES], str text)
{
    text = str_upto(text, LOG_MAX_TEXT_BYTES);
    if (text.n) memcpy(room, text.at, text.n);
    return (str){room, text.n};
}

static void begin(struct rest *rest, const struct activity *a)
{
    rest->activity = (struct activity){.event_ns = a->event_ns, .caller = a->caller, .app = a->app, .scope = S("/"), .status = a->status};
    rest->activity.action = keep(rest->action, a->action);
    rest->activity.caller_name = keep(rest->name, a->caller_name);
    rest->activity.error = S("MANY_REFUSED");
}

// What differs is not said.
static void add(struct rest *rest, const struct activity *a)
{
    struct activity *all = &rest->activity;
    if (!all->times) begin(rest, a);
    all->times++;
    if (!str_eq(all->action, str_upto(a->action, LOG_MAX_TEXT_BYTES))) all->action = ANY;
    if (all->status != a->status) all->status = 0;
    if (object_id_eq(all->caller, a->caller)) return;
    all->caller = (object_id){GUID_NONE};
    all->app = (client_id){GUID_NONE};
    all->caller_name = ANY;
}

bool refused_count(struct refused *r, const struct activity *a)
{
    pthread_mutex_lock(&r->lock);
    struct rest *rest = &r->rests[hash_guid(r->seed, a->caller.g) & (REFUSED_CALLERS - 1)];
    bool         counts = rest->singles >= REFUSED_EACH;
    if (counts) add(rest, a);
    else rest->singles++;
    pthread_mutex_unlock(&r->lock);
    return counts;
}

void refused_collect(struct refused *r, void (*put)(const struct activity *a, void *context), void *context)
{
    pthread_mutex_lock(&r->lock);
    for (struct rest *rest = r->rests; rest < r->rests + COUNT(r->rests); rest++) {
        if (rest->activity.times) put(&rest->activity, context);
        rest->activity = (struct activity){0};
        rest->singles = 0;
    }
    pthread_mutex_unlock(&r->lock);
}
