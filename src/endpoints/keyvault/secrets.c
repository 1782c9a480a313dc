#include "endpoints/keyvault/secrets.h"

#include "endpoints/keyvault/secret_body.h"

static enum err answer_secret(struct call *c, const struct vault *v, const struct vault_item *s, const struct secret *value, struct answer *a)
{
    secret_body_write(c, answer_json(a, 200), v, s, value, true);
    return OK;
}

void keyvault_write_secret(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_item *x, bool shows_version)
{
    secret_body_write(c, w, v, x, NULL, shows_version);
}

enum err keyvault_set_secret(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    CLEANUP(secret_clear) struct secret value = {0};
    struct vault_item_args             *args = q->object;
    struct vault_item                   got;
    const struct json                  *body;
    TRY(wire_body(c, q, &body));
    TRY(secret_body_take_value(c, body, &value));
    TRY(secret_body_read_wish(c, body, &args->wish));
    args->content = &value;
    TRY(wire_run(c, w, q, args, &got));
    args->content = NULL;
    return answer_secret(c, args->vault, &got, &value, a);
}

static void clear_open(struct vault_secret_open *open)
{
    secret_clear(&open->value);
}

enum err keyvault_get_secret(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    CLEANUP(clear_open) struct vault_secret_open got = {0};
    struct vault_item_args                      *args = q->object;
    TRY(wire_run(c, w, q, args, &got));
    return answer_secret(c, args->vault, &got.secret, &got.value, a);
}

enum err keyvault_update_secret(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct vault_item_args *args = q->object;
    struct vault_item       got;
    const struct json      *body;
    TRY(wire_body(c, q, &body));
    TRY(secret_body_read_wish(c, body, &args->wish));
    TRY(wire_run(c, w, q, args, &got));
    return answer_secret(c, args->vault, &got, NULL, a);
}
