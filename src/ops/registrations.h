/*
 * registrations.h - which resource providers a subscription is registered to use.
 *
 * A subscription begins with all of them: what the cloud registers by itself on the way, when a portal or a template asks
 * for a resource, nobody has to ask for here. One that was unregistered takes no new resources and changes none until it is
 * registered again; what only reads or deletes is not asked. A provider that the subscription has resources of cannot be
 * unregistered, as published; nor can those that every subscription has. The codes of these two refusals are inferred.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
 */
#pragma once
#include "ops/gate.h"

struct registration_args {
    subscription_id subscription; /* it is there */
    str             provider;     /* "Microsoft.Search" */
};

/* struct registration_args -> nothing. The target is the subscription, the action "{provider}/register/action" or the other. */
extern const struct op OP_PROVIDER_REGISTER;
extern const struct op OP_PROVIDER_UNREGISTER; /* Errors: ERR_CONFLICT */

/* Those that a subscription has not. Lives: the call. */
struct registrations {
    const struct json *lacks; /* a list of names; NULL: none */
};
FALLIBLE registrations_read(struct call *c, const struct work *w, subscription_id subscription, struct registrations *out);
bool     registrations_has(const struct registrations *r, str provider); /* any case */
/* One that every subscription has, and none can give up. */
bool registration_is_free(str provider);

/* Errors: ERR_NOT_REGISTERED */
FALLIBLE registrations_require(struct call *c, const struct work *w, str subscription, str provider);
