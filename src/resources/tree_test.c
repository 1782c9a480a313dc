#include "resources/tree.h"

#include <stdlib.h>

#include "test.h"

#define SUB    "/subscriptions/11111111-1111-1111-1111-111111111111"
#define SUB2   "/subscriptions/22222222-2222-2222-2222-222222222222"
#define RG     SUB "/resourceGroups/rg1"
#define RG10   SUB "/resourceGroups/rg10"
#define VMS    "/providers/Microsoft.Compute/virtualMachines/"
#define VAULTS "/providers/Microsoft.KeyVault/vaults/"
#define IDS    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"

static subscription_id sub(char digit)
{
    char            text[] = "dddddddd-dddd-dddd-dddd-dddddddddddd";
    subscription_id id = {GUID_NONE};
    for (size_t i = 0; i < sizeof text - 1; i++)
        if (text[i] == 'd') text[i] = digit;
    if (!guid_parse(str_of(text), &id.g)) abort();
    return id;
}

static void put(struct test *t, struct tree *tree, struct resource plain)
{
    struct resource *r = NULL;
    if (!plain.name.n) plain.name = str_from(plain.id, str_find_last(plain.id, '/') + 1);
    CHECK_OK(resource_new(t->call, &plain, &r));
    if (!r) return;
    CHECK(tree_put_resource(tree, r));
    ref_drop(&r->ref); // the tree has its own
}

static void put_vm(struct test *t, struct tree *tree, const char *id, const char *user1, const char *user2)
{
    str    users[2];
    size_t n = 0;
    if (user1) users[n++] = str_of(user1);
    if (user2) users[n++] = str_of(user2);
    put(t, tree,
        (struct resource){
            .id = str_of(id), .type = S("Microsoft.Compute/virtualMachines"), .identity = {.user_assigned = users, .user_assigned_n = n}});
}

static void put_group(struct test *t, struct tree *tree, const char *id)
{
    struct resource_group  plain = {.id = str_of(id), .name = str_from(str_of(id), str_find_last(str_of(id), '/') + 1)};
    struct resource_group *g = NULL;
    CHECK_OK(resource_group_new(t->call, &plain, &g));
    if (!g) return;
    CHECK(tree_put_group(tree, g));
    ref_drop(&g->ref);
}

static void put_subscription(struct test *t, struct tree *tree, char digit, const char *mgmt_group)
{
    struct subscription  plain = {.id = sub(digit), .name = S("Dev"), .mgmt_group = str_of(mgmt_group)};
    struct subscription *s = NULL;
    CHECK_OK(subscription_new(t->call, &plain, &s));
    if (!s) return;
    CHECK(tree_put_subscription(tree, s));
    ref_drop(&s->ref);
}

static void put_mgmt_group(struct test *t, struct tree *tree, const char *name, const char *parent)
{
    struct mgmt_group  plain = {.name = str_of(name), .display_name = S("A group"), .parent = str_of(parent)};
    struct mgmt_group *g = NULL;
    CHECK_OK(mgmt_group_new(t->call, &plain, &g));
    if (!g) return;
    CHECK(tree_put_mgmt_group(tree, g));
    ref_drop(&g->ref);
}

// What a walk visited: last segments, in order.
struct seen {
    struct buf text;
    size_t     limit;
};

static bool see(struct seen *s, str id)
{
    buf_addf(&s->text, "%s%.*s", s->text.n ? " " : "", PSTR(str_from(id, str_find_last(id, '/') + 1)));
    return s->limit == 0 || --s->limit > 0;
}

static bool see_resource(const struct resource *r, void *ctx)
{
    return see(ctx, r->id);
}

static bool see_group(const struct resource_group *g, void *ctx)
{
    return see(ctx, g->id);
}

static bool see_subscription(const struct subscription *s, void *ctx)
{
    struct guid_text id = guid_text(s->id.g);
    return see(ctx, str_upto(str_of(id.s), 1));
}

static bool see_mgmt_group(const struct mgmt_group *g, void *ctx)
{
    return see(ctx, g->name);
}

static str walk(struct test *t, const struct tree *tree, const char *under, size_t limit)
{
    struct seen s = {.limit = limit};
    buf_init(&s.text, &t->call->arena);
    tree_each_resource(tree, str_of(under), STR_NONE, see_resource, &s);
    return buf_view(&s.text);
}

