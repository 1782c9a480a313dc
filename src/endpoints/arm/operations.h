/*
 * operations.h - asynchronous operations, as clients poll them.
 *
 * What the cloud does in the background is done here before the answer goes out, so an operation that has an id has
 * succeeded. The id carries who began it and when, sealed with the server's key: it cannot be made up or changed, it
 * needs no record, and it outlives a restart. It counts for OPERATION_LIFETIME_S.
 *
 * Who began the operation may ask for it; anybody else needs Microsoft.Resources/subscriptions/operationresults/read
 * at the subscription.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/async-api-reference.md
 */
#pragma once
#include "endpoints/service.h"

#define OPERATION_LIFETIME_S 86400 /* ours: none is published */

/*
 * Answers 202 with what clients poll: Location, and Azure-AsyncOperation, which some prefer; both absolute. Retry-After
 * is 0: nothing is to be waited for. `location` is a region's name; whoever asks at Location gets `result_status` in the end.
 */
FALLIBLE operation_accept(struct call *c, const struct wire *q, str subscription, str location, int result_status, struct answer *a);
