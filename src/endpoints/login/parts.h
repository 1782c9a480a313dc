/*
 * parts.h - what the files of this folder share.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/login/aadsts.h"

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

route_handler login_get_openid_v2, login_get_openid_v1, login_get_keys_v2, login_get_keys_v1, login_get_instance, login_get_realm,
    login_post_token_v2, login_post_token_v1;
