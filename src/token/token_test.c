#include "token/token.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/b64.h"
#include "test.h"
#include "token/jwt.h"
#include "token/ring.h"

#define TENANT     "11111111-1111-1111-1111-111111111111"
#define PRINCIPAL  "22222222-2222-2222-2222-222222222222"
#define APP        "33333333-3333-3333-3333-333333333333"
#define ISSUER     "https://sts.windows.net/" TENANT "/"
#define GROUP_PATH "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg1/providers/"
#define MACHINE    GROUP_PATH "Microsoft.Compute/virtualMachines/vm1"
#define IDENTITY   GROUP_PATH "Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define LOWER_PATH "/subscriptions/44444444-4444-4444-4444-444444444444/resourcegroups/rg1/providers/"
#define NOW_S      1763913600

// One ring for the file: keys are slow to make. It lives until the program ends.
static struct keyring *ring(struct test *t)
{
    static struct keyring *made;
    if (!made) CHECK_OK(keyring_new(t->call, 2, &made));
    return made;
}

static guid guid_of(const char *text)
{
    guid g = GUID_NONE;
    return guid_parse(str_of(text), &g) ? g : GUID_NONE;
}

static struct token_request request_of(enum token_version version)
{
    return (struct token_request){
        .version = version,
        .tenant = {guid_of(TENANT)},
        .issuer = S(ISSUER),
        .subject = {guid_of(PRINCIPAL)},
        .app = {guid_of(APP)},
        .audience = S("https://vault.azure.net"),
        .lifetime_s = TOKEN_LIFETIME_S,
        .identity_resource = S(IDENTITY),
        .host_resource = S(MACHINE),
    };
}

static struct token issue(struct test *t, const struct token_request *r)
{
    struct token made = {0};
    t->call->now_s = NOW_S;
    CHECK_OK(token_issue(t->call, ring(t), r, &made));
    return made;
}

static struct jwt read_back(struct test *t, str text)
{
    struct jwt jwt = {0};
    CHECK_OK(jwt_read(t->call, text, &jwt));
    return jwt;
}

static const str                 VAULT_AUDIENCES[] = {S_INIT("https://vault.azure.net")}, ISSUERS[] = {S_INIT(ISSUER)};
static const struct token_policy VAULT = {.issuers = ISSUERS, .issuer_n = 1, .audiences = VAULT_AUDIENCES, .audience_n = 1};

