#include "ops/resource_children.h"

#include "ops/resource_defaults.h"
#include "ops/resource_shapes.h"
#include "ops/resources.h"

static enum err make(struct call *c, struct work *w, const struct resource *parent, const struct shape_child *child)
{
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    str                      type = str_of(child->type), name = str_of(child->name);
    struct resource_id       id;
    struct resource         *record;
    struct resource          next = {.type = type, .name = name, .uid = guid_new(c), .created_ns = c->now_ns, .changed_ns = c->now_ns};
    struct resource_change   change = {.next = &next, .body = &EMPTY, .document = &EMPTY, .verb = IDENTITY_PUT};
    next.id = call_format(c, "%.*s/%.*s/%.*s", PSTR(parent->id), PSTR(str_from(type, str_find_last(type, '/') + 1)), PSTR(name));
    if (tree_find(w->world->tree, next.id)) return OK; // the parent's body named it
    if (child->json) TRY(json_parse(c, str_of(child->json), &change.document));
    TRY(resource_id_parse(c, next.id, &id));
    TRY(resource_defaults_apply(c, w, &id, &change));
    TRY(resources_document(c, change.document, &next.document));
    TRY(resource_new(c, &next, &record));
    TRY(work_change(c, w, STORE_RESOURCE, NULL, &record->ref));
    return resource_children_make(c, w, tree_find(w->world->tree, next.id));
}

enum err resource_children_make(struct call *c, struct work *w, const struct resource *parent)
{
    const struct shape_child *child;
    for (size_t i = 0; (child = resource_shape_child_at(i)) != NULL; i++)
        if (str_eq_nocase(parent->type, str_of(child->parent))) TRY(make(c, w, parent, child));
    return OK;
}

enum err resource_children_check_name(struct call *c, str type, str name)
{
    const struct shape_child *child;
    for (size_t i = 0; (child = resource_shape_child_at(i)) != NULL; i++)
        if (child->is_only && str_eq_nocase(type, str_of(child->type)) && !str_eq_nocase(name, str_of(child->name)))
            return FAIL(c, ERR_NAME_INVALID, "A resource of the type '%.*s' is called '%s' and nothing else.", PSTR(type), child->name);
    return OK;
}

bool resource_children_is_fixed(str type, str name)
{
    const struct shape_child *child;
    for (size_t i = 0; (child = resource_shape_child_at(i)) != NULL; i++)
        if ((child->is_only || child->stays) && str_eq_nocase(type, str_of(child->type)) && str_eq_nocase(name, str_of(child->name))) return true;
    return false;
}
