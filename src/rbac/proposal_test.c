#include "rbac/proposal.h"

#include "rbac/power.h"
#include "test.h"

#define BLOBS "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

// O4: the roles that a person expects; the first must be that, and the further ones come in their order.
TEST(propose_ranks_the_role_a_person_expects_first)
{
    static const struct { const char *action; enum rbac_plane plane; const char *roles[RBAC_PROPOSALS]; } CASES[] = {
        {"Microsoft.Resources/subscriptions/resourceGroups/read", RBAC_CONTROL, {"Reader"}},
        {"Microsoft.Compute/virtualMachines/read", RBAC_CONTROL, {"Reader"}},
        {"Microsoft.KeyVault/vaults/read", RBAC_CONTROL, {"Reader"}},
        {"Microsoft.Authorization/roleAssignments/read", RBAC_CONTROL, {"Reader"}},
        {"Microsoft.Compute/virtualMachines/write", RBAC_CONTROL, {"Virtual Machine Contributor"}},
        {"Microsoft.Compute/virtualMachines/start/action", RBAC_CONTROL, {"Virtual Machine Contributor", "Contributor", "Owner"}},
        {"Microsoft.Resources/subscriptions/resourceGroups/write", RBAC_CONTROL, {"Contributor", "Owner"}},
        {"Microsoft.Storage/storageAccounts/write", RBAC_CONTROL, {"Storage Account Contributor", "Contributor", "Owner"}},
        {"Microsoft.Storage/storageAccounts/listKeys/action", RBAC_CONTROL, {"Storage Account Contributor"}},
        {"Microsoft.Network/virtualNetworks/write", RBAC_CONTROL, {"Network Contributor", "Contributor", "Owner"}},
        {"Microsoft.Web/sites/write", RBAC_CONTROL, {"Website Contributor"}},
        {"Microsoft.Sql/servers/write", RBAC_CONTROL, {"SQL Server Contributor", "Contributor", "Owner"}},
        {"Microsoft.KeyVault/vaults/write", RBAC_CONTROL, {"Key Vault Contributor", "Contributor", "Owner"}},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", RBAC_CONTROL, {"Managed Identity Operator", "Contributor", "Owner"}},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/write", RBAC_CONTROL, {"Managed Identity Contributor", "Contributor", "Owner"}},
        {"Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, {"Role Based Access Control Administrator", "User Access Administrator", "Owner"}},
        {"Microsoft.ContainerRegistry/registries/pull/read", RBAC_CONTROL, {"AcrPull", "Reader"}},
        {"Microsoft.KeyVault/vaults/secrets/readMetadata/action", RBAC_DATA, {"Key Vault Reader", "Key Vault Secrets User", "Key Vault Certificate User"}},
        {"Microsoft.KeyVault/vaults/secrets/getSecret/action", RBAC_DATA, {"Key Vault Secrets User", "Key Vault Certificate User", "Key Vault Secrets Officer"}},
        {"Microsoft.KeyVault/vaults/secrets/setSecret/action", RBAC_DATA, {"Key Vault Secrets Officer", "Key Vault Administrator"}},
        {"Microsoft.KeyVault/vaults/keys/sign/action", RBAC_DATA, {"Key Vault Crypto User", "Key Vault Crypto Officer", "Key Vault Administrator"}},
        {BLOBS "/read", RBAC_DATA, {"Storage Blob Data Reader", "Storage Blob Data Contributor", "Storage Blob Data Owner"}},
        {BLOBS "/write", RBAC_DATA, {"Storage Blob Data Contributor", "Storage Blob Data Owner"}},
        {"Microsoft.ServiceBus/namespaces/messages/send/action", RBAC_DATA, {"Azure Service Bus Data Sender", "Azure Service Bus Data Owner"}},
        {"Microsoft.Compute/virtualMachines/login/action", RBAC_DATA, {"Virtual Machine User Login"}},
        {"Microsoft.Insights/metrics/write", RBAC_DATA, {"Monitoring Metrics Publisher"}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_proposal got[RBAC_PROPOSALS];
        size_t               n = rbac_propose(str_of(CASES[i].action), CASES[i].plane, got);
        for (size_t k = 0; k < RBAC_PROPOSALS && CASES[i].roles[k]; k++) {
            CHECK_ROW(k < n, CASES[i].action);
            if (k < n) CHECK_STR(got[k].role->name, str_of(CASES[i].roles[k]), CASES[i].action);
        }
    }
}

TEST(propose_names_none_where_no_role_would_do)
{
    struct rbac_proposal got[RBAC_PROPOSALS];
    CHECK_INT(rbac_propose(S("Microsoft.Nobody/has/this/action"), RBAC_DATA, got), 0, "an action that no role names");
    CHECK_INT(rbac_propose(S("*/read"), RBAC_CONTROL, got), 0, "no action");
}

// What a role allows beyond the need is said, and so is that it is made for something else.
TEST(propose_says_what_a_role_allows_beyond_the_need)
{
    struct rbac_proposal got[RBAC_PROPOSALS];
    CHECK_INT(rbac_propose(S("Microsoft.KeyVault/vaults/secrets/getSecret/action"), RBAC_DATA, got), 3, "roles");
    CHECK(got[0].more == 1 && got[0].more_data == 1 && got[0].more_values == 0 && got[0].more_changes == 0);
    CHECK_STR(rbac_proposal_text(t->call, &got[0]),
              S("Beyond this it allows 0 management operations (0 that change something) and 1 data operation; 0 of these read values or keys."),
              "one more");
    CHECK_INT(rbac_propose(S("Microsoft.ContainerRegistry/registries/pull/read"), RBAC_CONTROL, got), 3, "roles");
    CHECK_STR(rbac_proposal_text(t->call, &got[0]), S("It allows nothing else."), "nothing more");
    CHECK_INT(rbac_propose(S("Microsoft.Resources/subscriptions/resourceGroups/write"), RBAC_CONTROL, got), 3, "roles");
    CHECK(str_ends(rbac_proposal_text(t->call, &got[0]), S(" It is not made for any one provider.")));
}

// The table is what gen-powers would write now: every eighth role is counted anew.
TEST(power_table_is_up_to_date)
{
    size_t             n;
    const struct role *roles = role_builtins(&n);
    for (size_t i = 0; i < n; i += 8) {
        struct role_power        now = {0};
        const struct role_power *then = power_of(&roles[i]);
        CHECK(power_measure(&roles[i], &now));
        CHECK_ROW(now.operations[0] == then->operations[0] && now.operations[1] == then->operations[1], call_zstr(t->call, roles[i].name));
        CHECK_ROW(now.changes == then->changes && now.values == then->values, call_zstr(t->call, roles[i].name));
        CHECK_ROW(str_eq(now.homes[0], then->homes[0]) && str_eq(now.homes[1], then->homes[1]), call_zstr(t->call, roles[i].name));
    }
}

TEST(power_knows_what_hands_out_values)
{
    static const struct { const char *operation; enum rbac_plane plane; bool want; } CASES[] = {
        {"Microsoft.KeyVault/vaults/secrets/getSecret/action", RBAC_DATA, true},
        {"Microsoft.KeyVault/vaults/secrets/readMetadata/action", RBAC_DATA, false},
        {"Microsoft.KeyVault/vaults/keys/read", RBAC_DATA, false},
        {BLOBS "/read", RBAC_DATA, true},
        {BLOBS "/tags/read", RBAC_DATA, false},
        {BLOBS "/write", RBAC_DATA, false},
        {"Microsoft.Storage/storageAccounts/listKeys/action", RBAC_CONTROL, true},
        {"Microsoft.Storage/storageAccounts/listAccountSas/action", RBAC_CONTROL, true},
        {"Microsoft.DocumentDB/databaseAccounts/listConnectionStrings/action", RBAC_CONTROL, true},
        {"Microsoft.Storage/storageAccounts/regeneratekey/action", RBAC_CONTROL, false},
        {"Microsoft.Storage/storageAccounts/read", RBAC_CONTROL, false},
        {"Microsoft.Web/sites/publishxml/action", RBAC_CONTROL, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ROW(power_is_of_values(str_of(CASES[i].operation), CASES[i].plane) == CASES[i].want, CASES[i].operation);
}
