#include "token/federated_credential.h"

#include "token/federated_expression.h"

static enum err read_text(struct call *c, const char *what, const struct json *v, str *out)
{
    size_t   chars = 0;
    uint32_t character;
    *out = json_str(v);
    for (str rest = *out; str_take_character(&rest, &character);) chars++;
    if (str_empty(str_trim(*out))) return FAIL(c, ERR_FEDERATED_INVALID, "The federated identity credential has no %s.", what);
    if (chars > FEDERATED_MAX_CHARS)
        return FAIL(c, ERR_FEDERATED_INVALID, "The %s of a federated identity credential has at most %d characters.", what, FEDERATED_MAX_CHARS);
    return OK;
}

static enum err read_expression(struct call *c, const struct json *v, str issuer, str *out)
{
    struct federated_expression e;
    str                         text = json_get_str(v, S("value"));
    if (json_get_int(v, S("languageVersion"), 0) != 1)
        return FAIL(c, ERR_FEDERATED_INVALID, "The languageVersion of a claimsMatchingExpression is 1.");
    if (!federated_expression_read(text, &e))
        return FAIL(c, ERR_FEDERATED_INVALID,
                    "A claimsMatchingExpression is claims['NAME'] eq 'VALUE' or matches 'PATTERN', joined by and, of at most %d characters.",
                    FEDERATED_EXPRESSION_MAX_BYTES);
    if (!federated_expression_fits(&e, issuer))
        return FAIL(c, ERR_FEDERATED_INVALID, "The issuer has no claimsMatchingExpression with these claims.");
    *out = text;
    return OK;
}

enum err federated_credential_read(struct call *c, const struct json *v, bool takes_expression, struct federated_credential *out)
{
    struct federated_credential read = {0};
    const struct json          *audiences = json_get(v, S("audiences"));
    if (json_n(v) == 0)
        return FAIL(c, ERR_FEDERATED_INVALID, "The federated identity credential has no properties: it needs issuer, subject and audiences.");
    TRY(read_text(c, "issuer", json_get(v, S("issuer")), &read.issuer));
    const struct json *expression = takes_expression ? json_get(v, S("claimsMatchingExpression")) : NULL;
    bool               is_flexible = expression && !json_is(expression, JSON_IS_NULL);
    if (is_flexible && !str_empty(json_get_str(v, S("subject"))))
        return FAIL(c, ERR_FEDERATED_INVALID, "The federated identity credential has a subject or a claimsMatchingExpression, not both.");
    if (is_flexible) TRY(read_expression(c, expression, read.issuer, &read.expression));
    else TRY(read_text(c, "subject", json_get(v, S("subject")), &read.subject));
    if (!json_is(audiences, JSON_IS_ARRAY) || json_n(audiences) != 1)
        return FAIL(c, ERR_FEDERATED_INVALID, "The federated identity credential must have exactly one audience.");
    TRY(read_text(c, "audience", json_at(audiences, 0), &read.audience));
    *out = read;
    return OK;
}

bool federated_credential_is_twin(const struct federated_credential *a, const struct federated_credential *b)
{
    return str_eq(a->issuer, b->issuer) && str_eq(a->subject, b->subject) && str_eq(a->expression, b->expression);
}

static bool is_for(const struct federated_credential *credential, const struct client_assertion *a, bool is_ours)
{
    if (client_assertion_is_for(a, credential->audience)) return true;
    return is_ours && str_eq(credential->audience, S(FEDERATED_EXCHANGE_URI)) && client_assertion_is_for(a, S(FEDERATED_EXCHANGE_APP));
}

static enum federated_match match_subject(const struct federated_credential *credential, const struct client_assertion *a)
{
    struct federated_expression e;
    if (!str_empty(credential->expression)) {
        bool is_true = federated_expression_read(credential->expression, &e) && federated_expression_is_true(&e, a->claims);
        return is_true ? FEDERATED_MATCHES : FEDERATED_OTHER_SUBJECT;
    }
    if (str_eq(credential->subject, a->subject)) return FEDERATED_MATCHES;
    return str_eq_nocase(credential->subject, a->subject) ? FEDERATED_OTHER_CASE : FEDERATED_OTHER_SUBJECT;
}

enum federated_match federated_credential_match(const struct federated_credential *list, size_t n, const struct client_assertion *a, bool is_ours,
                                                const struct federated_credential **out)
{
    enum federated_match furthest = n ? FEDERATED_OTHER_ISSUER : FEDERATED_NONE;
    *out = NULL;
    for (const struct federated_credential *at = list; at < list + n; at++) {
        if (!str_eq(at->issuer, a->issuer)) continue;
        enum federated_match failed = match_subject(at, a);
        if (failed == FEDERATED_MATCHES && !is_for(at, a, is_ours)) failed = FEDERATED_OTHER_AUDIENCE;
        if (failed == FEDERATED_MATCHES) {
            *out = at;
            return failed;
        }
        if (failed > furthest) furthest = failed;
    }
    return furthest;
}
