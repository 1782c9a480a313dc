#include "token/jwks.h"

#include <stdarg.h>

#include "core/b64.h"
#include "test.h"
#include "token/key.h"

// One key for the file: it is slow to make.
static struct token_key *signing_key(struct test *t)
{
    static struct token_key *made;
    if (!made) CHECK_OK(token_key_new(t->call, &made));
    return made;
}

static str published(struct test *t)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &t->call->arena);
    json_begin(&w, &b);
    CHECK_OK(token_key_write_jwk(t->call, signing_key(t), STR_NONE, &w));
    return buf_view(&b);
}

static str encoded(struct test *t, bytes raw)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    b64url_add(&b, raw);
    return buf_view(&b);
}

// A number of so many bytes that begins and ends with these.
static str number(struct test *t, size_t n, uint8_t first, uint8_t last)
{
    uint8_t *raw = arena_alloc(&t->call->arena, n);
    memset(raw, 0x5a, n);
    raw[0] = first;
    raw[n - 1] = last;
    return encoded(t, (bytes){raw, n});
}

static enum err read_set(struct test *t, struct jwks **out, const char *format, ...) PRINTF_LIKE(3, 4);
static enum err read_set(struct test *t, struct jwks **out, const char *format, ...)
{
    char    text[8192];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return jwks_read(t->call, str_of(text), out);
}

TEST(F2_a_key_that_an_issuer_publishes_verifies_its_signatures_alone)
{
    struct jwks *set = NULL;
    uint8_t      signature[KEY_SIGNATURE_BYTES];
    str          text = S("header.claims"), kid = token_key_id(signing_key(t));
    CHECK_OK(read_set(t, &set, "{\"keys\":[%.*s]}", PSTR(published(t))));
    CHECK_INT(jwks_n(set), 1, "keys");
    const struct jwk *key = jwks_find(set, kid);
    CHECK(key && key == jwks_at(set, 0) && !jwks_find(set, str_upto(kid, kid.n - 1)) && !jwks_find(set, STR_NONE));
    CHECK_OK(token_key_sign(t->call, signing_key(t), text, signature));
    CHECK_OK(jwk_verify(t->call, key, text, (bytes){signature, sizeof signature}));
    CHECK_ERR(jwk_verify(t->call, key, S("header.Claims"), (bytes){signature, sizeof signature}), ERR_TOKEN_SIGNATURE, "another text");
    CHECK_ERR(jwk_verify(t->call, key, text, (bytes){signature, sizeof signature - 1}), ERR_TOKEN_SIGNATURE, "cut");
    CHECK_ERR(jwk_verify(t->call, key, text, (bytes){0}), ERR_TOKEN_SIGNATURE, "none");
    signature[0] ^= 1;
    CHECK_ERR(jwk_verify(t->call, key, text, (bytes){signature, sizeof signature}), ERR_TOKEN_SIGNATURE, "changed");
    jwks_drop(set);
}

#define RSA(members) "{\"kty\":\"RSA\",\"e\":\"AQAB\"," members "}"

