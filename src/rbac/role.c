#include "rbac/role.h"

#include "core/record.h"
#include "rbac/lists.h"

enum { ROLE_VERSION = 1 };

static void place_lists(struct lists *l, const struct role *plain, struct role *out)
{
    out->permissions = lists_permissions(l, plain->permissions, plain->permission_n);
    out->scopes = lists_strs(l, plain->scopes, plain->scope_n);
}

static enum err check_limits(struct call *c, const struct role *r)
{
    if (r->name.n > ROLE_MAX_NAME_BYTES) return FAIL(c, ERR_ROLE_INVALID, "The name of a role has at most %d bytes.", ROLE_MAX_NAME_BYTES);
    if (r->description.n > ROLE_MAX_DESCRIPTION_BYTES)
        return FAIL(c, ERR_ROLE_INVALID, "The description of a role has at most %d bytes.", ROLE_MAX_DESCRIPTION_BYTES);
    if (r->scope_n > ROLE_MAX_SCOPES) return FAIL(c, ERR_ROLE_INVALID, "A role has at most %d assignable scopes.", ROLE_MAX_SCOPES);
    for (size_t i = 0; i < r->scope_n; i++)
        if (r->scopes[i].n > SCOPE_MAX_BYTES) return FAIL(c, ERR_ROLE_INVALID, "An assignable scope has at most %d bytes.", SCOPE_MAX_BYTES);
    return lists_check(c, r->permissions, r->permission_n);
}

enum err role_new(struct call *c, const struct role *plain, struct role **out)
{
    static const size_t TEXTS[] = {offsetof(struct role, name), offsetof(struct role, description)};
    struct lists        measure = {0};
    struct role         ignored;
    void               *tail;
    TRY(check_limits(c, plain));
    place_lists(&measure, plain, &ignored);
    struct role *r = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), lists_bytes(&measure), &tail);
    if (!r) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct lists into = lists_into(&measure, tail);
    place_lists(&into, plain, r);
    r->is_builtin = false;
    *out = r;
    return OK;
}

void role_pack(struct buf *b, const struct role *r)
{
    pack_begin(b, ROLE_VERSION);
    pack_guid(b, r->id);
    pack_str(b, r->name);
    pack_str(b, r->description);
    pack_permissions(b, r->permissions, r->permission_n);
    pack_strs(b, r->scopes, r->scope_n);
    pack_i64(b, r->created_ns);
    pack_i64(b, r->updated_ns);
    pack_guid(b, r->created_by.g);
    pack_guid(b, r->updated_by.g);
}

enum err role_unpack(struct call *c, bytes record, struct role **out)
{
    struct unpack u;
    struct role   r = {0};
    unpack_begin(&u, record);
    if (u.version != ROLE_VERSION) return FAIL(c, ERR_STORE_DAMAGED, "A role's record is of a form that this version does not know.");
    r.id = unpack_guid(&u);
    r.name = unpack_str(&u);
    r.description = unpack_str(&u);
    TRY(unpack_permissions(c, &u, &r.permissions, &r.permission_n));
    TRY(unpack_strs(c, &u, ROLE_MAX_SCOPES, &r.scopes, &r.scope_n));
    r.created_ns = unpack_i64(&u);
    r.updated_ns = unpack_i64(&u);
    r.created_by.g = unpack_guid(&u);
    r.updated_by.g = unpack_guid(&u);
    TRY(unpack_end(c, &u));
    return role_new(c, &r, out);
}
