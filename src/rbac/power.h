/*
 * power.h - how much a role allows, in operations that the resource providers publish.
 *
 * The counts of built-in roles are a table (builtin_powers.inc), made by tools/gen_powers.c from the
 * two catalogues in this folder with power_measure. What is measured:
 *
 *   changes   management operations that do not end in "/read"
 *   data      data operations
 *   values    operations that hand out what is kept: data operations that end in "/read" but for those of
 *             metadata, tags and properties; in Key Vault only getSecret, because what else is read there is
 *             metadata; in management the list...keys, secrets, credentials, connection strings, tokens
 *   home      the provider that the role is for, on each plane: the one of most of its changes (where it has
 *             none, of its operations), if it is that of a quarter of them at least. Monitoring, support,
 *             deployments and resource groups, which most roles name besides, make a home only of a role that
 *             names nothing else.
 *
 * Layer:  rbac (uses core, directory, resources)
 */
#pragma once
#include "rbac/role.h"

struct role_power {
    uint32_t operations[2]; /* by enum rbac_plane */
    uint32_t changes;
    uint32_t values;
    str      homes[2]; /* by enum rbac_plane; empty: none, or every provider's */
};

/* Counts anew: for the table and its test. False: no memory. Lives: out->homes look into the catalogue. */
MUST_USE bool power_measure(const struct role *r, struct role_power *out);

/* Of a built-in role. */
const struct role_power *power_of(const struct role *builtin);

/* Does the operation hand out what is kept? */
bool power_is_of_values(str operation, enum rbac_plane plane);
