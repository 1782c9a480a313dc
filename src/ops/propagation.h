/*
 * propagation.h - how long a change takes to have an effect, as in the cloud.
 *
 * By default every figure is zero and a change has its effect at once. With other figures each
 * grant, membership and directory object is stored with the time from which it counts, and a
 * removed role assignment goes on granting until its delay is over; lists show the change at
 * once. The figures at the time of the change apply: a restart with other figures does not alter
 * what is stored.
 *
 * Layer:  ops (uses core, rbac)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
 */
#pragma once
#include "core/json.h"
#include "rbac/role.h"

#define PROPAGATION_MAX_S (30 * S_PER_DAY) /* of any figure; ours */

/*
 * member, its name in a file, the cloud's seconds. The published figures are upper bounds ("up to 10
 * minutes"); a client that waits for them waits long enough.
 *
 * - roleAssignment, roleRemoval: troubleshooting, as above.
 * - managementGroup...: of a role with data actions at a management group: hours, 12 at worst.
 *   https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory
 * - groupMembership: until a new token knows of a change. No figure is published but that of the tokens in caches.
 * - directoryObject: until others find a new principal (PrincipalNotFound meanwhile). "A replication delay",
 *   without a figure; a minute is ours. https://aka.ms/docs-principaltype
 */
#define PROPAGATION_TABLE(X)                                                            \
    X(role_assignment_s,             "roleAssignment",                 10 * 60)         \
    X(role_removal_s,                "roleRemoval",                    10 * 60)         \
    X(management_group_assignment_s, "managementGroupDataAssignment",  12 * 3600)       \
    X(management_group_removal_s,    "managementGroupDataRemoval",     12 * 3600)       \
    X(group_membership_s,            "groupMembership",                0)               \
    X(directory_object_s,            "directoryObject",                60)

/*
 * The one thing that is no figure, groupsFromToken in a file: a token stands for the groups that its principal was in
 * when it was issued, so that a changed membership waits for a new token. The endpoint caches a managed identity's for
 * its 24 hours, and nothing refreshes it earlier.
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations
 */
#define PROPAGATION_GROUPS_FROM_TOKEN "groupsFromToken"

/* Zero is instant. */
struct propagation {
    const char *name; /* "instant", "cloud" or "own"; NULL: instant */
    bool        groups_from_token;
#define X(member, name, cloud_s) int64_t member;
    PROPAGATION_TABLE(X)
#undef X
};

extern const struct propagation PROPAGATION_CLOUD;

/*
 * A file of own figures: a JSON object of names above and seconds; what it leaves out is nought.
 * Errors: ERR_JSON_INVALID, ERR_PARAMETER_INVALID - an unknown name (the words list the known ones), no number, too far, no truth value
 */
FALLIBLE propagation_read(struct call *c, str text, struct propagation *out);

/* How long an assignment of that role at that scope takes to count, or to cease. `role` may be NULL: one that is gone. */
int64_t propagation_of_assignment_ns(const struct propagation *p, const struct role *role, const struct scope *at);
int64_t propagation_of_removal_ns(const struct propagation *p, const struct role *role, const struct scope *at);
