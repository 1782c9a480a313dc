/*
 * transport.h - one HTTP request and its reply, by the settings' transport or libcurl, with the retries of a table.
 *
 * Layer:  client (uses core, net)
 */
#pragma once
#include "client/ask.h"
#include "lanyard/transport.h"

#define TRANSPORT_REPLY_MAX_BYTES   ((size_t)1 << 20)
#define TRANSPORT_HEAD_MAX_BYTES    ((size_t)64 << 10)
#define TRANSPORT_RETRY_AFTER_MAX_S 60 /* a server that asks for more is not asked again */

struct transport_reply {
    int                 status; /* 0: none came */
    str                 body;
    str                 head;           /* "Name: value" lines */
    str                 why;            /* why none came, for a person: "connection refused" */
    enum lanyard_result result;         /* as the transport's send has it: LANYARD_OK with any status */
    int64_t             retry_after_ms; /* -1: the reply says nothing */
    bool                is_too_long;    /* none came, for it was longer than is read; not asked for again */
};
str transport_header(const struct transport_reply *reply, str name); /* empty: absent */

/* When a request is sent again: a row for each source. */
struct retry_rule {
    unsigned     tries;                        /* in all; 1: none again */
    unsigned     first_delay_ms, max_delay_ms; /* doubled from try to try */
    const short *statuses;                     /* 0-terminated; NULL: none. 500: all of 5xx but 501 and 505 */
    bool         after_no_reply;               /* a connection that was refused or cut off, or a reply that did not come in time */
    unsigned     gone_ms;                      /* how long 410 is asked again, seven times; 0: as the others */
    bool         obeys_retry_after;
};

/*
 * Sends `request` and reads its reply, in the call; waits between tries as the rule says, and no longer than the ask's patience.
 * The request's timeouts are for one try; a renewal has
 * no other. A reply of any status is OK; none is OK too, with status 0 and why. `retry` may be NULL: one try.
 * Errors: ERR_TIMED_OUT, ERR_CANCELLED (of the ask), ERR_NO_MEMORY, ERR_PARAMETER_INVALID (a header or URL that holds a line break)
 */
FALLIBLE transport_send(struct call *c, const struct token_ask *ask, const struct lanyard_http_request *request, const struct retry_rule *retry,
                        struct transport_reply *out);

/*
 * How long a reply's head asks to wait: retry-after-ms, x-ms-retry-after-ms, or Retry-After in seconds or as a date. -1: not said, or not readable.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
int64_t transport_retry_after_ms(str head, int64_t now_s);
