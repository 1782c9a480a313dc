#include "resources/identity.h"

#include "test.h"

#define SUB          "/subscriptions/11111111-1111-1111-1111-111111111111"
#define IDS          SUB "/resourceGroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
#define ID1          IDS "id1"
#define ID2          IDS "id2"
#define ID3          IDS "id3"
#define MAP(members) "\"userAssignedIdentities\":{" members "}"
#define BOTH         "{\"type\":\"SystemAssigned, UserAssigned\","
#define USER         "{\"type\":\"UserAssigned\","

// The last segments of ids, "id1 id2".
static str names(struct test *t, const str *ids, size_t n)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s%.*s", i ? " " : "", PSTR(str_from(ids[i], str_find_last(ids[i], '/') + 1)));
    return buf_view(&b);
}

static enum err read_wish(struct test *t, const char *text, struct identity_wish *out)
{
    const struct json *block = NULL;
    if (text) CHECK_OK(json_parse(t->call, str_of(text), &block));
    return identity_wish_read(t->call, block, out);
}

TEST(identity_wish_reads_every_spelling_of_the_type) // I5
{
    static const struct { const char *text; enum err want; bool system, user; } CASES[] = {
        {"{\"type\":\"SystemAssigned\"}", OK, true, false},
        {"{\"type\":\"systemassigned\"}", OK, true, false},
        {"{\"Type\":\"SYSTEMASSIGNED\"}", OK, true, false},
        {"{\"type\":\"None\"}", OK, false, false},
        {"{\"type\":\"none\",\"userAssignedIdentities\":null}", OK, false, false},
        {"{\"type\":\"SystemAssigned\",\"userAssignedIdentities\":null}", OK, true, false},
        {"{\"type\":\"SystemAssigned\"," MAP("") "}", ERR_IDENTITY_VALUES, false, false}, // an empty map is one too
        {"{\"type\":\"None\"," MAP("") "}", ERR_IDENTITY_VALUES, false, false},
        {"{\"type\":\"SystemAssigned\"," MAP("\"" ID1 "\":null") "}", OK, true, false},
        {"{\"type\":\"SystemAssigned\",\"principalId\":\"not read\",\"tenantId\":7}", OK, true, false},
        {USER MAP("\"" ID1 "\":{}") "}", OK, false, true},
        {BOTH MAP("\"" ID1 "\":{}") "}", OK, true, true},
        {"{\"type\":\"SystemAssigned,UserAssigned\"," MAP("\"" ID1 "\":{}") "}", OK, true, true},
        {"{\"type\":\" userassigned ,  systemassigned \"," MAP("\"" ID1 "\":{}") "}", OK, true, true},
        {"{}", ERR_CONTENT_INVALID, false, false},
        {"[]", ERR_CONTENT_INVALID, false, false},
        {"\"SystemAssigned\"", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":null}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":1}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\",\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"System Assigned\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"SystemAssigned;UserAssigned\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"SystemAssigned,\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"SystemAssigned, SystemAssigned\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"None, UserAssigned\"}", ERR_CONTENT_INVALID, false, false},
        {"{\"type\":\"SystemAssigned\\u0000\"}", ERR_JSON_INVALID, false, false},
        {"{" MAP("\"" ID1 "\":{}") "}", ERR_CONTENT_INVALID, false, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct identity_wish wish = {0};
        const struct json   *block;
        enum err             got = json_parse(t->call, str_of(CASES[i].text), &block);
        if (got == OK) got = identity_wish_read(t->call, block, &wish);
        CHECK_ERR(got, CASES[i].want, CASES[i].text);
        if (got == OK) CHECK_ROW(wish.wants_system == CASES[i].system && wish.wants_user == CASES[i].user && !wish.is_absent, CASES[i].text);
    }
}

TEST(identity_wish_without_a_block_leaves_everything) // I5
{
    struct identity_wish wish;
    CHECK_OK(read_wish(t, NULL, &wish));
    CHECK(wish.is_absent && !wish.wants_system && !wish.wants_user);
    CHECK_OK(read_wish(t, "null", &wish));
    CHECK(wish.is_absent);
}

