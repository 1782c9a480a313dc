#include "core/record.h"
#include "directory/directory.h"

enum { MEMBERSHIP_VERSION = 2, MEMBERSHIP_FIRST_VERSION = 1 }; // the first had no end

enum err membership_new(struct call *c, const struct membership *plain, struct membership **out)
{
    struct membership *m = record_new(plain, sizeof *plain, NULL, 0, 0, NULL);
    if (!m) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = m;
    return OK;
}

void membership_pack(struct buf *b, const struct membership *m)
{
    pack_begin(b, MEMBERSHIP_VERSION);
    pack_guid(b, m->group.g);
    pack_guid(b, m->member.g);
    pack_i64(b, m->counts_from_ns);
    pack_i64(b, m->counts_until_ns);
}

enum err membership_unpack(struct call *c, bytes record, struct membership **out)
{
    struct unpack     u;
    struct membership m = {0};
    unpack_begin(&u, record);
    m.group.g = unpack_guid(&u);
    m.member.g = unpack_guid(&u);
    m.counts_from_ns = unpack_i64(&u);
    if (u.version >= MEMBERSHIP_VERSION) m.counts_until_ns = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version < MEMBERSHIP_FIRST_VERSION || u.version > MEMBERSHIP_VERSION)
        return FAIL(c, ERR_STORE_DAMAGED, "A membership's record is of a form that this version does not know.");
    return membership_new(c, &m, out);
}
