#include "ops/sign_in_guard.h"

#define IPV6_NETWORK_GROUPS 4

// The first half of an IPv6 address; one whose zeros are left out there is cut behind them. Of others the end, where resources differ.
str sign_in_source(str text)
{
    size_t groups = 0, at = 0;
    bool   is_ipv6 = str_find(text, ':') != STR_NOWHERE && str_find(text, '/') == STR_NOWHERE;
    while (is_ipv6 && at < text.n && (text.at[at] != ':' || ++groups < IPV6_NETWORK_GROUPS)) {
        if (at && text.at[at] == ':' && text.at[at - 1] == ':') break;
        at++;
    }
    if (is_ipv6) text = str_upto(text, at);
    return text.n > SIGN_IN_SOURCE_BYTES ? str_from(text, text.n - SIGN_IN_SOURCE_BYTES) : text;
}

// ---- users: the lock is held ----

static bool is_over(const struct sign_in_user *u, int64_t now_s)
{
    return now_s >= u->last_s + SIGN_IN_LOCKED_S;
}

// The user's place, or a free one, or that whose last failure is longest ago and over; NULL: there is none.
static struct sign_in_user *user_place(struct sign_in_guard *g, object_id user, int64_t now_s)
{
    struct sign_in_user *place = NULL;
    for (struct sign_in_user *u = g->users; u < g->users + SIGN_IN_MAX_USERS; u++) {
        if (u->failures && object_id_eq(u->user, user)) return u;
        if ((!u->failures || is_over(u, now_s)) && (!place || (place->failures && u->last_s < place->last_s))) place = u;
    }
    return place;
}

static bool user_begin(struct sign_in_guard *g, object_id user, int64_t now_s)
{
    struct sign_in_user *u;
    if (guid_is_none(user.g)) return true;
    u = user_place(g, user, now_s);
    if (!u) return false;
    if (!object_id_eq(u->user, user)) *u = (struct sign_in_user){.user = user};
    if (u->failures >= SIGN_IN_MAX_FAILURES && !is_over(u, now_s)) return false;
    u->failures++;
    u->last_s = now_s;
    return true;
}

// ---- sources: the lock is held ----

static bool is_source(const struct sign_in_source *s, str source)
{
    return s->n == source.n && memcmp(s->text, source.at, source.n) == 0;
}

// Its place, or one whose tries are all back; NULL: there is none.
static struct sign_in_source *source_place(struct sign_in_guard *g, str source, int64_t now_s)
{
    struct sign_in_source *place = NULL;
    for (struct sign_in_source *s = g->sources; s < g->sources + SIGN_IN_MAX_SOURCES; s++) {
        if (s->n && is_source(s, source)) return s;
        if (!place && s->spent_until_s <= now_s) place = s;
    }
    return place;
}

static bool source_begin(struct sign_in_guard *g, str source, int64_t now_s)
{
    struct sign_in_source *s;
    if (str_empty(source)) return true; // a unit test's
    s = source_place(g, source, now_s);
    if (!s) return false;
    if (!is_source(s, source)) {
        *s = (struct sign_in_source){.n = source.n};
        memcpy(s->text, source.at, source.n);
    }
    if (s->spent_until_s < now_s) s->spent_until_s = now_s;
    if (s->spent_until_s - now_s > (SIGN_IN_SOURCE_TRIES - 1) * SIGN_IN_SOURCE_REST_S) return false;
    s->spent_until_s += SIGN_IN_SOURCE_REST_S;
    return true;
}

static void source_give_back(struct sign_in_guard *g, str source)
{
    for (struct sign_in_source *s = g->sources; s < g->sources + SIGN_IN_MAX_SOURCES; s++)
        if (s->n && is_source(s, source)) s->spent_until_s -= SIGN_IN_SOURCE_REST_S;
}

// ---- both ----

bool sign_in_begin(struct sign_in_guard *g, object_id user, str source, int64_t now_s)
{
    str from = sign_in_source(source);
    pthread_mutex_lock(&g->lock);
    bool may = source_begin(g, from, now_s);
    if (may && !user_begin(g, user, now_s)) may = false; // a try at a locked user is one of the source's
    pthread_mutex_unlock(&g->lock);
    return may;
}

void sign_in_was_right(struct sign_in_guard *g, object_id user, str source)
{
    pthread_mutex_lock(&g->lock);
    for (struct sign_in_user *u = g->users; u < g->users + SIGN_IN_MAX_USERS; u++)
        if (object_id_eq(u->user, user)) *u = (struct sign_in_user){0};
    source_give_back(g, sign_in_source(source));
    pthread_mutex_unlock(&g->lock);
}