static str users_of(struct test *t, const struct tree *tree, const char *identity)
{
    struct seen s = {0};
    buf_init(&s.text, &t->call->arena);
    tree_each_user_of(tree, str_of(identity), STR_NONE, see_resource, &s);
    return buf_view(&s.text);
}

TEST(tree_finds_by_id_in_any_case_and_keeps_the_last_casing)
{
    struct tree *tree = tree_new();
    put_vm(t, tree, RG VMS "vm1", NULL, NULL);
    CHECK_STR(tree_find(tree, S("/SUBSCRIPTIONS/11111111-1111-1111-1111-111111111111/resourcegroups/RG1" VMS "VM1"))->id, S(RG VMS "vm1"),
              "any case");
    CHECK(tree_find(tree, S(RG VMS "vm")) == NULL);
    CHECK(tree_find(tree, S(RG VMS "vm10")) == NULL);
    CHECK(tree_find(tree, S(RG10 VMS "vm1")) == NULL);
    CHECK(tree_find(tree, S(RG VMS "vm1/")) == NULL);
    CHECK(tree_find(tree, STR_NONE) == NULL);
    put_vm(t, tree, RG VMS "VM1", NULL, NULL);
    CHECK_STR(tree_find(tree, S(RG VMS "vm1"))->id, S(RG VMS "VM1"), "as written last");
    CHECK(tree_put_resource(tree, (struct resource *)tree_find(tree, S(RG VMS "vm1")))); // the same record once more
    CHECK_STR(walk(t, tree, "", 0), S("VM1"), "once");
    tree_remove_resource(tree, tree_find(tree, S(RG VMS "vm1"))->id, false); // the id lies in what is removed
    tree_remove_resource(tree, S(RG VMS "vm1"), false);                      // absent is fine
    CHECK(tree_find(tree, S(RG VMS "vm1")) == NULL);
    tree_free(tree);
    tree_free(NULL);
}

