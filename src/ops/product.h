/*
 * product.h - the running product: what every op and endpoint works with.
 *
 * Made by the server at start; its parts outlive every call. Each thread that works
 * has a row number of its own: serving loops 0..n-1, then signers and helpers.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include <stdatomic.h>

#include "core/secret.h"
#include "core/time.h"
#include "ops/propagation.h"
#include "ops/world.h"
#include "resources/names.h"
#include "token/token.h"

#define PRODUCT_ROW_WRITER (WORLD_MAX_READERS - 1) /* the committer's own */
#define PRODUCT_ROW_HELPER (WORLD_MAX_READERS - 2) /* housekeeping */
#define PRODUCT_MAX_LOOPS  32
#define PRODUCT_MAX_RINGS  64 /* key rotations while it runs */

struct minter;
struct committer;
struct housekeeper;

struct product {
    struct clock         clock;
    const struct random *random;
    struct store        *store;
    struct store_session *sessions[WORLD_MAX_READERS]; /* reading ones, by row; opened at first use */
    struct worlds       *worlds;
    struct committer    *committer; /* the one that writes */
    struct minter       *minter;
    struct housekeeper  *housekeeper;
    struct names         names;
    struct secret        seal_key; /* for values at rest; its file lies beside the database */
    _Atomic(struct keyring *) keyring; /* the ring in force; older ones stay in rings until the end */
    struct keyring      *rings[PRODUCT_MAX_RINGS];
    size_t               ring_n;
    tenant_id            tenant;
    str                  tenant_name;   /* "Lanyard" */
    str                  tenant_domain; /* lanyard.example style, for user names */
    subscription_id      subscription;  /* the one made at first start */
    object_id            operator_id;
    int64_t              token_lifetime_s;
    _Atomic unsigned     denials_pending; /* refusals on their way to the store */
    bool                 test_clock;
    struct propagation   propagation;
    int64_t              started_ns;
    str                  data_dir;
    uint16_t             https_port;
    void (*stop)(void *stop_context); /* ends the server; any thread */
    void                *stop_context;
};

static inline const struct keyring *product_keyring(const struct product *p)
{
    return atomic_load_explicit(&p->keyring, memory_order_acquire);
}

/* "https://sts.windows.net/TENANT/" and "https://login.microsoftonline.com/TENANT/v2.0". Lives: the call. */
str product_issuer(struct call *c, const struct product *p, enum token_version version);
