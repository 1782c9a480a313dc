#include "endpoints/keyvault/body.h"

static enum err unfit(struct call *c, const char *property)
{
    return FAIL(c, ERR_PARAMETER_INVALID, "Property %s has invalid value\r\n", property);
}

// A member that is there and says something.
static const struct json *given(const struct json *object, str name)
{
    const struct json *v = json_get(object, name);
    return json_is(v, JSON_IS_NULL) ? NULL : v;
}

static enum err read_date(struct call *c, const struct json *attributes, const char *name, bool *out_gives, int64_t *out)
{
    const struct json *v = given(attributes, str_of(name));
    if (!v) return OK;
    if (!json_is(v, JSON_IS_INT)) return FAIL(c, ERR_PARAMETER_INVALID, "Property attributes.%s has invalid value\r\n", name);
    *out_gives = true;
    *out = v->u.integer;
    return OK;
}

static enum err read_attributes(struct call *c, const struct json *attributes, struct vault_secret_wish *out)
{
    if (!attributes) return OK;
    if (!json_is(attributes, JSON_IS_OBJECT)) return unfit(c, "attributes");
    const struct json *enabled = given(attributes, S("enabled"));
    if (enabled && !json_is(enabled, JSON_IS_BOOL)) return unfit(c, "attributes.enabled");
    out->gives_enabled = enabled != NULL;
    out->is_enabled = enabled && enabled->u.boolean;
    TRY(read_date(c, attributes, "nbf", &out->gives_not_before, &out->not_before_s));
    return read_date(c, attributes, "exp", &out->gives_expires, &out->expires_s);
}

static enum err read_tags(struct call *c, const struct json *tags, struct vault_secret_wish *out)
{
    struct vault_tag *list;
    if (!tags) return OK;
    if (!json_is(tags, JSON_IS_OBJECT) || json_n(tags) > SECRETS_MAX_TAGS) return unfit(c, "tags");
    TRY(NEW(c, &list, SECRETS_MAX_TAGS));
    for (size_t i = 0; i < json_n(tags); i++) {
        if (!json_is(json_at(tags, i), JSON_IS_STRING)) return unfit(c, "tags");
        list[i] = (struct vault_tag){.name = tags->u.list.names[i], .value = json_str(json_at(tags, i))};
    }
    out->gives_tags = true;
    out->tags = list;
    out->tag_n = json_n(tags);
    return OK;
}

enum err body_read_wish(struct call *c, const struct json *body, struct vault_secret_wish *out)
{
    struct vault_secret_wish wish = {0};
    const struct json       *content_type = given(body, S("contentType"));
    if (content_type && !json_is(content_type, JSON_IS_STRING)) return unfit(c, "contentType");
    wish.gives_content_type = content_type != NULL;
    wish.content_type = json_str(content_type);
    TRY(read_attributes(c, given(body, S("attributes")), &wish));
    TRY(read_tags(c, given(body, S("tags")), &wish));
    *out = wish;
    return OK;
}

enum err body_take_value(struct call *c, const struct json *body, struct secret *out)
{
    const struct json *value = json_get(body, S("value"));
    if (!json_is(value, JSON_IS_STRING)) return unfit(c, "value");
    enum err failed = secret_init(c, out, str_bytes(value->u.string));
    secret_wipe((char *)value->u.string.at, value->u.string.n); // the tree is this request's own
    return failed;
}

static str recovery_level(const struct vault *v)
{
    bool is_customized = v->retention_days != VAULT_RETENTION_DAYS;
    if (v->is_purge_protected) return is_customized ? S("CustomizedRecoverable") : S("Recoverable");
    return is_customized ? S("CustomizedRecoverable+Purgeable") : S("Recoverable+Purgeable");
}

static void write_attributes(struct json_writer *w, const struct vault *v, const struct vault_secret *s)
{
    json_write_key(w, S("attributes"));
    json_write_object(w);
    json_put_bool(w, S("enabled"), s->is_enabled);
    if (s->has_not_before) json_put_int(w, S("nbf"), s->not_before_s);
    if (s->has_expires) json_put_int(w, S("exp"), s->expires_s);
    json_put_int(w, S("created"), s->created_s);
    json_put_int(w, S("updated"), s->updated_s);
    json_put_string(w, S("recoveryLevel"), recovery_level(v));
    json_put_int(w, S("recoverableDays"), v->retention_days);
    json_write_end(w);
}

static void write_tags(struct json_writer *w, const struct vault_secret *s)
{
    if (!s->has_tags) return;
    json_write_key(w, S("tags"));
    json_write_object(w);
    for (size_t i = 0; i < s->tag_n; i++) json_put_string(w, s->tags[i].name, s->tags[i].value);
    json_write_end(w);
}

static void write_deletion(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_secret *s)
{
    if (!s->deleted_s) return;
    json_put_string(w, S("recoveryId"), call_format(c, "%.*s/deletedsecrets/%.*s", PSTR(v->url), PSTR(s->name)));
    json_put_int(w, S("deletedDate"), s->deleted_s);
    json_put_int(w, S("scheduledPurgeDate"), s->purge_due_s);
}

void body_write_secret(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_secret *s, const struct secret *value,
                       bool shows_version)
{
    str id = call_format(c, "%.*s/secrets/%.*s", PSTR(v->url), PSTR(s->name));
    if (shows_version) id = call_format(c, "%.*s/%s", PSTR(id), guid_digits(s->version.g).s);
    json_write_object(w);
    write_deletion(c, w, v, s);
    if (value) json_put_string(w, S("value"), bytes_str(secret_reveal(value)));
    if (s->has_content_type) json_put_string(w, S("contentType"), s->content_type);
    json_put_string(w, S("id"), id);
    write_attributes(w, v, s);
    write_tags(w, s);
    json_write_end(w);
}