TEST(tree_walks_below_a_path_on_segment_boundaries) // R2: rg1 does not cover rg10
{
    static const char *IDS_IN[] = {
        RG10 VMS "vm5", RG VMS "vm2", SUB "/resourcegroups/RG1" VMS "VM1", RG VMS "vm1/extensions/e1", RG "-x" VMS "vm6", SUB2 "/resourceGroups/rg1" VMS "vm7",
    };
    static const struct { const char *under; size_t limit; const char *want; } CASES[] = {
        {"", 0, "vm6 VM1 e1 vm2 vm5 vm7"}, // '-' comes before '/', and '0' behind it
        {"/", 0, "vm6 VM1 e1 vm2 vm5 vm7"},
        {SUB, 0, "vm6 VM1 e1 vm2 vm5"},
        {SUB2, 0, "vm7"},
        {RG, 0, "VM1 e1 vm2"},
        {RG "/", 0, "VM1 e1 vm2"},
        {SUB "/RESOURCEGROUPS/rg1", 2, "VM1 e1"},
        {RG10, 0, "vm5"},
        {RG "-x", 0, "vm6"},
        {RG VMS "vm1", 0, "e1"}, // below it, not itself
        {RG VMS "vm2", 0, ""},
        {SUB "/resourceGroups/rg", 0, ""},
        {SUB "/resourceGroups/rg2", 0, ""},
        {"/subscriptions/1111", 0, ""},
        {"/providers", 0, ""},
    };
    struct tree *tree = tree_new();
    for (size_t i = 0; i < COUNT(IDS_IN); i++) put_vm(t, tree, IDS_IN[i], NULL, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(walk(t, tree, CASES[i].under, CASES[i].limit), str_of(CASES[i].want), CASES[i].under);
    static char endless[SCOPE_MAX_BYTES + 2];
    memset(endless, 'a', sizeof endless - 1);
    CHECK_STR(walk(t, tree, endless, 0), S(""), "longer than any id");
    tree_free(tree);
}

TEST(tree_keeps_soft_deleted_resources_apart)
{
    struct tree *tree = tree_new();
    const str    type = S("Microsoft.KeyVault/vaults");
    put(t, tree, (struct resource){.id = S(RG VAULTS "v1"), .type = type});
    put(t, tree, (struct resource){.id = S(RG VAULTS "V1"), .type = type, .deleted_ns = 5, .purge_due_ns = 9});
    CHECK_STR(tree_find(tree, S(RG VAULTS "v1"))->name, S("v1"), "living");
    CHECK_STR(tree_find_deleted(tree, S(RG VAULTS "v1"))->name, S("V1"), "deleted");
    CHECK(tree_find_global(tree, S("microsoft.keyvault/VAULTS"), S("v1"), false) == tree_find(tree, S(RG VAULTS "v1")));
    CHECK(tree_find_global(tree, type, S("v1"), true) == tree_find_deleted(tree, S(RG VAULTS "v1")));
    tree_remove_resource(tree, S(RG VAULTS "v1"), false);
    CHECK(tree_find(tree, S(RG VAULTS "v1")) == NULL && tree_find_global(tree, type, S("v1"), false) == NULL);
    CHECK(tree_find_deleted(tree, S(RG VAULTS "v1")) != NULL);
    CHECK_STR(walk(t, tree, "", 0), S(""), "no living one");
    struct seen s = {0};
    buf_init(&s.text, &t->call->arena);
    tree_each_deleted(tree, STR_NONE, STR_NONE, see_resource, &s);
    CHECK_STR(buf_view(&s.text), S("V1"), "deleted ones");
    tree_remove_resource(tree, S(RG VAULTS "v1"), true);
    CHECK(tree_find_deleted(tree, S(RG VAULTS "v1")) == NULL && tree_find_global(tree, type, S("v1"), true) == NULL);
    tree_free(tree);
}

TEST(tree_finds_global_names_of_the_types_that_have_them) // I10
{
    struct tree *tree = tree_new();
    put(t, tree, (struct resource){.id = S(RG VAULTS "v1"), .type = S("Microsoft.KeyVault/vaults")});
    put_vm(t, tree, RG VMS "vm1", NULL, NULL);
    CHECK(tree_find_global(tree, S("Microsoft.KeyVault/vaults"), S("V1"), false) != NULL);
    CHECK(tree_find_global(tree, S("Microsoft.KeyVault/vaults"), S("v10"), false) == NULL);
    CHECK(tree_find_global(tree, S("Microsoft.KeyVault/vaults"), STR_NONE, false) == NULL);
    CHECK(tree_find_global(tree, S("Microsoft.Compute/virtualMachines"), S("vm1"), false) == NULL); // not global
    CHECK(tree_find_global(tree, S("Contoso.Own/things"), S("v1"), false) == NULL);
    CHECK(tree_find_global(tree, S("Microsoft.Web/sites"), S("v1"), false) == NULL); // another type
    // Moved to another group: the older record's going must not take the name with it.
    put(t, tree, (struct resource){.id = S(RG10 VAULTS "v1"), .type = S("Microsoft.KeyVault/vaults")});
    tree_remove_resource(tree, S(RG VAULTS "v1"), false);
    CHECK_STR(tree_find_global(tree, S("Microsoft.KeyVault/vaults"), S("v1"), false)->id, S(RG10 VAULTS "v1"), "moved");
    tree_free(tree);
}

TEST(tree_lists_the_users_of_an_identity) // I4, I6, I8
{
    struct tree *tree = tree_new();
    put_vm(t, tree, RG VMS "vm2", RG IDS "id1", RG IDS "id2");
    put_vm(t, tree, RG VMS "vm1", SUB "/resourcegroups/RG1" IDS "ID1", NULL);
    put_vm(t, tree, RG VMS "vm3", RG IDS "id1", SUB "/resourcegroups/rg1" IDS "id1"); // listed twice
    CHECK_STR(users_of(t, tree, RG IDS "id1"), S("vm1 vm2 vm3"), "three");
    CHECK_STR(users_of(t, tree, RG IDS "ID2"), S("vm2"), "one");
    CHECK_STR(users_of(t, tree, RG IDS "id"), S(""), "nobody");
    CHECK_STR(users_of(t, tree, ""), S(""), "no identity");

    put_vm(t, tree, RG VMS "vm2", RG IDS "id2", NULL); // detached from id1
    CHECK_STR(users_of(t, tree, RG IDS "id1"), S("vm1 vm3"), "detached");
    CHECK_STR(users_of(t, tree, RG IDS "id2"), S("vm2"), "still");
    put_vm(t, tree, RG VMS "vm2", RG IDS "id2", NULL); // the same again
    CHECK_STR(users_of(t, tree, RG IDS "id2"), S("vm2"), "again");
    tree_remove_resource(tree, S(RG VMS "vm3"), false);
    tree_remove_resource(tree, S(RG VMS "vm1"), false);
    CHECK_STR(users_of(t, tree, RG IDS "id1"), S(""), "all gone");
    CHECK_STR(users_of(t, tree, RG IDS "id2"), S("vm2"), "unharmed");
    tree_free(tree);
}

TEST(tree_walks_groups_of_one_subscription)
{
    struct tree *tree = tree_new();
    put_group(t, tree, RG10);
    put_group(t, tree, RG);
    put_group(t, tree, SUB2 "/resourceGroups/other");
    put_group(t, tree, SUB "/resourcegroups/RG1"); // the same again
    struct seen one = {0}, two = {0}, none = {0};
    buf_init(&one.text, &t->call->arena);
    tree_each_group(tree, sub('1'), STR_NONE, see_group, &one);
    CHECK_STR(buf_view(&one.text), S("RG1 rg10"), "of the first");
    buf_init(&two.text, &t->call->arena);
    tree_each_group(tree, sub('2'), STR_NONE, see_group, &two);
    CHECK_STR(buf_view(&two.text), S("other"), "of the second");
    buf_init(&none.text, &t->call->arena);
    tree_each_group(tree, sub('3'), STR_NONE, see_group, &none);
    CHECK_STR(buf_view(&none.text), S(""), "of a third");
    CHECK(tree_find_group(tree, S(SUB "/RESOURCEGROUPS/rG10")) != NULL);
    CHECK(tree_find_group(tree, S(SUB "/resourceGroups/rg")) == NULL);
    tree_remove_group(tree, S(RG));
    tree_remove_group(tree, S(RG));
    CHECK(tree_find_group(tree, S(RG)) == NULL && tree_find_group(tree, S(RG10)) != NULL);
    tree_free(tree);
}

// The names of the groups, blanks between them.
static str names_of(struct test *t, const str *scopes, size_t n)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < n; i++) {
        CHECK(str_starts(scopes[i], S("/providers/Microsoft.Management/managementGroups/")));
        buf_addf(&b, "%s%.*s", i ? " " : "", PSTR(str_from(scopes[i], str_find_last(scopes[i], '/') + 1)));
    }
    return buf_view(&b);
}

