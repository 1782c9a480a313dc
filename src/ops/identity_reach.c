#include "ops/identity_reach.h"

struct reach {
    bool               is_regional;
    const struct json *providers; // NULL: any
};

static struct reach reach_of(const struct json *document)
{
    const struct json *providers = json_path(document, "properties.assignmentRestrictions.providers");
    return (struct reach){
        .is_regional = str_eq_nocase(json_str(json_path(document, "properties.isolationScope")), S("Regional")),
        .providers = json_is(providers, JSON_IS_ARRAY) ? providers : NULL,
    };
}

// In the casing of answers from here on.
static enum err check_isolation(struct call *c, const struct json **document)
{
    static const str   SCOPES[] = {S_INIT("None"), S_INIT("Regional")};
    const struct json *scope = json_path(*document, "properties.isolationScope");
    size_t             which = str_index_nocase(SCOPES, COUNT(SCOPES), json_str(scope));
    if (!scope) return OK;
    if (which != STR_NOWHERE) return resource_set_property_text(c, document, S("isolationScope"), SCOPES[which]);
    return FAIL(c, ERR_CONTENT_INVALID, "The isolationScope must be None or Regional.");
}

// "Microsoft.Web", "Microsoft.Web/sites".
static bool is_provider(str text)
{
    static const str ALLOWED = S_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./");
    for (size_t i = 0; i < text.n; i++)
        if (str_find(ALLOWED, text.at[i]) == STR_NOWHERE) return false;
    return text.n > 0 && text.n <= 260 && text.at[0] != '/' && text.at[text.n - 1] != '/' && str_find_str(text, S("//")) == STR_NOWHERE;
}

static enum err check_restrictions(struct call *c, const struct json *restrictions)
{
    if (!restrictions || json_is(restrictions, JSON_IS_NULL)) return OK;
    const struct json *providers = json_get(restrictions, S("providers"));
    bool               is_list = json_is(providers, JSON_IS_ARRAY) && json_n(providers) <= IDENTITY_MAX_PROVIDERS;
    bool               is_none = json_is(restrictions, JSON_IS_OBJECT) && (!providers || json_is(providers, JSON_IS_NULL));
    for (size_t i = 0; is_list && i < json_n(providers); i++) is_list = is_provider(json_str(json_at(providers, i)));
    if (is_list || is_none) return OK;
    return FAIL(c, ERR_CONTENT_INVALID,
                "The assignmentRestrictions must hold 'providers', a list of at most %d namespaces or types such as 'Microsoft.Web' or "
                "'Microsoft.Web/sites'.",
                IDENTITY_MAX_PROVIDERS);
}

static bool lists(const struct json *providers, str type)
{
    str namespace = str_upto(type, str_find(type, '/'));
    for (size_t i = 0; i < json_n(providers); i++) {
        str one = json_str(json_at(providers, i));
        if (str_eq_nocase(one, type) || str_eq_nocase(one, namespace)) return true;
    }
    return false;
}

static str broken_rule(struct call *c, const struct reach *reach, str region, const struct resource *user)
{
    if (reach->is_regional && !str_eq(user->location, region))
        return call_format(c, "Its isolationScope is Regional: it can be assigned to resources in '%.*s' only, and this one is in '%.*s'.",
                           PSTR(region), PSTR(user->location));
    if (reach->providers && !lists(reach->providers, user->type))
        return call_format(c, "Its assignmentRestrictions do not list the type '%.*s'.", PSTR(user->type));
    return STR_NONE;
}

enum err identity_reach_asks(struct call *c, const struct resource *identity, const struct resource *user, str *out_rule)
{
    const struct json *document;
    TRY(resource_document(c, identity, &document));
    struct reach reach = reach_of(document);
    *out_rule = broken_rule(c, &reach, identity->location, user);
    return OK;
}

struct fitting {
    struct call           *c;
    const struct resource *identity;
    object_id              principal;
    struct reach           reach;
    const struct resource *misfit;
    str                    rule;
};

// What only dangles, of an identity that had the name before, is no attachment.
static bool look_at_user(const struct resource *r, void *context)
{
    struct fitting                 *f = context;
    const struct resource_identity *has = &r->identity;
    size_t                          i = str_index_nocase(has->user_assigned, has->user_assigned_n, f->identity->id);
    if (i == STR_NOWHERE || (has->attached && !object_id_eq(has->attached[i], f->principal))) return true;
    f->rule = broken_rule(f->c, &f->reach, f->identity->location, r);
    if (!str_empty(f->rule)) f->misfit = r;
    return !f->misfit;
}

enum err identity_reach_check(struct call *c, const struct work *w, struct resource_change *change)
{
    const struct principal *p = directory_find_managed(w->world->directory, change->next->id, false);
    struct fitting          f = {.c = c, .identity = change->next, .reach = reach_of(change->document)};
    TRY(check_isolation(c, &change->document));
    TRY(check_restrictions(c, json_path(change->document, "properties.assignmentRestrictions")));
    if (!change->before || !p || (!f.reach.is_regional && !f.reach.providers)) return OK;
    f.principal = p->id;
    tree_each_user_of(w->world->tree, change->next->id, STR_NONE, look_at_user, &f);
    if (!f.misfit) return OK;
    return FAIL(c, ERR_CONFLICT, "The identity '%.*s' is assigned to '%.*s', which it could no longer be. %.*s Remove it from that resource first.",
                PSTR(change->next->id), PSTR(f.misfit->id), PSTR(f.rule));
}
