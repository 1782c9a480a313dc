#include "ops/sql_server.h"

#include "ops/resources.h"

#define MEMBER     "administrators"
#define ONLY       "azureADOnlyAuthentication"
#define ADMIN_TYPE SQL_SERVER_TYPE "/administrators"
#define ONLY_TYPE  SQL_SERVER_TYPE "/azureADOnlyAuthentications"

// A child of the server, made or replaced.
static enum err put_child(struct call *c, struct work *w, str server, str type, str name, const struct json *properties)
{
    str                    id = call_format(c, "%.*s/%.*s/%.*s", PSTR(server), PSTR(str_from(type, sizeof SQL_SERVER_TYPE)), PSTR(name));
    const struct resource *before = tree_find(w->world->tree, id);
    struct resource        next = {.id = id, .type = type, .name = name, .created_ns = c->now_ns};
    struct resource       *record;
    const struct json     *document;
    if (before) next = *before;
    if (!before) next.uid = guid_new(c);
    next.changed_ns = c->now_ns;
    TRY(json_with(c, NULL, S("properties"), properties, &document));
    TRY(resources_document(c, document, &next.document));
    TRY(resource_new(c, &next, &record));
    return work_change(c, w, STORE_RESOURCE, before ? &before->ref : NULL, &record->ref);
}

static enum err put_administrator(struct call *c, struct work *w, str server, const struct json *sent)
{
    struct json        no = {.kind = JSON_IS_BOOL}, kind = {.kind = JSON_IS_STRING, .u.string = S("ActiveDirectory")};
    const struct json *only = json_get(sent, S(ONLY)), *administrator, *alone;
    if (str_empty(json_get_str(sent, S("login"))) || str_empty(json_get_str(sent, S("sid"))))
        return FAIL(c, ERR_CONTENT_INVALID, "The property 'properties." MEMBER "' needs a login and a sid.");
    TRY(json_with(c, sent, S(ONLY), NULL, &administrator));
    TRY(json_with(c, administrator, S("administratorType"), &kind, &administrator));
    TRY(json_with(c, NULL, S(ONLY), json_is(only, JSON_IS_BOOL) ? only : &no, &alone));
    TRY(put_child(c, w, server, S(ADMIN_TYPE), S("ActiveDirectory"), administrator));
    return put_child(c, w, server, S(ONLY_TYPE), S("Default"), alone);
}

enum err sql_server_write(struct call *c, struct work *w, struct resource_change *change)
{
    const struct json *sent = json_get(json_get(change->document, S("properties")), S(MEMBER));
    if (sent && !json_is(sent, JSON_IS_NULL) && !json_is(sent, JSON_IS_OBJECT))
        return FAIL(c, ERR_CONTENT_INVALID, "The property 'properties." MEMBER "' must be an object.");
    if (json_is(sent, JSON_IS_OBJECT) && !change->before) TRY(put_administrator(c, w, change->next->id, sent));
    return resource_set_property(c, &change->document, S(MEMBER), NULL);
}

enum err sql_server_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str NAMES[] = {S_INIT(MEMBER)},
                     MEMBERS[] = {S_INIT("login"), S_INIT("sid"), S_INIT("administratorType"), S_INIT("tenantId"), S_INIT(ONLY)};
    const struct json *administrator;
    TRY(json_spell(c, properties, NAMES, COUNT(NAMES), out));
    administrator = json_get(*out, S(MEMBER));
    TRY(json_spell(c, administrator, MEMBERS, COUNT(MEMBERS), &administrator));
    return administrator ? json_with(c, *out, S(MEMBER), administrator, out) : OK;
}

static enum err properties_of(struct call *c, const struct work *w, const struct resource *server, const char *child, const struct json **out)
{
    const struct resource *r = tree_find(w->world->tree, call_format(c, "%.*s/%s", PSTR(server->id), child));
    *out = NULL;
    if (!r) return OK;
    TRY(resource_document(c, r, out));
    *out = json_get(*out, S("properties"));
    return OK;
}

enum err sql_server_show(struct call *c, const struct work *w, const struct resource *r, const struct json *document, const struct json **out)
{
    const struct json *administrator, *only;
    *out = document;
    if (!str_eq_nocase(r->type, S(SQL_SERVER_TYPE))) return OK;
    TRY(properties_of(c, w, r, "administrators/ActiveDirectory", &administrator));
    TRY(properties_of(c, w, r, "azureADOnlyAuthentications/Default", &only));
    if (!administrator) return OK;
    TRY(json_with(c, administrator, S(ONLY), json_get(only, S(ONLY)), &administrator));
    return resource_set_property(c, out, S(MEMBER), administrator);
}
