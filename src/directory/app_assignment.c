#include "directory/app_assignment.h"

#include "core/record.h"

enum { APP_ASSIGNMENT_VERSION = 1 };

enum err app_assignment_new(struct call *c, const struct app_assignment *plain, struct app_assignment **out)
{
    struct app_assignment *a = record_new(plain, sizeof *plain, NULL, 0, 0, NULL);
    if (!a) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = a;
    return OK;
}

void app_assignment_pack(struct buf *b, const struct app_assignment *a)
{
    pack_begin(b, APP_ASSIGNMENT_VERSION);
    pack_guid(b, a->principal.g);
    pack_guid(b, a->id);
    pack_guid(b, a->resource.g);
    pack_guid(b, a->role);
    pack_i64(b, a->created_ns);
}

enum err app_assignment_unpack(struct call *c, bytes record, struct app_assignment **out)
{
    struct unpack         u;
    struct app_assignment a = {0};
    unpack_begin(&u, record);
    a.principal.g = unpack_guid(&u);
    a.id = unpack_guid(&u);
    a.resource.g = unpack_guid(&u);
    a.role = unpack_guid(&u);
    a.created_ns = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version != APP_ASSIGNMENT_VERSION)
        return FAIL(c, ERR_STORE_DAMAGED, "An app-role assignment's record is of a form that this version does not know.");
    return app_assignment_new(c, &a, out);
}
