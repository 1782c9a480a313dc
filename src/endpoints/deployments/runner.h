/*
 * runner.h - the thread that carries out deployments.
 *
 * A deployment goes on in turns. In each turn the thread evaluates the resources whose dependencies are done, against the
 * published world, and hands them to the committer as one job: each is written as its caller would write it with the API,
 * behind a mark of its own, together with the record of its operation. So a resource and its operation are on disk both or
 * neither, whatever kills the server, and resources that do not depend on each other share a commit. What takes long -
 * evaluating templates - holds up no other change.
 *
 * Which deployments are to be carried on is known to the store alone. The thread has a few of them in memory; one that
 * waits for deployments inside of it is in the store only.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "ops/product.h"

#define RUNNER_MAX_RUNS  8    /* in memory: each may take as much as a request */
#define RUNNER_MAX_STEPS 64   /* of one deployment in one job: others want to write too */
#define RUNNER_RETRY_MS  1000 /* after a commit that failed */

struct runner;

/* After the committer. What an earlier server left is carried on. */
FALLIBLE runner_start(struct call *c, struct product *p, struct runner **out);
/* There may be a deployment to carry on. Any thread; NULL is fine. */
void runner_wake(struct runner *r);
/* Ends the thread, once its jobs are done: before the committer stops. NULL is fine. */
void runner_stop(struct runner *r);
/* After the committer, whose last jobs may still wake it. NULL is fine. */
void runner_free(struct runner *r);
