/*
 * deployments.h - accepts, cancels, reads and deletes deployments.
 *
 * What is deployed is carried out by endpoints/deployments, resource by resource, with the permissions of the caller that
 * is recorded here. Deleting a deployment deletes its record alone.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/resources/deployments,
 *         https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-history-deletions
 */
#pragma once
#include "ops/deployment.h"

/* The target of all: the deployment's id. */
struct deployment_args {
    str                            scope, name;
    const struct deployment       *wish;  /* of OP_DEPLOYMENT_WRITE */
    const struct deployment_input *input; /* of the same */
};

/*
 * struct deployment_args -> bool, whether it is a new one. Where a scope has as many as it may, the oldest that is over goes.
 * Errors: ERR_DEPLOYMENT_NAME, ERR_DEPLOYMENT_ACTIVE, ERR_DEPLOYMENT_LOCATION, ERR_DEPLOYMENT_QUOTA, ERR_GROUP_NOT_FOUND,
 *         ERR_SUBSCRIPTION_NOT_FOUND, ERR_NOT_FOUND
 */
extern const struct op OP_DEPLOYMENT_WRITE;
/* -> struct deployment. Errors: ERR_DEPLOYMENT_NOT_FOUND */
extern const struct op OP_DEPLOYMENT_READ;
/* -> bool, whether there was one. Errors: ERR_DEPLOYMENT_ACTIVE */
extern const struct op OP_DEPLOYMENT_DELETE;
/* With the deployments inside of it. What was deployed by then stays. Errors: ERR_DEPLOYMENT_NOT_FOUND, ERR_DEPLOYMENT_OVER */
extern const struct op OP_DEPLOYMENT_CANCEL;

/* Is what a scope names there: a resource group, subscription, management group, or "/"? Errors: ERR_SCOPE_INVALID - it is none of these */
FALLIBLE deployments_require_scope(struct call *c, const struct work *w, str scope);
/* Errors: ERR_DEPLOYMENT_NOT_FOUND */
FALLIBLE deployments_require(struct call *c, struct work *w, str scope, str name, struct deployment *out);
