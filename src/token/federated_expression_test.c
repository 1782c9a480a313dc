#include "token/federated_expression.h"

#include "test.h"

TEST(F2_a_flexible_expression_has_one_form)
{
    static const struct { const char *text; size_t terms; } CASES[] = {
        {"claims['sub'] eq 'repo:o/r'", 1},
        {"claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] eq 'x'", 2},
        {"claims['sub'] matches '* and ?'", 1},
        {"claims['sub'] eq 'a' and claims['sub'] eq 'b' and claims['sub'] eq 'c'", 3},
        {"", 0},
        {"claims['sub']", 0},
        {"claims['sub'] eq", 0},
        {"claims['sub'] eq ''", 0},
        {"claims[''] eq 'a'", 0},
        {"claims['sub'] eq 'a", 0},
        {"claims['sub'] eq 'a'b'", 0},
        {"claims['sub'] eq 'a' ", 0},
        {" claims['sub'] eq 'a'", 0},
        {"claims['sub']  eq 'a'", 0},
        {"claims['sub'] EQ 'a'", 0},
        {"claims['sub'] ne 'a'", 0},
        {"claims[\"sub\"] eq 'a'", 0},
        {"claims['sub'] eq 'a' or claims['sub'] eq 'b'", 0},
        {"claims['sub'] eq 'a' and ", 0},
        {"claims['sub'] eq 'a'and claims['sub'] eq 'b'", 0},
        {"sub eq 'a'", 0},
    };
    struct federated_expression e;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        bool read = federated_expression_read(str_of(CASES[i].text), &e);
        CHECK_ROW(read == (CASES[i].terms > 0), CASES[i].text);
        if (read) CHECK_INT(e.n, CASES[i].terms, CASES[i].text);
    }
    str most = call_format(t->call, "claims['sub'] eq '%*s'", FEDERATED_EXPRESSION_MAX_BYTES - 19, "x");
    CHECK_INT(most.n, FEDERATED_EXPRESSION_MAX_BYTES, "as long as may be");
    CHECK(federated_expression_read(most, &e));
    CHECK(!federated_expression_read(call_format(t->call, "claims['sub'] eq '%*s'", FEDERATED_EXPRESSION_MAX_BYTES - 18, "x"), &e));
}

TEST(F2_a_flexible_expression_is_for_issuers_and_claims_of_a_list)
{
    static const struct { const char *issuer, *claim; bool fits; } CASES[] = {
        {"https://token.actions.githubusercontent.com", "sub", true},
        {"https://token.actions.githubusercontent.com", "job_workflow_ref", true},
        {"https://token.actions.githubusercontent.com", "repository", false},
        {"https://token.actions.githubusercontent.com/", "sub", false},
        {"https://gitlab.com", "sub", true},
        {"https://gitlab.com", "job_workflow_ref", false},
        {"https://gitlab.contoso.com", "sub", true},
        {"https://gitlab.contoso.ca", "sub", true},
        {"https://gitlab.evil.example/.com", "sub", false},
        {"https://gitlab.a.b.com", "sub", false},
        {"https://gitlab..com", "sub", false},
        {"https://app.terraform.io", "sub", true},
        {"https://app.eu.terraform.io", "sub", true},
        {"https://issuer.example", "sub", false},
        {"", "sub", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct federated_expression e;
        CHECK(federated_expression_read(call_format(t->call, "claims['%s'] eq 'x'", CASES[i].claim), &e));
        CHECK_ROW(federated_expression_fits(&e, str_of(CASES[i].issuer)) == CASES[i].fits, CASES[i].issuer);
    }
}

TEST(F2_a_flexible_expression_looks_at_claims)
{
    static const struct { const char *operation, *claims; bool is_true; } CASES[] = {
        {"eq 'repo:o/r'", "{\"sub\":\"repo:o/r\"}", true},
        {"eq 'repo:o/r'", "{\"sub\":\"repo:o/R\"}", false},
        {"eq 'repo:*'", "{\"sub\":\"repo:o/r\"}", false},
        {"matches 'repo:*'", "{\"sub\":\"repo:o/r\"}", true},
        {"matches 'repo:*'", "{\"sub\":\"Repo:o/r\"}", false},
        {"matches 'repo:*'", "{\"sub\":\"x repo:o/r\"}", false},
        {"matches '*:ref:refs/heads/*'", "{\"sub\":\"repo:o/r:ref:refs/heads/main\"}", true},
        {"matches '*:ref:refs/heads/*'", "{\"sub\":\"repo:o/r:ref:refs/tags/main\"}", false},
        {"matches 'a?c'", "{\"sub\":\"a\xc3\xa4" "c\"}", true},
        {"matches 'a?c'", "{\"sub\":\"ac\"}", false},
        {"matches '*a*b*'", "{\"sub\":\"xxaxxbaxx\"}", true},
        {"matches '*aab'", "{\"sub\":\"aaaab\"}", true},
        {"matches '*'", "{\"sub\":\"\"}", true},
        {"matches '?'", "{\"sub\":\"\"}", false},
        {"matches '*'", "{}", false},
        {"matches '*'", "{\"sub\":[\"a\"]}", false},
        {"matches '*'", "{\"Sub\":\"a\"}", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct federated_expression e;
        const struct json          *claims = NULL;
        CHECK(federated_expression_read(call_format(t->call, "claims['sub'] %s", CASES[i].operation), &e));
        CHECK_OK(json_parse(t->call, str_of(CASES[i].claims), &claims));
        CHECK_ROW(federated_expression_is_true(&e, claims) == CASES[i].is_true, CASES[i].claims);
    }
}
