#include "ops/resource_inline.h"

#include "core/map.h"
#include "ops/cascade.h"
#include "ops/resource_defaults.h"
#include "ops/resource_references.h"
#include "ops/resources.h"
#include "ops/virtual_network.h"

// The limits are the published ones.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#networking-limits
struct inline_row {
    const char *parent, *member, *type;
    size_t      max;
    bool        absent_keeps; // a PUT without the list leaves the children as they are
};

#define SECURITY_GROUPS "Microsoft.Network/networkSecurityGroups"
#define ROUTE_TABLES    "Microsoft.Network/routeTables"
static const struct inline_row ROWS[] = {
    {NETWORK_TYPE, "subnets", SUBNET_TYPE, 3000, .absent_keeps = true},
    {NETWORK_TYPE, "virtualNetworkPeerings", NETWORK_TYPE "/virtualNetworkPeerings", 500, .absent_keeps = true},
    {SECURITY_GROUPS, "securityRules", SECURITY_GROUPS "/securityRules", 1000},
    {ROUTE_TABLES, "routes", ROUTE_TABLES "/routes", 400},
};

static bool is_of(const struct inline_row *row, str parent_type)
{
    return str_eq_nocase(parent_type, str_of(row->parent));
}

static str child_id(struct call *c, str parent, const struct inline_row *row, str name)
{
    str type = str_of(row->type);
    return call_format(c, "%.*s/%.*s/%.*s", PSTR(parent), PSTR(str_from(type, str_find_last(type, '/') + 1)), PSTR(name));
}

static str name_of(const struct json *body)
{
    return json_get_str(body, S("name"));
}

bool resource_inline_is_parent(str type)
{
    bool is_parent = false;
    for (size_t i = 0; i < COUNT(ROWS) && !is_parent; i++) is_parent = is_of(&ROWS[i], type);
    return is_parent;
}

enum err resource_inline_spell(struct call *c, str type, const struct json **properties)
{
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        str member = str_of(ROWS[i].member);
        if (is_of(&ROWS[i], type)) TRY(json_spell(c, *properties, &member, 1, properties));
    }
    return OK;
}

// --- reading a parent's body ---

static void names_close(struct map *names)
{
    map_clear(names);
}

// The child must lie right below its parent and be of the row's type: a name that holds a slash would lead to another place.
static enum err check_place(struct call *c, str parent, const struct inline_row *row, str name)
{
    struct resource_id id;
    str                type, above;
    bool               is_id = resource_id_parse(c, child_id(c, parent, row, name), &id) == OK && resource_id_type(c, &id, &type) == OK;
    call_forgive(c);
    if (is_id && !id.is_list && str_eq(id.name, name) && str_eq_nocase(type, str_of(row->type)) && scope_parent(id.text, &above) &&
        str_eq_nocase(above, parent))
        return OK;
    return FAIL(c, ERR_NAME_INVALID, "The name '%.*s' among the '%s' of '%.*s' is no name of a resource of the type '%s'.",
                PSTR(call_printable(c, name, 256)), row->member, PSTR(parent), row->type);
}

