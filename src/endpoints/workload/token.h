/*
 * token.h - from a workload's request to its token: what all local token endpoints have in common.
 *
 * A protocol says in a table how a request names an identity, which one is meant when it names none, and how an answer
 * is written. The rest is here: whose workload it is, the token in use or the wait for a signature, the limits, and what
 * the sign-in's record says of it (endpoints/signins.h).
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/workload/listener.h"
#include "ops/workload_token.h"

/* A name by which a request selects an identity; aliases have rows of their own. */
struct selector_row {
    str    name;
    size_t into; /* a str of identity_choice */
};

/* The members of an answer. All values are texts: the clients read numbers so too. */
#define TOKEN_FIELDS(X)                                                                                              \
    X(ACCESS_TOKEN, "access_token")                                                                                  \
    X(CLIENT_ID, "client_id")                                                                                        \
    X(EXPIRES_IN, "expires_in")                                                                                      \
    X(EXPIRES_ON, "expires_on")                                                                                      \
    X(EXT_EXPIRES_IN, "ext_expires_in")                                                                              \
    X(NOT_BEFORE, "not_before")                                                                                      \
    X(RESOURCE, "resource")                                                                                          \
    X(TOKEN_TYPE, "token_type")                                                                                      \
    X(SELECTED, "") /* the name and value that selected the identity, unless it is the client id, which has a member of its own */

enum token_field {
#define X(field, name) TOKEN_FIELD_##field,
    TOKEN_FIELDS(X)
#undef X
};

/* One request: what it asks for, and what it got. In its call, from the exchange's `user`. */
struct workload_ask {
    struct workload_caller   caller;
    const struct http_field *fields; /* of the query, or of the form */
    size_t                   field_n;
    str                      audience;
    struct identity_choice   choice;
    const struct http_field *selected; /* the field that names the identity; NULL: none does */
    const struct minted     *token;    /* NULL: refused. Lives: until the answer is sent */
};

struct token_protocol {
    const struct selector_row *selectors;
    size_t                     selector_n;
    const char                *selector_names;    /* for an error: "client_id, object_id and msi_res_id" */
    bool                       system_by_default; /* none named: the system-assigned identity or none, never the only other one */
    bool                       in_form;           /* its parameters stand in the body, not in the query */
    const char                *rejected;     /* the field with the SHA-256 of a token that a service rejected: another is given; NULL: it has none */
    unsigned                   tokens_per_s; /* the published limits of a resource; 0: none is published */
    unsigned                   tokens_at_once;
    /* What it asks of a request besides: api-version, names given twice. May be NULL. */
    enum err (*check)(struct call *c, const struct wire *q, const struct workload_ask *ask);
    const enum token_field *fields; /* of an answer, in this order */
    size_t                  field_n;
};

/* The handler of the path at which tokens are asked for; its row says gives_tokens_to SIGNIN_MANAGED_IDENTITY. */
route_handler workload_get_token;

/* The request's ask; NULL if it was refused before it was read. */
static inline const struct workload_ask *workload_ask_of(const struct answer *a)
{
    return a->x->user;
}

/* Errors: ERR_PARAMETER_INVALID - a name stands twice */
FALLIBLE workload_check_fields(struct call *c, const struct http_field *fields, size_t n);

/* Did the request name an identity? */
bool workload_ask_names(const struct workload_ask *ask);

/* What to say of the call's failure: its own words, but those of the token service where that one is known to refuse. Lives: the call. */
str workload_describe(struct call *c);
