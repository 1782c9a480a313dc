#include "ops/workload_token.h"

#include "test.h"

#define SUB      "/subscriptions/44444444-4444-4444-4444-444444444444"
#define GROUP    SUB "/resourceGroups/rg1/providers/"
#define MACHINES GROUP "Microsoft.Compute/virtualMachines/"
#define USERS    GROUP "Microsoft.ManagedIdentity/userAssignedIdentities/"

// The cast: principal, its client id and the resource it belongs to. "made late": after the machines were written.
enum who { SYSTEM_BOTH, SYSTEM_ONE, ID1, ID2, ID3, LATE, APPLICATION, WHO_N };
static const struct { const char *id, *app, *resource; enum principal_kind kind; bool is_system, is_late; } CAST[WHO_N] = {
    [SYSTEM_BOTH] = {"00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000c1", MACHINES "both", PRINCIPAL_MANAGED, true, false},
    [SYSTEM_ONE] = {"00000000-0000-0000-0000-0000000000a2", "00000000-0000-0000-0000-0000000000c2", MACHINES "system", PRINCIPAL_MANAGED, true, false},
    [ID1] = {"00000000-0000-0000-0000-0000000000a3", "00000000-0000-0000-0000-0000000000c3", USERS "id1", PRINCIPAL_MANAGED, false, false},
    [ID2] = {"00000000-0000-0000-0000-0000000000a4", "00000000-0000-0000-0000-0000000000c4", USERS "id2", PRINCIPAL_MANAGED, false, false},
    [ID3] = {"00000000-0000-0000-0000-0000000000a5", "00000000-0000-0000-0000-0000000000c5", USERS "id3", PRINCIPAL_MANAGED, false, false},
    [LATE] = {"00000000-0000-0000-0000-0000000000a6", "00000000-0000-0000-0000-0000000000c6", USERS "late", PRINCIPAL_MANAGED, false, true},
    [APPLICATION] = {"00000000-0000-0000-0000-0000000000a7", "00000000-0000-0000-0000-0000000000c7", "", PRINCIPAL_APP, false, false},
};

// "gone" stands in no directory: an identity that was deleted. Attached ids are in another casing than the directory's.
static const struct { const char *id; int system; size_t n; str attached[3]; } HOSTS[] = {
    {MACHINES "bare", -1, 0, {}},
    {MACHINES "system", SYSTEM_ONE, 0, {}},
    {MACHINES "both", SYSTEM_BOTH, 2, {S_INIT(USERS "ID1"), S_INIT(USERS "id2")}},
    {MACHINES "one", -1, 1, {S_INIT(USERS "id1")}},
    {MACHINES "two", -1, 2, {S_INIT(USERS "id1"), S_INIT(USERS "id2")}},
    {MACHINES "gone", -1, 1, {S_INIT(USERS "gone")}},
    {MACHINES "one-left", -1, 2, {S_INIT(USERS "id1"), S_INIT(USERS "gone")}},
    {MACHINES "late", -1, 1, {S_INIT(USERS "late")}},
};

static guid guid_of(const char *text)
{
    guid g = GUID_NONE;
    return guid_parse(str_of(text), &g) ? g : GUID_NONE;
}

static void add_principal(struct test *t, struct world *w, size_t i)
{
    struct principal *p = NULL;
    struct principal  plain = {.id = {guid_of(CAST[i].id)},
                               .kind = CAST[i].kind,
                               .app = {guid_of(CAST[i].app)},
                               .name = S("p"),
                               .resource = str_of(CAST[i].resource),
                               .is_system_assigned = CAST[i].is_system,
                               .created_ns = CAST[i].is_late ? 300 : 100};
    CHECK_OK(principal_new(t->call, &plain, &p));
    CHECK(p && directory_put(w->directory, p));
    if (p) ref_drop(&p->ref);
}

