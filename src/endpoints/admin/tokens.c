// Whether a token counts for an API: the operator asks.
#include "endpoints/admin/operator.h"
#include "endpoints/verify/check.h"

// What a refusal says went wrong. Other failures are no answer about the token.
static const struct { enum err kind; const char *check; } CHECKS[] = {
    {ERR_TOKEN_MALFORMED, "form"}, {ERR_TOKEN_SIGNATURE, "signature"}, {ERR_TOKEN_ISSUER, "issuer"},       {ERR_TOKEN_EXPIRED, "times"},
    {ERR_TOKEN_NOT_YET_VALID, "times"}, {ERR_TOKEN_AUDIENCE, "audience"}, {ERR_TOKEN_TENANT, "tenant"}, {ERR_TOKEN_PRINCIPAL, "principal"},
    {ERR_ROLE_MISSING, "roles"},
};

static const char *check_of(enum err kind)
{
    for (size_t i = 0; i < COUNT(CHECKS); i++)
        if (CHECKS[i].kind == kind) return CHECKS[i].check;
    return NULL;
}

static enum err verify(struct call *c, const struct work *w, const struct wire *q, const struct json *body, const struct rule *rule,
                       struct token_claims *out)
{
    str  issuer = json_get_str(body, S("issuer")), tenant = json_get_str(body, S("tenant"));
    guid id = {0};
    if (!str_empty(tenant) && !guid_parse(tenant, &id)) return FAIL(c, ERR_PARAMETER_INVALID, "The tenant is not a GUID.");
    TRY(check_token(c, w, q, json_get_str(body, S("token")), rule, out));
    if (!str_empty(issuer) && !str_eq(issuer, out->issuer))
        return FAIL(c, ERR_TOKEN_ISSUER, "The token comes from the issuer '%.*s'.", PSTR(out->issuer));
    if (!str_empty(tenant) && !guid_eq(id, out->tenant.g))
        return FAIL(c, ERR_TOKEN_TENANT, "The token is of the tenant %s.", guid_text(out->tenant.g).s);
    return OK;
}

static void write_claims(struct json_writer *j, const struct token_claims *claims)
{
    json_put_string(j, S("kind"), check_kind(claims->kind));
    json_put_guid(j, S("objectId"), claims->subject.g);
    json_put_guid(j, S("appId"), claims->app.g);
    json_put_guid(j, S("tenantId"), claims->tenant.g);
    json_put_string(j, S("issuer"), claims->issuer);
    json_put_string(j, S("audience"), claims->audience);
    json_put_string(j, S("identity"), claims->identity_resource);
    json_put_string(j, S("scopes"), claims->scopes);
    json_write_key(j, S("roles"));
    json_write_array(j);
    for (size_t i = 0; i < claims->roles.n; i++) json_write_string(j, claims->roles.at[i]);
    json_write_end(j);
    json_put_string(j, S("expiresOn"), str_of(time_iso_s(claims->expires_s).s));
}

enum err operator_token_verify(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json  *body;
    struct rule         rule;
    struct token_claims claims;
    TRY(wire_body(c, q, &body));
    TRY(rule_read(c, q->query, q->query_n, &rule));
    enum err    failed = verify(c, w, q, body, &rule, &claims);
    const char *check = check_of(failed);
    if (failed != OK && !check) return failed;
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_bool(j, S("valid"), failed == OK);
    if (failed == OK) {
        write_claims(j, &claims);
    } else {
        json_put_string(j, S("check"), str_of(check));
        json_put_string(j, S("message"), str_of(c->failure.text));
        call_forgive(c);
    }
    json_write_end(j);
    return OK;
}
