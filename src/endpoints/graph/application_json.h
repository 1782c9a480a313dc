/*
 * application_json.h - the parts of an application that its record holds as members, as Graph shows them.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/graph/api/resources/approle, .../permissionscope, .../passwordcredential,
 *         .../keycredential, .../apiapplication
 */
#pragma once
#include "core/json.h"
#include "directory/applications.h"

/* All of: a JSON value, in the call. `a` NULL: an empty list. `extra`: the part of "api" that the document holds; may be NULL. */
FALLIBLE app_roles_json(struct call *c, const struct application *a, struct json *out);
FALLIBLE app_scopes_json(struct call *c, const struct application *a, struct json *out);
FALLIBLE app_secrets_json(struct call *c, const struct application *a, struct json *out); /* never a secret: what tells them apart */
FALLIBLE app_certificates_json(struct call *c, const struct application *a, struct json *out);
FALLIBLE app_api_json(struct call *c, const struct application *a, const struct json *extra, struct json *out);

/* The members of one secret, into an object that is open. `shown` NULL: null stands in its place. */
void app_secret_write(struct json_writer *j, const struct app_secret *s, const struct secret *shown);
