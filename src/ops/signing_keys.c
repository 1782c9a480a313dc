#include "ops/signing_keys.h"

#include "core/digest.h"
#include "ops/housekeeper.h"
#include "token/key.h"

#define RECORD_KEY S("ring")

static enum err write_ring(struct call *c, struct store_session *session, const struct product *p, const struct keyring *ring)
{
    CLEANUP(secret_clear) struct secret saved = {0};
    bytes                               sealed;
    TRY(keyring_save(c, ring, &saved));
    TRY(seal_close(c, &p->seal_key, secret_reveal(&saved), RECORD_KEY, &sealed));
    return store_put(c, session, STORE_SIGNING_KEY, RECORD_KEY, sealed);
}

enum err signing_keys_begin(struct call *c, struct store_session *session, struct product *p)
{
    CLEANUP(keyring_dropp) struct keyring *ring = NULL;
    TRY(keyring_new(c, 0, &ring));
    TRY(write_ring(c, session, p, ring));
    product_keyring_put(p, TAKE(ring));
    return OK;
}

enum err signing_keys_load(struct call *c, struct store_session *session, struct product *p)
{
    CLEANUP(secret_clear) struct secret saved = {0};
    struct keyring                     *ring;
    bytes                               sealed;
    TRY(store_get(c, session, STORE_SIGNING_KEY, RECORD_KEY, &sealed));
    TRY(seal_open(c, &p->seal_key, sealed, RECORD_KEY, &saved));
    TRY(keyring_load(c, &saved, &ring));
    product_keyring_put(p, ring);
    return OK;
}

/* ---- the writer's ring ---- */

struct keyring *signing_keys_mark(struct product *p)
{
    if (p->keyring_written) keyring_take(p->keyring_written);
    return p->keyring_written;
}

void signing_keys_keep(struct keyring *mark)
{
    keyring_drop(mark);
}

void signing_keys_undo(struct product *p, struct keyring *mark)
{
    keyring_drop(p->keyring_written);
    p->keyring_written = mark;
}

void signing_keys_settle(struct product *p, bool is_on_disk)
{
    struct keyring *ring = TAKE(p->keyring_written);
    if (!ring) return;
    bool lacks_key = keyring_lacks_keys(ring);
    if (is_on_disk) product_keyring_put(p, ring);
    else keyring_drop(ring);
    if (lacks_key) housekeeper_wake(p->housekeeper);
}

static struct keyring *take_latest(struct product *p)
{
    return p->keyring_written ? signing_keys_mark(p) : product_keyring_take(p);
}

// Into the transaction, and into force with it.
static enum err write_taking(struct call *c, struct work *w, struct keyring *ring)
{
    CLEANUP(keyring_dropp) struct keyring *fresh = ring;
    if (!w->writes) return FAIL(c, ERR_INTERNAL, "A reading op tried to change the signing keys.");
    TRY(write_ring(c, w->store, w->product, fresh));
    signing_keys_undo(w->product, TAKE(fresh));
    return OK;
}

/* ---- what is due ---- */

static int64_t keep_s(const struct product *p)
{
    int64_t longest_s = p->longest_lifetime_s > p->token_lifetime_s ? p->longest_lifetime_s : p->token_lifetime_s;
    return longest_s + SIGNING_KEYS_KEEP_S;
}

int64_t signing_keys_ends_s(const struct product *p, const struct signing_key *retired)
{
    return retired->since_s + keep_s(p);
}

int64_t signing_keys_rotates_s(const struct keyring *ring)
{
    const struct signing_key *current = keyring_only(ring, KEY_CURRENT), *next = keyring_only(ring, KEY_NEXT);
    if (!current) return 0;
    int64_t at_s = current->since_s + SIGNING_KEYS_TURN_S, planned_s = keyring_planned_s(ring);
    if (planned_s && planned_s < at_s) at_s = planned_s;
    return next && next->made_s + SIGNING_KEYS_ANNOUNCE_S > at_s ? next->made_s + SIGNING_KEYS_ANNOUNCE_S : at_s;
}

