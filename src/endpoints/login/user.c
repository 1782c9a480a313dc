// Which user a client acts for.
#include "endpoints/login/parts.h"
#include "endpoints/router.h"
#include "endpoints/signins.h"
#include "ops/sign_in_guard.h"

enum err login_take_user(struct call *c, struct login_ask *k, const struct principal *user, enum signin_type type, enum token_kind kind)
{
    bool      is_enabled;
    client_id app = k->app;
    k->user = user;
    k->kind = kind;
    signins_note_principal(c, k->a, user);
    k->a->signin.app = app;
    k->a->signin.type = type;
    TRY(principal_setting(c, user, S("accountEnabled"), true, &is_enabled));
    return is_enabled ? OK : login_refuse_ask(c, k, AADSTS_USER_DISABLED, STR_NONE);
}

str login_source(const struct wire *q, const struct answer *a)
{
    return str_empty(q->router->workload) ? http_peer_address(a->x) : q->router->workload;
}

enum err login_check_password(struct call *c, struct work *w, str source, str name, str given, const struct principal **out_user, enum aadsts *out)
{
    const struct principal             *user = directory_find_user(w->world->directory, name);
    const struct password              *kept = user ? applications_find_password(w->world->applications, user->id) : NULL;
    CLEANUP(secret_clear) struct secret shown = {0};
    bool                                matches = false;
    object_id                           who = user ? user->id : (object_id){0};
    *out_user = user;
    *out = AADSTS_USER_LOCKED;
    if (!sign_in_begin(&w->product->sign_in_guard, who, source, c->now_s)) return OK;
    TRY(secret_init(c, &shown, str_bytes(str_upto(given, PASSWORD_MAX_BYTES + 1))));
    TRY(password_match(c, kept, &shown, &matches));
    if (matches) sign_in_was_right(&w->product->sign_in_guard, who, source);
    *out = !user ? AADSTS_USER_UNKNOWN : !matches ? AADSTS_PASSWORD_WRONG : kept->must_change ? AADSTS_PASSWORD_EXPIRED : AADSTS_N;
    return OK;
}

enum err login_user_password(struct call *c, struct work *w, struct login_ask *k)
{
    const struct principal *user;
    enum aadsts             wrong;
    k->a->signin.type = SIGNIN_USER;
    k->a->signin.known_by = SIGNIN_KNOWN_PASSWORD;
    k->method = S("pwd");
    TRY(login_check_password(c, w, login_source(k->q, k->a), login_field(k, S("username")), login_field(k, S("password")), &user, &wrong));
    if (user) signins_note_principal(c, k->a, user);
    k->a->signin.app = k->app;
    // What an account may or must do is told to those who know its password.
    return wrong == AADSTS_N ? login_take_user(c, k, user, SIGNIN_USER, TOKEN_OF_USER) : login_refuse_ask(c, k, wrong, STR_NONE);
}

enum err login_user_refresh(struct call *c, struct work *w, struct login_ask *k)
{
    static const enum aadsts WRONG[] = {
        [REFRESH_INVALID] = AADSTS_GRANT_INVALID, [REFRESH_EXPIRED] = AADSTS_REFRESH_EXPIRED, [REFRESH_REVOKED] = AADSTS_REFRESH_REVOKED};
    struct refresh_token    t;
    const struct principal *user = NULL;
    enum refresh_answer     answer;
    k->a->signin.type = SIGNIN_USER_AGAIN;
    k->a->signin.known_by = SIGNIN_KNOWN_REFRESH_TOKEN;
    TRY(refresh_token_read(c, w->product, w->world, login_field(k, S("refresh_token")), &answer, &t, &user));
    if (answer != REFRESH_GOOD) return login_refuse_ask(c, k, WRONG[answer], STR_NONE);
    if (!client_id_eq(t.client, k->app)) return login_refuse_ask(c, k, AADSTS_GRANT_INVALID, STR_NONE);
    k->asked_scopes = t.scopes;
    k->by_operator = t.by_operator;
    k->method = t.by_operator ? STR_NONE : S("pwd");
    TRY(login_take_user(c, k, user, SIGNIN_USER_AGAIN, TOKEN_OF_USER));
    k->wants_refresh = true;
    return OK;
}

// ---- on behalf of ----

// What the client's own tokens are for: its id, the URI made of it, its App ID URIs.
static enum err own_audiences(struct call *c, const struct login_ask *k, const str **out, size_t *out_n)
{
    const struct application *a = k->application;
    str                      *list;
    TRY(NEW(c, &list, 2 + a->uri_n));
    list[0] = guid_str(c, k->app.g);
    list[1] = call_format(c, "api://%s", guid_text(k->app.g).s);
    for (size_t i = 0; i < a->uri_n; i++) list[2 + i] = a->uris[i];
    *out = list;
    *out_n = 2 + a->uri_n;
    return OK;
}

static enum err read_user_token(struct call *c, struct work *w, struct login_ask *k, struct token_claims *out, enum aadsts *out_wrong)
{
    str                                    issuers[] = {product_issuer(c, w->product, TOKEN_V1), product_issuer(c, w->product, TOKEN_V2)};
    struct token_policy                    policy = {.issuers = issuers, .issuer_n = COUNT(issuers)};
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(w->product);
    TRY(own_audiences(c, k, &policy.audiences, &policy.audience_n));
    enum err failed = token_verify(c, keys, login_field(k, S("assertion")), &policy, out);
    call_forgive(c);
    *out_wrong = failed == OK                   ? AADSTS_N
                 : failed == ERR_TOKEN_EXPIRED  ? AADSTS_USER_ASSERTION_EXPIRED
                 : failed == ERR_TOKEN_AUDIENCE ? AADSTS_USER_ASSERTION_AUDIENCE
                                                : AADSTS_USER_ASSERTION;
    return OK;
}

enum err login_user_assertion(struct call *c, struct work *w, struct login_ask *k)
{
    struct token_claims claims = {0};
    enum aadsts         wrong;
    k->a->signin.type = SIGNIN_USER_AGAIN;
    k->a->signin.known_by = SIGNIN_KNOWN_ON_BEHALF;
    if (!str_eq(login_field(k, S("requested_token_use")), S("on_behalf_of"))) return login_refuse_ask(c, k, AADSTS_USER_ASSERTION, STR_NONE);
    TRY(read_user_token(c, w, k, &claims, &wrong));
    if (wrong != AADSTS_N) return login_refuse_ask(c, k, wrong, STR_NONE);
    const struct principal *user = directory_find(w->world->directory, claims.subject);
    if (claims.kind != TOKEN_OF_USER) return login_refuse_ask(c, k, AADSTS_USER_ASSERTION_OF_APP, k->client_text);
    if (!user || user->kind != PRINCIPAL_USER || token_issued_s(&claims) <= revoked_until_s(w->world, claims.subject))
        return login_refuse_ask(c, k, AADSTS_USER_ASSERTION, STR_NONE);
    k->method = S("pwd");
    return login_take_user(c, k, user, SIGNIN_USER_AGAIN, TOKEN_DELEGATED);
}