// T1: a row per claim of a managed identity's token.
TEST(token_issue_writes_the_published_claims)
{
    static const struct { enum token_version version; const char *claim, *want; } CASES[] = {
        {TOKEN_V1, "aud", "\"https://vault.azure.net\""},
        {TOKEN_V1, "iss", "\"" ISSUER "\""},
        {TOKEN_V1, "iat", "1763913300"},
        {TOKEN_V1, "nbf", "1763913300"},
        {TOKEN_V1, "exp", "1764000000"},
        {TOKEN_V1, "appid", "\"" APP "\""},
        {TOKEN_V1, "appidacr", "\"2\""},
        {TOKEN_V1, "idp", "\"" ISSUER "\""},
        {TOKEN_V1, "idtyp", "\"app\""},
        {TOKEN_V1, "oid", "\"" PRINCIPAL "\""},
        {TOKEN_V1, "sub", "\"" PRINCIPAL "\""},
        {TOKEN_V1, "tid", "\"" TENANT "\""},
        {TOKEN_V1, "ver", "\"1.0\""},
        {TOKEN_V1, "xms_mirid", "\"" LOWER_PATH "Microsoft.ManagedIdentity/userAssignedIdentities/id1\""},
        {TOKEN_V1, "xms_az_rid", "\"" LOWER_PATH "Microsoft.Compute/virtualMachines/vm1\""},
        {TOKEN_V1, "azp", NULL},
        {TOKEN_V1, "azpacr", NULL},
        {TOKEN_V1, "scp", NULL},
        {TOKEN_V1, "roles", NULL},
        {TOKEN_V2, "azp", "\"" APP "\""},
        {TOKEN_V2, "azpacr", "\"2\""},
        {TOKEN_V2, "ver", "\"2.0\""},
        {TOKEN_V2, "oid", "\"" PRINCIPAL "\""},
        {TOKEN_V2, "idp", NULL},
        {TOKEN_V2, "appid", NULL},
        {TOKEN_V2, "appidacr", NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_request r = request_of(CASES[i].version);
        struct jwt           jwt = read_back(t, issue(t, &r).text);
        const struct json   *v = json_get(jwt.claims, str_of(CASES[i].claim));
        str                  text = STR_NONE;
        if (v) CHECK_OK(json_text(t->call, v, &text));
        CHECK_STR(text, str_of(CASES[i].want), CASES[i].claim);
    }
}

TEST(token_issue_writes_the_published_header)
{
    for (int version = TOKEN_V1; version <= TOKEN_V2; version++) {
        struct token_request r = request_of((enum token_version)version);
        struct jwt           jwt = read_back(t, issue(t, &r).text);
        str                  kid = keyring_at(ring(t), 0)->kid, got = STR_NONE;
        const char          *form = version == TOKEN_V1 ? "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"%.*s\",\"kid\":\"%.*s\"}"
                                                        : "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"%.*s\"}";
        CHECK_OK(json_text(t->call, jwt.header, &got));
        CHECK_STR(got, call_format(t->call, form, PSTR(kid), PSTR(kid)), "header");
    }
}

TEST(token_issue_makes_each_token_its_own)
{
    struct token_request r = request_of(TOKEN_V1);
    struct token         a = issue(t, &r), b = issue(t, &r);
    struct jwt           jwt = read_back(t, a.text);
    bytes                id = {0};
    CHECK(!str_eq(a.text, b.text) && !str_eq(a.unique_id, b.unique_id));
    CHECK_STR(json_get_str(jwt.claims, S("uti")), a.unique_id, "uti");
    CHECK_OK(b64url_decode(t->call, a.unique_id, &id));
    CHECK_INT(id.n, 16, "bytes of the uti");
    CHECK(!str_empty(json_get_str(jwt.claims, S("aio"))) && !str_empty(json_get_str(jwt.claims, S("rh"))));
    CHECK(a.not_before_s == NOW_S - TOKEN_SKEW_S && a.expires_s == NOW_S + TOKEN_LIFETIME_S);
    CHECK(str_find(a.text, '=') == STR_NOWHERE);
}

TEST(token_issue_leaves_out_what_there_is_not)
{
    struct token_request r = request_of(TOKEN_V1);
    r.identity_resource = r.host_resource = STR_NONE;
    struct jwt jwt = read_back(t, issue(t, &r).text);
    CHECK(!json_get(jwt.claims, S("xms_mirid")) && !json_get(jwt.claims, S("xms_az_rid")));
}

TEST(token_issue_lowers_only_the_resource_groups_segment)
{
    static const struct { const char *id, *want; } CASES[] = {
        {"/subscriptions/S/RESOURCEGROUPS/RG1/providers/X.Y/t/N", "/subscriptions/S/resourcegroups/RG1/providers/X.Y/t/N"},
        {"/subscriptions/S/resourceGroups/a/providers/X.Y/t/resourceGroups/z", "/subscriptions/S/resourcegroups/a/providers/X.Y/t/resourceGroups/z"},
        {"/subscriptions/S/resourcegroups/a", "/subscriptions/S/resourcegroups/a"},
        {"/providers/X.Y/t/resourceGroups", "/providers/X.Y/t/resourceGroups"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_request r = request_of(TOKEN_V1);
        r.identity_resource = str_of(CASES[i].id);
        struct jwt jwt = read_back(t, issue(t, &r).text);
        CHECK_STR(json_get_str(jwt.claims, S("xms_mirid")), str_of(CASES[i].want), CASES[i].id);
    }
}

TEST(token_issue_refuses_a_token_past_the_limit)
{
    struct token_request r = request_of(TOKEN_V1);
    struct token         made = {0};
    char                *audience = NULL;
    CHECK_OK(NEW(t->call, &audience, TOKEN_MAX_BYTES));
    memset(audience, 'a', TOKEN_MAX_BYTES);
    r.audience = (str){audience, TOKEN_MAX_BYTES};
    CHECK_ERR(token_issue(t->call, ring(t), &r, &made), ERR_TOO_LARGE, "a long audience");
}

// T1: with the certificate of the published set alone, and none of our code.
TEST(token_signature_verifies_with_the_published_certificate)
{
    struct token_request r = request_of(TOKEN_V1);
    struct jwt           jwt = read_back(t, issue(t, &r).text);
    str                  text = STR_NONE;
    const struct json   *set = NULL;
    bytes                der = {0};
    CHECK_OK(keyring_jwks(t->call, ring(t), STR_NONE, &text));
    CHECK_OK(json_parse(t->call, text, &set));
    CHECK_OK(b64_decode(t->call, json_str(json_at(json_get(json_at(json_get(set, S("keys")), 0), S("x5c")), 0)), &der));
    const uint8_t *at = der.at;
    X509          *certificate = d2i_X509(NULL, &at, (long)der.n);
    EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
    CHECK(certificate && ctx);
    CHECK(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(certificate)) == 1);
    CHECK(EVP_DigestVerify(ctx, jwt.signature.at, jwt.signature.n, (const uint8_t *)jwt.signed_text.at, jwt.signed_text.n) == 1);
    EVP_MD_CTX_free(ctx);
    X509_free(certificate);
}

TEST(token_verify_takes_what_was_issued)
{
    static const struct { enum token_version version; int64_t later_s; const char *what; } CASES[] = {
        {TOKEN_V1, 0, "version 1"},
        {TOKEN_V2, 0, "version 2"},
        {TOKEN_V1, -2 * TOKEN_SKEW_S, "by a clock that is behind"},
        {TOKEN_V1, TOKEN_LIFETIME_S + TOKEN_SKEW_S - 1, "in its last second, by a clock that is ahead"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_request r = request_of(CASES[i].version);
        struct token         made = issue(t, &r);
        struct token_claims  claims = {0};
        t->call->now_s += CASES[i].later_s;
        CHECK_ERR(token_verify(t->call, ring(t), made.text, &VAULT, &claims), OK, CASES[i].what);
        CHECK(claims.version == CASES[i].version && object_id_eq(claims.subject, r.subject) && client_id_eq(claims.app, r.app) &&
              tenant_id_eq(claims.tenant, r.tenant) && claims.expires_s == made.expires_s && claims.not_before_s == made.not_before_s);
        CHECK_STR(claims.audience, r.audience, "aud");
        CHECK_STR(claims.issuer, r.issuer, "iss");
        CHECK_STR(claims.unique_id, made.unique_id, "uti");
    }
}

// Any header and claims, signed with the ring's own current key: what only the checks behind the signature can refuse.
static str sign(struct test *t, str header, str claims)
{
    struct buf b;
    uint8_t    signature[KEY_SIGNATURE_BYTES];
    buf_init(&b, &t->call->arena);
    b64url_add(&b, str_bytes(header));
    buf_add_char(&b, '.');
    b64url_add(&b, str_bytes(claims));
    CHECK_OK(token_key_sign(t->call, keyring_current(ring(t)), buf_view(&b), signature));
    buf_add_char(&b, '.');
    b64url_add(&b, (bytes){signature, sizeof signature});
    return buf_view(&b);
}

// `form` with K for the current key's id.
static str fill_kid(struct test *t, const char *form)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (str rest = str_of(form), piece; str_cut(&rest, '@', &piece);) {
        buf_add(&b, piece);
        if (rest.at) buf_add(&b, keyring_at(ring(t), 0)->kid);
    }
    return buf_view(&b);
}

#define GOOD_HEADER "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"@\",\"kid\":\"@\"}"
#define CLAIMS_BUT_TIMES                                                                                                   \
    "\"aud\":\"https://vault.azure.net\",\"iss\":\"" ISSUER "\",\"appid\":\"" APP "\",\"oid\":\"" PRINCIPAL "\",\"sub\":\"" PRINCIPAL \
    "\",\"tid\":\"" TENANT "\",\"uti\":\"u\",\"ver\":\"1.0\""
#define GOOD_CLAIMS "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300,\"exp\":1764000000}"

TEST(token_verify_refuses_other_headers)
{
    static const struct { const char *header; enum err want; } CASES[] = {
        {GOOD_HEADER, OK},
        {"{\"alg\":\"RS256\",\"kid\":\"@\"}", OK},
        {"{\"typ\":\"JWT\",\"alg\":\"none\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"None\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"PS256\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"RS512\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"rs256\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":[\"RS256\"],\"kid\":\"@\"}", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"@x\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":7}", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"other\",\"kid\":\"@\"}", ERR_TOKEN_SIGNATURE},
        {"{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"@\"}", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":\"exp\"}", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"@\",\"jku\":\"https://x\"}", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"@\",\"jwk\":{}}", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"@\",\"alg\":\"none\"}", ERR_TOKEN_MALFORMED},
        {"[]", ERR_TOKEN_MALFORMED},
        {"\"RS256\"", ERR_TOKEN_MALFORMED},
        {"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"@\"} x", ERR_TOKEN_MALFORMED},
    };
    t->call->now_s = NOW_S;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_claims claims = {0};
        str                 text = sign(t, fill_kid(t, CASES[i].header), S(GOOD_CLAIMS));
        CHECK_ERR(token_verify(t->call, ring(t), text, &VAULT, &claims), CASES[i].want, CASES[i].header);
    }
}

