#include "token/outside_token.h"

#include "core/b64.h"
#include "test.h"
#include "token/key.h"

#define ISSUER "https://issuer.example"
#define NOW_S  1000000

// One key for the file: it is slow to make.
static struct token_key *signing_key(struct test *t)
{
    static struct token_key *made;
    if (!made) CHECK_OK(token_key_new(t->call, &made));
    return made;
}

static struct jwks *published(struct test *t)
{
    struct buf         b;
    struct json_writer w;
    struct jwks       *keys = NULL;
    buf_init(&b, &t->call->arena);
    json_begin(&w, &b);
    CHECK_OK(token_key_write_jwk(t->call, signing_key(t), STR_NONE, &w));
    CHECK_OK(jwks_read(t->call, call_format(t->call, "{\"keys\":[%.*s]}", PSTR(buf_view(&b))), &keys));
    return keys;
}

static str signed_token(struct test *t, str header, str claims)
{
    struct buf b;
    uint8_t    signature[KEY_SIGNATURE_BYTES];
    buf_init(&b, &t->call->arena);
    b64url_add(&b, str_bytes(header));
    buf_add_char(&b, '.');
    b64url_add(&b, str_bytes(claims));
    CHECK_OK(token_key_sign(t->call, signing_key(t), buf_view(&b), signature));
    buf_add_char(&b, '.');
    b64url_add(&b, (bytes){signature, sizeof signature});
    return buf_view(&b);
}

static str header(struct test *t, const char *more)
{
    return call_format(t->call, "{\"alg\":\"RS256\",\"kid\":\"%.*s\"%s}", PSTR(token_key_id(signing_key(t))), more);
}

static enum err judge(struct test *t, const struct jwks *keys, str token, struct outside_token *out)
{
    static const str    ISSUERS[] = {S_INIT(ISSUER)}, AUDIENCES[] = {S_INIT("api://a"), S_INIT("api://b")};
    struct token_policy policy = {ISSUERS, COUNT(ISSUERS), AUDIENCES, COUNT(AUDIENCES)};
    t->call->now_s = NOW_S;
    TRY(outside_token_verify(t->call, keys, token, out));
    return outside_token_check(t->call, out, &policy);
}

#define TIMES ",\"nbf\":999000,\"exp\":1001000"
#define GOOD  "\"iss\":\"" ISSUER "\",\"aud\":\"api://a\"" TIMES

TEST(S7_a_token_of_another_issuer_is_judged_by_its_claims)
{
    static const struct { const char *claims; enum err want; } CASES[] = {
        {"{" GOOD "}", OK},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[\"x\",\"api://b\"],\"exp\":1001000}", OK},
        {"{\"iss\":\"https://other.example\",\"aud\":\"api://a\"" TIMES "}", ERR_TOKEN_ISSUER},
        {"{\"aud\":\"api://a\"" TIMES "}", ERR_TOKEN_ISSUER},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"api://c\"" TIMES "}", ERR_TOKEN_AUDIENCE},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[\"x\",\"y\"]" TIMES "}", ERR_TOKEN_AUDIENCE},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"\"" TIMES "}", ERR_TOKEN_AUDIENCE},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[]" TIMES "}", ERR_TOKEN_MALFORMED},
        {"{\"iss\":\"" ISSUER "\",\"aud\":[1]" TIMES "}", ERR_TOKEN_MALFORMED},
        {"{\"iss\":\"" ISSUER "\"" TIMES "}", ERR_TOKEN_MALFORMED},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"api://a\"}", ERR_TOKEN_MALFORMED},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"api://a\",\"exp\":\"1001000\"}", ERR_TOKEN_MALFORMED},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"api://a\",\"exp\":1001000,\"nbf\":\"1\"}", ERR_TOKEN_MALFORMED},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"api://a\",\"exp\":990000}", ERR_TOKEN_EXPIRED},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"api://a\",\"exp\":1009000,\"nbf\":1008000}", ERR_TOKEN_NOT_YET_VALID},
        {"{" GOOD ",\"roles\":\"A\"}", ERR_TOKEN_MALFORMED},
    };
    CLEANUP(jwks_dropp) struct jwks *keys = published(t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct outside_token got;
        CHECK_ERR(judge(t, keys, signed_token(t, header(t, ""), str_of(CASES[i].claims)), &got), CASES[i].want, CASES[i].claims);
        call_forgive(t->call);
    }
}

TEST(S7_a_token_of_another_issuer_counts_only_with_its_signature)
{
    CLEANUP(jwks_dropp) struct jwks *keys = published(t);
    struct outside_token             got;
    str                              claims = S("{" GOOD ",\"sub\":\"me\",\"tid\":\"t\",\"scp\":\"One Two\",\"roles\":[\"A\",\"B\"]}");
    str                              good = signed_token(t, header(t, ",\"typ\":\"JWT\""), claims);
    CHECK_OK(judge(t, keys, good, &got));
    CHECK_STR(got.subject, S("me"), "sub");
    CHECK_STR(got.tenant, S("t"), "tid");
    CHECK_STR(got.claims.audience, S("api://a"), "aud");
    CHECK_STR(got.claims.scopes, S("One Two"), "scp");
    CHECK(got.claims.roles.n == 2);
    CHECK_ERR(judge(t, keys, signed_token(t, header(t, ",\"crit\":[\"x\"]"), claims), &got), ERR_TOKEN_MALFORMED, "crit");
    call_forgive(t->call);
    CHECK_ERR(judge(t, keys, signed_token(t, S("{\"alg\":\"none\"}"), claims), &got), ERR_TOKEN_SIGNATURE, "alg none");
    call_forgive(t->call);
    CHECK_ERR(judge(t, keys, signed_token(t, S("{\"alg\":\"RS256\"}"), claims), &got), ERR_TOKEN_SIGNATURE, "no kid");
    call_forgive(t->call);
    CHECK_ERR(judge(t, keys, str_upto(good, good.n - 6), &got), ERR_TOKEN_SIGNATURE, "a signature cut short");
    call_forgive(t->call);
    CHECK_ERR(judge(t, keys, signed_token(t, S("{\"alg\":\"RS256\",\"kid\":\"other\"}"), claims), &got), ERR_TOKEN_SIGNATURE, "another kid");
}
