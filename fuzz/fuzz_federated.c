// A flexible expression and a subject, with a line break between: one that is read says the same when it is written again, and a
// pattern without signs is true for itself alone.
#include "fuzz.h"
#include "token/federated_expression.h"

FUZZ(federated)
{
    struct federated_expression e, again;
    struct json                 subject = {.kind = JSON_IS_STRING}, claims = {.kind = JSON_IS_OBJECT};
    str                         text = fuzz_str(c, data, n), expression, name;
    struct buf                  b;
    if (!str_cut(&text, '\n', &expression) || !federated_expression_read(expression, &e)) return 0;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < e.n; i++)
        buf_addf(&b, "%sclaims['%.*s'] %s '%.*s'", i ? " and " : "", PSTR(e.terms[i].claim), e.terms[i].is_pattern ? "matches" : "eq",
                 PSTR(e.terms[i].comparand));
    ASSERT(b.failed || str_eq(buf_view(&b), expression) || memchr(expression.at, 0, expression.n));
    ASSERT(b.failed || (federated_expression_read(expression, &again) && again.n == e.n));
    name = e.terms[0].claim;
    subject.u.string = text;
    claims.u.list.items = &subject;
    claims.u.list.names = &name;
    claims.u.list.n = 1;
    bool is_true = federated_expression_is_true(&e, &claims);
    bool is_plain = str_find(e.terms[0].comparand, '*') == STR_NOWHERE && str_find(e.terms[0].comparand, '?') == STR_NOWHERE;
    if (e.n == 1 && (is_plain || !e.terms[0].is_pattern)) ASSERT(is_true == str_eq(e.terms[0].comparand, text));
    return 0;
}