TEST(token_verify_refuses_other_claims)
{
#define REST "\"nbf\":1763913300,\"exp\":1764000000}"
    static const struct { const char *what, *claims; enum err want; } CASES[] = {
        {"all there", GOOD_CLAIMS, OK},
        {"unknown ones besides", "{" CLAIMS_BUT_TIMES ",\"xms_new\":[1]," REST, OK},
        {"one twice", "{" CLAIMS_BUT_TIMES ",\"oid\":\"" PRINCIPAL "\"," REST, ERR_TOKEN_MALFORMED},
        {"exp twice", "{" CLAIMS_BUT_TIMES ",\"exp\":9999999999," REST, ERR_TOKEN_MALFORMED},
        {"none", "{}", ERR_TOKEN_MALFORMED},
        {"no object", "[]", ERR_TOKEN_MALFORMED},
        {"no JSON", "aud", ERR_TOKEN_MALFORMED},
        {"no exp", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300}", ERR_TOKEN_MALFORMED},
        {"no nbf", "{" CLAIMS_BUT_TIMES ",\"exp\":1764000000}", ERR_TOKEN_MALFORMED},
        {"exp as text", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300,\"exp\":\"1764000000\"}", ERR_TOKEN_MALFORMED},
        {"exp as a fraction", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300,\"exp\":1764000000.5}", ERR_TOKEN_MALFORMED},
        {"exp as a power", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300,\"exp\":1e99}", ERR_TOKEN_MALFORMED},
        {"exp below zero", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300,\"exp\":-1}", ERR_TOKEN_MALFORMED},
        {"exp of null", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913300,\"exp\":null}", ERR_TOKEN_MALFORMED},
        {"expired", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763000000,\"exp\":1763913300}", ERR_TOKEN_EXPIRED},
        {"not yet valid", "{" CLAIMS_BUT_TIMES ",\"nbf\":1763913901,\"exp\":1764000000}", ERR_TOKEN_NOT_YET_VALID},
        {"never valid", "{" CLAIMS_BUT_TIMES ",\"nbf\":9223372036854775807,\"exp\":9223372036854775807}", ERR_TOKEN_NOT_YET_VALID},
    };
    static const struct { const char *name, *value; enum err want; } CHANGES[] = {
        {"aud", "\"https://storage.azure.com\"", ERR_TOKEN_AUDIENCE},
        {"aud", "\"https://vault.azure.net.evil.test\"", ERR_TOKEN_AUDIENCE},
        {"aud", "\"https://vault.azure.net//\"", ERR_TOKEN_AUDIENCE},
        {"aud", "\"https://VAULT.azure.net/\"", OK},
        {"aud", "[\"https://vault.azure.net\"]", ERR_TOKEN_MALFORMED},
        {"aud", "\"\"", ERR_TOKEN_MALFORMED},
        {"aud", "\"/\"", ERR_TOKEN_AUDIENCE},
        {"iss", "\"https://sts.windows.net/" TENANT "\"", ERR_TOKEN_ISSUER},
        {"iss", "\"https://STS.windows.net/" TENANT "/\"", ERR_TOKEN_ISSUER},
        {"iss", "\"https://sts.windows.net/" APP "/\"", ERR_TOKEN_ISSUER},
        {"iss", "7", ERR_TOKEN_MALFORMED},
        {"ver", "\"3.0\"", ERR_TOKEN_MALFORMED},
        {"ver", "1.0", ERR_TOKEN_MALFORMED},
        {"ver", "\"2.0\"", ERR_TOKEN_MALFORMED}, // which has azp, not appid
        {"oid", "\"not-a-guid\"", ERR_TOKEN_MALFORMED},
        {"oid", "null", ERR_TOKEN_MALFORMED},
        {"tid", "\"\"", ERR_TOKEN_MALFORMED},
        {"appid", "\"{" APP "}\"", ERR_TOKEN_MALFORMED},
        {"sub", "{}", ERR_TOKEN_MALFORMED},
        {"uti", "0", ERR_TOKEN_MALFORMED},
    };
    const struct json  *good = NULL, *value = NULL, *changed = NULL;
    struct token_claims claims = {0};
    str                 text = STR_NONE;
    t->call->now_s = NOW_S;
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(token_verify(t->call, ring(t), sign(t, fill_kid(t, GOOD_HEADER), str_of(CASES[i].claims)), &VAULT, &claims), CASES[i].want,
                  CASES[i].what);
    CHECK_OK(json_parse(t->call, S(GOOD_CLAIMS), &good));
    for (size_t i = 0; i < COUNT(CHANGES); i++) {
        CHECK_OK(json_parse(t->call, str_of(CHANGES[i].value), &value));
        CHECK_OK(json_with(t->call, good, str_of(CHANGES[i].name), value, &changed));
        CHECK_OK(json_text(t->call, changed, &text));
        CHECK_ERR(token_verify(t->call, ring(t), sign(t, fill_kid(t, GOOD_HEADER), text), &VAULT, &claims), CHANGES[i].want, CHANGES[i].value);
    }
    for (size_t i = 0; i < json_n(good); i++) { // every claim we read is needed
        CHECK_OK(json_with(t->call, good, good->u.list.names[i], NULL, &changed));
        CHECK_OK(json_text(t->call, changed, &text));
        CHECK_ERR(token_verify(t->call, ring(t), sign(t, fill_kid(t, GOOD_HEADER), text), &VAULT, &claims), ERR_TOKEN_MALFORMED,
                  good->u.list.names[i].at);
    }
}