static bool is_rotation_due(const struct product *p, const struct keyring *ring, int64_t now_s)
{
    return keyring_may_rotate(ring, now_s - keep_s(p)) && now_s >= signing_keys_rotates_s(ring);
}

// The one that retired first stands last.
static bool has_ended_key(const struct product *p, const struct keyring *ring, int64_t now_s)
{
    const struct signing_key *last = keyring_n(ring) ? keyring_at(ring, keyring_n(ring) - 1) : NULL;
    return last && last->state == KEY_RETIRED && signing_keys_ends_s(p, last) < now_s;
}

struct signing_keys_due signing_keys_due(struct product *p, int64_t now_s)
{
    CLEANUP(keyring_dropp) struct keyring *ring = product_keyring_take(p);
    if (!ring) return (struct signing_keys_due){0};
    return (struct signing_keys_due){
        .lacks_key = keyring_lacks_keys(ring),
        .is_due = is_rotation_due(p, ring, now_s) || has_ended_key(p, ring, now_s),
    };
}

static enum err rotate(struct call *c, struct work *w, const struct keyring *ring)
{
    struct keyring *rotated;
    TRY(keyring_rotate(c, ring, keep_s(w->product), &rotated));
    return write_taking(c, w, rotated);
}

static enum err keep_up(struct call *c, struct work *w)
{
    CLEANUP(keyring_dropp) struct keyring *ring = take_latest(w->product);
    struct keyring                        *trimmed;
    if (!ring) return OK;
    if (is_rotation_due(w->product, ring, c->now_s)) return rotate(c, w, ring);
    if (!has_ended_key(w->product, ring, c->now_s)) return OK;
    TRY(keyring_trim(c, ring, c->now_s - keep_s(w->product), &trimmed));
    return write_taking(c, w, trimmed);
}

static enum err fill_take(struct call *c, struct work *w, struct token_key *fresh)
{
    CLEANUP(keyring_dropp) struct keyring *ring = take_latest(w->product);
    struct keyring                        *filled;
    TRY(keyring_fill_take(c, ring, fresh, &filled));
    return write_taking(c, w, filled);
}

enum err signing_keys_keep_up_take(struct call *c, struct work *w, struct token_key *fresh)
{
    if (fresh) TRY(fill_take(c, w, fresh));
    return keep_up(c, w);
}

/* ---- on demand ---- */

static enum err rotate_on_demand(struct call *c, struct work *w, const void *args, void *out_)
{
    struct signing_keys_rotation          *out = out_;
    CLEANUP(keyring_dropp) struct keyring *ring = take_latest(w->product);
    struct keyring                        *planned;
    const struct signing_key              *next = ring ? keyring_only(ring, KEY_NEXT) : NULL;
    bool                                   in_haste = *(const bool *)args;
    work_log_as(w, S(SIGNING_KEYS_ACTION), S("/"));
    if (!next) return FAIL(c, ERR_CONFLICT, "The next signing key is being made; try again shortly.");
    *out = (struct signing_keys_rotation){.is_done = true, .at_s = c->now_s};
    if (in_haste || next->made_s + SIGNING_KEYS_ANNOUNCE_S <= c->now_s) return rotate(c, w, ring);
    TRY(keyring_plan(c, ring, next->made_s + SIGNING_KEYS_ANNOUNCE_S, &planned));
    *out = (struct signing_keys_rotation){.at_s = signing_keys_rotates_s(planned)};
    return write_taking(c, w, planned);
}

const struct op OP_SIGNING_KEYS_ROTATE = {
    .name = "signing_keys_rotate",
    .no_action = "the admin socket's guard: the operator alone",
    .writes = true,
    .no_effects = "it gives nobody anything: the next key is the product's own",
    .run = rotate_on_demand,
};
