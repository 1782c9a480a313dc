#include "token/claims.h"

#include "test.h"

#define TENANT  "11111111-1111-1111-1111-111111111111"
#define SUBJECT "22222222-2222-2222-2222-222222222222"
#define APP     "33333333-3333-3333-3333-333333333333"
#define ISSUER  "https://sts.windows.net/" TENANT "/"
#define GROUP   "44444444-4444-4444-4444-444444444444"
#define PATH    "/subscriptions/" GROUP "/resourcegroups/rg1/providers/"

static guid guid_of(const char *text)
{
    guid g = GUID_NONE;
    return guid_parse(str_of(text), &g) ? g : GUID_NONE;
}

// A request that has something to say for every claim of every kind.
static struct token_request full(enum token_kind kind, enum token_version version)
{
    static const str ROLES[] = {S_INIT("Read.All"), S_INIT("Write")}, GROUPS[] = {S_INIT(GROUP)}, CAPABILITIES[] = {S_INIT("cp1")};
    return (struct token_request){
        .kind = kind,
        .version = version,
        .tenant.g = guid_of(TENANT),
        .issuer = S(ISSUER),
        .subject.g = guid_of(SUBJECT),
        .app.g = guid_of(APP),
        .proof = TOKEN_PROOF_SECRET,
        .audience = S("https://vault.azure.net"),
        .lifetime_s = 3600,
        .identity_resource = S(PATH "M/identities/i"),
        .host_resource = S(PATH "M/machines/m"),
        .roles = {ROLES, COUNT(ROLES)},
        .groups = {GROUPS, COUNT(GROUPS)},
        .capabilities = {CAPABILITIES, COUNT(CAPABILITIES)},
        .groups_url = S("https://graph.microsoft.com/v1.0/users/" SUBJECT "/getMemberObjects"),
        .scopes = S("user_impersonation"),
        .user_name = S("ann@lanyard.localhost"),
        .name = S("Ann Able"),
        .given_name = S("Ann"),
        .family_name = S("Able"),
        .method = S("pwd"),
        .address = S("127.0.0.1"),
    };
}

static const struct json *claims_of(struct test *t, const struct token_request *r)
{
    const struct json *claims = NULL;
    struct token       made = {.not_before_s = 1763913300, .expires_s = 1763917200, .unique_id = S("abc")};
    str                text = STR_NONE;
    CHECK_OK(claims_write(t->call, r, &made, &text));
    CHECK_OK(json_parse(t->call, text, &claims));
    return claims;
}

static str names_in(struct test *t, const struct json *claims)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < json_n(claims); i++) buf_addf(&b, "%s%.*s", i ? " " : "", PSTR(claims->u.list.names[i]));
    return buf_view(&b);
}

#define SELF_1 "aud iss iat nbf exp aio appid appidacr groups idp idtyp oid rh roles sub tid uti ver"
#define SELF_2 "aud iss iat nbf exp aio azp azpacr groups idtyp oid rh roles sub tid uti ver"
#define USER_1                                                                                                                                     \
    "aud iss iat nbf exp acr aio amr appid appidacr family_name given_name groups idtyp ipaddr name oid rh roles scp sub tid unique_name upn uti " \
    "ver xms_cc"
#define USER_2 "aud iss iat nbf exp aio azp azpacr groups idtyp name oid preferred_username rh roles scp sub tid uti ver xms_cc"

// T1, T10: each kind of token has the claims that are published for it, and no others.
TEST(claims_are_those_of_the_kind)
{
    static const struct { enum token_kind kind; enum token_version version; const char *want; } CASES[] = {
        {TOKEN_OF_IDENTITY, TOKEN_V1, SELF_1 " xms_az_rid xms_mirid"},
        {TOKEN_OF_IDENTITY, TOKEN_V2, SELF_2 " xms_az_rid xms_mirid"},
        {TOKEN_OF_APP, TOKEN_V1, SELF_1 " xms_cc"},
        {TOKEN_OF_APP, TOKEN_V2, SELF_2 " xms_cc"},
        {TOKEN_OF_USER, TOKEN_V1, USER_1},
        {TOKEN_OF_USER, TOKEN_V2, USER_2},
        {TOKEN_DELEGATED, TOKEN_V1, USER_1},
        {TOKEN_DELEGATED, TOKEN_V2, USER_2},
        {TOKEN_ID, TOKEN_V1, "aud iss iat nbf exp aio name oid rh sub tid uti ver"},
        {TOKEN_ID, TOKEN_V2, "aud iss iat nbf exp aio name oid preferred_username rh sub tid uti ver"},
    };
    _Static_assert(COUNT(CASES) == 2 * TOKEN_KINDS, "each kind in both versions");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_request r = full(CASES[i].kind, CASES[i].version);
        CHECK_STR(names_in(t, claims_of(t, &r)), str_of(CASES[i].want), CASES[i].want);
    }
}

