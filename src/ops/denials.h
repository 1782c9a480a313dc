/*
 * denials.h - records of refused requests, so that each can be explained later by its id.
 *
 * The answer is sent first; the committer writes the record with the next commit. A record holds the
 * explanation as of the refusal, so later changes do not alter it. Only the latest records are
 * kept, and refusals that come faster than they can be written are not recorded.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "log/record.h"
#include "ops/explain.h"

#define DENIALS_KEPT        1000 /* and some more, until the next clearing */
#define DENIALS_MAX_PENDING 64   /* on their way to the store */

/* Where they lie: among the diagnostic records, under a prefix of their own. */
extern const struct log_kind LOG_DENIAL;

struct denial {
    guid      id;
    int64_t   time_ns;
    object_id who;
    str       who_name;
    str       action;
    bool      is_data;
    str       scope;
    str       explained; /* JSON: what explain_write wrote at that time */
};

/*
 * After a failure that is a refusal: keeps it and gives its id. GUID_NONE: none is kept, because the failure
 * is no refusal, or there are too many. Any thread.
 */
guid denials_keep(struct call *c, const struct work *w);

/* Errors: ERR_NOT_FOUND. Lives: the call. */
FALLIBLE denials_find(struct call *c, struct store_session *session, guid id, struct denial *out);
/* Newest first, without their explanations. Lives: the call. */
FALLIBLE denials_list(struct call *c, struct store_session *session, size_t limit, struct denial **out, size_t *out_n);
