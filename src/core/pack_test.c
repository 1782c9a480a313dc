#include "core/pack.h"
#include "test.h"

static bytes sample(struct call *c)
{
    struct buf b;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_str(&b, S("name"));
    pack_u64(&b, 300);
    pack_i64(&b, -5);
    pack_i64(&b, INT64_MIN);
    pack_guid(&b, (guid){{1, 2, 3}});
    pack_bool(&b, true);
    return str_bytes(buf_view(&b));
}

static enum err read_all(struct call *c, bytes record, bool *out_equal)
{
    struct unpack u;
    unpack_begin(&u, record);
    bool equal = u.version == 1 && str_eq(unpack_str(&u), S("name"));
    equal &= unpack_u64(&u) == 300;
    equal &= unpack_i64(&u) == -5;
    equal &= unpack_i64(&u) == INT64_MIN;
    equal &= guid_eq(unpack_guid(&u), (guid){{1, 2, 3}});
    equal &= unpack_bool(&u);
    *out_equal = equal;
    return unpack_end(c, &u);
}

TEST(unpack_reads_what_pack_wrote)
{
    bool equal = false;
    CHECK_OK(read_all(t->call, sample(t->call), &equal));
    CHECK(equal);
}

TEST(unpack_refuses_what_is_cut_or_too_long)
{
    bytes whole = sample(t->call);
    bool  equal;
    for (size_t n = 0; n < whole.n; n++) CHECK_ERR(read_all(t->call, (bytes){whole.at, n}, &equal), ERR_STORE_DAMAGED, "cut");
    CHECK_ERR(read_all(t->call, (bytes){whole.at, whole.n + 1}, &equal), ERR_STORE_DAMAGED, "too long");
}