static str above(struct test *t, const struct tree *tree, char digit)
{
    const str *scopes;
    size_t     n;
    CHECK_OK(tree_above(t->call, tree, sub(digit), &scopes, &n));
    return names_of(t, scopes, n);
}

static str above_group(struct test *t, const struct tree *tree, const char *name)
{
    const str *scopes;
    size_t     n;
    CHECK_OK(tree_above_mgmt_group(t->call, tree, str_of(name), &scopes, &n));
    return names_of(t, scopes, n);
}

TEST(tree_above_goes_up_to_the_root_group) // R2
{
    struct tree *tree = tree_new();
    put_subscription(t, tree, '1', "");
    CHECK_STR(above(t, tree, '1'), S(""), "no groups at all");
    put_mgmt_group(t, tree, "root", "");
    put_mgmt_group(t, tree, "a", "ROOT");
    put_mgmt_group(t, tree, "b", "a");
    put_mgmt_group(t, tree, "lost", "nowhere");
    put_mgmt_group(t, tree, "x", "z"); // x -> z -> y -> x
    put_mgmt_group(t, tree, "y", "x");
    put_mgmt_group(t, tree, "z", "y");
    put_mgmt_group(t, tree, "self", "self");
    static const struct { const char *mgmt_group, *want; } CASES[] = {
        {"", "root"},
        {"root", "root"},
        {"B", "b a root"},
        {"a", "a root"},
        {"gone", "root"},        // names a group that is not there
        {"lost", "lost root"},   // whose parent is not there
        {"y", "y x z root"},     // a cycle: each once
        {"self", "self root"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        put_subscription(t, tree, '1', CASES[i].mgmt_group);
        CHECK_STR(above(t, tree, '1'), str_of(CASES[i].want), CASES[i].mgmt_group);
    }
    CHECK_STR(above(t, tree, '9'), S(""), "unknown subscription");
    tree_remove_mgmt_group(tree, S("ROOT"));
    tree_remove_mgmt_group(tree, S("root"));
    put_subscription(t, tree, '1', "b");
    CHECK_STR(above(t, tree, '1'), S("b a"), "root removed");
    put_mgmt_group(t, tree, "a", "");
    CHECK_STR(above(t, tree, '1'), S("b a"), "another root");
    put_mgmt_group(t, tree, "a", "lost");
    CHECK_STR(above(t, tree, '1'), S("b a lost"), "no root again");
    tree_free(tree);
}

TEST(tree_above_a_management_group_leads_to_the_root_without_itself) // R2
{
    struct tree *tree = tree_new();
    CHECK_STR(above_group(t, tree, "a"), S(""), "no groups at all");
    put_mgmt_group(t, tree, "root", "");
    put_mgmt_group(t, tree, "a", "ROOT");
    put_mgmt_group(t, tree, "b", "a");
    put_mgmt_group(t, tree, "lost", "nowhere");
    put_mgmt_group(t, tree, "x", "y"); // x -> y -> x
    put_mgmt_group(t, tree, "y", "x");
    put_mgmt_group(t, tree, "self", "self");
    static const struct { const char *name, *want; } CASES[] = {
        {"root", ""}, {"ROOT", ""}, {"a", "root"}, {"B", "a root"}, {"gone", "root"}, {"lost", "root"}, {"x", "y root"}, {"self", "root"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(above_group(t, tree, CASES[i].name), str_of(CASES[i].want), CASES[i].name);
    tree_free(tree);
}

TEST(tree_walks_subscriptions_and_management_groups_in_order)
{
    struct tree *tree = tree_new();
    put_subscription(t, tree, '3', "");
    put_subscription(t, tree, '1', "");
    put_mgmt_group(t, tree, "Beta", "alpha");
    put_mgmt_group(t, tree, "alpha", "");
    struct seen subscriptions = {0}, groups = {0}, one = {.limit = 1};
    buf_init(&subscriptions.text, &t->call->arena);
    tree_each_subscription(tree, NULL, see_subscription, &subscriptions);
    CHECK_STR(buf_view(&subscriptions.text), S("1 3"), "subscriptions");
    buf_init(&groups.text, &t->call->arena);
    tree_each_mgmt_group(tree, STR_NONE, see_mgmt_group, &groups);
    CHECK_STR(buf_view(&groups.text), S("alpha Beta"), "management groups");
    buf_init(&one.text, &t->call->arena);
    tree_each_mgmt_group(tree, STR_NONE, see_mgmt_group, &one);
    CHECK_STR(buf_view(&one.text), S("alpha"), "stopped");
    CHECK(tree_find_mgmt_group(tree, S("BETA")) != NULL && tree_find_mgmt_group(tree, S("bet")) == NULL);
    CHECK(tree_find_subscription(tree, sub('3')) != NULL && tree_find_subscription(tree, sub('2')) == NULL);
    tree_remove_subscription(tree, sub('3'));
    tree_remove_subscription(tree, sub('2'));
    CHECK(tree_find_subscription(tree, sub('3')) == NULL);
    tree_free(tree);
}

TEST(tree_holds_many_resources_put_in_any_order)
{
    enum { N = 20000 };
    struct tree *tree = tree_new();
    for (unsigned i = 0; i < N; i++) {
        str id = call_format(t->call, SUB "/resourceGroups/g%u" VMS "vm%05u", i * 7919 % 100, i * 7919 % N);
        put_vm(t, tree, call_zstr(t->call, id), RG IDS "shared", NULL);
    }
    struct seen s = {0};
    buf_init(&s.text, &t->call->arena);
    tree_each_resource(tree, S(SUB "/resourceGroups/g7"), STR_NONE, see_resource, &s);
    CHECK_INT(s.text.n, (N / 100) * 8 - 1, "one group's");
    CHECK(str_starts(buf_view(&s.text), S("vm00007 vm00107 ")));
    for (unsigned i = 0; i < N; i += 2) {
        str id = call_format(t->call, SUB "/resourceGroups/g%u" VMS "vm%05u", i % 100, i % N);
        tree_remove_resource(tree, id, false);
    }
    CHECK_INT(walk(t, tree, SUB "/resourceGroups/g8", 0).n, 0, "removed");
    CHECK_INT(users_of(t, tree, RG IDS "shared").n, (N / 2) * 8 - 1, "users left");
    tree_free(tree);
}

TEST(resource_reads_back_and_damage_is_refused)
{
    const str       ids[] = {S(RG IDS "id1"), S(RG IDS "Id2")};
    struct resource plain = {
        .id = S(RG VMS "vm1"),
        .type = S("Microsoft.Compute/virtualMachines"),
        .name = S("vm1"),
        .location = S("westus"),
        .uid = {{7}},
        .identity = {.has_system = true, .system_principal = {{{1}}}, .system_app = {{{2}}}, .user_assigned = ids, .user_assigned_n = 2},
        .references = ids,
        .reference_n = 1,
        .document = S("{\"tags\":{}}"),
        .created_ns = 1,
        .changed_ns = 2,
        .deleted_ns = 3,
        .purge_due_ns = 4,
    };
    struct resource *r = NULL;
    struct buf       b;
    buf_init(&b, &t->call->arena);
    resource_pack(&b, &plain);
    bytes record = str_bytes(buf_view(&b));
    CHECK_OK(resource_unpack(t->call, record, &r));
    if (!r) return;
    CHECK_STR(r->id, plain.id, "id");
    CHECK_STR(r->type, plain.type, "type");
    CHECK_STR(r->name, plain.name, "name");
    CHECK_STR(r->location, plain.location, "location");
    CHECK_STR(r->document, plain.document, "document");
    CHECK(guid_eq(r->uid, plain.uid) && r->identity.has_system && r->identity.user_assigned_n == 2);
    CHECK(object_id_eq(r->identity.system_principal, plain.identity.system_principal) &&
          client_id_eq(r->identity.system_app, plain.identity.system_app));
    CHECK_STR(r->identity.user_assigned[1], ids[1], "identity");
    CHECK(r->reference_n == 1 && str_eq(r->references[0], ids[0]) && r->references[0].at != ids[0].at);
    CHECK(r->created_ns == 1 && r->changed_ns == 2 && r->deleted_ns == 3 && r->purge_due_ns == 4);
    ref_drop(&r->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(resource_unpack(t->call, (bytes){record.at, n}, &r), ERR_STORE_DAMAGED, "cut");
    b.at[0] = 3;
    CHECK_ERR(resource_unpack(t->call, record, &r), ERR_STORE_DAMAGED, "version");
    b.at[0] = 1;
    CHECK_ERR(resource_unpack(t->call, record, &r), ERR_STORE_DAMAGED, "more than that version has");
    struct buf without; // as that version wrote it: all but the count of references behind it
    buf_init(&without, &t->call->arena);
    plain.reference_n = 0;
    resource_pack(&without, &plain);
    without.at[0] = 1;
    CHECK_OK(resource_unpack(t->call, (bytes){record.at, without.n - 1}, &r));
    CHECK(r->lacks_references && r->reference_n == 0 && r->purge_due_ns == 4);
    ref_drop(&r->ref);
}

TEST(resource_document_is_read_once_for_a_record)
{
    struct resource plain = {
        .id = S(RG VAULTS "v"), .type = S("Microsoft.KeyVault/vaults"), .name = S("v"), .document = S("{\"properties\":{\"a\":1}}")};
    struct resource   *first = NULL, *second = NULL;
    const struct json *read = NULL, *again = NULL, *changed = NULL;
    CHECK_OK(resource_new(t->call, &plain, &first));
    CHECK_OK(resource_document(t->call, first, &read));
    arena_reset(&t->call->arena); // the tree is the record's, not the call's
    CHECK_OK(resource_document(t->call, first, &again));
    CHECK(read == again && json_get_int(json_get(again, S("properties")), S("a"), 0) == 1);

    struct resource next = *first; // a change is a new record, made from the old one
    next.document = S("{\"properties\":{\"a\":2}}");
    CHECK_OK(resource_new(t->call, &next, &second));
    CHECK_OK(resource_document(t->call, second, &changed));
    CHECK(json_get_int(json_get(changed, S("properties")), S("a"), 0) == 2);
    CHECK(json_get_int(json_get(again, S("properties")), S("a"), 0) == 1);
    ref_drop(&first->ref);
    ref_drop(&second->ref);
}

TEST(resource_document_that_is_no_json_is_refused_each_time)
{
    struct resource    plain = {.id = S(RG VAULTS "v"), .name = S("v"), .document = S("{\"properties\":")};
    struct resource   *r = NULL;
    const struct json *out = NULL;
    CHECK_ERR(resource_document(t->call, &plain, &out), ERR_JSON_INVALID, "what is no record yet");
    CHECK_OK(resource_new(t->call, &plain, &r));
    for (int i = 0; i < 2; i++) CHECK_ERR(resource_document(t->call, r, &out), ERR_JSON_INVALID, "a record");
    CHECK(!out);
    ref_drop(&r->ref);
}

TEST(tree_records_read_back_and_damage_is_refused)
{
    struct resource_group group = {.id = S(RG), .name = S("rg1"), .location = S("westus"), .document = S("{}")}, *g = NULL;
    struct subscription   subscription = {.id = sub('1'), .tenant = {{{9}}}, .name = S("Dev"), .mgmt_group = S("a"), .document = S("{}")}, *s = NULL;
    struct mgmt_group     mgmt = {.name = S("a"), .display_name = S("A"), .parent = S("root")}, *m = NULL;
    struct buf            b;
    buf_init(&b, &t->call->arena);
    resource_group_pack(&b, &group);
    bytes record = str_bytes(buf_view(&b));
    CHECK_OK(resource_group_unpack(t->call, record, &g));
    CHECK(g && str_eq(g->id, group.id) && str_eq(g->name, group.name) && str_eq(g->location, group.location) && str_eq(g->document, group.document));
    if (g) ref_drop(&g->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(resource_group_unpack(t->call, (bytes){record.at, n}, &g), ERR_STORE_DAMAGED, "group");
    b.at[0] = 2;
    CHECK_ERR(resource_group_unpack(t->call, record, &g), ERR_STORE_DAMAGED, "group's version");

    buf_init(&b, &t->call->arena);
    subscription_pack(&b, &subscription);
    record = str_bytes(buf_view(&b));
    CHECK_OK(subscription_unpack(t->call, record, &s));
    CHECK(s && guid_eq(s->id.g, subscription.id.g) && tenant_id_eq(s->tenant, subscription.tenant) && str_eq(s->name, S("Dev")) &&
          str_eq(s->mgmt_group, S("a")));
    if (s) ref_drop(&s->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(subscription_unpack(t->call, (bytes){record.at, n}, &s), ERR_STORE_DAMAGED, "subscription");
    b.at[0] = 1; // without what came with the second form
    CHECK_OK(subscription_unpack(t->call, (bytes){record.at, record.n - 3}, &s));
    CHECK(s && str_eq(s->mgmt_group, S("a")) && str_empty(s->document));
    if (s) ref_drop(&s->ref);
    b.at[0] = 3;
    CHECK_ERR(subscription_unpack(t->call, record, &s), ERR_STORE_DAMAGED, "subscription's version");

    buf_init(&b, &t->call->arena);
    mgmt_group_pack(&b, &mgmt);
    record = str_bytes(buf_view(&b));
    CHECK_OK(mgmt_group_unpack(t->call, record, &m));
    CHECK(m && str_eq(m->name, S("a")) && str_eq(m->display_name, S("A")) && str_eq(m->parent, S("root")));
    if (m) ref_drop(&m->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(mgmt_group_unpack(t->call, (bytes){record.at, n}, &m), ERR_STORE_DAMAGED, "management group");
    b.at[0] = 2;
    CHECK_ERR(mgmt_group_unpack(t->call, record, &m), ERR_STORE_DAMAGED, "management group's version");
}

TEST(lock_records_read_back_and_damage_is_refused)
{
    struct lock plain = {.id = S(RG LOCK_PATH "l"), .name = S("l"), .level = LOCK_READ_ONLY, .notes = S("n"), .owners = S("[]")}, *l = NULL;
    struct buf  b;
    buf_init(&b, &t->call->arena);
    lock_pack(&b, &plain);
    bytes record = str_bytes(buf_view(&b));
    CHECK_OK(lock_unpack(t->call, record, &l));
    CHECK(l && str_eq(l->id, plain.id) && str_eq(l->name, plain.name) && l->level == LOCK_READ_ONLY && str_eq(l->notes, plain.notes) &&
          str_eq(l->owners, plain.owners) && str_eq(lock_scope(l), S(RG)));
    if (l) ref_drop(&l->ref);
    for (size_t n = 0; n < record.n; n++) CHECK_ERR(lock_unpack(t->call, (bytes){record.at, n}, &l), ERR_STORE_DAMAGED, "lock");
    b.at[0] = 2;
    CHECK_ERR(lock_unpack(t->call, record, &l), ERR_STORE_DAMAGED, "lock's version");
    plain.name = S("m");
    buf_init(&b, &t->call->arena);
    lock_pack(&b, &plain);
    CHECK_ERR(lock_unpack(t->call, str_bytes(buf_view(&b)), &l), ERR_STORE_DAMAGED, "an id that is not its name's");
}

static bool note_lock(const struct lock *l, void *ctx)
{
    buf_addf(ctx, "%.*s ", PSTR(l->id));
    return true;
}

TEST(tree_finds_locks_at_and_below_a_scope)
{
#define VM RG "/providers/Microsoft.Compute/virtualMachines/v"
    static const char *const LOCKS[] = {RG LOCK_PATH "b", RG LOCK_PATH "a", VM LOCK_PATH "c", RG "0" LOCK_PATH "d"};
    static const struct { const char *scope; bool below; const char *want; } CASES[] = {
        {RG, false, RG LOCK_PATH "a " RG LOCK_PATH "b "},
        {RG, true, RG LOCK_PATH "a " RG LOCK_PATH "b " VM LOCK_PATH "c "},
        {VM, false, VM LOCK_PATH "c "},
        {VM "/extensions/x", true, ""},
        {RG "0", true, RG "0" LOCK_PATH "d "},
    };
    struct tree *tree = tree_new();
    for (size_t i = 0; i < COUNT(LOCKS); i++) {
        struct lock plain = {.id = str_of(LOCKS[i]), .name = str_from(str_of(LOCKS[i]), strlen(LOCKS[i]) - 1)}, *l = NULL;
        CHECK_OK(lock_new(t->call, &plain, &l));
        CHECK(tree_put_lock(tree, l) && tree_put_lock(tree, l));
        ref_drop(&l->ref);
    }
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buf b;
        buf_init(&b, &t->call->arena);
        (CASES[i].below ? tree_each_lock : tree_each_lock_at)(tree, str_of(CASES[i].scope), STR_NONE, note_lock, &b);
        CHECK_STR(buf_view(&b), str_of(CASES[i].want), CASES[i].scope);
    }
    CHECK(tree_lock_count(tree) == COUNT(LOCKS) && tree_find_lock(tree, S(RG LOCK_PATH "A")) != NULL);
    tree_remove_lock(tree, S(RG LOCK_PATH "a"));
    CHECK(tree_lock_count(tree) == COUNT(LOCKS) - 1 && tree_find_lock(tree, S(RG LOCK_PATH "a")) == NULL);
    tree_free(tree);
#undef VM
}

TEST(tree_records_have_limits)
{
    static char long_text[SCOPE_MAX_BYTES + 1];
    memset(long_text, 'a', sizeof long_text);
    const str             past = {long_text, sizeof long_text};
    struct resource       by_id = {.id = past}, by_identity = {.id = S(RG), .identity = {.user_assigned = &past, .user_assigned_n = 1}}, *r;
    struct resource_group group = {.id = past}, *g;
    struct mgmt_group     mgmt = {.name = str_upto(past, TREE_MAX_MGMT_GROUP_NAME + 1)}, *m;
    CHECK_ERR(resource_new(t->call, &by_id, &r), ERR_SCOPE_INVALID, "id");
    CHECK_ERR(resource_new(t->call, &by_identity, &r), ERR_SCOPE_INVALID, "identity");
    CHECK_ERR(resource_group_new(t->call, &group, &g), ERR_SCOPE_INVALID, "group");
    CHECK_ERR(mgmt_group_new(t->call, &mgmt, &m), ERR_NAME_INVALID, "management group");
}
