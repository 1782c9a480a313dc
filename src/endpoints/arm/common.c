// What the handlers of the management API share: shapes, targets, pages.
#include "endpoints/arm/arm.h"
#include "ops/resource_inline.h"
#include "ops/resource_shapes.h"
#include "ops/sql_server.h"
#include "ops/version_gates.h"
#include "resources/types.h"

enum err arm_read_id(struct call *c, str text, struct resource_id *out)
{
    if (resource_id_parse(c, text, out) == OK) return OK;
    call_forgive(c);
    return FAIL(c, ERR_NOT_FOUND, "The path '%.*s' names no resource and no list of resources.", PSTR(text));
}

str arm_scope_of(const struct wire *q)
{
    str scope = wire_param(q, "scope");
    return str_empty(scope) ? S("/") : scope;
}

void arm_put_who_or_null(struct json_writer *to, const char *name, object_id who)
{
    if (guid_is_none(who.g)) json_put_null(to, str_of(name));
    else json_put_guid(to, str_of(name), who.g);
}

// What holds the members of a list: of a child type the parent, of others what stands before the provider.
static str holder_of(const struct resource_id *list)
{
    return str_find(list->types, '/') == STR_NOWHERE ? list->host : str_upto(list->text, str_find_last(list->text, '/'));
}

enum err arm_type_target(struct call *c, str id, const char *verb, struct op_target *out)
{
    struct resource_id parts;
    str                type;
    TRY(arm_read_id(c, id, &parts));
    TRY(resource_id_type(c, &parts, &type));
    const struct resource_type *row = types_find(type);
    *out = (struct op_target){.scope = parts.is_list ? holder_of(&parts) : parts.text};
    out->action = call_format(c, "%.*s/%s", PSTR(row ? row->type : type), verb);
    return OK;
}

static void write_document(struct json_writer *to, const struct json *document, bool is_item)
{
    for (size_t i = 0; i < json_n(document); i++) {
        str name = document->u.list.names[i];
        if ((is_item && str_eq(name, S("properties"))) || resources_hides(name)) continue;
        json_put_value(to, name, json_at(document, i));
    }
}

// A user-assigned identity's own ids are the directory's, not the document's.
static void write_identity_properties(struct json_writer *to, const struct work *w, const struct resource *r, const struct json *document)
{
    const struct json      *properties = json_get(document, S("properties"));
    const struct principal *p = directory_find_managed(w->world->directory, r->id, false);
    json_write_key(to, S("properties"));
    json_write_object(to);
    json_put_guid(to, S("tenantId"), w->product->tenant.g);
    if (p) json_put_guid(to, S("principalId"), p->id.g);
    if (p) json_put_guid(to, S("clientId"), p->app.g);
    for (size_t i = 0; i < json_n(properties); i++) json_put_value(to, properties->u.list.names[i], json_at(properties, i));
    json_write_end(to);
}

static bool is_identity(const struct resource *r)
{
    return str_eq_nocase(r->type, S("Microsoft.ManagedIdentity/userAssignedIdentities"));
}

str arm_parent_name(const struct resource *r)
{
    if (!types_of(r->type)->has_joined_name) return STR_NONE;
    str above = str_upto(r->id, r->id.n - r->name.n - 1); // ".../sites/shop/slots"
    above = str_upto(above, str_find_last(above, '/'));
    return str_from(above, str_find_last(above, '/') + 1);
}

static void write_name(struct call *c, struct json_writer *to, const struct resource *r)
{
    str parent = arm_parent_name(r);
    json_put_string(to, S("name"), str_empty(parent) ? r->name : call_format(c, "%.*s/%.*s", PSTR(parent), PSTR(r->name)));
}

// `q` NULL: all that is known, and nothing that is to be asked for.
static enum err shown_document(struct call *c, const struct work *w, const struct wire *q, const struct resource *r, const struct json **out)
{
    const struct json            *value;
    const struct shape_expansion *expansion = q ? resource_shape_expansion(r->type, wire_query(q, "$expand")) : NULL;
    TRY(json_parse(c, r->document, out));
    TRY(sql_server_show(c, w, r, *out, out));
    TRY(resource_inline_show(c, w, r, *out, out));
    TRY(version_gates_hide(c, q ? q->api_version : STR_NONE, r->type, *out, out));
    if (!expansion) return OK;
    TRY(json_parse(c, str_of(expansion->json), &value));
    return resource_set_property(c, out, str_of(expansion->member), value);
}

static bool is_listed(str list, str name)
{
    for (str one; str_cut(&list, ',', &one);)
        if (str_eq_nocase(str_trim(one), name)) return true;
    return false;
}

