/*
 * attributes.h - what a condition may ask about a request.
 *
 * Layer:  rbac (uses core)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/conditions-authorization-actions-attributes
 */
#pragma once
#include "core/call.h"

enum rbac_source { RBAC_REQUEST, RBAC_RESOURCE, RBAC_PRINCIPAL, RBAC_ENVIRONMENT };

struct rbac_attribute {
    enum rbac_source source;
    str              name;    /* "Microsoft.KeyVault/vaults/secrets:name", without case; a tag "...blobs/tags:Key" in the key's casing */
    const str       *values;  /* one, or several for a list; numbers, times and booleans in text */
    size_t           value_n; /* 0: as if it were not here */
    bool             nocase;  /* compared without case, whatever the operator: a name that takes hold in any case */
};

struct rbac_attributes {
    const struct rbac_attribute *items;
    size_t                       n;
    str                          suboperation; /* "Blob.List"; empty: none */
};

/* All of it in the call; NULL stays NULL. */
FALLIBLE rbac_attributes_copy(struct call *c, const struct rbac_attributes *from, const struct rbac_attributes **out);
