/*
 * condition_reach.h - can a role's actions carry the attributes that a condition asks for?
 *
 * An attribute belongs to operations: the name of a secret to the data actions of vaults/secrets, the principal of a
 * new assignment to roleAssignments/write. A condition may be written on any role, as in the cloud. Where no action of
 * the role carries any attribute that the condition names, each comparison in it stays unknown, which is not true.
 *
 * Which operations carry an attribute is published in tables by service and by action. Here it is told by type of
 * resource: the data actions of the attribute's type and below it; for the attributes of a storage account, a container
 * or an encryption scope those of the blobs (and queues) inside. That is inferred. It errs to one side only: an
 * attribute may be taken to reach an action that does not carry it, never the reverse.
 *
 * Layer:  rbac (uses core, directory, resources)
 * Source: https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes,
 *         https://learn.microsoft.com/azure/role-based-access-control/conditions-authorization-actions-attributes
 */
#pragma once
#include "rbac/role.h"

#define CONDITION_REACH_MAX 8 /* so many attributes are told */

struct condition_reach {
    bool is_met; /* an action of the role carries one of the attributes, or none of them belongs to an operation */
    struct {
        str attribute; /* "@Resource[Microsoft.KeyVault/vaults/secrets:name]" */
        str carriers;  /* what carries it, "the data action Microsoft.OperationalInsights/workspaces/tables/data/read" or a pattern of such */
    } needs[CONDITION_REACH_MAX]; /* by operations that carry it: the first attribute of each */
    size_t need_n;
};

/*
 * The role's actions are those that providers publish: a star stands for what it matches there, and NotActions take away.
 * Lives:  the call.
 * Errors: ERR_CONDITION_INVALID - it is not well formed.
 */
FALLIBLE condition_reach(struct call *c, str condition, const struct role *role, struct condition_reach *out);
