#include "token/federated_credential.h"

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

enum err federated_credential_read(struct call *c, const struct json *v, struct federated_credential *out)
{
    struct federated_credential read = {0};
    const struct json          *audiences = json_get(v, S("audiences"));
    if (json_n(v) == 0)
        return FAIL(c, ERR_FEDERATED_INVALID, "The federated identity credential has no properties: it needs issuer, subject and audiences.");
    TRY(read_text(c, "issuer", json_get(v, S("issuer")), &read.issuer));
    TRY(read_text(c, "subject", json_get(v, S("subject")), &read.subject));
    if (!json_is(audiences, JSON_IS_ARRAY) || json_n(audiences) != 1)
        return FAIL(c, ERR_FEDERATED_INVALID, "The federated identity credential must have exactly one audience.");
    TRY(read_text(c, "audience", json_at(audiences, 0), &read.audience));
    *out = read;
    return OK;
}

bool federated_credential_is_twin(const struct federated_credential *a, const struct federated_credential *b)
{
    return str_eq(a->issuer, b->issuer) && str_eq(a->subject, b->subject);
}

static bool is_for(const struct federated_credential *credential, const struct client_assertion *a, bool is_ours)
{
    if (client_assertion_is_for(a, credential->audience)) return true;
    return is_ours && str_eq(credential->audience, S(FEDERATED_EXCHANGE_URI)) && client_assertion_is_for(a, S(FEDERATED_EXCHANGE_APP));
}

enum federated_match federated_credential_match(const struct federated_credential *list, size_t n, const struct client_assertion *a, bool is_ours,
                                                const struct federated_credential **out)
{
    enum federated_match furthest = n ? FEDERATED_OTHER_ISSUER : FEDERATED_NONE;
    *out = NULL;
    for (const struct federated_credential *at = list; at < list + n; at++) {
        enum federated_match failed;
        if (!str_eq(at->issuer, a->issuer)) continue;
        if (!str_eq(at->subject, a->subject)) failed = str_eq_nocase(at->subject, a->subject) ? FEDERATED_OTHER_CASE : FEDERATED_OTHER_SUBJECT;
        else failed = is_for(at, a, is_ours) ? FEDERATED_MATCHES : FEDERATED_OTHER_AUDIENCE;
        if (failed == FEDERATED_MATCHES) {
            *out = at;
            return failed;
        }
        if (failed > furthest) furthest = failed;
    }
    return furthest;
}
