/*
 * cluster.h - Kubernetes clusters as issuers of tokens for their service accounts.
 *
 * A cluster has an issuer unless its oidcIssuerProfile says that it has none. The issuer's URL names the resource and its
 * incarnation: a cluster that is deleted and made again under its name is another issuer (I3), and nothing that trusted the
 * first trusts the second. The cloud's URL holds a GUID there; clients take it as it is.
 *
 * Inferred: that a cluster which says nothing has an issuer. New clusters of the cloud do from Kubernetes 1.34 on.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/aks/use-oidc-issuer, https://learn.microsoft.com/azure/aks/workload-identity-overview
 */
#pragma once
#include "ops/resource_hooks.h"
#include "resources/names.h"

#define CLUSTER_TYPE "Microsoft.ContainerService/managedClusters"

extern const struct host HOST_CLUSTERS; /* in front of it the cluster's region */

/* Hooks of resource_hooks.h: the profile is completed, and its URL is the service's own to say. Errors: ERR_CONTENT_INVALID, ERR_IDENTITY_OPERATION */
enum err cluster_write(struct call *c, struct work *w, struct resource_change *change);
enum err cluster_spell(struct call *c, const struct json *properties, const struct json **out);

/*
 * The identity by which the cluster's nodes work, if the request names one: identityProfile.kubeletidentity.resourceId. Who names
 * it needs what attaching it needs. Here there are no nodes, so that no token is given for it; clients read its ids to grant it roles.
 */
str cluster_kubelet(const struct json *body);

/* The cluster's issuer; empty: it has none. Lives: as long as the record. */
FALLIBLE cluster_issuer(struct call *c, const struct resource *cluster, str *out);
/*
 * The living cluster whose issuer that is, to the letter; NULL: there is none. *out_is_ours: it has the form of this tenant's
 * clusters, there or not, so that nobody else is to be asked about it. Never fails for what the text says.
 */
FALLIBLE cluster_find(struct call *c, const struct work *w, str issuer, bool *out_is_ours, const struct resource **out);
/*
 * The client id of the user-assigned identity that trusts this issuer and subject, if one alone does; none otherwise.
 * Looks at all federated credentials.
 */
FALLIBLE cluster_client(struct call *c, const struct world *world, str issuer, str subject, client_id *out);
