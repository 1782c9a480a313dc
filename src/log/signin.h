/*
 * signin.h - who got which token, and who was refused one: by which identity, from where, for what.
 *
 * Answers from a cache that are alike - the same token, the caller known the same way - are one record that counts them;
 * so are refusals that come too often (log/repeats.h). These records are not durable: they are written some seconds later,
 * with others, and are lost when the server is killed. No token, secret or password is ever in one; of a target that does
 * not exist only the host is kept.
 *
 * Layer:  log (uses core, directory, resources, rbac, token, store)
 * Source: https://learn.microsoft.com/graph/api/resources/signin
 */
#pragma once
#include "directory/ids.h"
#include "log/record.h"

/* How the server knew who asked. The numbers are in the store: new rows go to the end. */
#define SIGNIN_KNOWN_TABLE(X)                                                                                             \
    X(NOT,           "unknown")             /* it did not */                                                              \
    X(SANDBOX,       "sandbox")             /* by the socket inside the workload's own network namespace */               \
    X(USER,          "user")                /* by the user id of the process at the other end of that user's own socket */ \
    X(PROCESS,       "process")             /* by a binding, of the process that the kernel says holds the connection */  \
    X(HEADER,        "headerSecret")        /* by the secret that only the workload's environment has */                  \
    X(CHALLENGE,     "challengeFile")       /* by the content of a file that only the workload may read */                \
    X(SECRET,        "clientSecret")        /* the rest: by what it showed to the token service */                        \
    X(CERTIFICATE,   "clientCertificate")                                                                                 \
    X(FEDERATED,     "federatedCredential")                                                                               \
    X(PASSWORD,      "password")                                                                                          \
    X(REFRESH_TOKEN, "refreshToken")                                                                                      \
    X(DEVICE_CODE,   "deviceCode")                                                                                        \
    X(AUTH_CODE,     "authorizationCode")                                                                                 \
    X(ON_BEHALF,     "userAssertion")

enum signin_known_by {
#define X(kind, text) SIGNIN_KNOWN_##kind,
    SIGNIN_KNOWN_TABLE(X)
#undef X
        SIGNIN_KNOWN_N
};
str signin_known_text(enum signin_known_by by); /* "sandbox" */

/* Whose request it is, as far as that is known. The numbers are in the store. */
enum signin_type {
    SIGNIN_NONE,
    SIGNIN_MANAGED_IDENTITY,
    SIGNIN_SERVICE_PRINCIPAL,
    SIGNIN_USER,       /* who gave a password, a code: an interactive sign-in */
    SIGNIN_USER_AGAIN, /* whose earlier sign-in is used: a refresh token, on behalf of */
    SIGNIN_TYPE_N
};
str signin_type_text(enum signin_type type); /* "managedIdentity" */

struct signin {
    int64_t              written_ns; /* read: when the record was written */
    guid                 id;
    int64_t              time_ns;        /* of the request; of the first of several */
    int64_t              last_ns;        /* of the last of several */
    uint64_t             times;          /* how many answers it stands for; 0 counts as 1 */
    uint64_t             dropped;        /* not 0: it stands for so many records that there was no room for, and for nothing else */
    guid                 correlation_id; /* of the first of several */
    str                  client_request; /* what the client calls its request, if it is more than the correlation id */
    enum signin_type     type;
    enum signin_known_by known_by;
    bool                 from_cache;
    object_id            principal; /* none: it is not known which was meant */
    client_id            app;
    str                  name; /* of the principal; a user's sign-in name */
    bool                 is_system_assigned;
    str                  endpoint;    /* the service that was asked: "imds"; static */
    str                  host;        /* the resource whose workload asked */
    str                  address;     /* it asked from; empty where the address says nothing */
    str                  client;      /* what its program calls itself */
    guid                 credential;  /* which of the application's: the id of a secret, certificate or federated credential */
    str                  target;      /* as asked for */
    str                  target_name; /* "Azure Key Vault" */
    client_id            target_app;
    str                  unique_id;  /* the token's uti claim; empty: none was given */
    int64_t              error_code; /* 0: granted; else the token service's number, or the endpoint's HTTP status */
    str                  error;      /* the product's name for it: "IDENTITY_NOT_FOUND"; static */
    str                  reason;     /* a sentence that quotes nobody */
};

extern const struct log_kind LOG_SIGNIN;

/* A copy of all that it points to, but for what is static; false: no room. */
MUST_USE bool signin_copy(struct arena *a, const struct signin *s, struct signin *out);

/* The body of a record. Errors: ERR_NO_MEMORY */
FALLIBLE signin_pack(struct call *c, const struct signin *s, str *out);
/* As log_list. */
FALLIBLE signin_list(struct call *c, struct store_session *session, const struct log_range *range, struct signin **out, size_t *out_n,
                     str *out_cursor);
