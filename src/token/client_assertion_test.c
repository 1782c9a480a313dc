#include "token/client_assertion.h"

#include "core/b64.h"
#include "test.h"

static str encoded(struct test *t, const char *text, const char *behind)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    b64url_add(&b, str_bytes(str_of(text)));
    buf_add(&b, str_of(behind));
    return buf_view(&b);
}

#define GOOD "{\"iss\":\"app\",\"sub\":\"app\",\"aud\":\"https://login\",\"nbf\":1763999400,\"exp\":1764000000}"

TEST(T10_an_assertion_is_read_in_each_shape_that_clients_send)
{
    static const struct { const char *header, *claims, *behind, *signature; enum err want; } CASES[] = {
        {"{\"alg\":\"PS256\"}", GOOD, "", "AAAA", OK},
        {"{\"alg\":\"PS256\"}", GOOD, "=", "AAA=", OK}, // azure-identity keeps the padding
        {"{\"alg\":\"RS256\"}", "{\"aud\":\"a\",\"exp\":1764000000.5,\"iat\":1763999400.25}", "", "AAAA", OK},
        {"{\"alg\":\"PS256\"}", "{\"aud\":\"a\",\"exp\":\"1764000000\",\"nbf\":\"1763999400\"}", "", "AAAA", OK},
        {"{\"alg\":\"RS256\"}", "{\"aud\":[\"a\",\"b\"],\"exp\":1764000000}", "", "AA+/", OK},
        {"{\"alg\":\"RS256\"}", "{\"aud\":[],\"exp\":1764000000}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"aud\":[1],\"exp\":1764000000}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"exp\":1764000000}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"aud\":\"a\"}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"aud\":\"a\",\"exp\":\"soon\"}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"aud\":\"a\",\"exp\":-1}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", "{\"aud\":\"a\",\"exp\":1e300}", "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\",\"crit\":[\"b64\"]}", GOOD, "", "AAAA", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", GOOD, "", "", ERR_TOKEN_MALFORMED},
        {"{\"alg\":\"RS256\"}", GOOD, ".", "AAAA", ERR_TOKEN_MALFORMED},
        {"[]", GOOD, "", "AAAA", ERR_TOKEN_MALFORMED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct client_assertion a;
        str                     text = call_format(t->call, "%.*s.%.*s.%s", PSTR(encoded(t, CASES[i].header, CASES[i].behind)),
                                                   PSTR(encoded(t, CASES[i].claims, CASES[i].behind)), CASES[i].signature);
        enum err                got = client_assertion_read(t->call, text, &a);
        CHECK_ERR(got, CASES[i].want, CASES[i].claims);
        call_forgive(t->call);
        if (got == OK) CHECK_INT(a.expires_s, 1764000000, CASES[i].claims);
    }
}
