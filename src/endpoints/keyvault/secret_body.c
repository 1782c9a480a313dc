#include "endpoints/keyvault/secret_body.h"

#include "endpoints/keyvault/body.h"

enum err secret_body_read_wish(struct call *c, const struct json *body, struct vault_item_wish *out)
{
    struct vault_item_wish wish;
    const struct json     *content_type = body_given(body, S("contentType"));
    if (content_type && !json_is(content_type, JSON_IS_STRING)) return body_unfit(c, "contentType");
    TRY(body_read_wish(c, body, &wish));
    wish.gives_details = content_type != NULL;
    wish.details = json_str(content_type);
    *out = wish;
    return OK;
}

enum err secret_body_take_value(struct call *c, const struct json *body, struct secret *out)
{
    const struct json *value = json_get(body, S("value"));
    if (!json_is(value, JSON_IS_STRING)) return body_unfit(c, "value");
    enum err failed = secret_init(c, out, str_bytes(value->u.string));
    secret_wipe((char *)value->u.string.at, value->u.string.n); // the tree is this request's own
    return failed;
}

void secret_body_write(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_item *s, const struct secret *value,
                       bool shows_version)
{
    json_write_object(w);
    body_write_deletion(c, w, v, &VAULT_ITEM_SECRET, s);
    if (value) json_put_string(w, S("value"), bytes_str(secret_reveal(value)));
    if (s->has_details) json_put_string(w, S("contentType"), s->details);
    json_put_string(w, S("id"), body_item_id(c, v, &VAULT_ITEM_SECRET, s, shows_version));
    body_write_attributes(w, v, s);
    body_write_tags(w, s);
    json_write_end(w);
}
