// A token: what was not signed here is never taken, and what is taken says what the policy wants.
//
// The first byte chooses what the rest is: a whole token; claims, which are then signed with our own
// key; or changes to a good token, three bytes each: where (two) and which letter.
#include "core/b64.h"
#include "fuzz.h"
#include "token/jwt.h"
#include "token/ring.h"
#include "token/token.h"

static const str ISSUERS[] = {S_INIT("https://sts.windows.net/11111111-1111-1111-1111-111111111111/")},
                 AUDIENCES[] = {S_INIT("https://vault.azure.net")};
static const struct token_policy POLICY = {.issuers = ISSUERS, .issuer_n = 1, .audiences = AUDIENCES, .audience_n = 1};

// Keys are slow to make: one ring for all inputs.
static struct keyring *ring(struct call *c)
{
    static struct keyring *made;
    if (!made) ASSERT(keyring_new(c, 2, &made) == OK);
    return made;
}

static str encoded(struct call *c, bytes raw)
{
    struct buf b;
    buf_init(&b, &c->arena);
    b64url_add(&b, raw);
    ASSERT(!b.failed);
    return buf_view(&b);
}

static bool verifies(struct call *c, str text, struct token_claims *out)
{
    bool taken = token_verify(c, ring(c), text, &POLICY, out) == OK;
    call_forgive(c);
    return taken;
}

// Nothing is lost or added between the text and its parts.
static void check_form(struct call *c, str text)
{
    struct jwt          jwt;
    struct token_claims claims;
    if (jwt_read(c, text, &jwt) == OK) {
        str signature = encoded(c, jwt.signature);
        ASSERT(text.n == jwt.signed_text.n + 1 + signature.n && str_starts(text, jwt.signed_text) && str_ends(text, signature));
        ASSERT(json_is(jwt.header, JSON_IS_OBJECT) && json_is(jwt.claims, JSON_IS_OBJECT));
    }
    call_forgive(c);
    ASSERT(!verifies(c, text, &claims)); // nobody guesses a signature
}

static void check_claims(struct call *c, str json)
{
    const struct token_key *key = keyring_current(ring(c));
    uint8_t                 signature[KEY_SIGNATURE_BYTES];
    struct token_claims     claims;
    str                     header = call_format(c, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"%.*s\"}", PSTR(token_key_id(key)));
    str                     body = call_format(c, "%.*s.%.*s", PSTR(encoded(c, str_bytes(header))), PSTR(encoded(c, str_bytes(json))));
    ASSERT(token_key_sign(c, key, body, signature) == OK);
    if (!verifies(c, call_format(c, "%.*s.%.*s", PSTR(body), PSTR(encoded(c, (bytes){signature, sizeof signature}))), &claims)) return;
    ASSERT(str_eq(claims.issuer, ISSUERS[0]) && str_starts_nocase(claims.audience, AUDIENCES[0]) && claims.audience.n <= AUDIENCES[0].n + 1);
    ASSERT(claims.not_before_s <= c->now_s + TOKEN_SKEW_S && claims.expires_s > c->now_s - TOKEN_SKEW_S);
    ASSERT(token_check(c, &claims, &POLICY) == OK);
    c->now_s = claims.expires_s < INT64_MAX - TOKEN_SKEW_S ? claims.expires_s + TOKEN_SKEW_S : INT64_MAX;
    ASSERT(token_check(c, &claims, &POLICY) == ERR_TOKEN_EXPIRED || c->now_s == INT64_MAX);
}

static void check_changes(struct call *c, const uint8_t *data, size_t n)
{
    static const char    LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    struct token_request r = {.version = TOKEN_V1, .issuer = ISSUERS[0], .audience = AUDIENCES[0], .lifetime_s = TOKEN_LIFETIME_S};
    struct token         good;
    struct token_claims  claims;
    str                  changed;
    ASSERT(token_issue(c, ring(c), &r, &good) == OK && verifies(c, good.text, &claims));
    ASSERT(call_copy_str(c, good.text, &changed) == OK);
    for (; n >= 3; data += 3, n -= 3) ((char *)changed.at)[(data[0] << 8 | data[1]) % changed.n] = LETTERS[data[2] % (sizeof LETTERS - 1)];
    ASSERT(verifies(c, changed, &claims) == str_eq(changed, good.text));
}

FUZZ(jwt)
{
    if (n == 0) return 0;
    str rest = fuzz_str(c, data + 1, n - 1);
    if (data[0] == 'c') check_claims(c, rest);
    else if (data[0] == 'm') check_changes(c, data + 1, n - 1);
    else check_form(c, rest);
    return 0;
}
