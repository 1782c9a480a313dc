/*
 * logs.h - records of sign-ins and of operations of data planes, on their way to the store.
 *
 * They cost no commit of their own: they wait in a bounded queue and share the next one (log/sink.h, committer.h). Answers
 * with a cached token are counted in place, in a table of the serving thread's own, and go to the store as one record a token
 * about every half minute, or when somebody reads the log. Nothing here is durable: a kill loses what waits.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "log/activity.h"
#include "log/diagnostic.h"
#include "log/signin.h"
#include "ops/gate.h"

struct logs;

/* After the committer. */
FALLIBLE logs_start(struct call *c, struct product *p, struct logs **out);
/* When nobody makes records any more, before the committer stops: what waits goes into its last transaction. NULL is fine. */
void logs_finish(struct logs *l);
/* After the committer. NULL is fine. */
void logs_free(struct logs *l);

/*
 * Records it; no failure is left in the call. Any thread. A product without logs (a unit test's) records nothing.
 * Sign-ins that come too often are counted (log/repeats.h), until somebody reads the log or half a minute is over.
 */
void logs_signin(struct call *c, const struct product *p, const struct signin *s);
void logs_diagnostic(struct call *c, const struct product *p, const struct diagnostic *d);
/* A write that was refused or failed. Those of one caller that come too often are counted (log/refused.h) in the same way. */
void logs_refused(struct call *c, const struct product *p, const struct activity *a);

/*
 * Another answer with that token, to a caller known in that way: counts it. False: there is no record to count it in;
 * then logs_signin_first opens one. Both only on the thread of that row; neither waits for a lock.
 */
MUST_USE bool logs_signin_again(const struct product *p, unsigned row, str unique_id, enum signin_known_by by, int64_t now_ns);
void          logs_signin_first(struct call *c, const struct product *p, unsigned row, const struct signin *s);

/*
 * No arguments, no result: the permission to read what everybody did, alone. The operator has it, over the admin socket or with
 * a token. The cloud gives it to directory roles (Reports Reader) and to the app role AuditLog.Read.All; neither is granted to
 * anybody here, so everybody else is refused: inferred, the safe way. Errors: ERR_NOT_AUTHORIZED, ERR_CALLER_UNKNOWN
 * Source: https://learn.microsoft.com/graph/api/signin-list (permissions)
 */
extern const struct op OP_LOG_READ;

/* Writes what waits, counts too, into this work: so that a list of the log shows all that happened before it. */
FALLIBLE logs_write(struct call *c, struct work *w);
/* What logs_write wrote is taken back with its work: the next writing says how many records were lost. */
void logs_lost(const struct product *p);
/* For the housekeeper: what was counted joins the queue. Nothing is removed. */
FALLIBLE logs_queue_counts(struct call *c, struct work *w, size_t limit, size_t *out_n);
