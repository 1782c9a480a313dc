#include "token/keyring.h"

#include <openssl/x509.h>

#include "core/b64.h"
#include "core/digest.h"
#include "test_keys.h"

#define KEEP_S 1000

// One ring for the file, a reference for each test: keys are slow to make.
static struct keyring *new_ring(struct test *t)
{
    static struct keyring *made;
    if (!made) CHECK_OK(keyring_new(t->call, 2, &made));
    keyring_take(made);
    return made;
}

static const struct json *jwks_of(struct test *t, const struct keyring *ring, str issuer)
{
    str                text = STR_NONE;
    const struct json *document = NULL;
    CHECK_OK(keyring_jwks(t->call, ring, issuer, &text));
    CHECK_OK(json_parse(t->call, text, &document));
    return json_get(document, S("keys"));
}

TEST(keyring_new_has_a_current_and_a_next_key)
{
    struct keyring *ring = new_ring(t);
    CHECK_INT(keyring_n(ring), 2, "keys");
    CHECK(keyring_at(ring, 0)->state == KEY_CURRENT && keyring_at(ring, 1)->state == KEY_NEXT && !keyring_at(ring, 2));
    CHECK(!str_eq(keyring_at(ring, 0)->kid, keyring_at(ring, 1)->kid));
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(keyring_at(ring, i)->kid.n, 27, "a SHA-1 in base64url");
        CHECK(keyring_at(ring, i)->made_s > 0 && keyring_at(ring, i)->made_s <= t->call->now_s &&
              keyring_at(ring, i)->since_s == keyring_at(ring, i)->made_s);
    }
    keyring_drop(ring);
}

// The first key is slow to make: a ring is there before it, and grows.
// The ring with the key that it lacks.
static struct keyring *filled(struct test *t, const struct keyring *ring)
{
    struct keyring *made = NULL;
    CHECK_OK(keyring_fill_take(t->call, ring, test_keys_next(t), &made));
    return made;
}

TEST(keyring_grows_by_a_key_at_a_time)
{
    struct keyring *none = NULL, *turned = NULL, *more = NULL;
    CHECK_OK(keyring_new(t->call, 0, &none));
    CHECK(keyring_n(none) == 0 && keyring_lacks_keys(none) && !keyring_only(none, KEY_CURRENT));
    struct keyring *one = filled(t, none);
    CHECK(keyring_n(one) == 1 && keyring_at(one, 0)->state == KEY_CURRENT && keyring_lacks_keys(one) && !keyring_only(one, KEY_NEXT));
    CHECK_ERR(keyring_rotate(t->call, one, KEEP_S, &turned), ERR_CONFLICT, "no key is there to follow");
    struct keyring *two = filled(t, one);
    CHECK(keyring_n(two) == 2 && keyring_at(two, 1)->state == KEY_NEXT && !keyring_lacks_keys(two));
    CHECK_STR(keyring_at(two, 0)->kid, keyring_at(one, 0)->kid, "the same key signs");
    CHECK(keyring_only(two, KEY_CURRENT) == keyring_at(two, 0) && keyring_only(two, KEY_NEXT) == keyring_at(two, 1));
    CHECK_ERR(keyring_fill_take(t->call, two, test_keys_next(t), &more), ERR_CONFLICT, "it lacks none");
    CHECK_OK(keyring_rotate(t->call, two, KEEP_S, &turned));
    CHECK_STR(keyring_at(turned, 0)->kid, keyring_at(two, 1)->kid, "a whole ring rotates");
    CHECK(keyring_lacks_keys(turned));
    more = filled(t, turned);
    CHECK(keyring_n(more) == 3 && keyring_at(more, 1)->state == KEY_NEXT && keyring_at(more, 2)->state == KEY_RETIRED);
    struct keyring *const ALL[] = {none, one, two, turned, more};
    for (size_t i = 0; i < COUNT(ALL); i++) keyring_drop(ALL[i]);
}

