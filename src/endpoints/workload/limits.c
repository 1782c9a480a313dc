#include "endpoints/workload/limits.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/map.h"

enum err workload_rate_take(struct call *c, struct workload_rate *r, unsigned limit)
{
    uint64_t now = (uint64_t)c->now_s << 16, seen = atomic_load(&r->state), next;
    do next = seen >> 16 == now >> 16 ? seen + 1 : now + 1;
    while ((next & 0xffff) <= limit && !atomic_compare_exchange_weak(&r->state, &seen, next));
    return (next & 0xffff) <= limit ? OK : FAIL_PLAIN(c, ERR_BUSY);
}

struct entry {
    guid                   uid;
    struct workload_limits limits;
};

struct workload_limits_table {
    pthread_mutex_t lock;
    struct map      by_uid;
};

struct workload_limits_table *workload_limits_new(void)
{
    struct workload_limits_table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    pthread_mutex_init(&t->lock, NULL);
    map_init(&t->by_uid, false);
    return t;
}

void workload_limits_free(struct workload_limits_table *t)
{
    struct entry *e;
    if (!t) return;
    for (size_t at = 0; (e = map_next(&t->by_uid, &at));) free(e);
    map_clear(&t->by_uid);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct entry *find_or_make(struct workload_limits_table *t, const guid *uid)
{
    struct entry *e = map_get(&t->by_uid, guid_key(uid));
    if (e) return e;
    e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->uid = *uid;
    if (map_put(&t->by_uid, guid_key(&e->uid), e, NULL)) return e;
    free(e);
    return NULL;
}

enum err workload_limits_of(struct call *c, struct workload_limits_table *t, guid uid, struct workload_limits **out)
{
    *out = NULL;
    if (!t) return OK;
    pthread_mutex_lock(&t->lock);
    struct entry *e = find_or_make(t, &uid);
    pthread_mutex_unlock(&t->lock);
    if (!e) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = &e->limits;
    return OK;
}
