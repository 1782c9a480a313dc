#include "directory/directory.h"

#include <stdlib.h>

#include "core/random.h"
#include "test.h"

#define VM  "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/app/providers/Microsoft.Compute/virtualMachines/vm1"
#define ID1 "/subscriptions/11111111-1111-1111-1111-111111111111/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"

static object_id oid(unsigned n)
{
    object_id id = {{{[0] = 0xaa}}};
    for (unsigned i = 0; i < 4; i++) id.g.b[12 + i] = (uint8_t)(n >> (24 - 8 * i));
    return id;
}

static client_id cid(unsigned n)
{
    return (client_id){oid(n).g};
}

static void put(struct test *t, struct directory *d, struct principal plain)
{
    struct principal *p = NULL;
    CHECK_OK(principal_new(t->call, &plain, &p));
    if (!p) return;
    CHECK(directory_put(d, p));
    ref_drop(&p->ref); // the directory has its own
}

static void put_plain(struct test *t, struct directory *d, unsigned n, enum principal_kind kind)
{
    put(t, d, (struct principal){.id = oid(n), .kind = kind, .name = S("somebody")});
}

static void join_until(struct test *t, struct directory *d, unsigned group, unsigned member, int64_t from_ns, int64_t until_ns)
{
    struct membership  plain = {.group = oid(group), .member = oid(member), .counts_from_ns = from_ns, .counts_until_ns = until_ns};
    struct membership *m = NULL;
    CHECK_OK(membership_new(t->call, &plain, &m));
    if (!m) return;
    CHECK(directory_put_membership(d, m));
    ref_drop(&m->ref);
}

static void join(struct test *t, struct directory *d, unsigned group, unsigned member, int64_t counts_from_ns)
{
    join_until(t, d, group, member, counts_from_ns, 0);
}

// Ids as text, "1 7 3"; in the order they came.
static str ids_text(struct test *t, const object_id *ids, size_t n)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s%u", i ? " " : "", (unsigned)ids[i].g.b[14] << 8 | ids[i].g.b[15]);
    return buf_view(&b);
}

static str closure(struct test *t, const struct directory *d, unsigned who, int64_t now_ns)
{
    const object_id *ids;
    size_t           n;
    CHECK_OK(directory_closure(t->call, d, oid(who), now_ns, &ids, &n));
    return ids_text(t, ids, n);
}

TEST(directory_finds_a_principal_by_each_of_its_ids_and_by_no_other) // I1, T2
{
    struct directory *d = directory_new();
    put(t, d,
        (struct principal){
            .id = oid(1), .kind = PRINCIPAL_MANAGED, .app = cid(101), .name = S("vm1"), .resource = S(VM), .is_system_assigned = true});
    put(t, d, (struct principal){.id = oid(2), .kind = PRINCIPAL_MANAGED, .app = cid(102), .name = S("id1"), .resource = S(ID1)});
    put(t, d, (struct principal){.id = oid(3), .kind = PRINCIPAL_USER, .name = S("Ada"), .user_name = S("ada@contoso.test")});

    CHECK_STR(directory_find(d, oid(1))->name, S("vm1"), "by object id");
    CHECK(directory_find_app(d, cid(102)) == directory_find(d, oid(2)));
    CHECK(directory_find_user(d, S("ADA@Contoso.test")) == directory_find(d, oid(3)));
    CHECK(directory_find_managed(d, S(VM), true) == directory_find(d, oid(1)));
    CHECK(directory_find_managed(d, call_lower(t->call, S(ID1)), false) == directory_find(d, oid(2)));

    CHECK(directory_find(d, (object_id){cid(101).g}) == NULL); // a client id is no principal id
    CHECK(directory_find_app(d, (client_id){oid(1).g}) == NULL);
    CHECK(directory_find_app(d, (client_id){GUID_NONE}) == NULL); // users have no application
    CHECK(directory_find_managed(d, S(VM), false) == NULL);
    CHECK(directory_find_managed(d, S(ID1), true) == NULL);
    CHECK(directory_find_managed(d, S(VM "0"), true) == NULL);
    CHECK(directory_find_user(d, S("ada")) == NULL && directory_find_user(d, STR_NONE) == NULL);
    CHECK(directory_find_managed(d, STR_NONE, false) == NULL);
    directory_free(d);
}