TEST(keyring_plan_is_kept_until_the_next_rotation)
{
    struct keyring *ring = new_ring(t), *planned = NULL, *turned = NULL, *loaded = NULL, *trimmed = NULL;
    struct secret   saved = {0};
    CHECK_INT(keyring_planned_s(ring), 0, "none");
    CHECK_OK(keyring_plan(t->call, ring, 12345, &planned));
    CHECK_INT(keyring_planned_s(planned), 12345, "planned");
    CHECK_INT(keyring_n(planned), 2, "the same keys");
    CHECK_OK(keyring_save(t->call, planned, &saved));
    CHECK_OK(keyring_load(t->call, &saved, &loaded));
    CHECK_INT(keyring_planned_s(loaded), 12345, "saved and loaded");
    CHECK_OK(keyring_trim(t->call, loaded, 0, &trimmed));
    CHECK_INT(keyring_planned_s(trimmed), 12345, "trimmed");
    CHECK_OK(keyring_rotate(t->call, loaded, KEEP_S, &turned));
    CHECK_INT(keyring_planned_s(turned), 0, "rotated");
    secret_clear(&saved);
    struct keyring *const ALL[] = {ring, planned, turned, loaded, trimmed};
    for (size_t i = 0; i < COUNT(ALL); i++) keyring_drop(ALL[i]);
}

TEST(keyring_jwks_publishes_every_key_as_the_service_does)
{
    struct keyring    *ring = new_ring(t);
    const struct json *keys = jwks_of(t, ring, STR_NONE);
    CHECK_INT(json_n(keys), 2, "the next key is published before it signs");
    for (size_t i = 0; i < json_n(keys); i++) {
        const struct json *k = json_at(keys, i);
        bytes              n = {0}, der = {0};
        uint8_t            thumbprint[SHA1_BYTES];
        struct buf         name;
        CHECK_STR(json_get_str(k, S("kty")), S("RSA"), "kty");
        CHECK_STR(json_get_str(k, S("use")), S("sig"), "use");
        CHECK_STR(json_get_str(k, S("e")), S("AQAB"), "e");
        CHECK_STR(json_get_str(k, S("kid")), keyring_at(ring, i)->kid, "kid");
        CHECK_STR(json_get_str(k, S("x5t")), keyring_at(ring, i)->kid, "x5t");
        CHECK_OK(b64url_decode(t->call, json_get_str(k, S("n")), &n));
        CHECK(n.n == 256 && n.at[0] >= 0x80);
        CHECK_INT(json_n(json_get(k, S("x5c"))), 1, "x5c");
        CHECK_OK(b64_decode(t->call, json_str(json_at(json_get(k, S("x5c")), 0)), &der));
        CHECK_OK(digest_sha1(t->call, der, thumbprint));
        buf_init(&name, &t->call->arena);
        b64url_add(&name, (bytes){thumbprint, sizeof thumbprint});
        CHECK_STR(buf_view(&name), keyring_at(ring, i)->kid, "the certificate's SHA-1");
        CHECK_INT(json_n(k), 7, "kty use kid x5t n e x5c, and nothing private");
    }
    keyring_drop(ring);
}

TEST(keyring_jwks_names_the_issuer_in_version_2)
{
    struct keyring    *ring = new_ring(t);
    const struct json *keys = jwks_of(t, ring, S("https://login.microsoftonline.com/t/v2.0"));
    for (size_t i = 0; i < json_n(keys); i++)
        CHECK_STR(json_get_str(json_at(keys, i), S("issuer")), S("https://login.microsoftonline.com/t/v2.0"), "issuer");
    keyring_drop(ring);
}

