#include "ops/revoke.h"

#include "ops/refresh_token.h"

// Whichever of a principal's tokens lives longest.
#define REVOCATION_KEPT_S (REFRESH_TOKEN_LIFETIME_S + TOKEN_SKEW_S)
_Static_assert(REFRESH_TOKEN_LIFETIME_S >= TOKEN_LIFETIME_MAX_S, "a refresh token lives longest");

static enum err revoke(struct call *c, struct work *w, const void *args, void *out)
{
    const object_id         *who = args;
    const struct revocation *before = directory_find_revocation(w->world->directory, *who);
    struct revocation       *fresh, plain = {.principal = *who, .at_s = c->now_s};
    if (guid_is_none(who->g)) return FAIL(c, ERR_OBJECT_ID_INVALID, "The id of a principal must not be all zeros.");
    // Tokens that were signed since are dated a second past the revocation before, which may be ahead of the clock.
    if (before && before->at_s >= plain.at_s) plain.at_s = before->at_s + 1;
    TRY(revocation_new(c, &plain, &fresh));
    TRY(work_change(c, w, STORE_REVOCATION, before ? &before->ref : NULL, &fresh->ref));
    *(int64_t *)out = plain.at_s;
    return OK;
}

static enum err revoke_any(struct call *c, struct work *w, const void *args, void *out)
{
    const struct principal *p = directory_find(w->world->directory, *(const object_id *)args);
    work_log_as(w, S(REVOKE_ACTION), p && !str_empty(p->resource) ? p->resource : S("/"));
    return revoke(c, w, args, out);
}

const struct op OP_TOKENS_REVOKE = {
    .name = "tokens_revoke",
    .action = REVOKE_ACTION,
    .writes = true,
    .no_effects = "it takes away and gives nothing",
    .run = revoke,
};

const struct op OP_TOKENS_REVOKE_ANY = {
    .name = "tokens_revoke_any",
    .no_action = "the admin socket's guard: the operator alone",
    .writes = true,
    .no_effects = "it takes away and gives nothing",
    .run = revoke_any,
};

struct ended {
    int64_t                   before_s;
    const struct revocation **items;
    size_t                    n, room;
};

static bool see_revocation(const struct revocation *r, void *context)
{
    struct ended *e = context;
    if (r->at_s < e->before_s) e->items[e->n++] = r;
    return e->n < e->room;
}

enum err revocations_drop_ended(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct ended e = {.before_s = c->now_s - REVOCATION_KEPT_S, .room = limit};
    *out_n = 0;
    if (limit == 0) return OK;
    TRY(NEW(c, &e.items, limit));
    directory_each_revocation(w->world->directory, see_revocation, &e);
    for (size_t i = 0; w->writes && i < e.n; i++) TRY(work_change(c, w, STORE_REVOCATION, &e.items[i]->ref, NULL));
    *out_n = e.n;
    return OK;
}
