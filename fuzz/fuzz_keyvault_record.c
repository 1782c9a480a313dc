// The attributes of a secret's version that are read are written so that they read the same; anything else is refused, whatever the bytes.
#include "fuzz.h"
#include "ops/vault_item_records.h"

static bool read_whole(struct call *c, bytes in, struct vault_item *out)
{
    struct unpack u;
    unpack_begin(&u, in);
    return item_unpack(c, &u, out) == OK && unpack_end(c, &u) == OK;
}

static str packed(struct call *c, const struct vault_item *s)
{
    struct buf b;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    item_pack(&b, s);
    ASSERT(!b.failed);
    return buf_view(&b);
}

FUZZ(keyvault_record)
{
    struct vault_item first = {0}, second = {0};
    if (!read_whole(c, str_bytes(fuzz_str(c, data, n)), &first)) return 0;
    ASSERT(first.tag_n <= VAULT_ITEM_MAX_TAGS);
    str once = packed(c, &first);
    ASSERT(read_whole(c, str_bytes(once), &second));
    ASSERT(str_eq(once, packed(c, &second)));
    return 0;
}
