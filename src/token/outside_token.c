#include "token/outside_token.h"

#include "token/claims.h"
#include "token/jwt.h"

static enum err read_audiences(struct call *c, const struct json *aud, struct outside_token *out)
{
    struct token_texts list;
    if (json_is(aud, JSON_IS_STRING)) {
        out->audiences[out->audience_n++] = json_str(aud);
        return OK;
    }
    if (!json_is(aud, JSON_IS_ARRAY) || !json_n(aud) || json_n(aud) > OUTSIDE_MAX_AUDIENCES)
        return FAIL(c, ERR_TOKEN_MALFORMED, "The token names no audience, or more than %d.", OUTSIDE_MAX_AUDIENCES);
    TRY(claims_read_texts(c, aud, &list));
    for (size_t i = 0; i < list.n; i++) out->audiences[out->audience_n++] = list.at[i];
    return OK;
}

static enum err read_token(struct call *c, const struct json *claims, struct outside_token *out)
{
    struct outside_token read = {
        .issuer = json_get_str(claims, S("iss")), .subject = json_get_str(claims, S("sub")), .tenant = json_get_str(claims, S("tid"))};
    const struct json *not_before = json_get(claims, S("nbf"));
    read.claims.issuer = read.issuer;
    read.claims.scopes = json_get_str(claims, S("scp"));
    read.claims.not_before_s = json_get_int(claims, S("nbf"), 0);
    read.claims.expires_s = json_get_int(claims, S("exp"), -1);
    if (read.claims.expires_s < 0 || read.claims.not_before_s < 0 || (not_before && !json_is(not_before, JSON_IS_INT)))
        return FAIL(c, ERR_TOKEN_MALFORMED, "The token's times are none.");
    TRY(read_audiences(c, json_get(claims, S("aud")), &read));
    TRY(claims_read_texts(c, json_get(claims, S("roles")), &read.claims.roles));
    *out = read;
    return OK;
}

enum err outside_token_verify(struct call *c, const struct jwks *keys, str text, struct outside_token *out)
{
    struct jwt        jwt;
    const struct jwk *key;
    TRY(jwt_read(c, text, &jwt));
    if (json_get(jwt.header, S("crit"))) return FAIL(c, ERR_TOKEN_MALFORMED, "The token's header demands what is not understood.");
    if (!str_eq(json_get_str(jwt.header, S("alg")), S("RS256"))) return FAIL(c, ERR_TOKEN_SIGNATURE, "The token is not signed with RS256.");
    key = jwks_find(keys, json_get_str(jwt.header, S("kid")));
    if (!key) return FAIL(c, ERR_TOKEN_SIGNATURE, "The token is signed with a key that is not among those given.");
    TRY(jwk_verify(c, key, jwt.signed_text, jwt.signature));
    return read_token(c, jwt.claims, out);
}

enum err outside_token_check(struct call *c, struct outside_token *token, const struct token_policy *policy)
{
    enum err failed = OK;
    for (size_t i = 0; i < token->audience_n; i++) {
        if (failed != OK) call_forgive(c);
        token->claims.audience = token->audiences[i];
        failed = token_check(c, &token->claims, policy);
        if (failed != ERR_TOKEN_AUDIENCE) return failed;
    }
    return failed;
}
