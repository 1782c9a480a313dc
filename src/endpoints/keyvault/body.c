#include "endpoints/keyvault/body.h"

enum err body_unfit(struct call *c, const char *property)
{
    return FAIL(c, ERR_PARAMETER_INVALID, "Property %s has invalid value\r\n", property);
}

const struct json *body_given(const struct json *object, str name)
{
    const struct json *v = json_get(object, name);
    return json_is(v, JSON_IS_NULL) ? NULL : v;
}

static enum err read_date(struct call *c, const struct json *attributes, const char *name, bool *out_gives, int64_t *out)
{
    const struct json *v = body_given(attributes, str_of(name));
    if (!v) return OK;
    if (!json_is(v, JSON_IS_INT)) return FAIL(c, ERR_PARAMETER_INVALID, "Property attributes.%s has invalid value\r\n", name);
    *out_gives = true;
    *out = v->u.integer;
    return OK;
}

static enum err read_attributes(struct call *c, const struct json *attributes, struct vault_item_wish *out)
{
    if (!attributes) return OK;
    if (!json_is(attributes, JSON_IS_OBJECT)) return body_unfit(c, "attributes");
    const struct json *enabled = body_given(attributes, S("enabled"));
    if (enabled && !json_is(enabled, JSON_IS_BOOL)) return body_unfit(c, "attributes.enabled");
    out->gives_enabled = enabled != NULL;
    out->is_enabled = enabled && enabled->u.boolean;
    TRY(read_date(c, attributes, "nbf", &out->gives_not_before, &out->not_before_s));
    return read_date(c, attributes, "exp", &out->gives_expires, &out->expires_s);
}

static enum err read_tags(struct call *c, const struct json *tags, struct vault_item_wish *out)
{
    struct vault_tag *list;
    if (!tags) return OK;
    if (!json_is(tags, JSON_IS_OBJECT) || json_n(tags) > VAULT_ITEM_MAX_TAGS) return body_unfit(c, "tags");
    TRY(NEW(c, &list, VAULT_ITEM_MAX_TAGS));
    for (size_t i = 0; i < json_n(tags); i++) {
        if (!json_is(json_at(tags, i), JSON_IS_STRING)) return body_unfit(c, "tags");
        list[i] = (struct vault_tag){.name = tags->u.list.names[i], .value = json_str(json_at(tags, i))};
    }
    out->gives_tags = true;
    out->tags = list;
    out->tag_n = json_n(tags);
    return OK;
}

enum err body_read_wish(struct call *c, const struct json *body, struct vault_item_wish *out)
{
    struct vault_item_wish wish = {0};
    TRY(read_attributes(c, body_given(body, S("attributes")), &wish));
    TRY(read_tags(c, body_given(body, S("tags")), &wish));
    *out = wish;
    return OK;
}

static str recovery_level(const struct vault *v)
{
    bool is_customized = v->retention_days != VAULT_RETENTION_DAYS;
    if (v->is_purge_protected) return is_customized ? S("CustomizedRecoverable") : S("Recoverable");
    return is_customized ? S("CustomizedRecoverable+Purgeable") : S("Recoverable+Purgeable");
}

void body_write_attributes(struct json_writer *w, const struct vault *v, const struct vault_item *x)
{
    json_write_key(w, S("attributes"));
    json_write_object(w);
    json_put_bool(w, S("enabled"), x->is_enabled);
    if (x->has_not_before) json_put_int(w, S("nbf"), x->not_before_s);
    if (x->has_expires) json_put_int(w, S("exp"), x->expires_s);
    json_put_int(w, S("created"), x->created_s);
    json_put_int(w, S("updated"), x->updated_s);
    json_put_string(w, S("recoveryLevel"), recovery_level(v));
    json_put_int(w, S("recoverableDays"), v->retention_days);
    json_write_end(w);
}

void body_write_tags(struct json_writer *w, const struct vault_item *x)
{
    if (!x->has_tags) return;
    json_write_key(w, S("tags"));
    json_write_object(w);
    for (size_t i = 0; i < x->tag_n; i++) json_put_string(w, x->tags[i].name, x->tags[i].value);
    json_write_end(w);
}

void body_write_deletion(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_item_kind *kind, const struct vault_item *x)
{
    if (!x->deleted_s) return;
    json_put_string(w, S("recoveryId"), call_format(c, "%.*s/deleted%s/%.*s", PSTR(v->url), kind->collection, PSTR(x->name)));
    json_put_int(w, S("deletedDate"), x->deleted_s);
    json_put_int(w, S("scheduledPurgeDate"), x->purge_due_s);
}

str body_item_id(struct call *c, const struct vault *v, const struct vault_item_kind *kind, const struct vault_item *x, bool shows_version)
{
    str id = call_format(c, "%.*s/%s/%.*s", PSTR(v->url), kind->collection, PSTR(x->name));
    return shows_version ? call_format(c, "%.*s/%s", PSTR(id), guid_digits(x->version.g).s) : id;
}
