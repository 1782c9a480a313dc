#include "endpoints/verify/rule.h"

#include "http/message.h"

static const struct { const char *name; size_t member; } DEMANDS[] = {
    {"audience", offsetof(struct rule, audiences)},
    {"role", offsetof(struct rule, roles)},
    {"any-role", offsetof(struct rule, any_roles)},
    {"scope", offsetof(struct rule, scopes)},
};

static enum err add_demand(struct call *c, const struct http_field *f, struct rule *out)
{
    size_t i = 0;
    while (i < COUNT(DEMANDS) && !str_eq(f->name, str_of(DEMANDS[i].name))) i++;
    if (i == COUNT(DEMANDS))
        return FAIL(c, ERR_PARAMETER_INVALID, "A rule has audience, role, any-role and scope, not '%.*s'.", PSTR(call_printable(c, f->name, 64)));
    struct rule_texts *texts = (struct rule_texts *)((char *)out + DEMANDS[i].member);
    if (str_empty(f->value)) return FAIL(c, ERR_PARAMETER_INVALID, "The rule's %s is empty.", DEMANDS[i].name);
    if (texts->n == RULE_MAX_DEMANDS) return FAIL(c, ERR_PARAMETER_INVALID, "A rule has at most %d of %s.", RULE_MAX_DEMANDS, DEMANDS[i].name);
    texts->at[texts->n++] = f->value;
    return OK;
}

enum err rule_read(struct call *c, const struct http_field *fields, size_t n, struct rule *out)
{
    struct rule read = {0};
    for (size_t i = 0; i < n; i++) TRY(add_demand(c, &fields[i], &read));
    if (!read.audiences.n) return FAIL(c, ERR_PARAMETER_INVALID, "A rule names an audience: the API's App ID URI or client id.");
    *out = read;
    return OK;
}

static const struct application *named(const struct applications *known, str audience)
{
    client_id app;
    return guid_parse(audience, &app.g) ? applications_find_app(known, app) : applications_find_uri(known, audience);
}

static size_t names_of_application(const struct application *a)
{
    return a ? 1 + a->uri_n : 0;
}

enum err rule_audiences(struct call *c, const struct rule *r, const struct applications *known, const str **out, size_t *out_n)
{
    str   *list;
    size_t room = r->audiences.n, n = 0;
    for (size_t i = 0; i < r->audiences.n; i++) room += names_of_application(named(known, r->audiences.at[i]));
    TRY(NEW(c, &list, room));
    for (size_t i = 0; i < r->audiences.n; i++) {
        str                       said = r->audiences.at[i];
        const struct application *a = named(known, said);
        guid                      ignored;
        list[n++] = said;
        if (!a) continue;
        list[n++] = guid_str(c, a->app.g);
        if (!guid_parse(said, &ignored)) continue; // of several URIs only the one that was said
        for (size_t k = 0; k < a->uri_n; k++) list[n++] = a->uris[k];
    }
    *out = list;
    *out_n = n;
    return call_check_texts(c);
}

static bool has_role(const struct token_claims *claims, str role)
{
    for (size_t i = 0; i < claims->roles.n; i++)
        if (str_eq(claims->roles.at[i], role)) return true;
    return false;
}

static bool has_scope(const struct token_claims *claims, str scope)
{
    for (str rest = claims->scopes, one; str_cut(&rest, ' ', &one);)
        if (str_eq(one, scope)) return true;
    return false;
}

static enum err check_any(struct call *c, const struct rule_texts *roles, const struct token_claims *claims)
{
    for (size_t i = 0; i < roles->n; i++)
        if (has_role(claims, roles->at[i])) return OK;
    return roles->n ? FAIL(c, ERR_ROLE_MISSING, "The token has none of the app roles of which one is required.") : OK;
}

enum err rule_check(struct call *c, const struct rule *r, const struct token_claims *claims)
{
    for (size_t i = 0; i < r->roles.n; i++)
        if (!has_role(claims, r->roles.at[i])) return FAIL(c, ERR_ROLE_MISSING, "The token lacks the app role '%.*s'.", PSTR(r->roles.at[i]));
    TRY(check_any(c, &r->any_roles, claims));
    for (size_t i = 0; i < r->scopes.n; i++)
        if (!has_scope(claims, r->scopes.at[i])) return FAIL(c, ERR_ROLE_MISSING, "The token lacks the scope '%.*s'.", PSTR(r->scopes.at[i]));
    return OK;
}
