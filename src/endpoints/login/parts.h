/*
 * parts.h - what the files of this folder share.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/login/aadsts.h"
#include "ops/app_access.h"
#include "ops/refresh_token.h"
#include "token/client_assertion.h"
#include "token/token.h"

#define LOGIN_MAX_FORM_BYTES (64u << 10) /* a client assertion, and a little */

/* The tenant that a path names. */
enum login_tenant_kind {
    LOGIN_TENANT_OURS,      /* by its id or its domain */
    LOGIN_TENANT_ANY,       /* "common", "organizations": documents then say {tenantid} */
    LOGIN_TENANT_UNKNOWN,   /* well formed, but no tenant of this server */
    LOGIN_TENANT_MALFORMED, /* neither an id nor a domain */
};
enum login_tenant_kind login_tenant(const struct wire *q, str segment);
/* LOGIN_TENANT_UNKNOWN or _MALFORMED as a refusal; `error` empty: the table's word. */
FALLIBLE login_refuse_tenant(struct call *c, const struct wire *q, struct answer *a, enum login_tenant_kind kind, str error, str segment);

#define LOGIN_MAX_REQUIRED     3
#define LOGIN_MAX_STEPS        8
#define LOGIN_MAX_SCOPE_BYTES  REFRESH_TOKEN_MAX_SCOPES
#define LOGIN_MAX_CAPABILITIES 8

struct login_ask;

/*
 * A step of answering a request at the token endpoint. It fills in what it finds, or refuses by login_refuse_ask: then no step
 * follows. Steps run on a worker: some derive a password or verify a signature.
 */
typedef enum err login_step(struct call *c, struct work *w, struct login_ask *k);

struct login_grant {
    str         name;
    str         required[LOGIN_MAX_REQUIRED]; /* besides grant_type and client_id */
    bool        for_resource;                 /* needs scope, or resource in version 1 */
    login_step *steps[LOGIN_MAX_STEPS];       /* then NULL; the last one answers */
};

/* A request at the token endpoint, as far as it has been read. */
struct login_ask {
    const struct wire        *q;
    struct answer            *a;
    enum token_version        version; /* of the endpoint */
    struct http_field        *fields;
    size_t                    n;
    const struct login_grant *grant;
    bool                      is_refused; /* the answer is complete */
    bool                      must_wait;  /* for the keys of an outside issuer: then the steps begin anew */

    str                       client_text;         /* as sent */
    str                       basic_id, basic_key; /* of the Authorization header; NULL `at`: none */
    client_id                 app;
    const struct principal   *service;     /* of the client; NULL: one of the cloud's own */
    const struct application *application; /* likewise */
    enum token_proof          proof;
    str                       issuer, kid; /* whose keys are waited for, and which one is needed */

    str             resource_text; /* what the token is asked for, without its scopes */
    str             scopes;        /* of the resource, as asked; empty: all ("/.default") */
    str             asked_scopes;  /* the whole parameter */
    bool            wants_id, wants_refresh;
    struct audience resource;

    const struct principal *user; /* NULL: the application asks for itself */
    enum token_kind         kind;
    str                     method;      /* by which the user signed in: "pwd"; empty: by none of the published ones */
    bool                    by_operator; /* who signed the user in, with no proof of the user's own */
    str                     scp;
    struct token_texts      roles, groups, capabilities;
};

str      login_field(const struct login_ask *k, str name); /* of the form; empty: it has none */
FALLIBLE login_refuse_ask(struct call *c, struct login_ask *k, enum aadsts kind, str about);
/* Who speaks of the form's parameters, without reading more. */
FALLIBLE login_read_form(struct call *c, struct login_ask *k);

/* The token will be about that user, and so is the sign-in record. Refuses one that is disabled. */
FALLIBLE login_take_user(struct call *c, struct login_ask *k, const struct principal *user, enum signin_type type, enum token_kind kind);
/* Where a request comes from, as tries are bounded by it: the address, or the resource whose workload alone can ask there. */
str login_source(const struct wire *q, const struct answer *a);
/* Is that the user's password? *out: AADSTS_N, or how to refuse it; *out_user may be NULL. Slow. */
FALLIBLE login_check_password(struct call *c, struct work *w, str source, str name, str given, const struct principal **out_user, enum aadsts *out);

/* Is the assertion, of which only the form is known, a credential of the client's by a federated one? Fills in k->proof, refuses, or has to wait. */
FALLIBLE login_check_federated(struct call *c, struct work *w, struct login_ask *k, const struct client_assertion *a);
/* Of one that has to wait: lets it. `k` may be gone afterwards. */
FALLIBLE login_wait_for_issuer(struct call *c, struct login_ask *k);

/* Steps, by file. */
login_step login_client, login_client_proven;                                                     /* client.c: the client, and its credential */
login_step login_scope_default, login_scope, login_resource, login_user_rights, login_app_rights; /* resource.c: what for, and what may be there */
login_step login_user_password, login_user_refresh, login_user_assertion;                         /* user.c: whose */
login_step login_user_device;                                                                     /* device.c; its page is in device_page.c */
login_step login_answer;                                                                          /* answer.c */

route_handler login_get_authorize; /* authorize.c */
route_handler login_get_openid_v2, login_get_openid_v1, login_get_keys_v2, login_get_keys_v1, login_get_instance, login_get_realm,
    login_post_token_v2, login_post_token_v1, login_post_device_v2, login_post_device_v1, login_get_device_page, login_post_device_page;