// T8: published before use, kept after.
TEST(keyring_rotate_moves_every_key_one_place_on)
{
    struct keyring *first = new_ring(t), *second = NULL, *fourth = NULL, *trimmed = NULL;
    str             current = keyring_at(first, 0)->kid, next = keyring_at(first, 1)->kid;
    CHECK_OK(keyring_rotate(t->call, first, KEEP_S, &second));
    CHECK_INT(keyring_n(second), 2, "keys");
    CHECK_STR(keyring_at(second, 0)->kid, next, "the next key signs now");
    CHECK_STR(keyring_at(second, 1)->kid, current, "the current one is still published");
    CHECK(keyring_at(second, 1)->state == KEY_RETIRED && keyring_at(second, 1)->since_s == t->call->now_s);
    CHECK(keyring_at(first, 0)->state == KEY_CURRENT && keyring_n(first) == 2); // the old ring is as it was

    struct keyring *third = filled(t, second);
    t->call->now_s += KEEP_S;
    CHECK_OK(keyring_trim(t->call, third, t->call->now_s - KEEP_S, &trimmed));
    CHECK_INT(keyring_n(trimmed), 3, "kept for just that long");
    keyring_drop(trimmed);
    t->call->now_s += 1;
    CHECK_OK(keyring_trim(t->call, third, t->call->now_s - KEEP_S, &trimmed));
    CHECK_INT(keyring_n(trimmed), 2, "the oldest went");
    CHECK_OK(keyring_rotate(t->call, third, KEEP_S, &fourth));
    CHECK_INT(keyring_n(fourth), 2, "so it does with a rotation");
    for (size_t i = 0; i < keyring_n(fourth); i++) CHECK(!str_eq(keyring_at(fourth, i)->kid, current));
    struct keyring *const ALL[] = {first, second, third, fourth, trimmed};
    for (size_t i = 0; i < COUNT(ALL); i++) keyring_drop(ALL[i]);
}

TEST(keyring_load_reads_what_save_wrote)
{
    struct keyring *ring = new_ring(t), *turned = NULL, *again = NULL;
    struct secret   saved = {0};
    str             before = STR_NONE, after = STR_NONE;
    CHECK_OK(keyring_rotate(t->call, ring, KEEP_S, &turned));
    CHECK_OK(keyring_save(t->call, turned, &saved));
    CHECK_OK(keyring_load(t->call, &saved, &again));
    CHECK_INT(keyring_n(again), 2, "keys");
    for (size_t i = 0; i < keyring_n(again); i++) {
        const struct signing_key *was = keyring_at(turned, i), *is = keyring_at(again, i);
        CHECK(str_eq(was->kid, is->kid) && was->state == is->state && was->made_s == is->made_s && was->since_s == is->since_s);
    }
    CHECK_OK(keyring_jwks(t->call, turned, STR_NONE, &before));
    CHECK_OK(keyring_jwks(t->call, again, STR_NONE, &after));
    CHECK_STR(after, before, "the same set");
    secret_clear(&saved);
    keyring_drop(ring);
    keyring_drop(turned);
    keyring_drop(again);
}

static enum err load_text(struct test *t, str text)
{
    struct secret   saved = {0};
    struct keyring *ring = NULL;
    CHECK_OK(secret_init(t->call, &saved, str_bytes(text)));
    enum err got = keyring_load(t->call, &saved, &ring);
    CHECK((got == OK) == (ring != NULL));
    keyring_drop(ring);
    secret_clear(&saved);
    return got;
}

static str replaced(struct test *t, str text, const char *from, const char *to)
{
    struct buf b;
    size_t     at = str_find_str(text, str_of(from));
    buf_init(&b, &t->call->arena);
    buf_add(&b, str_upto(text, at));
    buf_add(&b, str_of(to));
    buf_add(&b, str_from(text, at + strlen(from)));
    return buf_view(&b);
}

