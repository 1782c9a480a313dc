/*
 * housekeeper.h - a thread that removes what is due and rotates signing keys.
 *
 * Due are deleted vaults and secrets after their retention time, removed role assignments that no
 * longer grant, ended memberships that no token can use any more, and log records that are too
 * old or too many.
 *
 * The thread looks every half minute, and queues a job for the committer only if it finds
 * something. Readers compare times themselves: a secret that is due is treated as gone before
 * it is removed.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

#define HOUSEKEEPER_PERIOD_MS 30000
#define HOUSEKEEPER_BATCH     100 /* of each kind in one transaction: others want to write too */

struct housekeeper;

/* Removes what is due by the call's time, at most `limit`; in reading work it only counts. */
typedef enum err housekeeping_job(struct call *c, struct work *w, size_t limit, size_t *out_n);

struct job_rows {
    housekeeping_job *const *at;
    size_t                   n;
};
#define JOBS(...)                                                                                                        \
    {                                                                                                                    \
        (housekeeping_job *const[]){__VA_ARGS__}, sizeof(housekeeping_job *[]){__VA_ARGS__} / sizeof(housekeeping_job *) \
    }

/* Those of all services, in their order: endpoints/services.c. */
extern const struct job_rows *const JOBS_OF_SERVICES[];
extern const size_t                 JOBS_OF_SERVICES_N;

/* Looks at once, and then every `period_ms` (0: HOUSEKEEPER_PERIOD_MS). After the committer. */
FALLIBLE housekeeper_start(struct call *c, struct product *p, int64_t period_ms, struct housekeeper **out);
/* Looks again at once: the clock was moved, or a signing key is lacking. Any thread; NULL is fine. */
void housekeeper_wake(struct housekeeper *housekeeper);
/* Ends the thread, before the committer stops. NULL is fine. */
void housekeeper_stop(struct housekeeper *housekeeper);
/* After the committer, whose last jobs may still wake it. NULL is fine. */
void housekeeper_free(struct housekeeper *housekeeper);
