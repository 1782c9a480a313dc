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
    struct federated_credential read;
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
