/*
 * body.h - what the items of a vault have in common as JSON: what a request says, what an answer shows.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret
 */
#pragma once
#include "ops/vault_item.h"

/* attributes and tags of a request; null says no more than absence. Errors: ERR_PARAMETER_INVALID */
FALLIBLE body_read_wish(struct call *c, const struct json *body, struct vault_item_wish *out);
/* A member that is there and is not null. */
const struct json *body_given(const struct json *object, str name);
/* Says that a property is invalid: ERR_PARAMETER_INVALID. */
FALLIBLE body_unfit(struct call *c, const char *property);

/* "https://v1.vault.azure.net/secrets/n/VERSION"; an item of a list of items shows no version. */
str body_item_id(struct call *c, const struct vault *v, const struct vault_item_kind *kind, const struct vault_item *x, bool shows_version);
/* Members of the object that is being written; tags and deletion only where there are any. */
void body_write_attributes(struct json_writer *w, const struct vault *v, const struct vault_item *x);
void body_write_tags(struct json_writer *w, const struct vault_item *x);
void body_write_deletion(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_item_kind *kind,
                         const struct vault_item *x);
