#include "token/token.h"

#include "core/b64.h"
#include "core/random.h"
#include "token/claims.h"
#include "token/jwt.h"
#include "token/ring.h"

_Static_assert(TOKEN_MAX_BYTES == JWT_MAX_BYTES, "one limit for what is written and what is read");

#define UNIQUE_ID_BYTES 16

// Every text of a request, and every list of them.
static const size_t TEXTS[] = {
    offsetof(struct token_request, issuer), offsetof(struct token_request, audience), offsetof(struct token_request, identity_resource),
    offsetof(struct token_request, host_resource), offsetof(struct token_request, scopes), offsetof(struct token_request, groups_url),
    offsetof(struct token_request, user_name), offsetof(struct token_request, name), offsetof(struct token_request, given_name),
    offsetof(struct token_request, family_name), offsetof(struct token_request, method), offsetof(struct token_request, address),
};
static const size_t LISTS[] = {offsetof(struct token_request, roles), offsetof(struct token_request, groups),
                               offsetof(struct token_request, capabilities)};
_Static_assert(sizeof(struct token_request) == 3 * sizeof(int) + 3 * sizeof(guid) + sizeof(int) + 2 * sizeof(int64_t) + COUNT(TEXTS) * sizeof(str) +
                                                   COUNT(LISTS) * sizeof(struct token_texts),
               "a text or list that is new in the request has its line above");

static bool copy_text(struct arena *a, str *text)
{
    if (text->n) *text = arena_copy_str(a, *text);
    return text->at || !text->n;
}

static bool copy_list(struct arena *a, struct token_texts *list)
{
    if (!list->n) {
        list->at = NULL;
        return true;
    }
    str *texts = arena_alloc(a, list->n * sizeof *texts);
    if (!texts) return false;
    for (size_t i = 0; i < list->n; i++) {
        texts[i] = list->at[i];
        if (!copy_text(a, &texts[i])) return false;
    }
    list->at = texts;
    return true;
}

bool token_request_copy(struct arena *a, const struct token_request *r, struct token_request *out)
{
    *out = *r;
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        if (!copy_text(a, (str *)((char *)out + TEXTS[i]))) return false;
    for (size_t i = 0; i < COUNT(LISTS); i++)
        if (!copy_list(a, (struct token_texts *)((char *)out + LISTS[i]))) return false;
    return true;
}

// Random text that names a token.
static enum err new_unique_id(struct call *c, str *out)
{
    uint8_t    raw[UNIQUE_ID_BYTES];
    struct buf b;
    random_fill(c->random, raw, sizeof raw);
    buf_init(&b, &c->arena);
    b64url_add(&b, (bytes){raw, sizeof raw});
    return buf_finish(c, &b, out);
}

