/*
 * run.h - one deployment that is carried out: its template read, its steps, its turns.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/deployments/deployments.h"
#include "ops/committer.h"

struct run;

/* The state in which a turn leaves it. */
enum run_state {
    RUN_COMMITS, /* its job is the committer's: run_is_out says until when */
    RUN_RESTS,   /* there is nothing to do in memory: it is over, gone, or waits for another one */
};

/*
 * Reads what is recorded of a deployment. One that cannot be read is ended with its next turn. `on_commit` is called on the
 * committer's thread when a job is done. Errors: ERR_NO_MEMORY
 */
FALLIBLE run_new(struct call *c, struct product *p, const struct deployment *d, void (*on_commit)(void *context), void *context, struct run **out);
void     run_free(struct run *r);

/* Is it of the record of that key? */
bool run_is_of(struct call *c, const struct run *r, str key);
bool run_is_out(const struct run *r);
/*
 * Does what can be done now. On the thread of PRODUCT_ROW_DEPLOYER, while no job is out.
 * Errors: it cannot go on now: ERR_BUSY, ERR_STORE_UNAVAILABLE, ERR_NO_MEMORY
 */
FALLIBLE run_turn(struct run *r, enum run_state *out);
/* The failure of that turn, for a report. */
const struct call *run_call(const struct run *r);
