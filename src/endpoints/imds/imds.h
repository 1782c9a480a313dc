/*
 * imds.h - the instance metadata service: tokens and facts for the workload behind one listener.
 *
 * The listener leads to this service alone, and is the workload's: whatever arrives there comes
 * from it, and nothing that a request says can change whose identities it gets. README.md tells
 * the rest.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service,
 *         https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
#pragma once
#include "endpoints/workload/listener.h"

#define IMDS_SERVER_NAME "IMDS/150.870.65.1854" /* the Server header: one client looks for "IMDS" in it */

#define IMDS_TOKENS_PER_S   20 /* the published limits; see workload/limits.h */
#define IMDS_TOKENS_AT_ONCE 5
#define IMDS_OTHERS_PER_S   5

struct imds_settings {
    struct product       *product;
    struct workload_place place; /* whose workload it is; the resource need not exist (any more) */
    enum signin_known_by  known_by;
    workload_who         *who;     /* whose a request is, where that is not always `place`; may be NULL */
    struct net_workers   *workers; /* for `who`; may be NULL */
};

/* Fills in all but the socket of a listener for that workload. Who does not listen with it calls its context_free. */
FALLIBLE imds_listener(struct call *c, const struct imds_settings *settings, struct http_listener_settings *out);
