/*
 * secret_body.h - secrets as JSON: what a request says, what an answer shows.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret
 */
#pragma once
#include "ops/secrets.h"

/* attributes, contentType and tags of a request; null says no more than absence. Errors: ERR_PARAMETER_INVALID */
FALLIBLE secret_body_read_wish(struct call *c, const struct json *body, struct vault_item_wish *out);

/* The text of `value`, moved out of the tree: no copy is left in it. Errors: ERR_PARAMETER_INVALID */
FALLIBLE secret_body_take_value(struct call *c, const struct json *body, struct secret *out);

/* `value` may be NULL. An item of a list of secrets shows no version. */
void secret_body_write(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_item *s, const struct secret *value,
                       bool shows_version);