static enum err token_header(struct call *c, const struct token_key *key, enum token_version version, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_string(&w, S("typ"), S("JWT"));
    json_put_string(&w, S("alg"), S("RS256"));
    if (version == TOKEN_V1) json_put_string(&w, S("x5t"), token_key_id(key));
    json_put_string(&w, S("kid"), token_key_id(key));
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

enum err token_issue(struct call *c, const struct keyring *keys, const struct token_request *r, struct token *out)
{
    const struct token_key *key = keyring_current(keys);
    str                     header, claims;
    if (!key) return FAIL(c, ERR_BUSY, "The first signing key is being made; try again shortly.");
    // Dated back by the skew, as the service does: a verifier whose clock is behind takes the token at once.
    int64_t      issued_s = r->after_s >= c->now_s ? r->after_s + 1 : c->now_s;
    struct token made = {.not_before_s = issued_s - TOKEN_SKEW_S, .expires_s = issued_s + r->lifetime_s};
    TRY(new_unique_id(c, &made.unique_id));
    TRY(token_header(c, key, r->version, &header));
    TRY(claims_write(c, r, &made, &claims));
    TRY(token_key_sign_jwt(c, key, header, claims, &made.text));
    if (made.text.n > TOKEN_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "A token would be longer than %u bytes.", TOKEN_MAX_BYTES);
    *out = made;
    return OK;
}

// Our own headers and nothing else: a parameter we do not know (crit, jku, jwk …) may mean anything.
static enum err find_key(struct call *c, const struct keyring *keys, const struct json *header, const struct token_key **out)
{
    static const str KNOWN[] = {S_INIT("typ"), S_INIT("alg"), S_INIT("kid"), S_INIT("x5t")};
    for (size_t i = 0; i < json_n(header); i++) {
        if (!json_is(json_at(header, i), JSON_IS_STRING)) return FAIL(c, ERR_TOKEN_MALFORMED, "The token's header holds more than text.");
        bool known = false;
        for (size_t k = 0; k < COUNT(KNOWN); k++) known |= str_eq(header->u.list.names[i], KNOWN[k]);
        if (!known) return FAIL(c, ERR_TOKEN_MALFORMED, "The token's header holds a parameter that is not understood.");
    }
    str kid = json_get_str(header, S("kid"));
    if (json_get(header, S("typ")) && !str_eq_nocase(json_get_str(header, S("typ")), S("JWT")))
        return FAIL(c, ERR_TOKEN_MALFORMED, "The token's header does not say JWT.");
    if (!str_eq(json_get_str(header, S("alg")), S("RS256"))) return FAIL(c, ERR_TOKEN_SIGNATURE, "The token is not signed with RS256.");
    if (json_get(header, S("x5t")) && !str_eq(json_get_str(header, S("x5t")), kid))
        return FAIL(c, ERR_TOKEN_SIGNATURE, "The token's header names two keys.");
    *out = keyring_find(keys, kid);
    if (!*out) return FAIL(c, ERR_TOKEN_SIGNATURE, "The token is signed with a key that is not published here.");
    return OK;
}

static bool get_text(const struct json *claims, str name, str *out)
{
    *out = json_get_str(claims, name);
    return !str_empty(*out);
}

static bool get_guid(const struct json *claims, str name, guid *out)
{
    return guid_parse(json_get_str(claims, name), out);
}

static bool get_time(const struct json *claims, str name, int64_t *out)
{
    *out = json_get_int(claims, name, -1);
    return *out >= 0;
}

static enum token_kind kind_of(const struct json *claims)
{
    if (str_eq(json_get_str(claims, S("idtyp")), S("user"))) return TOKEN_OF_USER;
    return str_empty(json_get_str(claims, S("xms_mirid"))) ? TOKEN_OF_APP : TOKEN_OF_IDENTITY;
}

static bool has_capability(const struct json *list, str wanted)
{
    for (size_t i = 0; i < json_n(list); i++)
        if (str_eq_nocase(json_str(json_at(list, i)), wanted)) return true;
    return false;
}

static enum err read_claims(struct call *c, const struct json *claims, struct token_claims *out)
{
    str version, subject;
    *out = (struct token_claims){0};
    if (!get_text(claims, S("ver"), &version)) return FAIL(c, ERR_TOKEN_MALFORMED, "The token does not say its version.");
    if (!claims_version(version, &out->version)) return FAIL(c, ERR_TOKEN_MALFORMED, "The token's version is not known.");
    if (!get_text(claims, S("iss"), &out->issuer) || !get_text(claims, S("aud"), &out->audience) || !get_text(claims, S("sub"), &subject) ||
        !get_text(claims, S("uti"), &out->unique_id) || !get_guid(claims, S("oid"), &out->subject.g) || !get_guid(claims, S("tid"), &out->tenant.g) ||
        !get_guid(claims, claims_app(out->version), &out->app.g) || !get_time(claims, S("nbf"), &out->not_before_s) ||
        !get_time(claims, S("exp"), &out->expires_s))
        return FAIL(c, ERR_TOKEN_MALFORMED, "The token lacks a claim, or has one of the wrong type.");
    out->identity_resource = json_get_str(claims, S("xms_mirid"));
    out->kind = kind_of(claims);
    out->scopes = json_get_str(claims, S("scp"));
    out->meets_challenges = has_capability(json_get(claims, S("xms_cc")), S("cp1"));
    return claims_read_texts(c, json_get(claims, S("roles")), &out->roles);
}

enum err token_verify_signature(struct call *c, const struct keyring *keys, str text, struct token_claims *out)
{
    struct jwt              jwt;
    const struct token_key *key;
    struct token_claims     claims;
    TRY(jwt_read(c, text, &jwt));
    TRY(find_key(c, keys, jwt.header, &key));
    TRY(token_key_verify(c, key, jwt.signed_text, jwt.signature));
    TRY(read_claims(c, jwt.claims, &claims));
    *out = claims;
    return OK;
}

enum err token_verify(struct call *c, const struct keyring *keys, str text, const struct token_policy *policy, struct token_claims *out)
{
    struct token_claims claims;
    TRY(token_verify_signature(c, keys, text, &claims));
    TRY(token_check(c, &claims, policy));
    *out = claims;
    return OK;
}

static bool same_audience(str a, str b)
{
    if (str_ends(a, S("/"))) a.n--;
    if (str_ends(b, S("/"))) b.n--;
    return !str_empty(a) && str_eq_nocase(a, b);
}

enum err token_check_times(struct call *c, const struct token_claims *claims)
{
    if (c->now_s - TOKEN_SKEW_S >= claims->expires_s) return FAIL(c, ERR_TOKEN_EXPIRED, "The token expired at %s.", time_iso_s(claims->expires_s).s);
    if (c->now_s < claims->not_before_s - TOKEN_SKEW_S)
        return FAIL(c, ERR_TOKEN_NOT_YET_VALID, "The token is not valid before %s.", time_iso_s(claims->not_before_s).s);
    return OK;
}

enum err token_check(struct call *c, const struct token_claims *claims, const struct token_policy *policy)
{
    bool issued_here = false, meant_for_us = false;
    for (size_t i = 0; i < policy->issuer_n; i++) issued_here |= str_eq(claims->issuer, policy->issuers[i]);
    if (!issued_here) return FAIL(c, ERR_TOKEN_ISSUER, "The token comes from the wrong issuer, '%.*s'.", PSTR(claims->issuer));
    TRY(token_check_times(c, claims));
    for (size_t i = 0; i < policy->audience_n; i++) meant_for_us |= same_audience(claims->audience, policy->audiences[i]);
    if (!meant_for_us) return FAIL(c, ERR_TOKEN_AUDIENCE, "The token is for the audience '%.*s', which is not this service.", PSTR(claims->audience));
    return OK;
}