TEST(token_verify_refuses_other_forms)
{
    struct token_request r = request_of(TOKEN_V1);
    str                  good = issue(t, &r).text, parts[3];
    size_t               n = 0;
    for (str rest = good; n < COUNT(parts) && str_cut(&rest, '.', &parts[n]); n++) {
    }
    const char *h = call_zstr(t->call, parts[0]), *p = call_zstr(t->call, parts[1]), *s = call_zstr(t->call, parts[2]);
    char       *padding = NULL;
    CHECK_OK(NEW(t->call, &padding, TOKEN_MAX_BYTES + 1));
    memset(padding, 'A', TOKEN_MAX_BYTES);
    const struct { str text; enum err want; const char *what; } CASES[] = {
        {STR_NONE, ERR_TOKEN_MALFORMED, "nothing"},
        {S("."), ERR_TOKEN_MALFORMED, "one dot"},
        {S(".."), ERR_TOKEN_MALFORMED, "two dots"},
        {call_format(t->call, "%s.%s", h, p), ERR_TOKEN_MALFORMED, "two parts"},
        {call_format(t->call, "%s.%s.", h, p), ERR_TOKEN_MALFORMED, "no signature"},
        {call_format(t->call, ".%s.%s", p, s), ERR_TOKEN_MALFORMED, "no header"},
        {call_format(t->call, "%s..%s", h, s), ERR_TOKEN_MALFORMED, "no claims"},
        {call_format(t->call, "%s.%s.%s.", h, p, s), ERR_TOKEN_MALFORMED, "a dot behind"},
        {call_format(t->call, "%s.%s.%s.%s", h, p, s, s), ERR_TOKEN_MALFORMED, "four parts"},
        {call_format(t->call, "%s.%s.%s ", h, p, s), ERR_TOKEN_MALFORMED, "a blank behind"},
        {call_format(t->call, " %s.%s.%s", h, p, s), ERR_TOKEN_MALFORMED, "a blank in front"},
        {call_format(t->call, "%s.%s.%s\n", h, p, s), ERR_TOKEN_MALFORMED, "a line end behind"},
        {call_format(t->call, "%s.%s.%s==", h, p, s), ERR_TOKEN_MALFORMED, "padding"},
        {call_format(t->call, "%s=.%s.%s", h, p, s), ERR_TOKEN_MALFORMED, "padding in front of a dot"},
        {call_format(t->call, "%s.%s+.%s", h, p, s), ERR_TOKEN_MALFORMED, "the other alphabet"},
        {call_format(t->call, "Bearer %s.%s.%s", h, p, s), ERR_TOKEN_MALFORMED, "the whole header field"},
        {call_format(t->call, "%s.%s.%.*s", h, p, (int)parts[2].n - 2, s), ERR_TOKEN_SIGNATURE, "a short signature"},
        {call_format(t->call, "%s.%s.%sAAAA", h, p, s), ERR_TOKEN_SIGNATURE, "a long signature"},
        {call_format(t->call, "%s.%s.AAAA", h, p), ERR_TOKEN_SIGNATURE, "a signature of three zeros"},
        {(str){padding, TOKEN_MAX_BYTES + 1}, ERR_TOKEN_MALFORMED, "longer than the limit"},
        {call_format(t->call, "%.2000s.%s.%s", padding, p, s), ERR_TOKEN_MALFORMED, "a header longer than the limit"},
    };
    struct token_claims claims = {0};
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(token_verify(t->call, ring(t), CASES[i].text, &VAULT, &claims), CASES[i].want, CASES[i].what);
    CHECK_OK(token_verify(t->call, ring(t), good, &VAULT, &claims));
}

