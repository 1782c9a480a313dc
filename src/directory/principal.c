#include "core/record.h"
#include "directory/directory.h"

enum { PRINCIPAL_VERSION = 2, PRINCIPAL_FIRST_VERSION = 1 }; // the first had no document

enum err principal_new(struct call *c, const struct principal *plain, struct principal **out)
{
    static const size_t TEXTS[] = {offsetof(struct principal, name), offsetof(struct principal, user_name), offsetof(struct principal, resource),
                                   offsetof(struct principal, document)};
    if (plain->name.n > DIRECTORY_MAX_NAME_BYTES || plain->user_name.n > DIRECTORY_MAX_NAME_BYTES)
        return FAIL(c, ERR_NAME_INVALID, "The name of a principal has at most %d bytes.", DIRECTORY_MAX_NAME_BYTES);
    if (plain->resource.n > DIRECTORY_MAX_RESOURCE_BYTES)
        return FAIL(c, ERR_NAME_INVALID, "The resource id of a managed identity has at most %d bytes.", DIRECTORY_MAX_RESOURCE_BYTES);
    if (plain->document.n > DIRECTORY_MAX_DOCUMENT_BYTES)
        return FAIL(c, ERR_TOO_LARGE, "The properties of a principal have at most %d bytes.", DIRECTORY_MAX_DOCUMENT_BYTES);
    struct principal *p = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!p) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = p;
    return OK;
}

void principal_pack(struct buf *b, const struct principal *p)
{
    pack_begin(b, PRINCIPAL_VERSION);
    pack_guid(b, p->id.g);
    pack_u64(b, p->kind);
    pack_guid(b, p->app.g);
    pack_str(b, p->name);
    pack_str(b, p->user_name);
    pack_str(b, p->resource);
    pack_bool(b, p->is_system_assigned);
    pack_i64(b, p->created_ns);
    pack_i64(b, p->counts_from_ns);
    pack_str(b, p->document);
}

enum err principal_unpack(struct call *c, bytes record, struct principal **out)
{
    struct unpack    u;
    struct principal p = {0};
    unpack_begin(&u, record);
    p.id.g = unpack_guid(&u);
    uint64_t kind = unpack_u64(&u);
    p.app.g = unpack_guid(&u);
    p.name = unpack_str(&u);
    p.user_name = unpack_str(&u);
    p.resource = unpack_str(&u);
    p.is_system_assigned = unpack_bool(&u);
    p.created_ns = unpack_i64(&u);
    p.counts_from_ns = unpack_i64(&u);
    if (u.version >= PRINCIPAL_VERSION) p.document = unpack_str(&u);
    TRY(unpack_end(c, &u));
    if (u.version < PRINCIPAL_FIRST_VERSION || u.version > PRINCIPAL_VERSION || kind > PRINCIPAL_MANAGED)
        return FAIL(c, ERR_STORE_DAMAGED, "A principal's record is of a form that this version does not know.");
    p.kind = (enum principal_kind)kind;
    return principal_new(c, &p, out);
}
