/*
 * body.h - secrets as JSON: what a request says, what an answer shows.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret
 */
#pragma once
#include "ops/secrets.h"

/* attributes, contentType and tags of a request; null says no more than absence. Errors: ERR_PARAMETER_INVALID */
FALLIBLE body_read_wish(struct call *c, const struct json *body, struct vault_secret_wish *out);

/* The text of `value`, moved out of the tree: no copy is left in it. Errors: ERR_PARAMETER_INVALID */
FALLIBLE body_take_value(struct call *c, const struct json *body, struct secret *out);

/* `value` may be NULL. An item of a list of secrets shows no version. */
void body_write_secret(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_secret *s, const struct secret *value,
                       bool shows_version);
