#include "endpoints/verify/check.h"

#include "endpoints/guard.h"
#include "endpoints/router.h"
#include "ops/app_access.h"

str check_kind(enum token_kind kind)
{
    static const str KINDS[] = {[TOKEN_OF_IDENTITY] = S_INIT("identity"), [TOKEN_OF_APP] = S_INIT("application"), [TOKEN_OF_USER] = S_INIT("user")};
    return KINDS[kind];
}

// The server's own keys and issuers: known is that the signature verifies, whatever a rule demands.
static enum err verify_signature(struct call *c, const struct wire *q, str text, struct token_claims *out)
{
    static const char          TARGET;
    struct known_tokens       *known = router_known(q->router, q->row);
    sha256                     digest;
    const struct token_claims *seen;
    TRY(digest_sha256(c, str_bytes(text), &digest));
    seen = known ? known_find(known, &digest, &TARGET) : NULL;
    if (seen) {
        *out = *seen; // borrowed until the next request on this thread
        return OK;
    }
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(q->product);
    TRY(token_verify_signature(c, keys, text, out));
    if (known) known_put(known, &digest, &TARGET, out);
    return OK;
}

static enum err check_enabled(struct call *c, const struct principal *p, enum err otherwise, const char *words)
{
    bool is_enabled;
    TRY(principal_setting(c, p, S("accountEnabled"), true, &is_enabled));
    return is_enabled ? OK : FAIL(c, otherwise, "%s", words);
}

// A token outlives its principal. Here the directory is at hand, so who is gone or disabled is refused.
static enum err check_principal(struct call *c, const struct work *w, const struct token_claims *claims)
{
    const struct principal *p = directory_find(w->world->directory, claims->subject);
    TRY(guard_check_not_revoked(c, w->world, claims));
    if (!p) return FAIL(c, ERR_TOKEN_PRINCIPAL, "The token's principal does not exist any more.");
    return check_enabled(c, p, ERR_TOKEN_PRINCIPAL, "The token's principal is disabled.");
}

// The token service gives no tokens for an application that is gone or disabled. Those that are out count no more either.
static enum err check_target(struct call *c, const struct work *w, const struct wire *q, const struct token_claims *claims)
{
    struct audience at;
    if (!product_audience(c, q->product, w->world, claims->audience, &at))
        return FAIL(c, ERR_TOKEN_AUDIENCE, "The application that the token is for does not exist any more.");
    return at.service ? check_enabled(c, at.service, ERR_TOKEN_AUDIENCE, "The application that the token is for is disabled.") : OK;
}

enum err check_token(struct call *c, const struct work *w, const struct wire *q, str text, const struct rule *r, struct token_claims *out)
{
    str                 issuers[] = {product_issuer(c, q->product, TOKEN_V1), product_issuer(c, q->product, TOKEN_V2)};
    struct token_policy policy = {.issuers = issuers, .issuer_n = COUNT(issuers)};
    TRY(call_check_texts(c));
    TRY(verify_signature(c, q, text, out));
    TRY(rule_audiences(c, r, w->world->applications, &policy.audiences, &policy.audience_n));
    TRY(token_check(c, out, &policy));
    if (!guid_eq(out->tenant.g, q->product->tenant.g)) return FAIL(c, ERR_TOKEN_TENANT, "The token is of another tenant.");
    TRY(check_principal(c, w, out));
    TRY(check_target(c, w, q, out));
    return rule_check(c, r, out);
}
