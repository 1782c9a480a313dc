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
    CHECK_OK(federated_credential_read(t->call, v, false, &got));
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
        CHECK_ERR(federated_credential_read(t->call, v, false, &got), CASES[i].want, CASES[i].name);
        call_forgive(t->call);
    }
    CHECK_ERR(federated_credential_read(t->call, NULL, false, &got), ERR_FEDERATED_INVALID, "nothing");
}

TEST(F2_federated_credentials_are_twins_by_issuer_and_subject)
{
    const struct federated_credential one = {.issuer = S_INIT("i"), .subject = S_INIT("s"), .audience = S_INIT("a")},
                                      other_audience = {.issuer = S_INIT("i"), .subject = S_INIT("s"), .audience = S_INIT("b")},
                                      other_case = {.issuer = S_INIT("i"), .subject = S_INIT("S"), .audience = S_INIT("a")},
                                      other_issuer = {.issuer = S_INIT("i/"), .subject = S_INIT("s"), .audience = S_INIT("a")};
    CHECK(federated_credential_is_twin(&one, &other_audience));
    CHECK(!federated_credential_is_twin(&one, &other_case));
    CHECK(!federated_credential_is_twin(&one, &other_issuer));
}

#define TRUST(i, s, a)                                                             \
    {                                                                              \
        .issuer = S_INIT(i), .subject = S_INIT(s), .audience = S_INIT(a) \
    }

// F2: the first rule that fails is told, of the credential that comes nearest.
TEST(F2_a_federated_credential_matches_to_the_letter)
{
    static const struct federated_credential LIST[] = {
        TRUST("https://i", "repo:o/r", "other"), TRUST("https://i", "repo:o/r", "api"), TRUST("https://i/", "Main", "api"), TRUST("https://us", "id", FEDERATED_EXCHANGE_URI)};
    static const struct { const char *name, *issuer, *subject, *audiences[2]; bool is_ours; enum federated_match want; size_t at; } CASES[] = {
        {"the second", "https://i", "repo:o/r", {"api"}, false, FEDERATED_MATCHES, 1},
        {"one of its audiences", "https://i", "repo:o/r", {"x", "other"}, false, FEDERATED_MATCHES, 0},
        {"a slash", "https://i/", "Main", {"api"}, false, FEDERATED_MATCHES, 2},
        {"another issuer", "https://j", "repo:o/r", {"api"}, false, FEDERATED_OTHER_ISSUER, 0},
        {"the issuer in another case", "https://I", "repo:o/r", {"api"}, false, FEDERATED_OTHER_ISSUER, 0},
        {"another subject", "https://i", "repo:o/r2", {"api"}, false, FEDERATED_OTHER_SUBJECT, 0},
        {"the subject of another issuer", "https://i", "Main", {"api"}, false, FEDERATED_OTHER_SUBJECT, 0},
        {"the subject in another case", "https://i", "repo:O/r", {"api"}, false, FEDERATED_OTHER_CASE, 0},
        {"another audience", "https://i", "repo:o/r", {"API"}, false, FEDERATED_OTHER_AUDIENCE, 0},
        {"F1: the audience as an id", "https://us", "id", {FEDERATED_EXCHANGE_APP}, true, FEDERATED_MATCHES, 3},
        {"an outsider's is no URI", "https://us", "id", {FEDERATED_EXCHANGE_APP}, false, FEDERATED_OTHER_AUDIENCE, 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct federated_credential *got;
        struct client_assertion            a = {.issuer = str_of(CASES[i].issuer), .subject = str_of(CASES[i].subject)};
        for (; a.audience_n < 2 && CASES[i].audiences[a.audience_n]; a.audience_n++)
            a.audiences[a.audience_n] = str_of(CASES[i].audiences[a.audience_n]);
        CHECK_INT(federated_credential_match(LIST, COUNT(LIST), &a, CASES[i].is_ours, &got), CASES[i].want, CASES[i].name);
        CHECK_ROW(got == (CASES[i].want == FEDERATED_MATCHES ? &LIST[CASES[i].at] : NULL), CASES[i].name);
        CHECK_INT(federated_credential_match(LIST, 0, &a, CASES[i].is_ours, &got), FEDERATED_NONE, CASES[i].name);
    }
}

#define GITHUB    "https://token.actions.githubusercontent.com"
#define FLEXIBLE  "\"claimsMatchingExpression\":{\"value\":\"claims['sub'] matches 'repo:o/*'\",\"languageVersion\":1}"
#define AUDIENCES "\"audiences\":[\"a\"]"

TEST(F2_a_federated_credential_may_have_an_expression_instead_of_a_subject)
{
    static const struct { const char *name, *text; bool takes; enum err want; } CASES[] = {
        {"an expression", "{\"issuer\":\"" GITHUB "\"," AUDIENCES "," FLEXIBLE "}", true, OK},
        {"and a null subject", "{\"issuer\":\"" GITHUB "\",\"subject\":null," AUDIENCES "," FLEXIBLE "}", true, OK},
        {"where none is taken", "{\"issuer\":\"" GITHUB "\"," AUDIENCES "," FLEXIBLE "}", false, ERR_FEDERATED_INVALID},
        {"and a subject", "{\"issuer\":\"" GITHUB "\",\"subject\":\"s\"," AUDIENCES "," FLEXIBLE "}", true, ERR_FEDERATED_INVALID},
        {"another issuer", "{\"issuer\":\"https://i\"," AUDIENCES "," FLEXIBLE "}", true, ERR_FEDERATED_INVALID},
        {"no version", "{\"issuer\":\"" GITHUB "\"," AUDIENCES ",\"claimsMatchingExpression\":{\"value\":\"claims['sub'] eq 'a'\"}}", true, ERR_FEDERATED_INVALID},
        {"none", "{\"issuer\":\"" GITHUB "\"," AUDIENCES ",\"claimsMatchingExpression\":{\"value\":\"sub\",\"languageVersion\":1}}", true, ERR_FEDERATED_INVALID},
        {"null and no subject", "{\"issuer\":\"" GITHUB "\"," AUDIENCES ",\"claimsMatchingExpression\":null}", true, ERR_FEDERATED_INVALID},
    };
    struct federated_credential got = {0}, one;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v = NULL;
        CHECK_ERR(json_parse(t->call, str_of(CASES[i].text), &v), OK, CASES[i].name);
        CHECK_ERR(federated_credential_read(t->call, v, CASES[i].takes, i ? &one : &got), CASES[i].want, CASES[i].name);
    }
    static const struct { const char *subject; enum federated_match want; } TOKENS[] = {
        {"repo:o/r", FEDERATED_MATCHES}, {"repo:p/r", FEDERATED_OTHER_SUBJECT}, {"Repo:o/r", FEDERATED_OTHER_SUBJECT}};
    for (size_t i = 0; i < COUNT(TOKENS); i++) {
        const struct federated_credential *trusted;
        struct client_assertion            a = {.issuer = S(GITHUB), .audiences = {S_INIT("a")}, .audience_n = 1};
        CHECK_OK(json_parse(t->call, call_format(t->call, "{\"sub\":\"%s\"}", TOKENS[i].subject), &a.claims));
        CHECK_INT(federated_credential_match(&got, 1, &a, false, &trusted), TOKENS[i].want, TOKENS[i].subject);
    }
}
