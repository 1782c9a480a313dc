#include "directory/owners.h"

#include "test.h"

static guid id_of(uint8_t n)
{
    return (guid){{n}};
}

static void put(struct test *t, struct owners *d, uint8_t object, uint8_t owner)
{
    struct ownership *o, plain = {.object = id_of(object), .owner.g = id_of(owner), .since_ns = 7};
    CHECK_OK(ownership_new(t->call, &plain, &o));
    CHECK(owners_put(d, o));
    ref_drop(&o->ref);
}

static bool note_owner(const struct ownership *o, void *ctx)
{
    buf_add_char(ctx, (char)('0' + o->owner.g.b[0]));
    return true;
}

static bool note_object(const struct ownership *o, void *ctx)
{
    buf_add_char(ctx, (char)('0' + o->object.b[0]));
    return true;
}

TEST(owners_are_found_from_both_ends_in_order)
{
    struct owners *d = owners_new();
    struct buf     b;
    guid           three = id_of(3);
    CHECK(d);
    put(t, d, 2, 5);
    put(t, d, 1, 5);
    put(t, d, 1, 3);
    put(t, d, 1, 4);
    put(t, d, 1, 3); // again is once
    buf_init(&b, &t->call->arena);
    owners_each_of(d, id_of(1), NULL, note_owner, &b);
    buf_add_char(&b, ' ');
    owners_each_of(d, id_of(1), &three, note_owner, &b);
    buf_add_char(&b, ' ');
    owners_each_owned(d, (object_id){id_of(5)}, NULL, note_object, &b);
    CHECK_STR(buf_view(&b), S("345 45 12"), "owners of 1, those past 3, what 5 owns");
    CHECK(owners_find(d, id_of(2), (object_id){id_of(5)}) && !owners_find(d, id_of(5), (object_id){id_of(2)}));
    owners_remove(d, id_of(1), (object_id){id_of(4)});
    owners_remove(d, id_of(9), (object_id){id_of(4)});
    buf_init(&b, &t->call->arena);
    owners_each_of(d, id_of(1), NULL, note_owner, &b);
    owners_each_owned(d, (object_id){id_of(4)}, NULL, note_object, &b);
    CHECK_STR(buf_view(&b), S("35"), "one less");
    owners_free(d);
}

TEST(an_ownership_is_read_as_it_was_written)
{
    struct ownership *o, *again, plain = {.object = id_of(1), .owner.g = id_of(2), .since_ns = INT64_MIN};
    struct buf        b;
    bytes             record;
    buf_init(&b, &t->call->arena);
    CHECK_OK(ownership_new(t->call, &plain, &o));
    ownership_pack(&b, o);
    record = str_bytes(buf_view(&b));
    CHECK_OK(ownership_unpack(t->call, record, &again));
    CHECK(guid_eq(again->object, o->object) && object_id_eq(again->owner, o->owner) && again->since_ns == o->since_ns);
    ref_drop(&again->ref);
    ref_drop(&o->ref);
    for (size_t n = 0; n < record.n; n++) {
        CHECK_ERR(ownership_unpack(t->call, (bytes){record.at, n}, &again), ERR_STORE_DAMAGED, "cut short");
        call_forgive(t->call);
    }
}