TEST(identity_wish_reads_the_map_of_ids) // I5, I10
{
    static const struct { const char *text; enum err want; const char *attach, *detach; } CASES[] = {
        {USER MAP("\"" ID1 "\":{},\"" ID2 "\":{}") "}", OK, "id1 id2", ""},
        {USER MAP("\"" ID1 "\":{\"principalId\":\"as it was read\",\"clientId\":null}") "}", OK, "id1", ""},
        {USER MAP("\"" ID1 "\":null,\"" ID2 "\":{}") "}", OK, "id2", "id1"},
        {USER MAP("\"/SUBSCRIPTIONS/11111111-1111-1111-1111-111111111111/resourcegroups/RG1/PROVIDERS/microsoft.managedidentity/userassignedidentities/ID1\":{}") "}", OK, "ID1", ""},
        {USER MAP("\"" ID1 "/\":{}") "}", OK, "id1", ""},
        {USER MAP("\"" ID1 "\":{},\"" IDS "ID1\":{}") "}", OK, "id1", ""},         // one identity, written twice
        {"{\"type\":\"SystemAssigned\"," MAP("\"" ID1 "\":null") "}", OK, "", "id1"}, // az vm identity remove
        {"{\"type\":\"None\"," MAP("\"" ID1 "\":null") "}", OK, "", "id1"},
        {USER MAP("") "}", OK, "", ""}, // whether anything is left is the resource's to know
        {USER MAP("\"" ID1 "\":{},\"" IDS "ID1\":null") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {USER MAP("\"" ID1 "\":null,\"" IDS "ID1\":{}") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {USER MAP("\"" ID1 "\":true") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {USER MAP("\"" ID1 "\":\"\"") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {USER MAP("\"" ID1 "\":[]") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {USER "\"userAssignedIdentities\":[\"" ID1 "\"]}", ERR_CONTENT_INVALID, NULL, NULL},
        {USER "\"userAssignedIdentities\":\"" ID1 "\"}", ERR_CONTENT_INVALID, NULL, NULL},
        {USER "\"userAssignedIdentities\":false}", ERR_CONTENT_INVALID, NULL, NULL},
        {"{\"type\":\"SystemAssigned\"," MAP("\"" ID1 "\":{}") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {"{\"type\":\"None\"," MAP("\"" ID1 "\":{}") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {USER MAP("\"id1\":{}") "}", ERR_LINKED_ID_INVALID, NULL, NULL},
        {USER MAP("\"\":{}") "}", ERR_LINKED_ID_INVALID, NULL, NULL},
        {USER MAP("\"/\":{}") "}", ERR_LINKED_ID_INVALID, NULL, NULL},
        {USER MAP("\"https://management.azure.com" ID1 "\":{}") "}", ERR_LINKED_ID_INVALID, NULL, NULL},
        {USER MAP("\"subscriptions/1\":null") "}", ERR_LINKED_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"/subscriptions/mine/resourceGroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "/resourceGroups/rg1/providers/Micrososft.ManagedIdentity/userAssignedIdentities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "/resourceGroups/rg1/providers/Microsoft.ManagedIdentity/identities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "/resourceGroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" ID1 "/federatedIdentityCredentials/f1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "/resourceGroups/rg1/providers/A.B/c/d/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" IDS "..\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" SUB "//resourceGroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
        {USER MAP("\"" IDS "a%2fb\":{}") "}", ERR_IDENTITY_ID_INVALID, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct identity_wish wish = {0};
        enum err             got = read_wish(t, CASES[i].text, &wish);
        CHECK_ERR(got, CASES[i].want, CASES[i].text);
        if (got != OK) continue;
        CHECK_STR(names(t, wish.attach, wish.attach_n), str_of(CASES[i].attach), CASES[i].text);
        CHECK_STR(names(t, wish.detach, wish.detach_n), str_of(CASES[i].detach), CASES[i].text);
    }
}

TEST(identity_wish_refusal_has_the_published_words)
{
    struct identity_wish wish;
    CHECK(read_wish(t, USER MAP("\"id1\":{}") "}", &wish) == ERR_LINKED_ID_INVALID);
    CHECK_STR(str_of(t->call->failure.text),
              S("Property id 'id1' at path '' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or "
                "'/providers/{resourceProviderNamespace}/'."),
              "words");
    call_forgive(t->call);
    CHECK(read_wish(t, USER MAP("\"" SUB "/x\":{}") "}", &wish) == ERR_IDENTITY_ID_INVALID);
    CHECK(str_starts(str_of(t->call->failure.text),
                     S("The identity ids '" SUB "/x' are invalid. It must be of the following format: '/subscriptions/{subscriptionId}/")));
    call_forgive(t->call);
}

static str block_of(struct test *t, size_t n)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S(USER "\"userAssignedIdentities\":{"));
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s\"" IDS "id%zu\":{}", i ? "," : "", i);
    buf_add(&b, S("}}"));
    return buf_view(&b);
}

TEST(identity_wish_has_a_limit) // I10
{
    const struct json   *block;
    struct identity_wish wish;
    CHECK_OK(json_parse(t->call, block_of(t, IDENTITY_MAX_USER_ASSIGNED), &block));
    CHECK_OK(identity_wish_read(t->call, block, &wish));
    CHECK_INT(wish.attach_n, IDENTITY_MAX_USER_ASSIGNED, "as many as may be");
    struct resource_identity full = {.user_assigned = wish.attach, .user_assigned_n = wish.attach_n};
    CHECK_OK(json_parse(t->call, block_of(t, IDENTITY_MAX_USER_ASSIGNED + 1), &block));
    CHECK_ERR(identity_wish_read(t->call, block, &wish), ERR_IDENTITY_VALUES, "one more");
    const str *ids, *fresh;
    size_t     n, fresh_n;
    CHECK_OK(read_wish(t, USER MAP("\"" IDS "one-more\":{}") "}", &wish));
    CHECK_ERR(identity_apply(t->call, IDENTITY_PATCH, &full, &wish, &ids, &n, &fresh, &fresh_n), ERR_IDENTITY_VALUES, "one more than fits");
    CHECK_OK(identity_apply(t->call, IDENTITY_PUT, &full, &wish, &ids, &n, &fresh, &fresh_n));
}

TEST(identity_apply_puts_sets_and_patches_changes) // I5
{
    static const str before_ids[] = {S_INIT(ID1), S_INIT(IDS "Id2")};
    static const struct { enum identity_verb verb; size_t before_n; const char *text; enum err want; const char *ids, *fresh; } CASES[] = {
        {IDENTITY_PUT, 2, NULL, OK, "id1 Id2", ""},
        {IDENTITY_PATCH, 2, NULL, OK, "id1 Id2", ""},
        {IDENTITY_PUT, 0, NULL, OK, "", ""},
        {IDENTITY_PUT, 0, USER MAP("\"" ID1 "\":{}") "}", OK, "id1", "id1"},
        {IDENTITY_PUT, 2, USER MAP("\"" ID3 "\":{}") "}", OK, "id3", "id3"},                                 // what is not listed is detached
        {IDENTITY_PUT, 2, USER MAP("\"" ID2 "\":{},\"" ID3 "\":{}") "}", OK, "id2 id3", "id3"},              // in the casing sent last
        {IDENTITY_PUT, 2, BOTH MAP("\"" ID1 "\":{},\"" ID2 "\":null") "}", OK, "id1", ""},                   // null never attaches
        {IDENTITY_PUT, 2, "{\"type\":\"SystemAssigned\"}", OK, "", ""},
        {IDENTITY_PUT, 2, "{\"type\":\"None\"}", OK, "", ""},
        {IDENTITY_PUT, 2, USER MAP("") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PUT, 2, "{\"type\":\"UserAssigned\"}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PUT, 2, USER "\"userAssignedIdentities\":null}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PUT, 2, USER MAP("\"" ID1 "\":null") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PUT, 0, "{\"type\":\"SystemAssigned,UserAssigned\"}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PATCH, 2, USER MAP("\"" ID3 "\":{}") "}", OK, "id1 Id2 id3", "id3"},
        {IDENTITY_PATCH, 2, USER MAP("\"" ID2 "\":{}") "}", OK, "id1 id2", ""},
        {IDENTITY_PATCH, 2, USER MAP("\"" IDS "ID1\":null") "}", OK, "Id2", ""},
        {IDENTITY_PATCH, 2, USER MAP("\"" ID1 "\":null,\"" ID3 "\":{}") "}", OK, "Id2 id3", "id3"},
        {IDENTITY_PATCH, 2, USER MAP("\"" ID3 "\":null") "}", OK, "id1 Id2", ""},                            // was not attached: fine
        {IDENTITY_PATCH, 2, "{\"type\":\"SystemAssigned,UserAssigned\"}", OK, "id1 Id2", ""},                // turns the other kind on
        {IDENTITY_PATCH, 2, "{\"type\":\"SystemAssigned\"}", OK, "", ""},                                    // the type is absolute
        {IDENTITY_PATCH, 2, "{\"type\":\"SystemAssigned\"," MAP("\"" ID1 "\":null,\"" ID2 "\":null") "}", OK, "", ""},
        {IDENTITY_PATCH, 2, "{\"type\":\"None\"}", OK, "", ""},
        {IDENTITY_PATCH, 2, USER MAP("\"" ID1 "\":null,\"" ID2 "\":null") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PATCH, 0, USER MAP("") "}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PATCH, 0, "{\"type\":\"UserAssigned\"}", ERR_IDENTITY_VALUES, NULL, NULL},
        {IDENTITY_PATCH, 0, USER MAP("\"" ID1 "\":null") "}", ERR_IDENTITY_VALUES, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char              *row = CASES[i].text ? CASES[i].text : "no block";
        struct resource_identity before = {.user_assigned = before_ids, .user_assigned_n = CASES[i].before_n};
        struct identity_wish     wish;
        const str               *ids, *fresh;
        size_t                   n, fresh_n;
        CHECK_OK(read_wish(t, CASES[i].text, &wish));
        enum err got = identity_apply(t->call, CASES[i].verb, CASES[i].before_n ? &before : NULL, &wish, &ids, &n, &fresh, &fresh_n);
        CHECK_ERR(got, CASES[i].want, row);
        if (got != OK) continue;
        CHECK_STR(names(t, ids, n), str_of(CASES[i].ids), row);
        CHECK_STR(names(t, fresh, fresh_n), str_of(CASES[i].fresh), row);
    }
}

static bool look_up(str id, object_id *out_principal, client_id *out_app, void *ctx)
{
    (void)ctx;
    if (!str_ends(id, S("id1"))) return false; // the others are gone
    *out_principal = (object_id){{{0x11}}};
    *out_app = (client_id){{{0x22}}};
    return true;
}

TEST(identity_writes_the_block_in_the_type_s_own_spelling) // I5, I6
{
    static const str ids[] = {S_INIT(ID1), S_INIT(ID2)};
#define SYSTEM_PART "\"principalId\":\"33000000-0000-0000-0000-000000000000\",\"tenantId\":\"44000000-0000-0000-0000-000000000000\""
#define USER_PART                                                                                                                       \
    "\"userAssignedIdentities\":{\"" ID1                                                                                                \
    "\":{\"principalId\":\"11000000-0000-0000-0000-000000000000\",\"clientId\":\"22000000-0000-0000-0000-000000000000\"},\"" ID2 "\":{}}"
    static const struct { enum identity_spelling spelling; bool system; size_t users; const char *want; } CASES[] = {
        {IDENTITY_SPACED, true, 2, "{\"identity\":{\"type\":\"SystemAssigned, UserAssigned\"," SYSTEM_PART "," USER_PART "}}"},
        {IDENTITY_COMPACT, true, 2, "{\"identity\":{\"type\":\"SystemAssigned,UserAssigned\"," SYSTEM_PART "," USER_PART "}}"},
        {IDENTITY_COMPACT_ALWAYS, true, 0, "{\"identity\":{\"type\":\"SystemAssigned\"," SYSTEM_PART "}}"},
        {IDENTITY_SPACED, false, 2, "{\"identity\":{\"type\":\"UserAssigned\"," USER_PART "}}"},
        {IDENTITY_SPACED, false, 0, "{}"},
        {IDENTITY_COMPACT, false, 0, "{}"},
        {IDENTITY_COMPACT_ALWAYS, false, 0, "{\"identity\":{\"type\":\"None\"}}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct resource_identity identity = {.has_system = CASES[i].system,
                                             .system_principal = {{{0x33}}},
                                             .system_app = {{{0x55}}},
                                             .user_assigned = ids,
                                             .user_assigned_n = CASES[i].users};
        struct buf               b;
        struct json_writer       w;
        buf_init(&b, &t->call->arena);
        json_begin(&w, &b);
        json_write_object(&w);
        identity_write(&w, CASES[i].spelling, (tenant_id){{{0x44}}}, &identity, look_up, NULL);
        json_write_end(&w);
        CHECK_STR(buf_view(&b), str_of(CASES[i].want), CASES[i].want);
        CHECK(str_find_str(buf_view(&b), S("55000000")) == STR_NOWHERE); // a system-assigned identity's client id is not in the block
    }
}
