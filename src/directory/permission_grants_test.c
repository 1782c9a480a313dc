#include "directory/permission_grants.h"

#include "test.h"

static object_id id_of(uint8_t n)
{
    return (object_id){.g.b = {[15] = n}};
}

static void put(struct test *t, struct permission_grants *d, uint8_t client, uint8_t id, const char *scope)
{
    struct permission_grant *made = NULL, plain = {.client = id_of(client), .id = id_of(id).g, .resource = id_of(9), .scope = str_of(scope)};
    CHECK_OK(permission_grant_new(t->call, &plain, &made));
    if (!made) return;
    CHECK(permission_grants_put(d, made));
    ref_drop(&made->ref);
}

struct seen {
    char   text[64];
    size_t n, most;
};

static bool see(const struct permission_grant *g, void *ctx)
{
    struct seen *s = ctx;
    for (size_t i = 0; i < g->scope.n; i++) s->text[s->n++] = g->scope.at[i];
    return --s->most > 0;
}

TEST(permission_grants_are_walked_in_order_and_of_one_client)
{
    struct permission_grants *d = permission_grants_new();
    CHECK(d);
    if (!d) return;
    put(t, d, 2, 1, "c");
    put(t, d, 1, 2, "b");
    put(t, d, 1, 1, "x");
    put(t, d, 1, 1, "a"); // in place of the one before
    put(t, d, 3, 1, "d");
    struct seen all = {.most = 9}, past = {.most = 9}, of = {.most = 9}, one = {.most = 1}, none = {.most = 9};
    permission_grants_each(d, STR_NONE, see, &all);
    CHECK_STR(((str){all.text, all.n}), S("abcd"), "all");
    permission_grants_each(d, permission_grant_key(permission_grants_find(d, id_of(1), id_of(2).g)), see, &past);
    CHECK_STR(((str){past.text, past.n}), S("cd"), "past a key");
    permission_grants_each_of(d, id_of(1), see, &of);
    CHECK_STR(((str){of.text, of.n}), S("ab"), "of a client");
    permission_grants_each(d, STR_NONE, see, &one);
    CHECK_STR(((str){one.text, one.n}), S("a"), "stopped");
    permission_grants_remove(d, id_of(1), id_of(1).g);
    permission_grants_remove(d, id_of(1), id_of(1).g);
    CHECK(!permission_grants_find(d, id_of(1), id_of(1).g));
    permission_grants_each_of(d, id_of(4), see, &none);
    CHECK_INT((int)none.n, 0, "none");
    permission_grants_free(d);
}

TEST(a_permission_grant_is_read_as_it_was_packed)
{
    struct permission_grant *made = NULL, *again = NULL,
                            plain = {.client = id_of(1),
                                     .id = id_of(2).g,
                                     .resource = id_of(3),
                                     .user = id_of(4),
                                     .scope = S("A.Read B.Read"),
                                     .created_ns = 5};
    struct buf b;
    str        packed;
    CHECK_OK(permission_grant_new(t->call, &plain, &made));
    if (!made) return;
    buf_init(&b, &t->call->arena);
    permission_grant_pack(&b, made);
    CHECK_OK(buf_finish(t->call, &b, &packed));
    CHECK_OK(permission_grant_unpack(t->call, str_bytes(packed), &again));
    if (again) {
        CHECK(object_id_eq(again->client, made->client) && guid_eq(again->id, made->id) && object_id_eq(again->resource, made->resource));
        CHECK(object_id_eq(again->user, made->user) && again->created_ns == 5);
        CHECK_STR(again->scope, S("A.Read B.Read"), "scope");
        ref_drop(&again->ref);
        again = NULL;
    }
    for (size_t n = 0; n < packed.n; n++) {
        CHECK_ERR(permission_grant_unpack(t->call, str_bytes(str_upto(packed, n)), &again), ERR_STORE_DAMAGED, "cut short");
        call_forgive(t->call);
    }
    ref_drop(&made->ref);
}
