// Tags as an object of their own.
#include "ops/tags.h"

#include "endpoints/arm/arm.h"

#define PATH "/providers/Microsoft.Resources/tags/default"

static const struct { str name; enum tags_verb verb; } OPERATIONS[] = {
    {S_INIT("Replace"), TAGS_REPLACE},
    {S_INIT("Merge"), TAGS_MERGE},
    {S_INIT("Delete"), TAGS_REMOVE},
};

static enum err read_operation(struct call *c, const struct json *body, enum tags_verb *out)
{
    str text = json_str(json_get_nocase(body, S("operation")));
    for (size_t i = 0; i < COUNT(OPERATIONS); i++) {
        if (!str_eq_nocase(OPERATIONS[i].name, text)) continue;
        *out = OPERATIONS[i].verb;
        return OK;
    }
    return FAIL(c, ERR_CONTENT_INVALID, "The operation on tags is 'Replace', 'Merge' or 'Delete', not '%.*s'.", PSTR(call_printable(c, text, 64)));
}

static enum err read_body(struct call *c, struct wire *q, struct tags_args *args)
{
    TRY(wire_read_body(c, q));
    args->tags = json_get_nocase(json_get_nocase(q->body, S("properties")), S("tags"));
    if (!json_is(args->tags, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "The request content has no properties.tags.");
    return q->route->method == HTTP_PATCH ? read_operation(c, q->body, &args->verb) : OK;
}

enum err arm_at_tags(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct tags_args *args;
    (void)w;
    TRY(NEW(c, &args, 1));
    *args = (struct tags_args){.scope = arm_scope_of(q), .verb = TAGS_REPLACE};
    if (q->route->method == HTTP_PUT || q->route->method == HTTP_PATCH) TRY(read_body(c, q, args));
    q->object = args;
    out->scope = call_format(c, "%.*s" PATH, PSTR(wire_param(q, "scope")));
    return OK;
}

// Of a read, and of what stands after a write.
enum err arm_tags_answer(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *tags;
    TRY(wire_run(c, w, q, q->object, &tags));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s" PATH, PSTR(wire_param(q, "scope"))));
    json_put_string(j, S("name"), S("default"));
    json_put_string(j, S("type"), S("Microsoft.Resources/tags"));
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_value(j, S("tags"), tags);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err arm_tags_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *tags;
    a->status = 200;
    return wire_run(c, w, q, q->object, &tags);
}