TEST(directory_put_replaces_the_record_and_its_old_keys)
{
    struct directory *d = directory_new();
    put(t, d, (struct principal){.id = oid(1), .kind = PRINCIPAL_USER, .name = S("Ada"), .user_name = S("ada@contoso.test")});
    put(t, d, (struct principal){.id = oid(1), .kind = PRINCIPAL_USER, .name = S("Ada L."), .user_name = S("lovelace@contoso.test")});
    CHECK(directory_find_user(d, S("ada@contoso.test")) == NULL);
    CHECK_STR(directory_find_user(d, S("lovelace@contoso.test"))->name, S("Ada L."), "new key");
    // The same record once more, when nobody else holds it.
    CHECK(directory_put(d, (struct principal *)directory_find(d, oid(1))));
    CHECK_STR(directory_find(d, oid(1))->name, S("Ada L."), "put again");
    directory_free(d);
}

TEST(directory_recreated_identity_is_another_principal) // I3
{
    struct directory *d = directory_new();
    put(t, d, (struct principal){.id = oid(1), .kind = PRINCIPAL_MANAGED, .app = cid(101), .resource = S(VM), .is_system_assigned = true});
    put(t, d, (struct principal){.id = oid(2), .kind = PRINCIPAL_MANAGED, .app = cid(102), .resource = S(VM), .is_system_assigned = true});
    CHECK(directory_find_managed(d, S(VM), true) == directory_find(d, oid(2)));
    directory_remove(d, oid(1)); // late: it must not take the newer one's key away
    CHECK(directory_find_managed(d, S(VM), true) == directory_find(d, oid(2)));
    CHECK(directory_find(d, oid(1)) == NULL && directory_find_app(d, cid(101)) == NULL);
    directory_remove(d, oid(2));
    CHECK(directory_find_managed(d, S(VM), true) == NULL);
    directory_remove(d, oid(2)); // absent is fine
    directory_free(d);
}