// No letter of a token can be another one.
TEST(token_verify_refuses_every_tampered_letter)
{
    struct token_request r = request_of(TOKEN_V1);
    str                  good = issue(t, &r).text, changed;
    for (size_t i = 0; i < good.n; i++) {
        struct token_claims claims = {0};
        CHECK_OK(call_copy_str(t->call, good, &changed));
        char *at = (char *)changed.at + i;
        *at = *at == 'A' ? 'B' : 'A';
        enum err got = token_verify(t->call, ring(t), changed, &VAULT, &claims);
        if (got != ERR_TOKEN_MALFORMED && got != ERR_TOKEN_SIGNATURE) CHECK_ERR(got, ERR_TOKEN_SIGNATURE, good.at + i);
        call_forgive(t->call);
    }
}

TEST(token_verify_refuses_other_rings_and_policies)
{
    static const str                 OTHER[] = {S_INIT("https://management.azure.com/"), S_INIT("")};
    static const struct token_policy NOBODY = {.issuers = ISSUERS, .issuer_n = 1}, NO_ISSUER = {.audiences = VAULT_AUDIENCES, .audience_n = 1},
                                     ANOTHER = {.issuers = ISSUERS, .issuer_n = 1, .audiences = OTHER, .audience_n = COUNT(OTHER)};
    struct token_request r = request_of(TOKEN_V1);
    str                  good = issue(t, &r).text;
    struct token_claims  claims = {0};
    struct keyring      *stranger = NULL;
    CHECK_OK(keyring_new(t->call, 2, &stranger));
    CHECK_ERR(token_verify(t->call, stranger, good, &VAULT, &claims), ERR_TOKEN_SIGNATURE, "another server's keys");
    CHECK_ERR(token_verify(t->call, ring(t), good, &NOBODY, &claims), ERR_TOKEN_AUDIENCE, "no audience");
    CHECK_ERR(token_verify(t->call, ring(t), good, &ANOTHER, &claims), ERR_TOKEN_AUDIENCE, "other audiences");
    CHECK_ERR(token_verify(t->call, ring(t), good, &NO_ISSUER, &claims), ERR_TOKEN_ISSUER, "no issuer");
    CHECK(str_empty(claims.audience)); // untouched
    keyring_drop(stranger);
}

