/*
 * owners.h - who owns which objects of the directory: applications, service principals and groups.
 *
 * An owner may change what it owns, also where it may write nothing else (ops/directory_rights.h). Records never change once made. One
 * thread may change the owners, or any number may read them, at a time.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/entra/fundamentals/users-default-permissions#object-ownership
 */
#pragma once
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"

struct ownership {
    struct ref ref;
    guid       object; /* of an application, a service principal or a group */
    object_id  owner;
    int64_t    since_ns;
};
FALLIBLE ownership_new(struct call *c, const struct ownership *plain, struct ownership **out);
void     ownership_pack(struct buf *b, const struct ownership *o);
FALLIBLE ownership_unpack(struct call *c, bytes record, struct ownership **out);

struct owners;
struct owners *owners_new(void); /* NULL: no memory */
void           owners_free(struct owners *d);

/* Puts a record (a reference is taken), replacing the one of the same ends; false: no memory, nothing changed. */
MUST_USE bool owners_put(struct owners *d, struct ownership *o);
void          owners_remove(struct owners *d, guid object, object_id owner);

/* Borrowed until the owners change; NULL if absent. */
const struct ownership *owners_find(const struct owners *d, guid object, object_id owner);

/* In the order of the other end's ids, from the first past `after` (NULL: the beginning); `visit` answers false to stop. */
typedef bool ownership_visit(const struct ownership *o, void *ctx);
void         owners_each_of(const struct owners *d, guid object, const guid *after, ownership_visit *visit, void *ctx);
void         owners_each_owned(const struct owners *d, object_id owner, const guid *after, ownership_visit *visit, void *ctx);
