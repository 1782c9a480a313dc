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
#include "endpoints/graph/filter.h"
#include "log/signin.h"
#include "ops/product.h"

/* A member's name as it is written; empty: there is none of that name. `kinds` is not used: see graph_select_parse. */
str signin_member_name(unsigned kinds, str name);

/*
 * For filters (graph/filter.h) on sign-ins: their members, and the paths status/errorCode, status/failureReason,
 * managedServiceIdentity/msiType and managedServiceIdentity/associatedResourceId. Clients of this log do not ask for the advanced engine:
 * "ne", "not" and "endswith" are taken as they come.
 */
extern const struct graph_domain SIGNIN_DOMAIN;
struct signin_item { /* of which a filter is asked */
    const struct product *product;
    const struct signin  *signin;
};

/* All members, or those that are named, into an object that is open. Errors: ERR_NO_MEMORY */
FALLIBLE signin_write(struct call *c, struct json_writer *j, const struct product *p, const struct signin *s, const str *names, size_t name_n);
