/*
 * inside.h - a request that the product makes of itself: the same row, permit and words as for one from outside.
 *
 * It runs in a work that is open, as the call's caller and under its correlation id. Deployments do their resources this
 * way, so that a template can do what its caller can do with the API, and no more.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"

struct inside_request {
    const struct service *service;
    enum http_method      method;
    str                   path; /* "/subscriptions/…", as an id has it: nothing in it is escaped */
    str                   api_version;
    const struct json    *body;   /* NULL: none */
    const void           *origin; /* for the row's own functions: struct wire, origin */
    /* Takes out of the words of a failure what is not to be said, before they are recorded; NULL: nothing */
    void (*hide)(struct call *c, const void *hides);
    const void *hides;
};

struct inside_answer {
    int status;
    str body; /* of a failure, in the words of the service's dialect */
};

/*
 * Runs the request. After a failure *out is filled in too, and what was written is the caller's to take back
 * (work_attempt). A row that writes needs a work that does. Lives: the call.
 * Errors: those of the request
 */
FALLIBLE inside_run(struct call *c, struct work *w, const struct inside_request *r, struct inside_answer *out);
