/*
 * signin.h - who got which token, and who was refused one: by which identity, from where, for what.
 *
 * Answers from a cache that are alike - the same token, the caller known the same way - are one record that counts them.
 * These records are not durable: they are written some seconds later, with others, and are lost when the server
 * is killed. No token, secret or password is ever in one; of a target that does not exist only the host is kept.
 *
 * Layer:  log (uses core, directory, resources, rbac, token, store)
 * Source: https://learn.microsoft.com/graph/api/resources/signin
 */
#pragma once
#include "directory/ids.h"
#include "log/record.h"

/* How the server knew who asked. */
enum signin_known_by {
    SIGNIN_KNOWN_NOT,        /* it did not */
    SIGNIN_KNOWN_SANDBOX,    /* by the socket inside the workload's own network namespace */
    SIGNIN_KNOWN_USER,       /* by the user id of the process at the other end of a socket that is for that user alone */
    SIGNIN_KNOWN_CREDENTIAL, /* by what it showed to the token service */
};
str signin_known_text(enum signin_known_by by); /* "sandbox" */

enum signin_type { SIGNIN_MANAGED_IDENTITY, SIGNIN_SERVICE_PRINCIPAL, SIGNIN_USER };
str signin_type_text(enum signin_type type); /* "managedIdentity" */

struct signin {
    int64_t              written_ns; /* read: when the record was written */
    guid                 id;
    int64_t              time_ns;        /* of the request; of the first of several */
    int64_t              last_ns;        /* of the last of several */
    uint64_t             times;          /* how many answers it stands for; 0 counts as 1 */
    uint64_t             dropped;        /* not 0: it stands for so many records that there was no room for, and for nothing else */
    guid                 correlation_id; /* of the first of several */
    enum signin_type     type;
    enum signin_known_by known_by;
    bool                 from_cache;
    object_id            principal; /* none: it is not known which was meant */
    client_id            app;
    str                  name; /* of the principal */
    bool                 is_system_assigned;
    str                  host;        /* the resource whose workload asked */
    str                  target;      /* as asked for */
    str                  target_name; /* "Azure Key Vault" */
    client_id            target_app;
    str                  unique_id;  /* the token's uti claim; empty: none was given */
    int64_t              error_code; /* 0: granted; else the token service's number, or the endpoint's HTTP status */
    str                  error;      /* the product's name for it: "IDENTITY_NOT_FOUND" */
    str                  reason;     /* a sentence that quotes nobody */
};

extern const struct log_kind LOG_SIGNIN;

/* A copy of all that it points to; false: no room. */
MUST_USE bool signin_copy(struct arena *a, const struct signin *s, struct signin *out);

/* The body of a record. Errors: ERR_NO_MEMORY */
FALLIBLE signin_pack(struct call *c, const struct signin *s, str *out);
/* As log_list. */
FALLIBLE signin_list(struct call *c, struct store_session *session, const struct log_range *range, struct signin **out, size_t *out_n,
                     str *out_cursor);
