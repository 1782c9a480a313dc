#include "cli/token/claims.h"

#include "core/b64.h"
#include "test.h"

static str jwt(struct call *c, const char *claims)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("eyJhbGciOiJSUzI1NiJ9."));
    b64url_add(&b, str_bytes(str_of(claims)));
    buf_add(&b, S(".c2lnbmF0dXJl"));
    return buf_text(c, &b);
}

// L1
TEST(claims_tell_who_a_token_is_of)
{
    static const struct { const char *claims; enum claims_kind kind; const char *name, *object_id, *client_id; } CASES[] = {
        {"{\"xms_mirid\":\"/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one\",\"oid\":\"o\",\"appid\":\"a\",\"idtyp\":\"app\"}",
         CLAIMS_MANAGED_IDENTITY, "one", "o", "a"},
        {"{\"idtyp\":\"app\",\"appid\":\"a\",\"sub\":\"s\",\"app_displayname\":\"orders\"}", CLAIMS_APPLICATION, "orders", "s", "a"},
        {"{\"azp\":\"a\",\"oid\":\"o\"}", CLAIMS_APPLICATION, "a", "o", "a"},
        {"{\"upn\":\"ann@example.com\",\"name\":\"Ann\",\"appid\":\"a\",\"oid\":\"o\"}", CLAIMS_USER, "ann@example.com", "o", "a"},
        {"{\"scp\":\"user_impersonation\",\"name\":\"Ann\"}", CLAIMS_USER, "Ann", "", ""},
        {"{}", CLAIMS_UNKNOWN, "", "", ""},
        {"{\"oid\":5,\"upn\":[],\"xms_mirid\":{},\"roles\":\"all\"}", CLAIMS_USER, "", "", ""},
        {"{\"xms_mirid\":\"no-slash\"}", CLAIMS_MANAGED_IDENTITY, "no-slash", "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct claims claims;
        CHECK_ERR(claims_read(t->call, jwt(t->call, CASES[i].claims), &claims), OK, CASES[i].claims);
        CHECK_INT(claims.kind, CASES[i].kind, CASES[i].claims);
        CHECK_STR(claims.name, str_of(CASES[i].name), CASES[i].claims);
        CHECK_STR(claims.object_id, str_of(CASES[i].object_id), CASES[i].claims);
        CHECK_STR(claims.client_id, str_of(CASES[i].client_id), CASES[i].claims);
        CHECK_ROW(!claims.roles, CASES[i].claims);
    }
}

TEST(claims_of_what_is_no_jwt_are_refused)
{
    static const char *const CASES[] = {
        "", ".", "..", "a.b", "a..b", "opaque", "a.!!!.c", "a.bm90IGpzb24.c", "a.W10.c", "a.eyJhIjoxLCJhIjoyfQ.c", ".e30.c", "a.e30."};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct claims claims = {.kind = CLAIMS_USER};
        CHECK_ERR(claims_read(t->call, str_of(CASES[i]), &claims), ERR_CONTENT_INVALID, CASES[i]);
        CHECK_ROW(claims.kind == CLAIMS_USER, CASES[i]);
        call_forgive(t->call);
    }
}
