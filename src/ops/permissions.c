#include "ops/permissions.h"

#include "rbac/condition.h"

enum err permissions_read_texts(struct call *c, const struct json *list, const char *name, const str **out, size_t *out_n)
{
    str *texts;
    *out = NULL;
    *out_n = 0;
    if (!list || json_is(list, JSON_IS_NULL)) return OK;
    if (!json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_CONTENT_INVALID, "The property '%s' must be an array.", name);
    if (json_n(list) == 0) return OK;
    TRY(NEW(c, &texts, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) {
        if (!json_is(json_at(list, i), JSON_IS_STRING)) return FAIL(c, ERR_CONTENT_INVALID, "The property '%s' must hold texts only.", name);
        texts[i] = json_str(json_at(list, i));
    }
    *out = texts;
    *out_n = json_n(list);
    return OK;
}

static enum err read_list(struct call *c, const struct json *block, const char *name, const str **out, size_t *out_n)
{
    return permissions_read_texts(c, json_get(block, str_of(name)), name, out, out_n);
}

// One that is no text must not be taken for absent.
static enum err read_text(struct call *c, const struct json *block, const char *name, str *out)
{
    const struct json *v = json_get(block, str_of(name));
    if (v && !json_is(v, JSON_IS_STRING) && !json_is(v, JSON_IS_NULL)) return FAIL(c, ERR_CONTENT_INVALID, "The property '%s' must be a text.", name);
    *out = json_str(v);
    return OK;
}

static enum err read_block(struct call *c, const struct json *block, struct role_permission *out)
{
    static const str NAMES[] = {S_INIT("actions"),        S_INIT("notActions"), S_INIT("dataActions"),
                                S_INIT("notDataActions"), S_INIT("condition"),  S_INIT("conditionVersion")};
    str              version;
    if (!json_is(block, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "Each of the permissions must be an object.");
    TRY(json_spell(c, block, NAMES, COUNT(NAMES), &block));
    TRY(read_list(c, block, "actions", &out->actions, &out->action_n));
    TRY(read_list(c, block, "notActions", &out->not_actions, &out->not_action_n));
    TRY(read_list(c, block, "dataActions", &out->data_actions, &out->data_action_n));
    TRY(read_list(c, block, "notDataActions", &out->not_data_actions, &out->not_data_action_n));
    TRY(read_text(c, block, "condition", &out->condition));
    TRY(read_text(c, block, "conditionVersion", &version));
    if (!str_empty(out->condition)) return condition_check(c, out->condition, version);
    return str_empty(version) ? OK : FAIL(c, ERR_CONDITION_INVALID, "A conditionVersion is given without a condition.");
}

enum err permissions_read(struct call *c, const struct json *list, const struct role_permission **out, size_t *out_n)
{
    struct role_permission *blocks;
    size_t                  n = json_n(list);
    if (!json_is(list, JSON_IS_ARRAY) || n == 0) return FAIL(c, ERR_CONTENT_INVALID, "The permissions must be an array of at least one object.");
    if (n > ROLE_MAX_PERMISSIONS) return FAIL(c, ERR_CONTENT_INVALID, "There are more than %d permissions.", ROLE_MAX_PERMISSIONS);
    TRY(NEW(c, &blocks, n));
    for (size_t i = 0; i < n; i++) TRY(read_block(c, json_at(list, i), &blocks[i]));
    *out = blocks;
    *out_n = n;
    return OK;
}

void permissions_write_texts(struct json_writer *j, const char *name, const str *texts, size_t n)
{
    json_write_key(j, str_of(name));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) json_write_string(j, texts[i]);
    json_write_end(j);
}

void permissions_write_lists(struct json_writer *j, const struct role_permission *p)
{
    permissions_write_texts(j, "actions", p->actions, p->action_n);
    permissions_write_texts(j, "notActions", p->not_actions, p->not_action_n);
    permissions_write_texts(j, "dataActions", p->data_actions, p->data_action_n);
    permissions_write_texts(j, "notDataActions", p->not_data_actions, p->not_data_action_n);
}

void permissions_write(struct json_writer *j, const struct role_permission *permissions, size_t n)
{
    json_write_key(j, S("permissions"));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) {
        const struct role_permission *p = &permissions[i];
        json_write_object(j);
        permissions_write_lists(j, p);
        if (!str_empty(p->condition)) json_put_string(j, S("condition"), p->condition);
        if (!str_empty(p->condition)) json_put_string(j, S("conditionVersion"), S("2.0"));
        json_write_end(j);
    }
    json_write_end(j);
}