static void add_host(struct test *t, struct world *w, size_t i)
{
    struct resource *r = NULL;
    struct resource  plain = {.id = str_of(HOSTS[i].id),
                              .type = S("Microsoft.Compute/virtualMachines"),
                              .name = S("vm"),
                              .uid = guid_new(t->call),
                              .document = S("{}"),
                              .created_ns = 50,
                              .changed_ns = 200};
    plain.identity =
        (struct resource_identity){.has_system = HOSTS[i].system >= 0, .user_assigned = HOSTS[i].attached, .user_assigned_n = HOSTS[i].n};
    object_id attached[COUNT(HOSTS[i].attached)] = {0};
    for (size_t k = 0; k < HOSTS[i].n; k++) {
        const struct principal *p = directory_find_managed(w->directory, HOSTS[i].attached[k], false);
        if (p && p->created_ns <= plain.changed_ns) attached[k] = p->id; // a late one is not the one that was attached
    }
    plain.identity.attached = attached;
    if (HOSTS[i].system >= 0) plain.identity.system_principal.g = guid_of(CAST[HOSTS[i].system].id);
    if (HOSTS[i].system >= 0) plain.identity.system_app.g = guid_of(CAST[HOSTS[i].system].app);
    CHECK_OK(resource_new(t->call, &plain, &r));
    CHECK(r && tree_put_resource(w->tree, r));
    if (r) ref_drop(&r->ref);
}

static struct world world_of_cast(struct test *t)
{
    struct world w = {.directory = directory_new(), .tree = tree_new()};
    for (size_t i = 0; i < COUNT(CAST); i++) add_principal(t, &w, i);
    for (size_t i = 0; i < COUNT(HOSTS); i++) add_host(t, &w, i);
    return w;
}

static void world_done(struct world *w)
{
    directory_free(w->directory);
    tree_free(w->tree);
}

enum by { NOTHING, BY_CLIENT, BY_OBJECT, BY_RESOURCE, BY_CLIENT_AND_OBJECT, BY_OBJECT_AND_RESOURCE };

static struct identity_choice choice_of(enum by by, str value)
{
    struct identity_choice c = {0};
    if (by == BY_CLIENT || by == BY_CLIENT_AND_OBJECT) c.client_id = value;
    if (by == BY_OBJECT || by == BY_CLIENT_AND_OBJECT || by == BY_OBJECT_AND_RESOURCE) c.object_id = value;
    if (by == BY_RESOURCE || by == BY_OBJECT_AND_RESOURCE) c.resource_id = value;
    return c;
}

