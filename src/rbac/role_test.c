#include "rbac/role.h"

#include "test.h"

static const struct role *find(const char *id)
{
    guid g;
    return guid_parse(str_of(id), &g) ? role_builtin_find(g) : NULL;
}

static bool has(const str *items, size_t n, const char *text)
{
    return str_index_nocase(items, n, str_of(text)) != STR_NOWHERE;
}

// R3: the published catalogue, with its real ids.
TEST(role_builtins_are_the_published_catalogue)
{
    size_t             n, actions = 0, not_actions = 0, data = 0, not_data = 0;
    const struct role *all = role_builtins(&n);
    CHECK_INT(n, 928, "roles");
    for (size_t i = 0; i < n; i++) {
        CHECK_ROW(all[i].is_builtin && all[i].scope_n == 1 && str_eq(all[i].scopes[0], S("/")), guid_text(all[i].id).s);
        CHECK_ROW(i == 0 || guid_cmp(all[i - 1].id, all[i].id) < 0, guid_text(all[i].id).s);
        CHECK_ROW(role_builtin_find(all[i].id) == &all[i], guid_text(all[i].id).s);
        CHECK_ROW(!str_empty(all[i].name) && all[i].permission_n > 0, guid_text(all[i].id).s);
        for (size_t k = 0; k < all[i].permission_n; k++) {
            actions += all[i].permissions[k].action_n;
            not_actions += all[i].permissions[k].not_action_n;
            data += all[i].permissions[k].data_action_n;
            not_data += all[i].permissions[k].not_data_action_n;
        }
    }
    CHECK_INT(actions, 8969, "actions");
    CHECK_INT(not_actions, 237, "notActions");
    CHECK_INT(data, 1747, "dataActions");
    CHECK_INT(not_data, 66, "notDataActions");
}

