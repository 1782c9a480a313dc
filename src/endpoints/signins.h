/*
 * signins.h - a sign-in record for every request for a token, granted or refused.
 *
 * A row that gives tokens says to whom (struct route, gives_tokens_to). The router records each answer of such a row, also a
 * refusal before the handler. From the request and its listener it takes: the endpoint, the workload's resource and how it
 * is known, the address, the client, both ids of the request, the failure. A handler puts what it learns into
 * answer.signin as it learns it, so that a refusal has what was known by then; what belongs to the world is copied, by the
 * functions below. Nothing else has to be done:
 *
 *     granted: unique_id, the token's; type, known_by and credential where the row and the listener do not tell them
 *     refused: the call's failure; or error_code, error and reason, by a handler that words its refusal itself
 *
 * The form of the log and the error numbers of the token service are published; that refusals of a metadata endpoint, too,
 * are in the log is inferred: whoever looks for stolen tokens looks there.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-ins
 */
#pragma once
#include "endpoints/service.h"

/* The router's: once the answer is made, before it is sent. Of other rows nothing. Any thread. */
void signins_record(struct call *c, const struct wire *q, struct answer *a);

/* A connection of somebody else than the workload was closed before it was read: it may have been after a token. Any thread. */
void signins_record_closed(const struct router *r);

/*
 * For an answer from a cache whose unique_id is noted, on the serving thread's own row: counts it with those of the same
 * token. True: it is counted, and nothing more is to be noted. No memory is allocated, no lock waited for.
 */
MUST_USE bool signins_count(const struct call *c, const struct wire *q, struct answer *a);

/* The number under which the token service refuses the same: 500011. 0: it has none. */
int64_t signins_number(enum err kind);

/* Whose token it is, or would have been. */
void signins_note_principal(struct call *c, struct answer *a, const struct principal *p);
/* What it is for, as asked. Of a target that nobody here knows only the host is kept: the rest may be anything, a secret too. */
void signins_note_target(struct call *c, const struct work *w, struct answer *a, str asked);
