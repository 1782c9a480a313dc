/*
 * ids.h - the ids of the directory, each a type of its own.
 *
 * The mix-up everyone makes - principal id for client id - does not compile.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals
 */
#pragma once
#include "core/guid.h"

typedef struct {
    guid g;
} tenant_id;
typedef struct {
    guid g;
} object_id; /* a principal: what role assignments name; "principal id" */
typedef struct {
    guid g;
} client_id; /* an application: what code selects an identity by; "app id" */

typedef struct {
    guid g;
} application_id; /* an application's registration: neither its service principal nor its client id */

static inline bool object_id_eq(object_id a, object_id b)
{
    return guid_eq(a.g, b.g);
}

static inline bool client_id_eq(client_id a, client_id b)
{
    return guid_eq(a.g, b.g);
}

static inline bool tenant_id_eq(tenant_id a, tenant_id b)
{
    return guid_eq(a.g, b.g);
}
