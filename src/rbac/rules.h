/*
 * rules.h - all roles, assignments and denies, compiled for deciding.
 *
 * One thread may change the rules, or any number may read them, at a time. The
 * records put in are shared (a reference is taken), never copied.
 *
 * Layer:  rbac (uses core, directory, resources)
 */
#pragma once
#include "rbac/assignment.h"

struct rbac_rules;

struct rbac_rules *rbac_rules_new(void); /* holds the built-in roles; NULL: no memory */
void               rbac_rules_free(struct rbac_rules *r);

/*
 * Puts a record, replacing the one of the same id, or removes one (absent is fine).
 * A role under the id of a built-in one is not taken: the built-in one stays.
 * False: no memory; nothing changed.
 * An assignment that nobody else has a reference to may get the text of its scope from another one (assignment_share_scope):
 * views of a->scope that were taken before are then gone.
 */
MUST_USE bool rbac_put_role(struct rbac_rules *r, struct role *role);
MUST_USE bool rbac_put_assignment(struct rbac_rules *r, struct assignment *a);
MUST_USE bool rbac_put_deny(struct rbac_rules *r, struct deny_assignment *d);
void          rbac_remove_role(struct rbac_rules *r, guid id);
void          rbac_remove_assignment(struct rbac_rules *r, guid id);
void          rbac_remove_deny(struct rbac_rules *r, guid id);

/*
 * Where many assignments are put one after the other: prefetches what the puts of the next ones, at most RBAC_PREFETCH_MAX,
 * read of the index. It changes nothing, and the puts need not follow.
 */
#define RBAC_PREFETCH_MAX ((size_t)64)
void rbac_prefetch_assignments(const struct rbac_rules *r, const struct assignment *const *batch, size_t n);

/* Borrowed until the rules change; NULL if absent. Built-in roles are found too. Lingering assignments are absent. */
const struct role            *rbac_find_role(const struct rbac_rules *r, guid id);
const struct role            *rbac_find_role_by_name(const struct rbac_rules *r, str name); /* any case */
const struct assignment      *rbac_find_assignment(const struct rbac_rules *r, guid id);
const struct deny_assignment *rbac_find_deny(const struct rbac_rules *r, guid id);

/* The assignment of that principal, role and scope, under whatever name; NULL if there is none. */
const struct assignment *rbac_find_same(const struct rbac_rules *r, object_id principal, guid role, str scope);

size_t rbac_assignment_count(const struct rbac_rules *r);
size_t rbac_custom_role_count(const struct rbac_rules *r);
size_t rbac_index_bytes(const struct rbac_rules *r); /* memory of the index, without the records */
/* How many stand in a subscription (at it or below), or exactly at a scope. */
size_t rbac_count_in_subscription(const struct rbac_rules *r, subscription_id s);
size_t rbac_count_at_scope(const struct rbac_rules *r, str scope);
/* How many stand at scopes of no subscription: the root, management groups. */
size_t rbac_count_outside(const struct rbac_rules *r);
/* How many a principal has, lingering ones too: what rbac_each_of_principal has to look at. */
size_t rbac_count_of_principal(const struct rbac_rules *r, object_id who);
/* Does any assignment that stands name the role? */
bool rbac_role_in_use(const struct rbac_rules *r, guid role);

/*
 * Every record once, in the order of ids, from the first past `after` (which need not be there; NULL: from the beginning);
 * `visit` answers false to stop.
 */
void rbac_each_role(const struct rbac_rules *r, const guid *after, bool (*visit)(const struct role *x, void *ctx),
                    void *ctx); /* built-in and custom */
void rbac_each_deny(const struct rbac_rules *r, const guid *after, bool (*visit)(const struct deny_assignment *x, void *ctx), void *ctx);
void rbac_each_assignment(const struct rbac_rules *r, const guid *after, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);
/* The assignments of one principal; those exactly at one scope; at a subscription and below it; at scopes of no subscription. Any order. */
void rbac_each_of_principal(const struct rbac_rules *r, object_id who, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);
void rbac_each_at_scope(const struct rbac_rules *r, str scope, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);
void rbac_each_in_subscription(const struct rbac_rules *r, subscription_id s, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);
void rbac_each_outside(const struct rbac_rules *r, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);
/* Those that were removed and still grant (lingers_until_ns): by id, how many, each in any order. */
const struct assignment *rbac_find_lingering(const struct rbac_rules *r, guid id);
size_t                   rbac_lingering_count(const struct rbac_rules *r);
void                     rbac_each_lingering(const struct rbac_rules *r, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);
