/*
 * assignments.h - role assignments: who gets which role where, made and taken away.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/authorization/role-assignments
 */
#pragma once
#include "ops/gate.h"

struct assignment_args {
    str  scope;
    guid id;
    /* for making one: */
    guid                role;
    object_id           principal;
    bool                says_no_data; /* the caller's protocol is older than data actions: a role that has them cannot be assigned */
    bool                gives_type;   /* the caller says what the principal is: then it need not be known yet */
    enum principal_type type;
    str                 condition, condition_version, description, delegated_identity; /* empty: none */
};

struct assignment_result {
    const struct assignment *assignment; /* borrowed; after a delete what stood there, or NULL */
    bool                     was_created;
};

/* struct assignment_args -> struct assignment_result; the permission is asked for at the scope, with the attributes below.
   Errors: ERR_PRINCIPAL_*, ERR_ROLE_NOT_FOUND, ERR_ROLE_DATA_ACTIONS_UNSAYABLE, ERR_ASSIGNMENT_*, ERR_CONDITION_INVALID */
extern const struct op OP_ASSIGNMENT_WRITE;
extern const struct op OP_ASSIGNMENT_DELETE;
extern const struct op OP_ASSIGNMENT_READ;

/* Is there such a scope? What lies inside a resource is its service's own, and not asked for. */
FALLIBLE assignment_require_scope(struct call *c, const struct work *w, const struct scope *scope);

/*
 * Removes the records of assignments that were deleted and have ceased to grant, at most `limit`; in reading work it
 * only counts them. A delete under propagation leaves such a record: in no list, no count and found by no id, it grants until its time.
 */
FALLIBLE assignments_drop_ended(struct call *c, struct work *w, size_t limit, size_t *out_n);

/*
 * What a condition on the caller's own role may ask: of a write what the request says (@Request; what it leaves out is
 * absent), of a delete what stands there (@Resource). Lives: the call.
 * Source: https://learn.microsoft.com/azure/role-based-access-control/conditions-authorization-actions-attributes
 */
FALLIBLE assignment_attributes(struct call *c, const struct work *w, const struct assignment_args *args, bool is_delete, struct rbac_attributes *out);

/* "User", "Group", "ServicePrincipal", "ForeignGroup", "Device", and back without case. */
str  principal_type_text(enum principal_type type);
bool principal_type_read(str text, enum principal_type *out);
/* What a principal of the directory is to the authorization API. */
enum principal_type principal_type_of(const struct principal *p);