TEST(claims_say_what_is_published_for_their_kind)
{
    static const struct { enum token_kind kind; enum token_version version; const char *claim, *want; } CASES[] = {
        {TOKEN_OF_APP, TOKEN_V1, "appid", "\"" APP "\""},
        {TOKEN_OF_APP, TOKEN_V1, "appidacr", "\"1\""},
        {TOKEN_OF_APP, TOKEN_V1, "idtyp", "\"app\""},
        {TOKEN_OF_APP, TOKEN_V1, "idp", "\"" ISSUER "\""},
        {TOKEN_OF_APP, TOKEN_V1, "oid", "\"" SUBJECT "\""},
        {TOKEN_OF_APP, TOKEN_V1, "sub", "\"" SUBJECT "\""},
        {TOKEN_OF_APP, TOKEN_V1, "ver", "\"1.0\""},
        {TOKEN_OF_APP, TOKEN_V1, "roles", "[\"Read.All\",\"Write\"]"},
        {TOKEN_OF_APP, TOKEN_V2, "azp", "\"" APP "\""},
        {TOKEN_OF_APP, TOKEN_V2, "azpacr", "\"1\""},
        {TOKEN_OF_APP, TOKEN_V2, "ver", "\"2.0\""},
        {TOKEN_OF_APP, TOKEN_V2, "xms_cc", "[\"cp1\"]"},
        {TOKEN_OF_IDENTITY, TOKEN_V1, "appidacr", "\"2\""}, // whatever is asked for
        {TOKEN_OF_USER, TOKEN_V1, "idtyp", "\"user\""},
        {TOKEN_OF_USER, TOKEN_V1, "oid", "\"" SUBJECT "\""},
        {TOKEN_OF_USER, TOKEN_V1, "appid", "\"" APP "\""},
        {TOKEN_OF_USER, TOKEN_V1, "scp", "\"user_impersonation\""},
        {TOKEN_OF_USER, TOKEN_V1, "upn", "\"ann@lanyard.localhost\""},
        {TOKEN_OF_USER, TOKEN_V1, "unique_name", "\"ann@lanyard.localhost\""},
        {TOKEN_OF_USER, TOKEN_V1, "amr", "[\"pwd\"]"},
        {TOKEN_OF_USER, TOKEN_V1, "acr", "\"1\""},
        {TOKEN_OF_USER, TOKEN_V1, "family_name", "\"Able\""},
        {TOKEN_OF_USER, TOKEN_V2, "preferred_username", "\"ann@lanyard.localhost\""},
        {TOKEN_OF_USER, TOKEN_V2, "name", "\"Ann Able\""},
        {TOKEN_DELEGATED, TOKEN_V1, "appidacr", "\"1\""},
        {TOKEN_DELEGATED, TOKEN_V1, "groups", "[\"" GROUP "\"]"},
        {TOKEN_DELEGATED, TOKEN_V2, "scp", "\"user_impersonation\""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_request r = full(CASES[i].kind, CASES[i].version);
        const struct json   *v = json_get(claims_of(t, &r), str_of(CASES[i].claim));
        str                  text = STR_NONE;
        if (v) CHECK_OK(json_text(t->call, v, &text));
        CHECK_STR(text, str_of(CASES[i].want), CASES[i].claim);
    }
}

TEST(claims_tell_a_public_client_and_each_proof)
{
    static const struct { enum token_proof proof; const char *want; } CASES[] = {
        {TOKEN_PROOF_NONE, "0"}, {TOKEN_PROOF_SECRET, "1"}, {TOKEN_PROOF_CERTIFICATE, "2"}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_request r = full(TOKEN_OF_USER, TOKEN_V1);
        r.proof = CASES[i].proof;
        CHECK_STR(json_get_str(claims_of(t, &r), S("appidacr")), str_of(CASES[i].want), CASES[i].want);
    }
}

TEST(claims_leave_out_what_there_is_not)
{
    for (int kind = 0; kind < TOKEN_KINDS; kind++)
        for (int version = TOKEN_V1; version <= TOKEN_V2; version++) {
            struct token_request r = {.kind = (enum token_kind)kind, .version = (enum token_version)version, .issuer = S("i"), .audience = S("a")};
            const struct json   *claims = claims_of(t, &r);
            for (size_t i = 0; i < json_n(claims); i++) {
                const struct json *v = json_at(claims, i);
                CHECK(!json_is(v, JSON_IS_STRING) || !str_empty(json_str(v)));
                CHECK(!json_is(v, JSON_IS_ARRAY) && !json_is(v, JSON_IS_OBJECT));
            }
        }
}

// A user's subject is the same at one application and tells nothing to another.
TEST(claims_give_a_user_a_subject_for_each_application)
{
    struct token_request r = full(TOKEN_OF_USER, TOKEN_V1), other = r, later = r;
    other.app.g.b[0] ^= 1;
    later.version = TOKEN_V2;
    str subject = json_get_str(claims_of(t, &r), S("sub"));
    CHECK_INT(subject.n, 43, "32 bytes as base64url");
    CHECK(!str_eq(subject, json_get_str(claims_of(t, &other), S("sub"))));
    CHECK_STR(json_get_str(claims_of(t, &later), S("sub")), subject, "the same in both versions");
}

TEST(claims_say_where_to_ask_for_too_many_groups)
{
    str groups[TOKEN_MAX_GROUPS + 1];
    for (size_t i = 0; i < COUNT(groups); i++) groups[i] = S(GROUP);
    for (size_t over = 0; over <= 1; over++) {
        struct token_request r = full(TOKEN_OF_USER, TOKEN_V1);
        r.groups = (struct token_texts){groups, TOKEN_MAX_GROUPS + over};
        const struct json *claims = claims_of(t, &r);
        CHECK_INT(json_n(json_get(claims, S("groups"))), over ? 0 : TOKEN_MAX_GROUPS, "groups");
        CHECK((json_path(claims, "_claim_names.groups") != NULL) == over);
        CHECK_STR(json_str(json_path(claims, "_claim_sources.src1.endpoint")), over ? r.groups_url : STR_NONE, "where to ask");
    }
}