// T8: tokens of the key before, and of the one before that, verify until the ring lets go of it.
TEST(token_verify_takes_tokens_of_retired_keys)
{
    struct token_request r = request_of(TOKEN_V1);
    struct token         old = issue(t, &r), fresh = {0};
    struct keyring      *turned = NULL, *later = NULL;
    struct token_claims  claims = {0};
    CHECK_OK(keyring_rotate(t->call, ring(t), TOKEN_LIFETIME_S, &turned));
    CHECK_OK(token_verify(t->call, turned, old.text, &VAULT, &claims));
    CHECK_OK(token_issue(t->call, turned, &r, &fresh));
    CHECK_OK(token_verify(t->call, ring(t), fresh.text, &VAULT, &claims)); // it was published as the next key
    t->call->now_s += TOKEN_LIFETIME_S + 1;
    CHECK_OK(keyring_trim(t->call, turned, t->call->now_s - TOKEN_LIFETIME_S, &later));
    CHECK_ERR(token_verify(t->call, later, old.text, &VAULT, &claims), ERR_TOKEN_SIGNATURE, "a key that was let go");
    keyring_drop(turned);
    keyring_drop(later);
}

TEST(token_check_repeats_all_but_the_signature)
{
    struct token_request r = request_of(TOKEN_V1);
    struct token         made = issue(t, &r);
    struct token_claims  claims = {0};
    CHECK_OK(token_verify(t->call, ring(t), made.text, &VAULT, &claims));
    CHECK_OK(token_check(t->call, &claims, &VAULT));
    t->call->now_s = made.expires_s + TOKEN_SKEW_S;
    CHECK_ERR(token_check(t->call, &claims, &VAULT), ERR_TOKEN_EXPIRED, "later");
    t->call->now_s = made.not_before_s - TOKEN_SKEW_S - 1;
    CHECK_ERR(token_check(t->call, &claims, &VAULT), ERR_TOKEN_NOT_YET_VALID, "earlier");
    t->call->now_s = NOW_S;
    claims.audience = S("https://graph.microsoft.com");
    CHECK_ERR(token_check(t->call, &claims, &VAULT), ERR_TOKEN_AUDIENCE, "another audience");
    claims.issuer = S("https://issuer.test/");
    CHECK_ERR(token_check(t->call, &claims, &VAULT), ERR_TOKEN_ISSUER, "another issuer comes first");
}

// T9: neither a token nor a part of one stands in the words of a failure.
TEST(token_verify_failures_do_not_quote_the_token)
{
    struct token_request r = request_of(TOKEN_V1);
    str                  good = issue(t, &r).text;
    for (size_t cut = 1; cut < good.n; cut += 97) {
        struct token_claims claims = {0};
        CHECK(token_verify(t->call, ring(t), str_upto(good, good.n - cut), &VAULT, &claims) != OK);
        CHECK(!str_contains_nocase(str_of(t->call->failure.text), S("eyJ")));
        call_forgive(t->call);
    }
}