// F2: a key stands beside a usable one, so that what is told is whether it was kept.
TEST(F2_keys_that_cannot_verify_RS256_are_left_out)
{
    str good = number(t, 256, 0x80, 1), short_by_a_bit = number(t, 256, 0x7f, 1), largest = number(t, 1024, 0xff, 1),
        too_large = number(t, 1025, 1, 1), even = number(t, 256, 0x80, 2), zeros = number(t, 258, 0, 1);
    const struct { const char *name; const char *format; str modulus; bool kept; } CASES[] = {
        {"plain", RSA("\"kid\":\"k\",\"n\":\"%.*s\""), good, true},
        {"for signatures", RSA("\"kid\":\"k\",\"n\":\"%.*s\",\"use\":\"sig\",\"alg\":\"RS256\",\"key_ops\":[\"verify\"],\"x5c\":[]"), good, true},
        {"8192 bits", RSA("\"kid\":\"k\",\"n\":\"%.*s\""), largest, true},
        {"a zero in front", RSA("\"kid\":\"k\",\"n\":\"%.*s\""), zeros, true},
        {"more than 8192 bits", RSA("\"kid\":\"k\",\"n\":\"%.*s\""), too_large, false},
        {"2047 bits", RSA("\"kid\":\"k\",\"n\":\"%.*s\""), short_by_a_bit, false},
        {"an even modulus", RSA("\"kid\":\"k\",\"n\":\"%.*s\""), even, false},
        {"no kid", RSA("\"n\":\"%.*s\""), good, false},
        {"an empty kid", RSA("\"kid\":\"\",\"n\":\"%.*s\""), good, false},
        {"a kid that is no text", RSA("\"kid\":7,\"n\":\"%.*s\""), good, false},
        {"for encryption", RSA("\"kid\":\"k\",\"n\":\"%.*s\",\"use\":\"enc\""), good, false},
        {"for other operations", RSA("\"kid\":\"k\",\"n\":\"%.*s\",\"key_ops\":[\"encrypt\"]"), good, false},
        {"for PS256", RSA("\"kid\":\"k\",\"n\":\"%.*s\",\"alg\":\"PS256\""), good, false},
        {"an algorithm that is no text", RSA("\"kid\":\"k\",\"n\":\"%.*s\",\"alg\":null"), good, false},
        {"a private part", RSA("\"kid\":\"k\",\"n\":\"%.*s\",\"d\":\"AQAB\""), good, false},
        {"an exponent of 1", "{\"kty\":\"RSA\",\"e\":\"AQ\",\"kid\":\"k\",\"n\":\"%.*s\"}", good, false},
        {"an even exponent", "{\"kty\":\"RSA\",\"e\":\"AQAA\",\"kid\":\"k\",\"n\":\"%.*s\"}", good, false},
        {"an exponent of nine bytes", "{\"kty\":\"RSA\",\"e\":\"AQEBAQEBAQEB\",\"kid\":\"k\",\"n\":\"%.*s\"}", good, false},
        {"a shared secret", "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"%.*s\"}", good, false},
        {"a curve", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":\"%.*s\",\"y\":\"AQAB\"}", good, false},
        {"padding", RSA("\"kid\":\"k\",\"n\":\"%.*s=\""), good, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct jwks *set = NULL;
        char         key[4096];
        snprintf(key, sizeof key, CASES[i].format, PSTR(CASES[i].modulus));
        CHECK_ERR(read_set(t, &set, "{\"keys\":[%.*s,%s]}", PSTR(published(t)), key), OK, CASES[i].name);
        CHECK_ROW(set && !!jwks_find(set, S("k")) == CASES[i].kept, CASES[i].name);
        jwks_drop(set);
        CHECK_ERR(read_set(t, &set, "{\"keys\":[%s]}", key), CASES[i].kept ? OK : ERR_ISSUER_UNUSABLE, CASES[i].name);
        if (CASES[i].kept) jwks_drop(set);
    }
}

TEST(F2_a_key_set_has_limits_and_each_kid_once)
{
    struct jwks *set = NULL;
    str          key = published(t);
    struct buf   many, nested, large;
    buf_init(&many, &t->call->arena);
    buf_init(&nested, &t->call->arena);
    buf_init(&large, &t->call->arena);
    buf_add(&many, S("{\"keys\":[{}"));
    for (size_t i = 0; i < JWKS_MAX_KEYS; i++) buf_add(&many, S(",{}"));
    buf_add(&many, S("]}"));
    for (size_t i = 0; i < 1000; i++) buf_add(&nested, S("["));
    buf_addf(&large, "{\"keys\":[%.*s],\"more\":\"%*s\"}", PSTR(key), (int)JWKS_MAX_BYTES, "");
    CHECK_ERR(read_set(t, &set, "{\"keys\":[%.*s,%.*s]}", PSTR(key), PSTR(key)), ERR_ISSUER_UNUSABLE, "a kid twice");
    CHECK_ERR(read_set(t, &set, "{\"keys\":[]}"), ERR_ISSUER_UNUSABLE, "no key");
    CHECK_ERR(read_set(t, &set, "{\"keys\":{}}"), ERR_ISSUER_UNUSABLE, "no list");
    CHECK_ERR(read_set(t, &set, "[%.*s]", PSTR(key)), ERR_ISSUER_UNUSABLE, "no object");
    CHECK_ERR(read_set(t, &set, "{\"keys\":[%.*s],\"keys\":[]}", PSTR(key)), ERR_ISSUER_UNUSABLE, "a member twice");
    CHECK_ERR(read_set(t, &set, "{\"keys\":[%.*s", PSTR(key)), ERR_ISSUER_UNUSABLE, "cut");
    CHECK_ERR(read_set(t, &set, "%s", ""), ERR_ISSUER_UNUSABLE, "nothing");
    CHECK_ERR(jwks_read(t->call, buf_view(&many), &set), ERR_ISSUER_UNUSABLE, "a key too many");
    CHECK_ERR(jwks_read(t->call, buf_view(&nested), &set), ERR_ISSUER_UNUSABLE, "nested");
    CHECK_ERR(jwks_read(t->call, buf_view(&large), &set), ERR_ISSUER_UNUSABLE, "too long");
    CHECK(!set);
}
