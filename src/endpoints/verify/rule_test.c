#include "endpoints/verify/rule.h"

#include "http/message.h"
#include "test.h"

static enum err read(struct test *t, const char *text, struct rule *out)
{
    struct http_field *fields;
    size_t             n;
    TRY(http_read_fields(t->call, str_of(text), &fields, &n));
    return rule_read(t->call, fields, n, out);
}

// S7: what is not understood is refused, for it would demand nothing.
TEST(rule_read_refuses_what_it_does_not_know)
{
    static const struct { const char *text; enum err want; } CASES[] = {
        {"audience=api://orders", OK},
        {"audience=api%3A%2F%2Forders&role=A&any-role=B&scope=C", OK},
        {"audience=a&audience=b", OK},
        {"", ERR_PARAMETER_INVALID},
        {"role=A", ERR_PARAMETER_INVALID},
        {"audience=", ERR_PARAMETER_INVALID},
        {"audience=a&role=", ERR_PARAMETER_INVALID},
        {"audience=a&role", ERR_PARAMETER_INVALID},
        {"audience=a&roles=A", ERR_PARAMETER_INVALID},
        {"audience=a&Role=A", ERR_PARAMETER_INVALID},
        {"audience=a&aud=b", ERR_PARAMETER_INVALID},
        {"audience=a&role=1&role=2&role=3&role=4&role=5&role=6&role=7&role=8&role=9&role=10&role=11&role=12&role=13&role=14&role=15&role=16&role=17",
         ERR_PARAMETER_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rule r;
        CHECK_ERR(read(t, CASES[i].text, &r), CASES[i].want, CASES[i].text);
        call_forgive(t->call);
    }
}

// S7: each role and scope, and one of any-role; to the letter.
TEST(rule_check_asks_for_roles_and_scopes)
{
    static const struct { const char *rule; enum err want; } CASES[] = {
        {"audience=a", OK},
        {"audience=a&role=Read", OK},
        {"audience=a&role=Read&role=Write", OK},
        {"audience=a&any-role=Admin&any-role=Write", OK},
        {"audience=a&scope=Mine", OK},
        {"audience=a&role=read", ERR_ROLE_MISSING},
        {"audience=a&role=Rea", ERR_ROLE_MISSING},
        {"audience=a&role=Read&role=Admin", ERR_ROLE_MISSING},
        {"audience=a&role=Mine", ERR_ROLE_MISSING},
        {"audience=a&any-role=Admin", ERR_ROLE_MISSING},
        {"audience=a&role=Read&any-role=Admin", ERR_ROLE_MISSING},
        {"audience=a&scope=Read", ERR_ROLE_MISSING},
        {"audience=a&scope=Mine%20Yours", ERR_ROLE_MISSING},
    };
    static const str    ROLES[] = {S_INIT("Read"), S_INIT("Write")};
    struct token_claims claims = {.roles = {ROLES, COUNT(ROLES)}, .scopes = S("Mine Yours")};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rule r;
        CHECK_OK(read(t, CASES[i].rule, &r));
        CHECK_ERR(rule_check(t->call, &r, &claims), CASES[i].want, CASES[i].rule);
        call_forgive(t->call);
    }
}
