/*
 * transport.h - one HTTP request and its reply, by the settings' transport or libcurl, with the retries of a table.
 *
 * Layer:  client (uses core, net)
 */
#pragma once
#include "client/ask.h"
#include "lanyard/transport.h"

#define TRANSPORT_REPLY_MAX_BYTES ((size_t)1 << 20)

struct transport_reply {
    int     status; /* 0: none came */
    str     body;
    str     head;           /* "Name: value" lines */
    str     why;            /* why none came, for a person */
    int64_t retry_after_ms; /* -1: the reply says nothing */
};
str transport_header(const struct transport_reply *reply, str name); /* empty: absent */

/* When a request is sent again: a row for each source. */
struct retry_rule {
    unsigned     tries;                        /* in all; 1: none again */
    unsigned     first_delay_ms, max_delay_ms; /* doubled from try to try */
    const short *statuses;                     /* 0-terminated */
    bool         after_no_reply;               /* a connection that was refused or cut off too */
    unsigned     gone_ms;                      /* how long 410 is asked again; 0: as the others */
    bool         obeys_retry_after;
};

/*
 * Sends `request` and reads its reply, in the call; waits between tries as the rule says, and no longer than the ask's patience.
 * A reply of any status is OK; none is OK too, with status 0 and why.
 * Errors: ERR_TIMED_OUT, ERR_CANCELLED (of the ask), ERR_NO_MEMORY, ERR_TOO_LARGE
 */
FALLIBLE transport_send(struct call *c, const struct token_ask *ask, const struct lanyard_http_request *request, const struct retry_rule *retry,
                        struct transport_reply *out);
