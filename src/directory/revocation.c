#include "core/record.h"
#include "directory/directory.h"

enum { REVOCATION_VERSION = 1 };

enum err revocation_new(struct call *c, const struct revocation *plain, struct revocation **out)
{
    struct revocation *r = record_new(plain, sizeof *plain, NULL, 0, 0, NULL);
    if (!r) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = r;
    return OK;
}

void revocation_pack(struct buf *b, const struct revocation *r)
{
    pack_begin(b, REVOCATION_VERSION);
    pack_guid(b, r->principal.g);
    pack_i64(b, r->at_s);
}

enum err revocation_unpack(struct call *c, bytes record, struct revocation **out)
{
    struct unpack     u;
    struct revocation r = {0};
    unpack_begin(&u, record);
    r.principal.g = unpack_guid(&u);
    r.at_s = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version != REVOCATION_VERSION) return FAIL(c, ERR_STORE_DAMAGED, "A revocation's record is of a form that this version does not know.");
    return revocation_new(c, &r, out);
}
