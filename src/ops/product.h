/*
 * product.h - the running product: what every op and endpoint works with.
 *
 * Made by the server at start; its parts outlive every call. Each thread that works
 * has a row number of its own: serving loops 0..n-1, then signers and helpers.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "core/secret.h"
#include "core/time.h"
#include "log/trim.h"
#include "ops/device_codes.h"
#include "ops/propagation.h"
#include "ops/sign_in_guard.h"
#include "ops/world.h"
#include "resources/names.h"
#include "token/audience.h"
#include "token/token.h"

#define PRODUCT_ROW_WRITER   (WORLD_MAX_READERS - 1) /* the committer's own */
#define PRODUCT_ROW_HELPER   (WORLD_MAX_READERS - 2) /* housekeeping */
#define PRODUCT_ROW_DEPLOYER (WORLD_MAX_READERS - 3) /* carries out deployments */
#define PRODUCT_MAX_LOOPS    32
#define PRODUCT_ROW_WORKERS  PRODUCT_MAX_LOOPS /* threads for reads that take long, from here on */
#define PRODUCT_MAX_WORKERS  8
#define PRODUCT_ROWS         (PRODUCT_ROW_WORKERS + PRODUCT_MAX_WORKERS) /* of threads that answer requests: loops, then workers */

struct minter;
struct committer;
struct housekeeper;
struct logs;
struct net_loops;
struct workload_limits_table;
struct issuers;
struct runner;

#define LOG_KEPT_KINDS 5

/* How long log records are kept: ops/log_keep.h. */
struct log_limits {
    int64_t days;    /* 0: LOG_KEEP_DAYS */
    size_t  records; /* 0: LOG_KEEP_RECORDS */
};

/* What the housekeeper knows of one kind of log records. */
struct log_keeping {
    struct log_tally tally;
    const str       *due; /* keys that are to go */
    size_t           due_n;
};

struct product {
    struct clock          clock;
    const struct random  *random;
    struct store         *store;
    struct store_session *sessions[WORLD_MAX_READERS]; /* reading ones, by row; opened at first use */
    bool                  reads_last_a_turn; /* the serving loops end read transactions of their rows (product_end_read); else work_end does */
    struct worlds        *worlds;
    struct committer     *committer; /* the one that writes */
    struct minter        *minter;
    struct logs          *logs; /* NULL: nothing is recorded of sign-ins and data planes */
    struct housekeeper   *housekeeper;
    struct runner        *runner;  /* carries out deployments; NULL: they wait */
    struct issuers       *issuers; /* outside ones, whose tokens federated credentials trust; NULL: none can be asked */
    struct names          names;
    struct secret         seal_key; /* for values at rest; its file lies beside the database */
    struct keyring       *keyring;  /* the ring in force: product_keyring_take, _put; all zero bytes are an open lock */
    pthread_mutex_t       keyring_lock;
    struct keyring       *keyring_written; /* the writer's: in the transaction that is open, and in force once that is on disk; NULL: no other */
    tenant_id             tenant;
    str                   tenant_name;   /* "Lanyard" */
    str                   tenant_domain; /* lanyard.example style, for user names */
    subscription_id       subscription;  /* the one made at first start */
    object_id             operator_id;
    int64_t               token_lifetime_s;
    int64_t               longest_lifetime_s; /* that was ever in force here: some tokens may still have it */
    struct log_limits     log_limits;
    struct log_keeping    log_keeping[LOG_KEPT_KINDS];
    size_t                log_written;     /* the writer's: log records since the housekeeper was last told of them */
    int64_t               last_log_ns;     /* the writer's: see product_log_ns */
    struct sign_in_guard  sign_in_guard;   /* all zero bytes are an open one */
    struct device_codes   device_codes;    /* all zero bytes are an empty table */
    _Atomic unsigned      denials_pending; /* refusals on their way to the store */
    bool                  test_clock;
    struct propagation    propagation;
    int64_t               started_ns;
    str                   data_dir;
    uint16_t              https_port;
    str                   https_address;   /* "127.0.0.1", "0.0.0.0", "::1" */
    uint16_t              metadata_port;   /* of 127.0.0.1, for programs of this machine; 0: there is none */
    str                   metadata_socket; /* the same as a unix socket */
    str                   verify_socket;   /* where proxies have tokens checked */
    struct workload_limits_table *limits;  /* the published limits of resources, as the token endpoints count them; NULL: none count */
    void (*stop)(void *stop_context);      /* ends the server; any thread */
    void                   *stop_context;
    const struct net_loops *measured_loops; /* those that serve, if they measure their turns; else NULL */
};

/* The token service, and the issuer of version 1 tokens. */
extern const struct host HOST_LOGIN;
extern const struct host HOST_ISSUER;

/* The service that tokens are asked for by that name: see token/audience.h. Lives: points into `asked`, the world and the call. */
MUST_USE bool product_audience(struct call *c, const struct product *p, const struct world *w, str asked, struct audience *out);

/* The ring in force, for the caller to drop; NULL: none. A ring may be replaced at any time. Any thread. */
struct keyring *product_keyring_take(struct product *p);
/* Puts a ring into force, or none, and takes it over. Any thread. */
void product_keyring_put(struct product *p, struct keyring *ring);

/* Ends the read transaction that works of this row left open (store_begin_latest). Its thread, and before that waits. */
void product_end_read(struct product *p, unsigned row);

/*
 * The time under which a log record is written: not before `now_ns`, and later than that of any before, so that who
 * follows a log by its keys misses none. It starts behind what earlier processes wrote (log_keep_start). Only in writing work.
 */
int64_t product_log_ns(struct product *p, int64_t now_ns);

/* "https://sts.windows.net/TENANT/" and "https://login.microsoftonline.com/TENANT/v2.0". Lives: the call. */
str product_issuer(struct call *c, const struct product *p, enum token_version version);
