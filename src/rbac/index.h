/*
 * index.h - the parts of the index behind rules.h; only files of this room include it.
 *
 * A decision searches two places: the lower levels of the scope (places), for entries with the tag
 * of the caller or one of its groups; and the holdings of those principals (holders), for entries
 * with the tag of a higher level. Before each it asks a filter, which nearly always knows that
 * there is none. From an entry it reads the role (its matcher) and the record. So its cost depends
 * neither on the number of assignments in a subscription nor on the number that a group has elsewhere.
 *
 * Layer:  rbac (uses core, directory, resources)
 */
#pragma once
#include "core/map.h"
#include "rbac/holders.h"
#include "rbac/ids.h"
#include "rbac/level.h"
#include "rbac/matcher.h"
#include "rbac/places.h"
#include "rbac/rules.h"

/* A role that is assigned, or a custom one. Built-in roles that nobody is assigned have none. */
struct rule_role {
    guid               id;
    uint32_t           index;
    uint32_t           uses;     /* assignments, lingering ones too */
    uint32_t           standing; /* assignments that stand */
    const struct role *role;     /* NULL: nobody knows it; it grants nothing */
    struct matcher    *matcher;  /* of the role */
};

struct rule_deny {
    struct deny_assignment *record;
    struct matcher         *matcher;
    uint64_t                hash; /* of its scope */
    struct rule_deny       *next; /* in the same bucket */
};

struct rbac_rules {
    uint64_t seed;
    uint64_t root_hash;

    struct item *items;
    uint32_t     item_used, item_room, item_free;
    size_t       assignment_n; /* those that stand */
    struct ids   ids;          /* items by assignment id, lingering ones too */

    struct holders holders;
    struct places  places;

    struct map         roles;   /* struct rule_role by id */
    struct rule_role **role_at; /* by index */
    uint32_t           role_room;
    struct rule_role **customs; /* in the order of ids */
    size_t             custom_n, custom_room;

    struct map         conditions;   /* struct condition by assignment id */
    struct rule_deny **denies;       /* in the order of ids */
    struct rule_deny **deny_buckets; /* by the hash of their scope; as many as there is room for denies */
    size_t             deny_n, deny_room;
};

static inline struct rule_deny **deny_bucket(const struct rbac_rules *r, uint64_t hash)
{
    return &r->deny_buckets[hash & (r->deny_room - 1)];
}

/* As rbac_each_of_principal, lingering assignments too. */
void rules_each_held(const struct rbac_rules *r, object_id who, bool (*visit)(const struct assignment *x, void *ctx), void *ctx);

/* The role's entry with one use more; NULL: no memory. */
struct rule_role *rules_use_role(struct rbac_rules *r, guid id, bool standing);
void              rules_leave_role(struct rbac_rules *r, guid id, bool standing);
void              rules_clear_roles(struct rbac_rules *r);
void              rules_clear_denies(struct rbac_rules *r);
size_t            rules_roles_bytes(const struct rbac_rules *r);