// What $expand adds to the items of a list of all resources; names that it does not know add nothing.
static void write_expanded(struct json_writer *to, str expand, const struct resource *r, const struct json *document)
{
    str state = json_str(json_get(json_get(document, S("properties")), S("provisioningState")));
    if (is_listed(expand, S("createdTime"))) json_put_string(to, S("createdTime"), str_of(time_iso(r->created_ns).s));
    if (is_listed(expand, S("changedTime"))) json_put_string(to, S("changedTime"), str_of(time_iso(r->changed_ns).s));
    if (is_listed(expand, S("provisioningState"))) json_put_string(to, S("provisioningState"), str_empty(state) ? S("Succeeded") : state);
}

// `expand` is of items alone.
static enum err write_resource(struct call *c, const struct work *w, const struct wire *q, struct json_writer *to, const struct resource *r,
                               bool is_item, str expand)
{
    const struct json *document;
    TRY(shown_document(c, w, q, r, &document));
    json_write_object(to);
    json_put_string(to, S("id"), r->id);
    write_name(c, to, r);
    json_put_string(to, S("type"), r->type);
    if (!str_empty(r->location)) json_put_string(to, S("location"), r->location);
    resources_write_identity(to, w, r);
    write_document(to, document, is_item || is_identity(r));
    if (is_identity(r) && !json_get(document, S("tags"))) {
        json_write_key(to, S("tags"));
        json_write_object(to);
        json_write_end(to);
    }
    if (is_identity(r) && !is_item) write_identity_properties(to, w, r, document);
    if (is_item) write_expanded(to, expand, r, document);
    json_write_end(to);
    return OK;
}

enum err arm_write_resource(struct call *c, const struct work *w, struct json_writer *to, const struct resource *r)
{
    return write_resource(c, w, NULL, to, r, false, STR_NONE);
}

enum err arm_write_item(struct call *c, const struct work *w, const struct wire *q, struct json_writer *to, const struct resource *r)
{
    return write_resource(c, w, NULL, to, r, true, wire_query(q, "$expand"));
}

enum err arm_write_resource_as(struct call *c, const struct work *w, const struct wire *q, struct json_writer *to, const struct resource *r)
{
    return write_resource(c, w, q, to, r, false, STR_NONE);
}

enum err arm_write_group(struct call *c, struct json_writer *to, const struct resource_group *g)
{
    const struct json *document;
    TRY(json_parse(c, g->document, &document));
    json_write_object(to);
    json_put_string(to, S("id"), g->id);
    json_put_string(to, S("name"), g->name);
    json_put_string(to, S("type"), S("Microsoft.Resources/resourceGroups"));
    json_put_string(to, S("location"), g->location);
    write_document(to, document, false);
    json_write_key(to, S("properties"));
    json_write_object(to);
    json_put_string(to, S("provisioningState"), S("Succeeded"));
    json_write_end(to);
    json_write_end(to);
    return OK;
}

// The cursor and $top were read: the answer begins.
static enum err begin_list(struct answer *a, struct arm_page *page)
{
    page->json = answer_json(a, 200);
    json_write_object(page->json);
    json_write_key(page->json, S("value"));
    json_write_array(page->json);
    return OK;
}

static enum err read_room(struct call *c, const struct wire *q, size_t *out)
{
    str      top = wire_query(q, "$top");
    uint64_t room = ARM_PAGE_ITEMS;
    if (!str_empty(top) && (!str_to_u64(top, &room) || room == 0)) return FAIL(c, ERR_PARAMETER_INVALID, "$top must be a number from 1 on.");
    *out = room < ARM_PAGE_ITEMS ? room : ARM_PAGE_ITEMS;
    return OK;
}

enum err arm_page_begin(struct call *c, const struct wire *q, struct answer *a, struct arm_page *out)
{
    size_t room;
    *out = (struct arm_page){0};
    TRY(read_room(c, q, &room));
    TRY(page_begin(c, q, room, &out->p));
    return begin_list(a, out);
}

enum err arm_page_begin_guids(struct call *c, const struct wire *q, struct answer *a, struct arm_page *out)
{
    size_t room;
    *out = (struct arm_page){0};
    TRY(read_room(c, q, &room));
    TRY(page_begin_guids(c, q, room, &out->p, &out->after));
    return begin_list(a, out);
}

bool arm_page_takes(struct arm_page *page, str key, bool belongs)
{
    bool takes = page_takes(&page->p, key, belongs);
    page->n += takes;
    return takes;
}

enum err arm_page_end_list(struct call *c, const struct wire *q, struct arm_page *page)
{
    str link;
    json_write_end(page->json);
    if (!page->p.is_full) return OK;
    TRY(page_link(c, q, &page->p, false, &link));
    json_put_string(page->json, S("nextLink"), link);
    return OK;
}

enum err arm_page_end(struct call *c, const struct wire *q, struct arm_page *page)
{
    TRY(arm_page_end_list(c, q, page));
    json_write_end(page->json);
    return OK;
}