// T2, T3, T4, I6.
TEST(workload_identity_follows_the_metadata_endpoints_rules)
{
    static const struct { const char *host; enum by by; const char *value; enum err want; enum who who; } CASES[] = {
        // T3: none named
        {"system", NOTHING, "", OK, SYSTEM_ONE},
        {"both", NOTHING, "", OK, SYSTEM_BOTH},
        {"one", NOTHING, "", OK, ID1},
        {"two", NOTHING, "", ERR_IDENTITY_AMBIGUOUS, 0},
        {"bare", NOTHING, "", ERR_IDENTITY_NOT_FOUND, 0},
        {"gone", NOTHING, "", ERR_IDENTITY_NOT_FOUND, 0},        // I6
        {"one-left", NOTHING, "", ERR_IDENTITY_AMBIGUOUS, 0},    // a deleted identity is still attached
        {"late", NOTHING, "", ERR_IDENTITY_NOT_FOUND, 0},        // I3
        {"not-there", NOTHING, "", ERR_IDENTITY_NOT_FOUND, 0},
        // T2: each way of naming one
        {"both", BY_CLIENT, "00000000-0000-0000-0000-0000000000c1", OK, SYSTEM_BOTH},
        {"both", BY_CLIENT, "00000000-0000-0000-0000-0000000000C3", OK, ID1},
        {"both", BY_OBJECT, "00000000-0000-0000-0000-0000000000a4", OK, ID2},
        {"both", BY_OBJECT, "00000000-0000-0000-0000-0000000000a1", OK, SYSTEM_BOTH},
        {"both", BY_RESOURCE, USERS "id2", OK, ID2},
        {"both", BY_RESOURCE, SUB "/resourcegroups/RG1/providers/microsoft.managedidentity/userassignedidentities/ID2/", OK, ID2},
        {"two", BY_CLIENT, "00000000-0000-0000-0000-0000000000c4", OK, ID2},
        {"one-left", BY_RESOURCE, USERS "id1", OK, ID1},
        // T2: more than one
        {"both", BY_CLIENT_AND_OBJECT, "00000000-0000-0000-0000-0000000000c3", ERR_IDENTITY_SELECTORS, 0},
        {"both", BY_OBJECT_AND_RESOURCE, "", ERR_IDENTITY_SELECTORS, 0},
        {"not-there", BY_CLIENT_AND_OBJECT, "x", ERR_IDENTITY_SELECTORS, 0},
        // T4: not attached, unknown, deleted, of another kind, or the wrong id in the wrong place
        {"both", BY_CLIENT, "00000000-0000-0000-0000-0000000000c5", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_OBJECT, "00000000-0000-0000-0000-0000000000a5", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_RESOURCE, USERS "id3", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_CLIENT, "00000000-0000-0000-0000-0000000000c2", ERR_IDENTITY_NOT_FOUND, 0}, // another machine's own
        {"both", BY_OBJECT, "00000000-0000-0000-0000-0000000000a2", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_CLIENT, "00000000-0000-0000-0000-0000000000a3", ERR_IDENTITY_NOT_FOUND, 0}, // a principal id is no client id
        {"both", BY_OBJECT, "00000000-0000-0000-0000-0000000000c3", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_CLIENT, "00000000-0000-0000-0000-0000000000c7", ERR_IDENTITY_NOT_FOUND, 0}, // an application
        {"both", BY_OBJECT, "00000000-0000-0000-0000-0000000000a7", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_CLIENT, "99999999-9999-9999-9999-999999999999", ERR_IDENTITY_NOT_FOUND, 0}, // of another tenant: unknown here
        {"both", BY_CLIENT, "", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_CLIENT, "{00000000-0000-0000-0000-0000000000c3}", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_OBJECT, "id1", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_RESOURCE, "", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_RESOURCE, "id1", ERR_IDENTITY_NOT_FOUND, 0},
        {"both", BY_RESOURCE, MACHINES "both", ERR_IDENTITY_NOT_FOUND, 0}, // the machine is no identity
        {"both", BY_RESOURCE, USERS "gone", ERR_IDENTITY_NOT_FOUND, 0},
        {"gone", BY_RESOURCE, USERS "gone", ERR_IDENTITY_NOT_FOUND, 0},
        {"one-left", BY_RESOURCE, USERS "gone", ERR_IDENTITY_NOT_FOUND, 0},
        {"late", BY_RESOURCE, USERS "late", ERR_IDENTITY_NOT_FOUND, 0},
        {"late", BY_CLIENT, "00000000-0000-0000-0000-0000000000c6", ERR_IDENTITY_NOT_FOUND, 0},
        {"bare", BY_RESOURCE, USERS "id1", ERR_IDENTITY_NOT_FOUND, 0},
        {"system", BY_CLIENT, "00000000-0000-0000-0000-0000000000c3", ERR_IDENTITY_NOT_FOUND, 0},
        {"not-there", BY_CLIENT, "00000000-0000-0000-0000-0000000000c3", ERR_IDENTITY_NOT_FOUND, 0},
    };
    struct world w = world_of_cast(t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str                      host = call_format(t->call, MACHINES "%s", CASES[i].host);
        str                      row = call_format(t->call, "%s by %d '%s'", CASES[i].host, CASES[i].by, CASES[i].value);
        struct identity_choice   choice = choice_of(CASES[i].by, str_of(CASES[i].value));
        struct workload_identity found = {0};
        CHECK_ERR(workload_identity(t->call, &w, tree_find(w.tree, host), &choice, &found), CASES[i].want, row.at);
        if (CASES[i].want == OK)
            CHECK_ROW(found.principal && guid_eq(found.principal->id.g, guid_of(CAST[CASES[i].who].id)) && str_eq(found.host->id, host), row.at);
        else CHECK_ROW(!found.principal, row.at);
    }
    world_done(&w);
}

