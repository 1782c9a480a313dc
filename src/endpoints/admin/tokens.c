// Whether a token counts for an API: the operator asks.
#include "endpoints/admin/operator.h"
#include "endpoints/verify/check.h"
#include "token/outside_token.h"

// What a refusal says went wrong. Other failures are no answer about the token.
static const struct { enum err kind; const char *check; } CHECKS[] = {
    {ERR_TOKEN_MALFORMED, "form"}, {ERR_TOKEN_SIGNATURE, "signature"}, {ERR_TOKEN_ISSUER, "issuer"},       {ERR_TOKEN_EXPIRED, "times"},
    {ERR_CLAIMS_NEEDED, "times"},
    {ERR_TOKEN_NOT_YET_VALID, "times"}, {ERR_TOKEN_AUDIENCE, "audience"}, {ERR_TOKEN_TENANT, "tenant"}, {ERR_TOKEN_PRINCIPAL, "principal"},
    {ERR_ROLE_MISSING, "roles"},
};

static const char *check_of(enum err kind)
{
    for (size_t i = 0; i < COUNT(CHECKS); i++)
        if (CHECKS[i].kind == kind) return CHECKS[i].check;
    return NULL;
}

static enum err other_tenant(struct call *c, str tenant)
{
    return FAIL(c, ERR_TOKEN_TENANT, "The token is of the tenant '%.*s'.", PSTR(tenant));
}

static enum err verify(struct call *c, const struct work *w, const struct wire *q, const struct json *body, const struct rule *rule,
                       struct token_claims *out)
{
    str issuer = json_get_str(body, S("issuer")), tenant = json_get_str(body, S("tenant"));
    TRY(check_token(c, w, q, json_get_str(body, S("token")), rule, out));
    if (!str_empty(issuer) && !str_eq(issuer, out->issuer))
        return FAIL(c, ERR_TOKEN_ISSUER, "The token comes from the issuer '%.*s'.", PSTR(out->issuer));
    return str_empty(tenant) || str_eq_nocase(tenant, guid_str(c, out->tenant.g)) ? OK : other_tenant(c, guid_str(c, out->tenant.g));
}

// By the keys of another issuer. About its principals nothing is known here.
static enum err verify_outside(struct call *c, const struct json *body, const struct rule *rule, struct outside_token *out)
{
    CLEANUP(jwks_dropp) struct jwks *keys = NULL;
    str                              issuer = json_get_str(body, S("issuer")), tenant = json_get_str(body, S("tenant"));
    struct token_policy              policy = {&issuer, 1, rule->audiences.at, rule->audiences.n};
    if (str_empty(issuer)) return FAIL(c, ERR_PARAMETER_INVALID, "With keys of another issuer say which issuer it is.");
    if (jwks_read(c, json_get_str(body, S("jwks")), &keys) != OK) {
        call_forgive(c);
        return FAIL(c, ERR_PARAMETER_INVALID, "The keys are not a JSON Web Key Set that can be used.");
    }
    TRY(outside_token_verify(c, keys, json_get_str(body, S("token")), out));
    TRY(outside_token_check(c, out, &policy));
    if (!str_empty(tenant) && !str_eq_nocase(tenant, out->tenant)) return other_tenant(c, out->tenant);
    return rule_check(c, rule, &out->claims);
}

static void write_common(struct json_writer *j, const struct token_claims *claims)
{
    json_put_string(j, S("issuer"), claims->issuer);
    json_put_string(j, S("audience"), claims->audience);
    json_put_string(j, S("scopes"), claims->scopes);
    json_write_key(j, S("roles"));
    json_write_array(j);
    for (size_t i = 0; i < claims->roles.n; i++) json_write_string(j, claims->roles.at[i]);
    json_write_end(j);
    json_put_string(j, S("expiresOn"), str_of(time_iso_s(claims->expires_s).s));
}

static void write_claims(struct json_writer *j, const struct token_claims *claims)
{
    json_put_string(j, S("kind"), check_kind(claims->kind));
    json_put_guid(j, S("objectId"), claims->subject.g);
    json_put_guid(j, S("appId"), claims->app.g);
    json_put_guid(j, S("tenantId"), claims->tenant.g);
    json_put_string(j, S("identity"), claims->identity_resource);
    write_common(j, claims);
}

static void write_outside(struct json_writer *j, const struct outside_token *token)
{
    json_put_string(j, S("kind"), S("outside"));
    json_put_string(j, S("subject"), token->subject);
    json_put_string(j, S("tenantId"), token->tenant);
    write_common(j, &token->claims);
}

enum err operator_token_verify(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json   *body;
    struct rule          rule;
    struct token_claims  claims;
    struct outside_token outside;
    TRY(wire_body(c, q, &body));
    TRY(rule_read(c, q->query, q->query_n, &rule));
    bool        is_outside = json_get(body, S("jwks")) != NULL;
    enum err    failed = is_outside ? verify_outside(c, body, &rule, &outside) : verify(c, w, q, body, &rule, &claims);
    const char *check = check_of(failed);
    if (failed != OK && !check) return failed;
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_bool(j, S("valid"), failed == OK);
    if (failed == OK && is_outside) {
        write_outside(j, &outside);
    } else if (failed == OK) {
        write_claims(j, &claims);
    } else {
        json_put_string(j, S("check"), str_of(check));
        json_put_string(j, S("message"), str_of(c->failure.text));
        call_forgive(c);
    }
    json_write_end(j);
    return OK;
}
