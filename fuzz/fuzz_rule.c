// A rule that is read is met by a token that has all of its roles and scopes, and by no token without them.
#include "endpoints/verify/rule.h"
#include "fuzz.h"
#include "http/message.h"

static str joined(struct call *c, const struct rule_texts *texts)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < texts->n; i++) buf_addf(&b, "%s%.*s", i ? " " : "", PSTR(texts->at[i]));
    return buf_view(&b);
}

static bool has_blank(const struct rule_texts *texts)
{
    for (size_t i = 0; i < texts->n; i++)
        if (str_find(texts->at[i], ' ') != STR_NOWHERE) return true;
    return false;
}

FUZZ(rule)
{
    struct http_field  *fields;
    struct rule         r;
    struct token_claims none = {0}, all = {0};
    str                 roles[2 * RULE_MAX_DEMANDS];
    size_t              fields_n, roles_n = 0;
    if (http_read_fields(c, fuzz_str(c, data, n), &fields, &fields_n) != OK || rule_read(c, fields, fields_n, &r) != OK) return 0;
    ASSERT(r.audiences.n > 0 && r.audiences.n + r.roles.n + r.any_roles.n + r.scopes.n == fields_n);
    for (size_t i = 0; i < r.roles.n; i++) roles[roles_n++] = r.roles.at[i];
    if (r.any_roles.n) roles[roles_n++] = r.any_roles.at[0];
    all.roles = (struct token_texts){roles, roles_n};
    all.scopes = joined(c, &r.scopes);
    ASSERT((rule_check(c, &r, &all) == OK) == !has_blank(&r.scopes));
    call_forgive(c);
    ASSERT((rule_check(c, &r, &none) == OK) == (r.roles.n + r.any_roles.n + r.scopes.n == 0));
    return 0;
}
