/*
 * ask.h - one asking for a token, on its way through the credentials.
 *
 * It belongs to one thread. A credential that fails says so with ask_refused: the attempt stands in the
 * token object, and the kind of failure tells a chain whether it goes on.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "core/secret.h"
#include "lanyard/identity.h"

#define ATTEMPTS_MAX 64 /* of one asking; later ones are not shown */

struct settings;

/* A point of time by both clocks: the wall's may be set back, and CLOCK_BOOTTIME goes on while the machine sleeps. */
typedef struct {
    int64_t wall_s; /* since 1970 */
    int64_t boot_s;
} moment;
moment moment_now(void);

/* When to give up. */
struct patience {
    int64_t                      until_ns; /* CLOCK_MONOTONIC; INT64_MAX: no end of its own */
    const struct lanyard_cancel *cancel;   /* may be NULL */
};

/* What was tried, in order. Texts live in the call. */
struct attempts {
    struct lanyard_attempt items[ATTEMPTS_MAX];
    size_t                 n;
};

struct token_ask {
    str                    scope;     /* one scope: "https://vault.azure.net/.default" */
    str                    resource;  /* the same without "/.default" */
    str                    tenant_id; /* asked for; empty: the credential's own */
    str                    claims;    /* JSON; empty: none */
    str                    rejected;  /* with claims: the value of the token that is kept and that a service rejected; empty: none is kept */
    bool                   enable_cae;
    bool                   is_renewal; /* a valid token is kept: each request has one try */
    bool                   in_chain;   /* another credential may follow: an endpoint is probed before it is waited for */
    struct patience        patience;
    const struct settings *settings;
    struct attempts       *attempts;
};

/* What a source gave. */
struct access_token {
    struct secret value;
    int64_t       expires_at_s;
    int64_t       refresh_at_s;                   /* 0: by the rule of token_refresh_at */
    int64_t       expires_boot_s, refresh_boot_s; /* the same by CLOCK_BOOTTIME; 0: as far from the time of the asking as by the wall's */
    const char   *source;                         /* "virtual machine (IMDS)"; static; NULL: the credential has one source only */
    int           http_status;                    /* of the reply; 0: none was needed */
};

/* What is known of a refusal besides its text. Texts may be empty. */
struct refusal {
    enum err    kind; /* ERR_CREDENTIAL_UNAVAILABLE, ERR_AUTHENTICATION_FAILED, ERR_PARAMETER_INVALID, ERR_TIMED_OUT, ERR_CANCELLED */
    const char *source;
    int         http_status;
    str         code, correlation_id;
    const char *fix;
};

/*
 * Records the attempt of `credential` (its name) and gives the kind back; `why` never holds a secret. Foreign words in it went through call_printable.
 * If memory failed before, that is what is given back.
 */
FALLIBLE ask_refused(struct call *c, struct token_ask *ask, const char *credential, const struct refusal *what, str why);

/* Records an attempt as it is; the texts are copied into the call. */
void ask_attempted(struct call *c, struct token_ask *ask, const struct lanyard_attempt *attempt);

/* The installed library's word for a kind of failure, and back: the kind by which a chain goes on or ends. */
enum lanyard_result ask_result(enum err kind);
enum err            ask_kind(enum lanyard_result result);

/* So long from now; 0: no end. */
struct patience patience_of(unsigned timeout_ms, const struct lanyard_cancel *cancel);
/* The same, and no longer than `p`. */
struct patience patience_within(const struct patience *p, unsigned timeout_ms);
/* How long it lasts, at most `most_ms`; 0: it is over. */
unsigned patience_left_ms(const struct patience *p, unsigned most_ms);
/* Errors: ERR_TIMED_OUT, ERR_CANCELLED - it is over */
FALLIBLE patience_check(struct call *c, const struct patience *p);
/* Waits that long, or until it is over. Errors: as above */
FALLIBLE patience_sleep(struct call *c, const struct patience *p, unsigned ms);
