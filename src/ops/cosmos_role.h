/*
 * cosmos_role.h - the data-plane roles of a Cosmos account as resources: definitions and assignments.
 *
 * They are Cosmos DB's own and no roles of Azure's: an Azure role gives no data. Two definitions come with each account; they
 * are neither changed nor deleted. Scopes are the account's id, or that and /dbs/NAME, or that and /colls/NAME.
 * Inferred, for nothing is published: the codes and words of refusals; that a definition is not deleted while it is assigned.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/cosmos-db/nosql/reference-data-plane-actions,
 *         https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/sql-resources/create-update-sql-role-definition
 */
#pragma once
#include "ops/resource_hooks.h"

#define COSMOS_TYPE            "Microsoft.DocumentDB/databaseAccounts"
#define COSMOS_ROLE_TYPE       COSMOS_TYPE "/sqlRoleDefinitions"
#define COSMOS_ASSIGNMENT_TYPE COSMOS_TYPE "/sqlRoleAssignments"

/* Hooks of resource_hooks.h. Errors: ERR_CONTENT_INVALID, ERR_METHOD_NOT_ALLOWED - of a definition that came with the account; ERR_PRINCIPAL_NOT_FOUND */
enum err cosmos_role_write(struct call *c, struct work *w, struct resource_change *change);
enum err cosmos_assignment_write(struct call *c, struct work *w, struct resource_change *change);
enum err cosmos_role_spell(struct call *c, const struct json *properties, const struct json **out);
enum err cosmos_assignment_spell(struct call *c, const struct json *properties, const struct json **out);
