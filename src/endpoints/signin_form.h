/*
 * signin_form.h - a sign-in record in the published form: its members, what filters compare, JSON.
 *
 * Of the published members those are filled in that a server without a location, a device, a risk or a policy for
 * conditional access can fill in; the others say so in the published words ("none", "notApplied").
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/graph/api/resources/signin (version beta, whose members contain those of v1.0)
 */
#pragma once
#include "core/json.h"
#include "endpoints/graph/schema.h"
#include "log/signin.h"
#include "ops/product.h"

/* A member by its name or the path "status/errorCode", in any case, and its type. False: there is none. */
bool signin_has_member(str name, enum graph_type *out);

/* Its value. Lives: points into `s` and the call. Errors: ERR_NO_MEMORY */
FALLIBLE signin_member(struct call *c, const struct product *p, const struct signin *s, str name, bool *out_has, struct json *out);

/* All members, or those that are named, into an object that is open. Errors: ERR_NO_MEMORY */
FALLIBLE signin_write(struct call *c, struct json_writer *j, const struct product *p, const struct signin *s, const str *names, size_t name_n);