TEST(role_builtins_have_the_well_known_ids)
{
    static const struct { const char *id, *name, *action, *data_action; } CASES[] = {
        {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "*", ""},
        {"B24988AC-6180-42A0-AB88-20F7382DD24C", "Contributor", "*", ""},
        {"acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "*/read", ""},
        {"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", "Microsoft.Authorization/*", ""},
        {"f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator", "Microsoft.Authorization/roleAssignments/write", ""},
        {"f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action", ""},
        {"00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator", "", "Microsoft.KeyVault/vaults/*"},
        {"4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User", "", "Microsoft.KeyVault/vaults/secrets/getSecret/action"},
        {"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader", "", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"},
        {"69a216fc-b8fb-44d8-bc22-1f3c2cd27a39", "Azure Service Bus Data Sender", "", "Microsoft.ServiceBus/*/send/action"},
        {"516239f1-63e1-4d78-a4de-a74fb236a071", "App Configuration Data Reader", "", "Microsoft.AppConfiguration/configurationStores/*/read"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct role *r = find(CASES[i].id);
        CHECK_ROW(r != NULL, CASES[i].name);
        if (!r) continue;
        const struct role_permission *p = r->permissions;
        CHECK_STR(r->name, str_of(CASES[i].name), CASES[i].id);
        CHECK_ROW(!*CASES[i].action || has(p->actions, p->action_n, CASES[i].action), CASES[i].name);
        CHECK_ROW(!*CASES[i].data_action || has(p->data_actions, p->data_action_n, CASES[i].data_action), CASES[i].name);
    }
    CHECK(find("8e3af657-a8ff-443c-a75c-2fe8c4bcb636") == NULL);
    CHECK(find("00000000-0000-0000-0000-000000000000") == NULL);
}

TEST(role_builtins_mark_the_29_conditional_roles)
{
    static const struct { const char *id; size_t blocks, conditions, withheld; } CASES[] = {
        {"8b54135c-b56d-4d72-a534-26097cfdc8d8", 1, 1, 0}, // Key Vault Data Access Administrator
        {"d715fb95-a0f0-4f1c-8be6-5ad2d2767f67", 2, 1, 0}, // AVS Orchestrator Role
        {"5a382001-fe36-41ff-bba4-8bf06bd54da9", 3, 1, 1}, // Azure Sphere Owner
        {"0f641de8-0b88-4198-bdef-bd8b45ceba96", 2, 0, 1}, // Defender for Storage Scanner Operator
        {"5a2ec2f1-2375-4950-9906-59ec1d979249", 1, 0, 1}, // ... Drills Assets Administrator: nothing of it is known
        {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", 1, 0, 0}, // Owner
    };
    size_t             n, conditional = 0, withheld = 0;
    const struct role *all = role_builtins(&n);
    for (size_t i = 0; i < n; i++) {
        bool is_conditional = false, is_withheld = false;
        for (size_t k = 0; k < all[i].permission_n; k++) {
            is_conditional |= !str_empty(all[i].permissions[k].condition) || all[i].permissions[k].condition_unknown;
            is_withheld |= all[i].permissions[k].condition_unknown;
        }
        conditional += is_conditional;
        withheld += is_withheld;
    }
    CHECK_INT(conditional, 29, "conditional");
    CHECK_INT(withheld, 7, "with a part withheld");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct role *r = find(CASES[i].id);
        size_t             conditions = 0, unknown = 0;
        for (size_t k = 0; r && k < r->permission_n; k++) {
            conditions += !str_empty(r->permissions[k].condition);
            unknown += r->permissions[k].condition_unknown;
        }
        CHECK_ROW(r && r->permission_n == CASES[i].blocks, CASES[i].id);
        CHECK_ROW(conditions == CASES[i].conditions && unknown == CASES[i].withheld, CASES[i].id);
    }
}

static const str                    ACTIONS[] = {S_INIT("Microsoft.KeyVault/*/read"), S_INIT("Microsoft.Storage/storageAccounts/write")};
static const str                    SCOPES[] = {S_INIT("/subscriptions/11111111-2222-3333-4444-555555555555"), S_INIT("/")};
static const struct role_permission BLOCKS[] = {
    {.actions = ACTIONS, .action_n = 2, .not_actions = ACTIONS + 1, .not_action_n = 1},
    {.data_actions = ACTIONS, .data_action_n = 1, .condition = S_INIT("ActionMatches{'a'}"), .condition_unknown = true},
};
static const struct role PLAIN = {
    .id = {{1, 2, 3}},
    .name = S_INIT("VM operator"),
    .description = S_INIT("starts them"),
    .permissions = BLOCKS,
    .permission_n = 2,
    .scopes = SCOPES,
    .scope_n = 2,
    .created_ns = 5,
    .updated_ns = -7,
    .created_by = {{{9}}},
    .updated_by = {{{8}}},
};

static bytes packed(struct call *c, const struct role *r)
{
    struct buf b;
    buf_init(&b, &c->arena);
    role_pack(&b, r);
    return str_bytes(buf_view(&b));
}

TEST(role_unpack_reads_what_role_pack_wrote)
{
    struct role *r = NULL, *again = NULL;
    CHECK_OK(role_new(t->call, &PLAIN, &r));
    bytes record = packed(t->call, r);
    CHECK_OK(role_unpack(t->call, record, &again));
    CHECK(str_eq(bytes_str(packed(t->call, again)), bytes_str(record)));
    CHECK_STR(again->permissions[0].not_actions[0], ACTIONS[1], "not_actions");
    CHECK_STR(again->permissions[1].condition, S("ActionMatches{'a'}"), "condition");
    CHECK(again->permissions[1].condition_unknown && !again->permissions[0].condition_unknown);
    CHECK_STR(again->scopes[0], SCOPES[0], "scopes");
    CHECK(guid_eq(again->id, PLAIN.id) && again->updated_ns == -7 && !again->is_builtin);
    for (size_t n = 0; n < record.n; n++) {
        struct role *cut;
        CHECK_ERR(role_unpack(t->call, (bytes){record.at, n}, &cut), ERR_STORE_DAMAGED, "cut");
    }
    ref_drop(&r->ref);
    ref_drop(&again->ref);
}

TEST(role_new_keeps_the_limits)
{
    static char text[ROLE_MAX_CONDITION_BYTES + 1];
    str        *many;
    struct role r, *out;
    memset(text, 'a', sizeof text);
    CHECK_OK(NEW(t->call, &many, ROLE_MAX_ACTIONS + 1));
    for (size_t i = 0; i <= ROLE_MAX_ACTIONS; i++) many[i] = S("a/b");
    struct role_permission full = {.actions = many, .action_n = ROLE_MAX_ACTIONS};

    r = (struct role){.permissions = &full, .permission_n = 1};
    CHECK_OK(role_new(t->call, &r, &out));
    ref_drop(&out->ref);
    full.not_actions = many, full.not_action_n = 1;
    CHECK_ERR(role_new(t->call, &r, &out), ERR_ROLE_INVALID, "one action too many, over two lists");
    r = (struct role){.name = {text, ROLE_MAX_NAME_BYTES + 1}};
    CHECK_ERR(role_new(t->call, &r, &out), ERR_ROLE_INVALID, "name");
    r = (struct role){.description = {text, ROLE_MAX_DESCRIPTION_BYTES + 1}};
    CHECK_ERR(role_new(t->call, &r, &out), ERR_ROLE_INVALID, "description");
    r = (struct role){.scopes = many, .scope_n = ROLE_MAX_SCOPES + 1};
    CHECK_ERR(role_new(t->call, &r, &out), ERR_ROLE_INVALID, "scopes");
    struct role_permission long_condition = {.condition = {text, ROLE_MAX_CONDITION_BYTES + 1}};
    r = (struct role){.permissions = &long_condition, .permission_n = 1};
    CHECK_ERR(role_new(t->call, &r, &out), ERR_ROLE_INVALID, "condition");
    str                    long_action = {text, ROLE_MAX_ACTION_BYTES + 1};
    struct role_permission one = {.data_actions = &long_action, .data_action_n = 1};
    r = (struct role){.permissions = &one, .permission_n = 1};
    CHECK_ERR(role_new(t->call, &r, &out), ERR_ROLE_INVALID, "action");
}

// Made by the generator from the role's own actions.
TEST(role_builtins_say_what_they_allow)
{
    static const struct { const char *name, *words; } CASES[] = {
        {"Owner", "Management: every action on all resources."},
        {"Reader", "Management: read on all resources."},
        {"Contributor", "Management: every action on all resources, except Microsoft.Authorization/*/Delete, Microsoft.Authorization/*/Write and 9 more."},
        {"Key Vault Secrets User", "Data: getSecret and readMetadata on Microsoft.KeyVault/vaults/secrets."},
        {"Azure Center for SAP solutions Management role", "Grants nothing by itself."},
    };
    size_t             n, found = 0;
    const struct role *roles = role_builtins(&n);
    for (size_t i = 0; i < n; i++) {
        CHECK(roles[i].description.n > 0 && roles[i].description.n <= ROLE_MAX_DESCRIPTION_BYTES);
        for (size_t k = 0; k < COUNT(CASES); k++) {
            if (!str_eq(roles[i].name, str_of(CASES[k].name))) continue;
            CHECK_STR(roles[i].description, str_of(CASES[k].words), CASES[k].name);
            found++;
        }
    }
    CHECK_INT(found, COUNT(CASES), "roles looked for");
}