TEST(directory_closure_follows_groups_in_groups_once_each) // R5
{
    struct directory *d = directory_new();
    for (unsigned g = 10; g < 20; g++) put_plain(t, d, g, PRINCIPAL_GROUP);
    for (unsigned u = 1; u < 5; u++) put_plain(t, d, u, PRINCIPAL_USER);
    join(t, d, 10, 1, 0); // 1 -> 10 -> 12 -> 13 -> 10 (a cycle), 1 -> 11 -> 12 (a second way)
    join(t, d, 11, 1, 0);
    join(t, d, 12, 10, 0);
    join(t, d, 12, 11, 0);
    join(t, d, 13, 12, 0);
    join(t, d, 10, 13, 0);
    join(t, d, 14, 14, 0); // a group in itself
    join(t, d, 14, 2, 0);

    static const struct { unsigned who; const char *want; } CASES[] = {
        {1, "1 10 11 12 13"},
        {2, "2 14"},
        {14, "14"},
        {12, "12 13 10"},
        {3, "3"},       // in no group
        {13, "13 10 12"},
        {99, "99"},     // unknown to the directory
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(closure(t, d, CASES[i].who, 0), str_of(CASES[i].want), CASES[i].want);
    directory_free(d);
}

TEST(directory_members_follow_groups_in_groups_once_each) // R5, R8
{
    struct directory *d = directory_new();
    for (unsigned g = 10; g < 16; g++) put_plain(t, d, g, PRINCIPAL_GROUP);
    for (unsigned u = 1; u < 5; u++) put_plain(t, d, u, PRINCIPAL_USER);
    join(t, d, 10, 1, 0); // 10 holds 1, 2 and 11; 11 holds 2 and 12; 12 holds 3 and 10 (a cycle)
    join(t, d, 10, 2, 0);
    join(t, d, 10, 11, 0);
    join(t, d, 11, 2, 0);
    join(t, d, 11, 12, 0);
    join(t, d, 12, 3, 0);
    join(t, d, 12, 10, 0);
    join(t, d, 13, 4, 100);
    join(t, d, 13, 14, 0);
    join(t, d, 14, 99, 0); // nobody the directory knows
    join(t, d, 2, 4, 0);   // a user holds nobody, whatever a record says
    join(t, d, 15, 15, 0);

    static const struct { unsigned group; int64_t now_ns; const char *want; } CASES[] = {
        {10, 0, "1 2 11 12 3 10"}, {12, 0, "3 10 1 2 11 12"}, {13, 99, "14"}, {13, 100, "4 14"}, {14, 0, ""}, {15, 0, "15"}, {2, 0, ""}, {98, 0, ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const object_id *ids;
        size_t           n;
        CHECK_OK(directory_members(t->call, d, oid(CASES[i].group), CASES[i].now_ns, &ids, &n));
        CHECK_STR(ids_text(t, ids, n), str_of(CASES[i].want), CASES[i].want);
    }
    directory_free(d);
}

TEST(directory_closure_leaves_out_what_does_not_count) // R5, R8, R9
{
    struct directory *d = directory_new();
    put_plain(t, d, 1, PRINCIPAL_USER);
    put_plain(t, d, 2, PRINCIPAL_USER);
    for (unsigned g = 10; g < 14; g++) put_plain(t, d, g, PRINCIPAL_GROUP);
    join(t, d, 10, 1, 100);
    join(t, d, 11, 10, 200);
    join(t, d, 12, 1, 300);
    CHECK_STR(closure(t, d, 1, 99), S("1"), "before any counts");
    CHECK_STR(closure(t, d, 1, 100), S("1 10"), "the first, from that very time");
    CHECK_STR(closure(t, d, 1, 200), S("1 10 11"), "nested");
    CHECK_STR(closure(t, d, 1, 300), S("1 10 12 11"), "all");

    join(t, d, 2, 1, 0);  // a user is nobody's group, whatever a record says
    join(t, d, 50, 1, 0); // a group that is not there
    CHECK_STR(closure(t, d, 1, 300), S("1 10 12 11"), "no such groups");

    directory_remove(d, oid(10)); // its memberships dangle: no way through it
    CHECK_STR(closure(t, d, 1, 300), S("1 12"), "group removed");
    CHECK(directory_is_member(d, oid(10), oid(1)));
    put_plain(t, d, 10, PRINCIPAL_GROUP);
    directory_remove(d, oid(1)); // a removed member is in nothing
    CHECK_STR(closure(t, d, 1, 300), S("1"), "member removed");
    directory_free(d);
}

TEST(directory_closure_of_a_deep_nest)
{
    struct directory *d = directory_new();
    enum { DEEP = DIRECTORY_MAX_GROUP_DEPTH + 50, FIRST = 1000 };
    const object_id *ids;
    size_t           n;
    put_plain(t, d, 1, PRINCIPAL_USER);
    join(t, d, FIRST, 1, 0);
    for (unsigned i = 0; i < DEEP; i++) {
        put_plain(t, d, FIRST + i, PRINCIPAL_GROUP);
        if (i) join(t, d, FIRST + i, FIRST + i - 1, 0);
    }
    CHECK_OK(directory_closure(t->call, d, oid(FIRST + DEEP - 500), 0, &ids, &n));
    CHECK_INT(n, 500, "a nest 500 deep counts");
    CHECK_OK(directory_closure(t->call, d, oid(1), 0, &ids, &n));
    CHECK_INT(n, DIRECTORY_MAX_GROUP_DEPTH + 1, "past the limit nothing counts");
    directory_free(d);
}

TEST(directory_closure_agrees_with_a_plain_search)
{
    enum { GROUPS = 40, JOINS = 120 };
    for (unsigned round = 0; round < 50; round++) {
        struct directory *d = directory_new();
        bool              reach[GROUPS] = {[0] = true}, in[GROUPS][GROUPS] = {{false}};
        for (unsigned g = 0; g < GROUPS; g++) put_plain(t, d, g, PRINCIPAL_GROUP);
        for (unsigned i = 0; i < JOINS; i++) {
            uint8_t pick[3];
            random_fill(NULL, pick, sizeof pick);
            unsigned group = pick[0] % GROUPS, member = pick[1] % GROUPS;
            in[group][member] = pick[2] % 4 != 0;
            if (in[group][member]) join(t, d, group, member, 0);
            else directory_remove_membership(d, oid(group), oid(member));
        }
        size_t want = 1;
        for (bool more = true; more;) {
            more = false;
            for (unsigned g = 0; g < GROUPS; g++)
                for (unsigned m = 0; m < GROUPS && !reach[g]; m++)
                    if (in[g][m] && reach[m]) reach[g] = more = true, want++;
        }
        const object_id *ids;
        size_t           n;
        CHECK_OK(directory_closure(t->call, d, oid(0), 0, &ids, &n));
        CHECK_INT(n, want, "as many");
        for (size_t i = 0; i < n; i++) CHECK(reach[ids[i].g.b[15]]);
        directory_free(d);
    }
}

TEST(directory_membership_is_direct_and_replaced_by_pair)
{
    struct directory *d = directory_new();
    put_plain(t, d, 1, PRINCIPAL_USER);
    put_plain(t, d, 10, PRINCIPAL_GROUP);
    put_plain(t, d, 11, PRINCIPAL_GROUP);
    join(t, d, 10, 1, 100);
    join(t, d, 11, 10, 0);
    join(t, d, 10, 1, 5); // now counts earlier
    CHECK_STR(closure(t, d, 1, 5), S("1 10 11"), "replaced");
    CHECK(directory_is_member(d, oid(10), oid(1)));
    CHECK(!directory_is_member(d, oid(11), oid(1))); // only through 10
    CHECK(!directory_is_member(d, oid(1), oid(10))); // the other way round
    directory_remove_membership(d, oid(1), oid(10));
    directory_remove_membership(d, oid(10), oid(1));
    directory_remove_membership(d, oid(10), oid(1)); // absent is fine
    CHECK(!directory_is_member(d, oid(10), oid(1)));
    CHECK_STR(closure(t, d, 1, 5), S("1"), "gone");
    directory_free(d);
}

struct seen {
    struct buf text;
    size_t     limit;
};

static bool see(struct seen *s, object_id id)
{
    buf_addf(&s->text, "%u ", id.g.b[15]);
    return --s->limit > 0;
}

static bool see_principal(const struct principal *p, void *ctx)
{
    return see(ctx, p->id);
}

static bool see_member(const struct membership *m, void *ctx)
{
    return see(ctx, m->member);
}

static bool see_group(const struct membership *m, void *ctx)
{
    return see(ctx, m->group);
}

TEST(directory_ended_memberships_count_for_earlier_times_and_are_in_no_list) // R8
{
    struct directory *d = directory_new();
    struct seen       members = {.limit = 99}, groups = {.limit = 99}, ended = {.limit = 99}, first = {.limit = 1}, none = {.limit = 99};
    put_plain(t, d, 1, PRINCIPAL_USER);
    for (unsigned g = 10; g < 13; g++) put_plain(t, d, g, PRINCIPAL_GROUP);
    join(t, d, 10, 1, 100);
    join_until(t, d, 11, 1, 100, 200);
    join_until(t, d, 12, 10, 50, 300);

    static const struct { int64_t at_ns; const char *want; } CASES[] = {
        {99, "1"}, {100, "1 10 11 12"}, {199, "1 10 11 12"}, {200, "1 10 12"}, {299, "1 10 12"}, {300, "1 10"}, {DIRECTORY_AS_WRITTEN, "1 10"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(closure(t, d, 1, CASES[i].at_ns), str_of(CASES[i].want), CASES[i].want);
    CHECK(!directory_is_member(d, oid(11), oid(1)) && directory_is_member(d, oid(10), oid(1)));
    CHECK_INT(directory_find_membership(d, oid(11), oid(1))->counts_until_ns, 200, "its record is there");
    CHECK(!directory_find_membership(d, oid(12), oid(1)));

    buf_init(&members.text, &t->call->arena);
    directory_each_member(d, oid(11), NULL, see_member, &members);
    CHECK_STR(buf_view(&members.text), S(""), "no member");
    buf_init(&groups.text, &t->call->arena);
    directory_each_group_of(d, oid(1), NULL, see_group, &groups);
    CHECK_STR(buf_view(&groups.text), S("10 "), "one group");
    buf_init(&first.text, &t->call->arena);
    directory_each_ended(d, see_group, &first);
    CHECK_INT(first.text.n, 3, "stopped after one");
    join(t, d, 11, 1, 400); // again a member
    join_until(t, d, 10, 1, 100, 500);
    directory_remove_membership(d, oid(12), oid(10));
    buf_init(&ended.text, &t->call->arena);
    directory_each_ended(d, see_group, &ended);
    CHECK_STR(buf_view(&ended.text), S("10 "), "the ended one");
    directory_remove_membership(d, oid(10), oid(1));
    buf_init(&none.text, &t->call->arena);
    directory_each_ended(d, see_group, &none);
    CHECK_STR(buf_view(&none.text), S(""), "none is left");
    directory_free(d);
}

TEST(directory_walks_in_the_order_of_ids_and_stops_when_told)
{
    static const unsigned IDS[] = {9, 2, 7, 4, 1};
    struct directory     *d = directory_new();
    for (size_t i = 0; i < COUNT(IDS); i++) {
        put_plain(t, d, IDS[i], PRINCIPAL_GROUP);
        join(t, d, 9, IDS[i], 0);
        join(t, d, IDS[i], 4, 0);
    }
    struct seen all = {.limit = 99}, two = {.limit = 2}, members = {.limit = 3}, groups = {.limit = 99}, none = {.limit = 9};
    buf_init(&all.text, &t->call->arena);
    directory_each(d, NULL, see_principal, &all);
    CHECK_STR(buf_view(&all.text), S("1 2 4 7 9 "), "all");
    buf_init(&two.text, &t->call->arena);
    directory_each(d, NULL, see_principal, &two);
    CHECK_STR(buf_view(&two.text), S("1 2 "), "stopped");
    buf_init(&members.text, &t->call->arena);
    directory_each_member(d, oid(9), NULL, see_member, &members);
    CHECK_STR(buf_view(&members.text), S("1 2 4 "), "members");
    buf_init(&groups.text, &t->call->arena);
    directory_each_group_of(d, oid(4), NULL, see_group, &groups);
    CHECK_STR(buf_view(&groups.text), S("1 2 4 7 9 "), "groups");
    buf_init(&none.text, &t->call->arena);
    directory_each_member(d, oid(77), NULL, see_member, &none);
    directory_each_group_of(d, oid(77), NULL, see_group, &none);
    CHECK(none.text.n == 0);
    directory_free(d);
    directory_free(NULL);
}

TEST(principal_refuses_names_past_their_limit) // I10
{
    static char long_name[DIRECTORY_MAX_RESOURCE_BYTES + 1];
    memset(long_name, 'a', sizeof long_name);
    const str   at_limit = {long_name, DIRECTORY_MAX_NAME_BYTES}, past = {long_name, DIRECTORY_MAX_NAME_BYTES + 1};
    const str   longest_id = {long_name, DIRECTORY_MAX_RESOURCE_BYTES}, too_long_id = {long_name, DIRECTORY_MAX_RESOURCE_BYTES + 1};
    static char long_document[DIRECTORY_MAX_DOCUMENT_BYTES + 1];
    const str   too_long_document = {long_document, sizeof long_document};
    const struct { const char *row; struct principal plain; enum err want; } CASES[] = {
        {"at the limit", {.name = at_limit, .user_name = at_limit, .resource = longest_id}, OK},
        {"name", {.name = past}, ERR_NAME_INVALID},
        {"user name", {.user_name = past}, ERR_NAME_INVALID},
        {"resource", {.resource = too_long_id}, ERR_NAME_INVALID},
        {"document", {.document = too_long_document}, ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct principal *p = NULL;
        CHECK_ERR(principal_new(t->call, &CASES[i].plain, &p), CASES[i].want, CASES[i].row);
        if (p) ref_drop(&p->ref);
    }
}

TEST(directory_records_read_back_and_damage_is_refused)
{
    struct principal  plain = {.id = oid(1),
                               .kind = PRINCIPAL_MANAGED,
                               .app = cid(2),
                               .name = S("vm1"),
                               .user_name = S("u"),
                               .resource = S(VM),
                               .document = S("{\"mail\":1}"),
                               .is_system_assigned = true,
                               .created_ns = 12,
                               .counts_from_ns = -3};
    struct principal *p = NULL;
    struct buf        b;
    buf_init(&b, &t->call->arena);
    principal_pack(&b, &plain);
    bytes record = str_bytes(buf_view(&b));
    CHECK_OK(principal_unpack(t->call, record, &p));
    if (!p) return;
    CHECK(object_id_eq(p->id, oid(1)) && client_id_eq(p->app, cid(2)) && p->kind == PRINCIPAL_MANAGED && p->is_system_assigned);
    CHECK_STR(p->name, S("vm1"), "name");
    CHECK_STR(p->user_name, S("u"), "user name");
    CHECK_STR(p->resource, S(VM), "resource");
    CHECK_STR(p->document, S("{\"mail\":1}"), "document");
    CHECK(p->created_ns == 12 && p->counts_from_ns == -3);
    ref_drop(&p->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(principal_unpack(t->call, (bytes){record.at, n}, &p), ERR_STORE_DAMAGED, "cut");
    for (char version = 0; version <= 3; version += 3) {
        b.at[0] = version;
        CHECK_ERR(principal_unpack(t->call, record, &p), ERR_STORE_DAMAGED, "version");
    }
    b.at[0] = 1; // has no document: what stands behind is damage
    CHECK_ERR(principal_unpack(t->call, record, &p), ERR_STORE_DAMAGED, "a first record that is too long");
    size_t document_n = plain.document.n + 1;
    CHECK_OK(principal_unpack(t->call, (bytes){record.at, record.n - document_n}, &p));
    CHECK(str_empty(p->document));
    ref_drop(&p->ref);
    b.at[0] = 2;
    b.at[17] = PRINCIPAL_MANAGED + 1;
    CHECK_ERR(principal_unpack(t->call, record, &p), ERR_STORE_DAMAGED, "kind");

    struct membership m = {.group = oid(3), .member = oid(4), .counts_from_ns = 5, .counts_until_ns = 6}, *read = NULL;
    buf_init(&b, &t->call->arena);
    membership_pack(&b, &m);
    record = str_bytes(buf_view(&b));
    CHECK_OK(membership_unpack(t->call, record, &read));
    if (!read) return;
    CHECK(object_id_eq(read->group, m.group) && object_id_eq(read->member, m.member) && read->counts_from_ns == 5 && read->counts_until_ns == 6);
    ref_drop(&read->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(membership_unpack(t->call, (bytes){record.at, n}, &read), ERR_STORE_DAMAGED, "cut");
    for (char version = 0; version <= 3; version += 3) {
        b.at[0] = version;
        CHECK_ERR(membership_unpack(t->call, record, &read), ERR_STORE_DAMAGED, "version");
    }
    b.at[0] = 1; // has no end: what stands behind is damage
    CHECK_ERR(membership_unpack(t->call, record, &read), ERR_STORE_DAMAGED, "a first record that is too long");
    CHECK_OK(membership_unpack(t->call, (bytes){record.at, record.n - 1}, &read));
    CHECK(read->counts_from_ns == 5 && read->counts_until_ns == 0);
    ref_drop(&read->ref);
}
