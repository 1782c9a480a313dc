#include "ops/signing_keys.h"

#include "core/digest.h"
#include "ops/minter.h"

#define RECORD_KEY S("ring")

static enum err seal(struct call *c, const struct product *p, struct keyring *ring, struct signing_turn *out)
{
    CLEANUP(secret_clear) struct secret saved = {0};
    struct signing_turn                 turn = {.ring = ring};
    enum err                            failed = keyring_save(c, ring, &saved);
    if (failed == OK) failed = seal_close(c, &p->seal_key, secret_reveal(&saved), RECORD_KEY, &turn.sealed);
    if (failed == OK) *out = turn;
    else keyring_drop(ring);
    return failed;
}

enum err signing_keys_begin(struct call *c, const struct product *p, struct signing_turn *out)
{
    struct keyring *ring;
    TRY(keyring_new(c, 0, &ring));
    return seal(c, p, ring, out);
}

enum err signing_keys_turn(struct call *c, struct product *p, struct signing_turn *out)
{
    CLEANUP(keyring_dropp) struct keyring *before = product_keyring_take(p);
    struct keyring                        *ring;
    TRY(keyring_rotate(c, before, p->token_lifetime_s + SIGNING_KEYS_KEEP_S, &ring));
    return seal(c, p, ring, out);
}

enum err signing_keys_write(struct call *c, struct store_session *session, const struct signing_turn *turn)
{
    return store_put(c, session, STORE_SIGNING_KEY, RECORD_KEY, turn->sealed);
}

void signing_keys_publish(struct product *p, struct signing_turn *turn)
{
    product_keyring_put(p, TAKE(turn->ring));
    minter_wake(p->minter);
}

void signing_keys_discard(struct signing_turn *turn)
{
    keyring_drop(turn->ring);
    turn->ring = NULL;
}

enum err signing_keys_load(struct call *c, struct store_session *session, struct product *p)
{
    CLEANUP(secret_clear) struct secret saved = {0};
    struct signing_turn                 turn = {0};
    TRY(store_get(c, session, STORE_SIGNING_KEY, RECORD_KEY, &turn.sealed));
    TRY(seal_open(c, &p->seal_key, turn.sealed, RECORD_KEY, &saved));
    TRY(keyring_load(c, &saved, &turn.ring));
    signing_keys_publish(p, &turn);
    return OK;
}

// The latest to retire did so when the current one came into use.
static int64_t in_use_since_s(const struct keyring *ring)
{
    const struct signing_key *before = keyring_at(ring, 2);
    return before ? before->retired_s : keyring_at(ring, 0)->made_s;
}

bool signing_keys_due(struct product *p, int64_t now_s)
{
    CLEANUP(keyring_dropp) struct keyring *ring = product_keyring_take(p);
    if (!ring) return false;
    return keyring_lacks_keys(ring) || now_s - in_use_since_s(ring) >= SIGNING_KEYS_TURN_S;
}
