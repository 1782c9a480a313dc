/*
 * trial.h - one credential at work on one asking: it sends requests, and its failures become attempts.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/reply.h"
#include "client/transport.h"

struct trial {
    struct token_ask *ask;
    const char       *credential;  /* "ManagedIdentityCredential" */
    const char       *source;      /* "virtual machine (IMDS)"; "" where there is one only */
    int               http_status; /* of the last reply; 0: none came */
    str               sent_secret; /* in the request: a server that repeats it is not repeated. Empty: none. Lives as long as the call */
};

/* transport_send; what it fails by is recorded as an attempt. Errors: the kinds of ask_refused, ERR_NO_MEMORY */
FALLIBLE trial_send(struct call *c, struct trial *t, const struct lanyard_http_request *request, const struct retry_rule *retry,
                    struct transport_reply *out);

/* Records that the credential has no token, and why. Gives `kind` back. `fix` may be "". */
FALLIBLE trial_refused(struct call *c, struct trial *t, enum err kind, const char *fix, const char *format, ...) PRINTF_LIKE(5, 6);
/* The same in the words of the call's failure, which is then forgiven. Lack of memory stays what it is. */
FALLIBLE trial_failed(struct call *c, struct trial *t, enum err kind, const char *fix);
/* The same after a reply that says no: its words, its code and its correlation id. */
FALLIBLE trial_answered(struct call *c, struct trial *t, enum err kind, const char *fix, const struct error_reply *error);

/* The token of a reply as the outcome. Errors: ERR_NO_MEMORY */
FALLIBLE trial_token(struct call *c, const struct trial *t, const struct token_reply *reply, struct access_token *out);