// T3 where the endpoint gives no user-assigned identity that was not named (App Service).
TEST(workload_identity_may_default_to_the_system_assigned_one_alone)
{
    static const struct { const char *host; enum err want; enum who who; } CASES[] = {
        {"system", OK, SYSTEM_ONE},
        {"both", OK, SYSTEM_BOTH},
        {"one", ERR_IDENTITY_NOT_FOUND, 0},
        {"two", ERR_IDENTITY_NOT_FOUND, 0},
        {"bare", ERR_IDENTITY_NOT_FOUND, 0},
        {"not-there", ERR_IDENTITY_NOT_FOUND, 0},
    };
    struct world           w = world_of_cast(t);
    struct identity_choice choice = {.system_by_default = true};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct workload_identity found = {0};
        str                      host = call_format(t->call, MACHINES "%s", CASES[i].host);
        CHECK_ERR(workload_identity(t->call, &w, tree_find(w.tree, host), &choice, &found), CASES[i].want, CASES[i].host);
        if (CASES[i].want == OK) CHECK_ROW(guid_eq(found.principal->id.g, guid_of(CAST[CASES[i].who].id)), CASES[i].host);
    }
    choice.client_id = S("00000000-0000-0000-0000-0000000000c3");
    struct workload_identity named = {0};
    CHECK_OK(workload_identity(t->call, &w, tree_find(w.tree, S(MACHINES "one")), &choice, &named));
    world_done(&w);
}

// I6: at once, also for a workload that named it before.
TEST(workload_identity_is_gone_with_its_principal)
{
    struct world             w = world_of_cast(t);
    struct identity_choice   choice = choice_of(BY_RESOURCE, S(USERS "id1"));
    struct workload_identity found;
    CHECK_OK(workload_identity(t->call, &w, tree_find(w.tree, S(MACHINES "both")), &choice, &found));
    directory_remove(w.directory, (object_id){guid_of(CAST[ID1].id)});
    CHECK_ERR(workload_identity(t->call, &w, tree_find(w.tree, S(MACHINES "both")), &choice, &found), ERR_IDENTITY_NOT_FOUND, "deleted");
    directory_remove(w.directory, (object_id){guid_of(CAST[SYSTEM_BOTH].id)});
    choice = (struct identity_choice){0};
    CHECK_ERR(workload_identity(t->call, &w, tree_find(w.tree, S(MACHINES "both")), &choice, &found), ERR_IDENTITY_NOT_FOUND,
              "the system-assigned one is deleted");
    world_done(&w);
}

// Tokens are kept by the resource's incarnation: a machine made anew under the same name finds none of the old one's.
TEST(workload_key_is_of_this_incarnation)
{
    struct world             w = world_of_cast(t);
    struct identity_choice   none = {0};
    struct workload_identity before, after;
    CHECK_OK(workload_identity(t->call, &w, tree_find(w.tree, S(MACHINES "one")), &none, &before));
    struct mint_key key, same, other;
    workload_key(&before, S("https://vault.azure.net"), &key);
    workload_key(&before, S("https://vault.azure.net"), &same);
    CHECK(str_eq((str){key.at, key.n}, (str){same.at, same.n}));
    add_host(t, &w, 3);
    CHECK_OK(workload_identity(t->call, &w, tree_find(w.tree, S(MACHINES "one")), &none, &after));
    workload_key(&after, S("https://vault.azure.net"), &other);
    CHECK(!str_eq((str){key.at, key.n}, (str){other.at, other.n}));
    world_done(&w);
}
