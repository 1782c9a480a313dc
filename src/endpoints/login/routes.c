#include "endpoints/login/parts.h"

#define EVERYBODY PERMIT_NONE("who asks here has no token yet, or checks somebody else's")

static const struct route ROUTES[] = {
    {HTTP_GET, "/{tenant}/v2.0/.well-known/openid-configuration", GUARD_NONE, EVERYBODY, login_get_openid_v2},
    {HTTP_GET, "/{tenant}/.well-known/openid-configuration", GUARD_NONE, EVERYBODY, login_get_openid_v1},
    {HTTP_GET, "/{tenant}/discovery/v2.0/keys", GUARD_NONE, EVERYBODY, login_get_keys_v2},
    {HTTP_GET, "/{tenant}/discovery/keys", GUARD_NONE, EVERYBODY, login_get_keys_v1},
    {HTTP_GET, "/{tenant}/discovery/instance", GUARD_NONE, EVERYBODY, login_get_instance},
    {HTTP_GET, "/{tenant}/userrealm/{user}", GUARD_NONE, EVERYBODY, login_get_realm},
    {HTTP_GET, "/{tenant}/oauth2/v2.0/authorize", GUARD_NONE, EVERYBODY, login_get_authorize},
    {HTTP_GET, "/{tenant}/oauth2/authorize", GUARD_NONE, EVERYBODY, login_get_authorize},
    {HTTP_POST, "/{tenant}/oauth2/v2.0/token", GUARD_NONE, EVERYBODY, login_post_token_v2, .judges_passwords = true, .gives_tokens_to = SIGNIN_SERVICE_PRINCIPAL, .max_body_bytes = LOGIN_MAX_FORM_BYTES},
    {HTTP_POST, "/{tenant}/oauth2/token", GUARD_NONE, EVERYBODY, login_post_token_v1, .judges_passwords = true, .gives_tokens_to = SIGNIN_SERVICE_PRINCIPAL, .max_body_bytes = LOGIN_MAX_FORM_BYTES},
    {HTTP_POST, "/{tenant}/oauth2/v2.0/devicecode", GUARD_NONE, EVERYBODY, login_post_device_v2, .max_body_bytes = LOGIN_MAX_FORM_BYTES},
    {HTTP_POST, "/{tenant}/oauth2/devicecode", GUARD_NONE, EVERYBODY, login_post_device_v1, .max_body_bytes = LOGIN_MAX_FORM_BYTES},
    {HTTP_GET, "/{tenant}/oauth2/deviceauth", GUARD_NONE, EVERYBODY, login_get_device_page},
    {HTTP_POST, "/{tenant}/oauth2/deviceauth", GUARD_NONE, EVERYBODY, login_post_device_page, .judges_passwords = true, .gives_tokens_to = SIGNIN_USER, .max_body_bytes = LOGIN_MAX_FORM_BYTES},
};

// Whom verifiers trust.
static void facts(struct call *c, struct json_writer *j, const struct product *p)
{
    json_put_string(j, S("issuer"), product_issuer(c, p, TOKEN_V2));
    json_put_string(j, S("issuer_v1"), product_issuer(c, p, TOKEN_V1));
}

const struct service SERVICE_LOGIN = {
    .name = "login",
    .hosts = HOSTS(&HOST_LOGIN),
    .local = LOCAL_BY_PATH,
    .facts = facts,
    .dialect = &DIALECT_LOGIN,
    .correlation = "client-request-id",
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.ignores_case = true,
};

// The issuer of version 1 has a host of its own; whoever verifies its tokens asks there for document and keys.
const struct service SERVICE_ISSUER = {
    .name = "issuer",
    .hosts = HOSTS(&HOST_ISSUER),
    .dialect = &DIALECT_LOGIN,
    .correlation = "client-request-id",
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.ignores_case = true,
};
