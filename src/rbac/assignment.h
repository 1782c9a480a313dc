/*
 * assignment.h - role assignments and deny assignments: who, which role, where.
 *
 * Records that never change once made.
 *
 * Layer:  rbac (uses core, directory, resources)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/role-assignments
 */
#pragma once
#include "rbac/role.h"

#define ASSIGNMENT_MAX_CONDITION_BYTES   (8u << 10)
#define ASSIGNMENT_MAX_DESCRIPTION_BYTES 2048
#define ASSIGNMENT_MAX_PER_SUBSCRIPTION  4000
#define ASSIGNMENT_MAX_PER_MGMT_GROUP    500
#define DENY_MAX_PRINCIPALS              1000 /* our limit */

enum principal_type { PRINCIPAL_TYPE_USER, PRINCIPAL_TYPE_GROUP, PRINCIPAL_TYPE_SERVICE, PRINCIPAL_TYPE_FOREIGN_GROUP, PRINCIPAL_TYPE_DEVICE };

/* What few assignments have: it takes no memory of the others. */
struct assignment_notes {
    str       condition;         /* empty: none */
    str       condition_version; /* "2.0" or empty */
    str       description;
    str       delegated_identity; /* delegatedManagedIdentityResourceId; empty: none */
    int64_t   updated_ns;         /* 0: it was never changed, and nobody is updated_by */
    object_id updated_by;
    int64_t   counts_from_ns; /* before that time it grants nothing (propagation) */
    /*
     * 0 for an assignment that stands. Else it was removed and is in no list and no count any
     * more, but it grants until that time, as the cloud's caches do (propagation).
     */
    int64_t lingers_until_ns;
};

/* What a decision reads stands at the end. */
struct assignment {
    union {
        struct ref ref;
        struct {
            uint32_t : 32;
            enum principal_type principal_type; /* is ref.tag */
        };
    };
    int64_t                        created_ns;
    object_id                      created_by;
    guid                           id; /* its name */
    guid                           role;
    object_id                      principal;
    const struct assignment_notes *notes; /* NULL: none */
    str                            scope; /* as scope_parse gives it, in the writer's casing; a shared text */
};
_Static_assert(sizeof(struct assignment) == 120, "there may be a million of them: with what malloc adds, 128 bytes");
_Static_assert(offsetof(struct assignment, principal_type) == offsetof(struct ref, tag), "copies of a ref keep it");

/* All empty if it has none. */
static inline struct assignment_notes assignment_notes_of(const struct assignment *a)
{
    return a->notes ? *a->notes : (struct assignment_notes){0};
}

static inline int64_t assignment_counts_from_ns(const struct assignment *a)
{
    return a->notes ? a->notes->counts_from_ns : 0;
}

static inline int64_t assignment_lingers_until_ns(const struct assignment *a)
{
    return a->notes ? a->notes->lingers_until_ns : 0;
}

/* As it was created, until it is changed. */
static inline int64_t assignment_updated_ns(const struct assignment *a)
{
    return a->notes && a->notes->updated_ns ? a->notes->updated_ns : a->created_ns;
}

static inline object_id assignment_updated_by(const struct assignment *a)
{
    return a->notes && a->notes->updated_ns ? a->notes->updated_by : a->created_by;
}

/* Empty: it has none. */
static inline str assignment_condition(const struct assignment *a)
{
    return a->notes ? a->notes->condition : STR_NONE;
}

/* Errors: ERR_SCOPE_INVALID, ERR_CONDITION_INVALID (too long), ERR_TOO_LARGE (another text) */
FALLIBLE assignment_new(struct call *c, const struct assignment *plain, struct assignment **out);
/*
 * Lets an assignment that has one owner and the very scope of another one share its text: scopes are the most of what
 * records say, and few. Nothing if it has more owners: somebody may be reading it.
 */
void     assignment_share_scope(struct assignment *a, const struct assignment *other);
void     assignment_pack(struct buf *b, const struct assignment *a);
FALLIBLE assignment_unpack(struct call *c, bytes record, struct assignment **out);
/* The ARM id of one. Lives: the call. */
str assignment_path(struct call *c, str scope, guid id);

struct deny_principal {
    object_id id; /* all zero: everyone */
    str       type;
};

struct deny_assignment {
    struct ref                    ref;
    guid                          id;
    str                           name;
    str                           description;
    str                           scope;
    bool                          not_below; /* doNotApplyToChildScopes */
    bool                          is_system_protected;
    const struct role_permission *permissions;
    size_t                        permission_n;
    const struct deny_principal  *principals, *excluded;
    size_t                        principal_n, excluded_n;
    int64_t                       created_ns;
    object_id                     created_by;
};

/* Errors: ERR_SCOPE_INVALID, ERR_ROLE_INVALID (its permissions), ERR_TOO_LARGE */
FALLIBLE deny_new(struct call *c, const struct deny_assignment *plain, struct deny_assignment **out);
void     deny_pack(struct buf *b, const struct deny_assignment *d);
FALLIBLE deny_unpack(struct call *c, bytes record, struct deny_assignment **out);