static enum err read_bodies(struct call *c, str parent, const struct json *list, struct inline_part *part)
{
    CLEANUP(names_close) struct map names = {0};
    const struct json             **bodies;
    map_init(&names, true);
    TRY(NEW(c, &bodies, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) {
        TRY(resource_spell(c, str_of(part->row->type), json_at(list, i), &bodies[i]));
        str name = name_of(bodies[i]);
        if (str_empty(name))
            return FAIL(c, ERR_CONTENT_INVALID, "Each of the '%s' of '%.*s' must be an object with a name.", part->row->member, PSTR(parent));
        TRY(check_place(c, parent, part->row, name));
        if (map_get(&names, name))
            return FAIL(c, ERR_CHILD_TWICE, "Resource %.*s has two child resources with the same name (%.*s).", PSTR(parent), PSTR(name));
        if (!map_put(&names, name, (void *)bodies[i], NULL)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    part->bodies = bodies;
    part->n = json_n(list);
    return OK;
}

// `properties` as sent; in a PATCH what is absent stays.
static enum err read_parts(struct call *c, str type, str parent, const struct json *properties, enum identity_verb verb, struct inline_parts *out)
{
    *out = (struct inline_parts){0};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct inline_row *row = &ROWS[i];
        const struct json       *list = json_get(properties, str_of(row->member));
        bool                     is_absent = !list || json_is(list, JSON_IS_NULL);
        if (!is_of(row, type) || (is_absent && (row->absent_keeps || verb == IDENTITY_PATCH))) continue;
        if (!is_absent && !json_is(list, JSON_IS_ARRAY))
            return FAIL(c, ERR_CONTENT_INVALID, "The property 'properties.%s' must be an array.", row->member);
        if (json_n(list) > row->max)
            return FAIL(c, ERR_CONTENT_INVALID, "The property 'properties.%s' has at most %zu items.", row->member, row->max);
        struct inline_part *part = &out->at[out->n++];
        part->row = row;
        TRY(read_bodies(c, parent, list, part));
    }
    return OK;
}

enum err resource_inline_take(struct call *c, struct resource_change *change, struct inline_parts *out)
{
    str type = change->next->type;
    TRY(read_parts(c, type, change->next->id, json_get(change->body, S("properties")), change->verb, out));
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (is_of(&ROWS[i], type)) TRY(resource_set_property(c, &change->document, str_of(ROWS[i].member), NULL));
    return OK;
}

// --- the children that are there ---

struct children {
    struct call             *c;
    const struct inline_row *row;
    const struct resource  **at;
    size_t                   n, room;
};

static bool count_child(const struct resource *r, void *context)
{
    struct children *all = context;
    all->room += str_eq_nocase(r->type, str_of(all->row->type));
    return true;
}

static bool add_child(const struct resource *r, void *context)
{
    struct children *all = context;
    if (str_eq_nocase(r->type, str_of(all->row->type))) all->at[all->n++] = r;
    return true;
}

static enum err find_children(struct call *c, const struct work *w, const struct inline_row *row, str parent, struct children *out)
{
    *out = (struct children){.c = c, .row = row};
    tree_each_resource(w->world->tree, parent, STR_NONE, count_child, out);
    TRY(NEW(c, &out->at, out->room));
    tree_each_resource(w->world->tree, parent, STR_NONE, add_child, out);
    return OK;
}

static enum err note_names(struct call *c, const struct inline_part *part, struct map *out)
{
    map_init(out, true);
    for (size_t i = 0; i < part->n; i++)
        if (!map_put(out, name_of(part->bodies[i]), (void *)part->bodies[i], NULL)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    return OK;
}

// Those that the list does not name. Lives: the call.
static enum err find_left_out(struct call *c, const struct work *w, const struct inline_part *part, str parent, struct children *out)
{
    CLEANUP(names_close) struct map names = {0};
    size_t                          n = 0;
    TRY(note_names(c, part, &names));
    TRY(find_children(c, w, part->row, parent, out));
    for (size_t i = 0; i < out->n; i++)
        if (!map_get(&names, out->at[i]->name)) out->at[n++] = out->at[i];
    out->n = n;
    return OK;
}

// Is that child there already, all of it as the body has it? An identity is not compared: a body that names one changes the child.
static enum err is_as_sent(struct call *c, const struct work *w, const struct resource *before, const struct json *body, bool *out)
{
    const struct json     *document, *location = json_get(body, S("location"));
    struct resource_id     id;
    struct resource        next;
    struct resource_change change = {.before = before, .next = &next, .body = body, .verb = IDENTITY_PUT};
    *out = false;
    if (!before || !str_eq(before->name, name_of(body)) || json_get(body, S("identity"))) return OK;
    if (location && !str_eq_nocase(json_str(location), before->location)) return OK;
    next = *before;
    TRY(resource_id_parse(c, before->id, &id));
    TRY(resource_document(c, before, &document));
    TRY(resources_document_of(c, body, &change.document));
    TRY(resource_defaults_apply(c, w, &id, &change));
    *out = json_same(document, change.document);
    return OK;
}

// --- writing ---

static enum err delete_child(struct call *c, struct work *w, const struct resource *child)
{
    str id = call_text(c, child->id); // the record goes
    TRY(references_ask_unused(c, w, id));
    TRY(cascade_resources(c, w, id));
    TRY(cascade_resource(c, w, child));
    return cascade_assignments(c, w, id);
}

static enum err keep_child(struct call *c, struct work *w, str id, const struct json *body, str api_version)
{
    struct resource_result got = {0};
    struct resource_args   args = {.id = id, .body = body, .verb = IDENTITY_PUT, .api_version = api_version, .is_inline = true};
    bool                   is_same;
    TRY(is_as_sent(c, w, tree_find(w->world->tree, id), body, &is_same));
    return is_same ? OK : OP_RESOURCE_WRITE.run(c, w, &args, &got);
}

static enum err keep_part(struct call *c, struct work *w, str parent, const struct inline_part *part, str api_version)
{
    struct children left_out;
    TRY(find_left_out(c, w, part, parent, &left_out));
    for (size_t i = 0; i < left_out.n; i++) TRY(delete_child(c, w, left_out.at[i]));
    for (size_t i = 0; i < part->n; i++)
        TRY(keep_child(c, w, child_id(c, parent, part->row, name_of(part->bodies[i])), part->bodies[i], api_version));
    return OK;
}

enum err resource_inline_keep(struct call *c, struct work *w, const struct resource *parent, const struct inline_parts *parts, str api_version)
{
    str id = call_text(c, parent->id);
    for (size_t i = 0; i < parts->n; i++) TRY(keep_part(c, w, id, &parts->at[i], api_version));
    return OK;
}

// --- showing ---

static enum err show_child(struct call *c, const struct resource *r, struct json *out)
{
    const struct json *document;
    struct json       *item;
    TRY(resource_document(c, r, &document));
    TRY(json_object_new(c, json_n(document) + 3, &item));
    json_object_add(item, S("id"), &(struct json){.kind = JSON_IS_STRING, .u.string = r->id});
    json_object_add(item, S("name"), &(struct json){.kind = JSON_IS_STRING, .u.string = r->name});
    json_object_add(item, S("type"), &(struct json){.kind = JSON_IS_STRING, .u.string = r->type});
    for (size_t i = 0; i < json_n(document); i++)
        if (!resources_hides(document->u.list.names[i])) json_object_add(item, document->u.list.names[i], json_at(document, i));
    *out = *item;
    return OK;
}

enum err resource_inline_show(struct call *c, const struct work *w, const struct resource *r, const struct json *document, const struct json **out)
{
    *out = document;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct children all;
        struct json     list = {.kind = JSON_IS_ARRAY};
        if (!is_of(&ROWS[i], r->type)) continue;
        TRY(find_children(c, w, &ROWS[i], r->id, &all));
        TRY(NEW(c, &list.u.list.items, all.n));
        for (list.u.list.n = 0; list.u.list.n < all.n; list.u.list.n++) TRY(show_child(c, all.at[list.u.list.n], &list.u.list.items[list.u.list.n]));
        TRY(resource_set_property(c, out, str_of(ROWS[i].member), &list));
    }
    return OK;
}

// --- documents of older versions ---

// False: it is no child, or one of that name is there already and holds.
static bool may_become(struct call *c, const struct work *w, const struct resource *parent, const struct inline_row *row, const struct json **body)
{
    bool may = resource_spell(c, str_of(row->type), *body, body) == OK && !str_empty(name_of(*body)) &&
               check_place(c, parent->id, row, name_of(*body)) == OK && !tree_find(w->world->tree, child_id(c, parent->id, row, name_of(*body)));
    call_forgive(c);
    return may;
}

static enum err make_child(struct call *c, struct work *w, const struct resource *parent, const struct inline_row *row, const struct json *body)
{
    struct resource_id     id;
    struct resource       *record;
    struct resource        next = {.type = str_of(row->type), .name = name_of(body), .uid = guid_new(c)};
    struct resource_change change = {.next = &next, .body = body, .verb = IDENTITY_PUT};
    next.id = child_id(c, parent->id, row, next.name);
    next.created_ns = parent->created_ns;
    next.changed_ns = parent->changed_ns;
    TRY(resource_id_parse(c, next.id, &id));
    TRY(resources_document_of(c, body, &change.document));
    TRY(resource_defaults_apply(c, w, &id, &change));
    TRY(resources_document(c, change.document, &next.document));
    if (references_note(c, &next, change.document) != OK) call_forgive(c); // ids that older versions did not read
    TRY(resource_new(c, &next, &record));
    return work_change(c, w, STORE_RESOURCE, NULL, &record->ref);
}

enum err resource_inline_raise(struct call *c, struct work *w, const struct resource *parent, const struct json **document)
{
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        str                name = str_of(ROWS[i].member);
        const struct json *properties = json_get(*document, S("properties")), *list;
        if (!is_of(&ROWS[i], parent->type)) continue;
        if (json_spell(c, properties, &name, 1, &properties) != OK) call_forgive(c); // that one stays as it is
        list = json_get(properties, name);
        if (!json_is(list, JSON_IS_ARRAY)) continue;
        for (size_t k = 0; k < json_n(list); k++) {
            const struct json *body = json_at(list, k);
            if (may_become(c, w, parent, &ROWS[i], &body)) TRY(make_child(c, w, parent, &ROWS[i], body));
        }
        TRY(json_with(c, *document, S("properties"), properties, document));
        TRY(resource_set_property(c, document, name, NULL));
    }
    return OK;
}

// --- what that asks for ---

static enum err add_site(struct call *c, struct effect_sites *out, str id, const struct inline_row *row, const char *verb)
{
    return effect_site_add(c, out, (struct effect_site){.scope = id, .action = call_format(c, "%s/%s", row->type, verb)});
}

// What lies in a child goes along with it. One that is sent back as it was read is not changed.
static enum err find_part(struct call *c, struct work *w, str parent, const struct inline_part *part, struct effect_sites *out)
{
    struct children left_out;
    TRY(find_left_out(c, w, part, parent, &left_out));
    for (size_t i = 0; i < left_out.n; i++) {
        TRY(add_site(c, out, left_out.at[i]->id, part->row, "delete"));
        TRY(cascade_sites(c, w, left_out.at[i]->id, out));
    }
    for (size_t i = 0; i < part->n; i++) {
        str  id = child_id(c, parent, part->row, name_of(part->bodies[i]));
        bool is_same;
        TRY(is_as_sent(c, w, tree_find(w->world->tree, id), part->bodies[i], &is_same));
        if (!is_same) TRY(add_site(c, out, id, part->row, "write"));
    }
    return OK;
}

static enum err find_changed(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct resource_args *args = args_;
    struct resource_id          id;
    struct inline_parts         parts;
    str                         type;
    (void)e;
    TRY(resource_id_parse(c, args->id, &id));
    if (id.is_list) return OK; // the deed says so
    TRY(resource_id_type(c, &id, &type));
    TRY(read_parts(c, type, id.text, json_get(args->body, S("properties")), args->verb, &parts));
    for (size_t i = 0; i < parts.n; i++) TRY(find_part(c, w, id.text, &parts.at[i], out));
    return OK;
}

const struct effect EFFECT_INLINE_CHILDREN = {.name = "inline_children", .rule = EFFECT_NOT_DENIED, .changes_site = true, .find = find_changed};
