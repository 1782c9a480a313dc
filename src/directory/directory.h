/*
 * directory.h - the tenant's principals and who is a member of what.
 *
 * Principals are records that never change once made: a changed one is a new
 * record under the same id. One thread may change the directory, or any number
 * may read it, at a time.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/graph/api/resources/serviceprincipal
 */
#pragma once
#include "core/map.h"
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"

#define DIRECTORY_MAX_NAME_BYTES     256
#define DIRECTORY_MAX_RESOURCE_BYTES 2048 /* as long as a scope may be */
#define DIRECTORY_MAX_DOCUMENT_BYTES 16384
#define DIRECTORY_MAX_GROUP_DEPTH    1000 /* nests deeper than that do not count */

enum principal_kind { PRINCIPAL_USER, PRINCIPAL_GROUP, PRINCIPAL_APP, PRINCIPAL_MANAGED };

struct principal {
    struct ref          ref;
    object_id           id;
    enum principal_kind kind;
    client_id           app;       /* services only */
    str                 name;      /* display name */
    str                 user_name; /* users: their sign-in name */
    str                 resource;  /* managed identities: the ARM id they belong to */
    bool                is_system_assigned;
    str                 document; /* users and groups: what else they are, a JSON object; may be empty */
    int64_t             created_ns;
    int64_t             counts_from_ns; /* before that time others may not know it yet (propagation) */
};

/* A copy of `plain` on the heap with one reference, the caller's. Errors: ERR_NAME_INVALID - a text past its limit */
FALLIBLE principal_new(struct call *c, const struct principal *plain, struct principal **out);
void     principal_pack(struct buf *b, const struct principal *p);
FALLIBLE principal_unpack(struct call *c, bytes record, struct principal **out);

struct membership {
    struct ref ref;
    object_id  group;
    object_id  member; /* a user, a service or a group */
    int64_t    counts_from_ns;
    /*
     * 0 for one that stands. Else it has ended and is in no list any more, but counted until then: whoever is
     * asked about an earlier time - that at which a token was issued - still needs it (propagation).
     */
    int64_t counts_until_ns;
};
FALLIBLE membership_new(struct call *c, const struct membership *plain, struct membership **out);
void     membership_pack(struct buf *b, const struct membership *m);
FALLIBLE membership_unpack(struct call *c, bytes record, struct membership **out);

/* The tokens that a principal got so far are refused. It stays when the principal goes. */
struct revocation {
    struct ref ref;
    object_id  principal;
    int64_t    at_s; /* tokens of that second count as earlier ones */
};
FALLIBLE revocation_new(struct call *c, const struct revocation *plain, struct revocation **out);
void     revocation_pack(struct buf *b, const struct revocation *r);
FALLIBLE revocation_unpack(struct call *c, bytes record, struct revocation **out);

struct directory;
struct directory *directory_new(void); /* NULL: no memory */
void              directory_free(struct directory *d);

/* Puts a record (a reference is taken), replacing the one of the same id; false: no memory, nothing changed. */
MUST_USE bool directory_put(struct directory *d, struct principal *p);
void          directory_remove(struct directory *d, object_id id);
MUST_USE bool directory_put_membership(struct directory *d, struct membership *m);
void          directory_remove_membership(struct directory *d, object_id group, object_id member);
MUST_USE bool directory_put_revocation(struct directory *d, struct revocation *r);
void          directory_remove_revocation(struct directory *d, object_id principal);

/* Borrowed until the directory changes; NULL if absent. */
const struct principal *directory_find(const struct directory *d, object_id id);
const struct principal *directory_find_app(const struct directory *d, client_id app);
const struct principal *directory_find_user(const struct directory *d, str user_name);
/* The principal of a user-assigned identity, or of a resource's system-assigned one, by ARM id in any case. */
const struct principal *directory_find_managed(const struct directory *d, str resource, bool is_system_assigned);

/* The revocation of a principal, there or gone; NULL if there is none. */
const struct revocation *directory_find_revocation(const struct directory *d, object_id principal);
/* In any order; `visit` answers false to stop. */
void directory_each_revocation(const struct directory *d, bool (*visit)(const struct revocation *r, void *ctx), void *ctx);

/* Asks for the memberships that stand, whether they count yet or not: for lists. */
#define DIRECTORY_AS_WRITTEN INT64_MAX

/*
 * `who` and then every group that it is in, directly or through groups, each once;
 * memberships that do not count at that time, yet or any more, are left out, and so are those
 * whose group or member is not in the directory. Cycles are harmless.
 * Lives: *out in the call.
 */
FALLIBLE directory_closure(struct call *c, const struct directory *d, object_id who, int64_t at_ns, const object_id **out, size_t *out_n);

/*
 * Everybody who is in the group, directly or through groups, each once; not the group itself unless it is in a cycle
 * of its own. The same memberships count as above.
 * Lives: *out in the call.
 */
FALLIBLE directory_members(struct call *c, const struct directory *d, object_id group, int64_t at_ns, const object_id **out, size_t *out_n);

bool directory_is_member(const struct directory *d, object_id group, object_id member); /* directly */
/* The record of a direct membership, also of one that has ended; NULL if there is none. */
const struct membership *directory_find_membership(const struct directory *d, object_id group, object_id member);
/* Each record once, in the order of ids, from the first past `after` (there or not; NULL: from the beginning); `visit` answers
   false to stop. Memberships that have ended are left out. */
void directory_each(const struct directory *d, const object_id *after, bool (*visit)(const struct principal *p, void *ctx), void *ctx);
void directory_each_member(const struct directory *d, object_id group, const object_id *after, bool (*visit)(const struct membership *m, void *ctx),
                           void *ctx);
void directory_each_group_of(const struct directory *d, object_id member, const object_id *after,
                             bool (*visit)(const struct membership *m, void *ctx), void *ctx);
/* How many principals there are of the kinds of a mask (1 << kind). */
size_t directory_count(const struct directory *d, unsigned kinds);
/* Those alone, in any order. */
void directory_each_ended(const struct directory *d, bool (*visit)(const struct membership *m, void *ctx), void *ctx);
