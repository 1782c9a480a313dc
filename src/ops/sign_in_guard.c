#include "ops/sign_in_guard.h"

// The lock is held. The user's place, or (`take`) the one that is given up for the user; SIZE_MAX: none.
static size_t place_of(struct sign_in_guard *g, object_id user, bool take)
{
    size_t oldest = 0;
    for (size_t i = 0; i < SIGN_IN_MAX_USERS; i++) {
        if (object_id_eq(g->users[i].user, user)) return i;
        if (g->users[i].last_s < g->users[oldest].last_s) oldest = i;
    }
    if (!take) return SIZE_MAX;
    g->users[oldest].user = user;
    g->users[oldest].failures = 0;
    return oldest;
}

bool sign_in_is_locked(struct sign_in_guard *g, object_id user, int64_t now_s)
{
    pthread_mutex_lock(&g->lock);
    size_t at = place_of(g, user, false);
    bool   is = at != SIZE_MAX && g->users[at].failures >= SIGN_IN_MAX_FAILURES && now_s < g->users[at].last_s + SIGN_IN_LOCKED_S;
    pthread_mutex_unlock(&g->lock);
    return is;
}

void sign_in_tell(struct sign_in_guard *g, object_id user, bool matched, int64_t now_s)
{
    pthread_mutex_lock(&g->lock);
    size_t at = place_of(g, user, !matched);
    if (at != SIZE_MAX) {
        g->users[at].failures = matched ? 0 : g->users[at].failures + 1;
        g->users[at].last_s = now_s;
    }
    pthread_mutex_unlock(&g->lock);
}
