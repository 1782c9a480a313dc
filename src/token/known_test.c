#include "token/known.h"

#include "test.h"

static const char *const TARGET = "vault", *const OTHER_TARGET = "management";

static sha256 digest(unsigned low, uint8_t rest)
{
    sha256 d = {{(uint8_t)low, (uint8_t)(low >> 8), rest}};
    return d;
}

static struct token_claims claims(char *room)
{
    return (struct token_claims){.subject.g.b[0] = 7,
                                 .audience = {room, 3},
                                 .issuer = {room + 3, 4},
                                 .unique_id = {room + 7, 2},
                                 .identity_resource = {room + 9, 5},
                                 .scopes = {room + 9, 3},
                                 .version = TOKEN_V2,
                                 .not_before_s = 10,
                                 .expires_s = 20};
}

TEST(known_find_knows_what_was_put_and_keeps_its_own_copy)
{
    char                 room[] = "audissuuires00";
    struct known_tokens *known = known_new();
    sha256               d = digest(5, 1);
    str                  roles[] = {{room, 3}, {room + 3, 4}};
    struct token_claims  put = claims(room);
    put.roles = (struct token_texts){roles, COUNT(roles)};
    CHECK(!known_find(known, &d, TARGET));
    known_put(known, &d, TARGET, &put);
    memset(room, 'x', sizeof room); // the request's memory is gone
    memset(roles, 0, sizeof roles);
    const struct token_claims *got = known_find(known, &d, TARGET);
    CHECK(got != NULL);
    if (got) {
        CHECK_STR(got->audience, S("aud"), "aud");
        CHECK_STR(got->issuer, S("issu"), "iss");
        CHECK_STR(got->unique_id, S("ui"), "uti");
        CHECK_STR(got->identity_resource, S("res00"), "mirid");
        CHECK_STR(got->scopes, S("res"), "scp");
        CHECK(got->roles.n == 2);
        CHECK_STR(got->roles.at[0], S("aud"), "first role");
        CHECK_STR(got->roles.at[1], S("issu"), "second role");
        CHECK(got->subject.g.b[0] == 7 && got->version == TOKEN_V2 && got->not_before_s == 10 && got->expires_s == 20);
    }
    known_free(known);
    known_free(NULL);
}

// A token is another one as soon as a single bit of its digest is, wherever that bit stands.
TEST(known_find_takes_no_other_token_for_a_known_one)
{
    struct known_tokens *known = known_new();
    struct token_claims  none = {0};
    sha256               d = digest(5, 1);
    known_put(known, &d, TARGET, &none);
    CHECK(known_find(known, &d, TARGET)); // without any text too
    for (size_t bit = 0; bit < 8 * sizeof d.b; bit++) {
        sha256 other = d;
        other.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (known_find(known, &other, TARGET)) test_failed(t, __FILE__, __LINE__, "bit %zu does not count", bit);
    }
    known_free(known);
}

TEST(known_put_gives_a_place_to_the_latest)
{
    char                 room[] = "audissuuires00";
    struct known_tokens *known = known_new();
    struct token_claims  put = claims(room);
    sha256               first = digest(5, 1), same_place = digest(5 + KNOWN_TOKENS, 2), beside = digest(6, 1);
    known_put(known, &first, TARGET, &put);
    known_put(known, &beside, TARGET, &put);
    put.expires_s = 30;
    known_put(known, &same_place, TARGET, &put);
    CHECK(!known_find(known, &first, TARGET) && known_find(known, &beside, TARGET));
    CHECK(known_find(known, &same_place, TARGET) && known_find(known, &same_place, TARGET)->expires_s == 30);
    put.expires_s = 40;
    known_put(known, &same_place, TARGET, &put); // the same once more
    CHECK(known_find(known, &same_place, TARGET)->expires_s == 40);
    for (unsigned i = 0; i < 3 * KNOWN_TOKENS; i++) {
        sha256 d = digest(i, 3);
        known_put(known, &d, TARGET, &put);
        CHECK(known_find(known, &d, TARGET));
    }
    known_free(known);
}

// Whether its audience is right is known for the target that verified it, and for no other.
TEST(known_find_knows_a_token_only_where_it_was_verified)
{
    char                 room[] = "audissuuires00";
    struct known_tokens *known = known_new();
    sha256               d = digest(5, 1);
    struct token_claims  put = claims(room);
    known_put(known, &d, TARGET, &put);
    CHECK(known_find(known, &d, TARGET) && !known_find(known, &d, OTHER_TARGET) && !known_find(known, &d, NULL));
    known_put(known, &d, OTHER_TARGET, &put);
    CHECK(!known_find(known, &d, TARGET) && known_find(known, &d, OTHER_TARGET));
    known_free(known);
}
