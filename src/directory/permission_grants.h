/*
 * permission_grants.h - which delegated permissions a client has been granted: scopes of a resource, for all users or for one.
 *
 * Records never change once made. One thread may change the grants, or any number may read them, at a time.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant
 */
#pragma once
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"

struct permission_grant {
    struct ref ref;
    object_id  client; /* the client's service principal */
    guid       id;     /* unique with the client */
    object_id  resource;
    object_id  user;  /* GUID_NONE: for all users */
    str        scope; /* names of scopes with blanks between */
    int64_t    created_ns;
};
FALLIBLE permission_grant_new(struct call *c, const struct permission_grant *plain, struct permission_grant **out);
void     permission_grant_pack(struct buf *b, const struct permission_grant *g);
FALLIBLE permission_grant_unpack(struct call *c, bytes record, struct permission_grant **out);
/* What grants are in the order of. Lives: in the grant. */
str permission_grant_key(const struct permission_grant *g);

struct permission_grants;
struct permission_grants *permission_grants_new(void); /* NULL: no memory */
void                      permission_grants_free(struct permission_grants *d);

/* Puts a record (a reference is taken), replacing the one of the same client and id; false: no memory, nothing changed. */
MUST_USE bool permission_grants_put(struct permission_grants *d, struct permission_grant *g);
void          permission_grants_remove(struct permission_grants *d, object_id client, guid id);

/* Borrowed until the grants change; NULL if absent. */
const struct permission_grant *permission_grants_find(const struct permission_grants *d, object_id client, guid id);

/* All from the first past the key `after` (empty: the beginning), or a client's; `visit` answers false to stop. */
typedef bool permission_grant_visit(const struct permission_grant *g, void *ctx);
void         permission_grants_each(const struct permission_grants *d, str after, permission_grant_visit *visit, void *ctx);
void         permission_grants_each_of(const struct permission_grants *d, object_id client, permission_grant_visit *visit, void *ctx);