TEST(keyring_load_refuses_what_was_damaged)
{
    static const struct { const char *what, *from, *to; } CASES[] = {
        {"another format", "lanyard keyring 1", "lanyard keyring 2"},
        {"a state that is none", "key current", "key previous"},
        {"two current keys", "key next", "key current"},
        {"no current key", "key current", "key next"},
        {"a retired key first", "key current", "key retired"},
        {"no time", "key current ", "key current x"},
        {"a time before 1970", "key current ", "key current -"},
        {"a time out of range", "key current ", "key current 9223372036854775"},
        {"a plan without a time", "lanyard keyring 1\n", "lanyard keyring 1\nrotate \n"},
        {"a plan out of range", "lanyard keyring 1\n", "lanyard keyring 1\nrotate 9223372036854775\n"},
        {"two plans", "lanyard keyring 1\n", "lanyard keyring 1\nrotate 5\nrotate 6\n"},
        {"a word too many", "key next ", "key next 1 "},
        {"a damaged certificate", "BEGIN CERTIFICATE", "BEGIN CERTIFICAT"},
        {"a damaged key", "BEGIN PRIVATE KEY-----\nMII", "BEGIN PRIVATE KEY-----\nMIJ"},
        {"a key that asks for a password", "BEGIN PRIVATE KEY", "BEGIN ENCRYPTED PRIVATE KEY"},
    };
    struct keyring *ring = new_ring(t);
    struct secret   saved = {0};
    CHECK_OK(keyring_save(t->call, ring, &saved));
    str    text = bytes_str(secret_reveal(&saved));
    size_t second = str_find_str(text, S("\nkey next")) + 1;
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(load_text(t, replaced(t, text, CASES[i].from, CASES[i].to)), ERR_CRYPTO, CASES[i].what);
    CHECK_ERR(load_text(t, STR_NONE), ERR_CRYPTO, "empty");
    CHECK_ERR(load_text(t, str_upto(text, second)), OK, "its next key is not made yet");
    CHECK_ERR(load_text(t, S("lanyard keyring 1\n")), OK, "no key is made yet");
    CHECK_ERR(load_text(t, call_format(t->call, "lanyard keyring 1\n%.*s", PSTR(str_from(text, second)))), ERR_CRYPTO, "without its current key");
    CHECK_ERR(load_text(t, str_upto(text, text.n - 60)), ERR_CRYPTO, "cut short");
    CHECK_ERR(load_text(t, call_format(t->call, "%.*s%.*s", PSTR(text), PSTR(str_from(text, second)))), ERR_CRYPTO, "a key twice");
    // The certificate of one key in front of the other's private part.
    size_t first_private = str_find_str(text, S("-----BEGIN PRIVATE")),
           second_private = second + str_find_str(str_from(text, second), S("-----BEGIN PRIVATE"));
    CHECK_ERR(load_text(t, call_format(t->call, "%.*s%.*s", PSTR(str_upto(text, first_private)), PSTR(str_from(text, second_private)))), ERR_CRYPTO,
              "a certificate of another key");
    secret_clear(&saved);
    keyring_drop(ring);
}

TEST(keyring_rotate_keeps_keys_in_use_even_when_hurried)
{
    struct keyring *ring = new_ring(t), *turned = NULL;
    size_t          turns = 0;
    while (keyring_rotate(t->call, ring, KEEP_S, &turned) == OK) {
        keyring_drop(ring);
        ring = filled(t, turned);
        keyring_drop(turned);
        turns++;
    }
    CHECK_INT(turns, KEYRING_MAX_KEYS - 2, "rotations until the ring is full");
    CHECK_INT(t->call->failure.kind, ERR_CONFLICT, "one more would drop a key whose tokens live");
    call_forgive(t->call);
    CHECK(!keyring_may_rotate(ring, t->call->now_s - KEEP_S) && keyring_may_rotate(ring, t->call->now_s + 1));
    t->call->now_s += KEEP_S + 1;
    CHECK_OK(keyring_rotate(t->call, ring, KEEP_S, &turned));
    CHECK_INT(keyring_n(turned), 2, "all others went");
    keyring_drop(turned);
    keyring_drop(ring);
}
