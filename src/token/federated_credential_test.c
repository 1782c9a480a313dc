#include "token/federated_credential.h"

#include "test.h"

#define ISSUER "https://token.actions.githubusercontent.com"

static str credential_of(struct test *t, const char *issuer, const char *subject, const char *audiences)
{
    return call_format(t->call, "{\"issuer\":%s,\"subject\":%s,\"audiences\":%s}", issuer, subject, audiences);
}

// A text of that many characters, each of two bytes, in quotes.
static const char *long_text(struct test *t, size_t chars)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    buf_add_char(&b, '"');
    for (size_t i = 0; i < chars; i++) buf_add(&b, S("\xc3\xa9"));
    buf_add(&b, S("\""));
    return call_zstr(t->call, buf_view(&b));
}

TEST(F2_a_federated_credential_is_read_to_the_letter)
{
    struct federated_credential got;
    const struct json          *v = NULL;
    CHECK_OK(json_parse(t->call, credential_of(t, "\"" ISSUER "/ \"", "\"repo:o/r\"", "[\"api://AzureADTokenExchange\"]"), &v));
    CHECK_OK(federated_credential_read(t->call, v, &got));
    CHECK_STR(got.issuer, S(ISSUER "/ "), "with its slash and its blank");
    CHECK_STR(got.subject, S("repo:o/r"), "subject");
    CHECK_STR(got.audience, S("api://AzureADTokenExchange"), "audience");
}

TEST(F2_a_federated_credential_that_is_none_is_refused)
{
    const char *most = long_text(t, FEDERATED_MAX_CHARS), *more = long_text(t, FEDERATED_MAX_CHARS + 1);
    const struct { const char *name, *issuer, *subject, *audiences; enum err want; } CASES[] = {
        {"a good one", "\"i\"", "\"s\"", "[\"a\"]", OK},
        {"as long as may be", most, most, "[\"a\"]", OK},
        {"a longer issuer", more, "\"s\"", "[\"a\"]", ERR_FEDERATED_INVALID},
        {"a longer subject", "\"i\"", more, "[\"a\"]", ERR_FEDERATED_INVALID},
        {"an empty issuer", "\"\"", "\"s\"", "[\"a\"]", ERR_FEDERATED_INVALID},
        {"a blank subject", "\"i\"", "\" \"", "[\"a\"]", ERR_FEDERATED_INVALID},
        {"null", "null", "\"s\"", "[\"a\"]", ERR_FEDERATED_INVALID},
        {"a number", "\"i\"", "7", "[\"a\"]", ERR_FEDERATED_INVALID},
        {"no audience", "\"i\"", "\"s\"", "[]", ERR_FEDERATED_INVALID},
        {"two audiences", "\"i\"", "\"s\"", "[\"a\",\"b\"]", ERR_FEDERATED_INVALID},
        {"an audience that is no text", "\"i\"", "\"s\"", "[{}]", ERR_FEDERATED_INVALID},
        {"an audience that is no list", "\"i\"", "\"s\"", "\"a\"", ERR_FEDERATED_INVALID},
    };
    struct federated_credential got;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v = NULL;
        CHECK_ERR(json_parse(t->call, credential_of(t, CASES[i].issuer, CASES[i].subject, CASES[i].audiences), &v), OK, CASES[i].name);
        CHECK_ERR(federated_credential_read(t->call, v, &got), CASES[i].want, CASES[i].name);
        call_forgive(t->call);
    }
    CHECK_ERR(federated_credential_read(t->call, NULL, &got), ERR_FEDERATED_INVALID, "nothing");
}

TEST(F2_federated_credentials_are_twins_by_issuer_and_subject)
{
    const struct federated_credential one = {S_INIT("i"), S_INIT("s"), S_INIT("a")}, other_audience = {S_INIT("i"), S_INIT("s"), S_INIT("b")},
                                      other_case = {S_INIT("i"), S_INIT("S"), S_INIT("a")}, other_issuer = {S_INIT("i/"), S_INIT("s"), S_INIT("a")};
    CHECK(federated_credential_is_twin(&one, &other_audience));
    CHECK(!federated_credential_is_twin(&one, &other_case));
    CHECK(!federated_credential_is_twin(&one, &other_issuer));
}
