// The secrets of a vault as templates write them: the management API sets a value and never shows one.
#include "core/time.h"
#include "endpoints/arm/arm.h"
#include "endpoints/keyvault/secret_body.h"
#include "ops/secrets.h"

static str vault_path(struct call *c, const struct wire *q)
{
    return call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s/providers/" VAULT_TYPE "/%.*s", PSTR(wire_param(q, "subscription")),
                       PSTR(wire_param(q, "group")), PSTR(wire_param(q, "vault")));
}

enum err arm_at_vault_secret(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    str name = wire_param(q, "name");
    (void)w;
    if (name.at) TRY(vault_item_check_name(c, name));
    out->scope = name.at ? call_format(c, "%.*s/secrets/%.*s", PSTR(vault_path(c, q)), PSTR(name)) : vault_path(c, q);
    return OK;
}

// The vault and the secret in the path. Whether the vault is there is told to those who are allowed.
static enum err begin(struct call *c, struct work *w, const struct wire *q, struct vault *out_vault, struct vault_item_args *out_args)
{
    const struct resource *r;
    TRY(resources_require(c, w, vault_path(c, q), &r));
    *out_args = (struct vault_item_args){.kind = &VAULT_ITEM_SECRET, .vault = out_vault, .name = wire_param(q, "name"), .limit = VAULT_ITEM_MAX_PAGE};
    return vault_open(c, w, r->name, out_vault);
}

static void put_time(struct json_writer *j, const char *name, bool is_given, int64_t s)
{
    if (is_given) json_put_int(j, str_of(name), s);
}

static void write_properties(struct call *c, struct json_writer *j, const struct vault *v, const struct vault_item *s)
{
    str uri = call_format(c, "%.*s/secrets/%.*s", PSTR(v->url), PSTR(s->name));
    json_write_key(j, S("properties"));
    json_write_object(j);
    if (s->has_details) json_put_string(j, S("contentType"), s->details);
    json_write_key(j, S("attributes"));
    json_write_object(j);
    json_put_bool(j, S("enabled"), s->is_enabled);
    put_time(j, "nbf", s->has_not_before, s->not_before_s);
    put_time(j, "exp", s->has_expires, s->expires_s);
    put_time(j, "created", true, s->created_s);
    put_time(j, "updated", true, s->updated_s);
    json_write_end(j);
    json_put_string(j, S("secretUri"), uri);
    json_put_string(j, S("secretUriWithVersion"), call_format(c, "%.*s/%s", PSTR(uri), guid_digits(s->version.g).s));
    json_write_end(j);
}

static void write_secret(struct call *c, struct json_writer *j, const struct vault *v, const struct vault_item *s)
{
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/secrets/%.*s", PSTR(v->resource->id), PSTR(s->name)));
    json_put_string(j, S("name"), s->name);
    json_put_string(j, S("type"), S(VAULT_TYPE "/secrets"));
    json_put_string(j, S("location"), v->resource->location);
    json_write_key(j, S("tags"));
    json_write_object(j);
    for (size_t i = 0; i < s->tag_n; i++) json_put_string(j, s->tags[i].name, s->tags[i].value);
    json_write_end(j);
    write_properties(c, j, v, s);
    json_write_end(j);
}

// The data plane's form of a secret, made of this API's: the tags stand beside the properties here, and among them there.
static enum err read_body(struct call *c, const struct wire *q, const struct json **out_properties, struct vault_item_wish *out)
{
    const struct json *body, *joined;
    TRY(wire_body(c, q, &body));
    *out_properties = json_get(body, S("properties"));
    if (*out_properties && !json_is(*out_properties, JSON_IS_OBJECT))
        return FAIL(c, ERR_CONTENT_INVALID, "The properties of a secret must be an object.");
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    TRY(json_with(c, *out_properties ? *out_properties : &EMPTY, S("tags"), json_get(body, S("tags")), &joined));
    return secret_body_read_wish(c, joined, out);
}

enum err arm_vault_secret_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    CLEANUP(secret_clear) struct secret value = {0};
    struct vault                        v;
    struct vault_item_args              args;
    struct vault_item                   got;
    const struct json                  *properties;
    TRY(begin(c, w, q, &v, &args));
    TRY(read_body(c, q, &properties, &args.wish));
    TRY(secret_body_take_value(c, properties, &value));
    args.content = &value;
    TRY(wire_run(c, w, q, &args, &got));
    write_secret(c, answer_json(a, 200), &v, &got);
    return OK;
}

// A new value makes a new version; without one the newest version's attributes change.
enum err arm_vault_secret_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct vault           v;
    struct vault_item_args args;
    struct vault_item      got;
    const struct json     *properties;
    TRY(begin(c, w, q, &v, &args));
    TRY(read_body(c, q, &properties, &args.wish));
    if (json_get(properties, S("value"))) return arm_vault_secret_put(c, w, q, a);
    TRY(op_run(c, w, &OP_VAULT_SECRET_UPDATE, &w->decided.target, &args, &got));
    write_secret(c, answer_json(a, 200), &v, &got);
    return OK;
}

enum err arm_vault_secret_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct vault           v;
    struct vault_item_args args;
    struct vault_item      got;
    TRY(begin(c, w, q, &v, &args));
    TRY(wire_run(c, w, q, &args, &got));
    write_secret(c, answer_json(a, 200), &v, &got);
    return OK;
}

enum err arm_vault_secrets_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct vault           v;
    struct vault_item_args args;
    struct vault_item_page found;
    struct arm_page        page;
    TRY(begin(c, w, q, &v, &args));
    TRY(arm_page_begin(c, q, a, &page));
    args.after = page.p.after;
    if (page.p.room < args.limit) args.limit = page.p.room;
    TRY(wire_run(c, w, q, &args, &found));
    for (size_t i = 0; i < found.n; i++) write_secret(c, page.json, &v, &found.items[i]);
    page.p.is_full = !str_empty(found.next);
    page.p.last = found.next;
    return arm_page_end(c, q, &page);
}

// This API has no verb that deletes a secret: the vault's own has.
enum err arm_vault_secret_refuse(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w, (void)q, (void)a;
    return FAIL(c, ERR_METHOD_NOT_ALLOWED, "The management API does not delete secrets: ask the vault itself.");
}
