#include "ops/propagation.h"

#include "test.h"

TEST(propagation_is_instant_where_nothing_is_said_and_published_for_the_cloud) // R8
{
    struct propagation none = {0};
    struct scope       at = {.kind = SCOPE_RESOURCE};
    CHECK_INT(propagation_of_assignment_ns(&none, NULL, &at), 0, "instant");
    CHECK_INT(propagation_of_removal_ns(&none, NULL, &at), 0, "instant");
    CHECK_INT(PROPAGATION_CLOUD.role_assignment_s, 600, "up to 10 minutes");
    CHECK_INT(PROPAGATION_CLOUD.role_removal_s, 600, "up to 10 minutes");
    CHECK_INT(PROPAGATION_CLOUD.management_group_assignment_s, 12 * 3600, "12 hours at worst");
}

TEST(propagation_of_data_roles_above_subscriptions_is_slower) // R8
{
    static const str                    DATA[] = {S_INIT("Microsoft.KeyVault/vaults/secrets/*")};
    static const struct role_permission PLAIN = {.actions = DATA, .action_n = 1}, WITH_DATA = {.data_actions = DATA, .data_action_n = 1};
    const struct role                   control = {.permissions = &PLAIN, .permission_n = 1}, data = {.permissions = &WITH_DATA, .permission_n = 1};
    const struct propagation p = {.role_assignment_s = 1, .role_removal_s = 2, .management_group_assignment_s = 3, .management_group_removal_s = 4};
    const struct { const char *row; enum scope_kind at; const struct role *role; int64_t assignment_s, removal_s; } CASES[] = {
        {"data at a management group", SCOPE_MGMT_GROUP, &data, 3, 4}, {"data at the root", SCOPE_ROOT, &data, 3, 4},
        {"data at a subscription", SCOPE_SUBSCRIPTION, &data, 1, 2},   {"data at a group", SCOPE_GROUP, &data, 1, 2},
        {"data at a resource", SCOPE_RESOURCE, &data, 1, 2},           {"control at a management group", SCOPE_MGMT_GROUP, &control, 1, 2},
        {"control at the root", SCOPE_ROOT, &control, 1, 2},           {"a role that is gone", SCOPE_MGMT_GROUP, NULL, 1, 2},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct scope at = {.kind = CASES[i].at};
        CHECK_INT(propagation_of_assignment_ns(&p, CASES[i].role, &at), CASES[i].assignment_s * NS_PER_S, CASES[i].row);
        CHECK_INT(propagation_of_removal_ns(&p, CASES[i].role, &at), CASES[i].removal_s * NS_PER_S, CASES[i].row);
    }
}

TEST(propagation_reads_own_figures_and_refuses_the_rest) // R8
{
    static const struct { const char *text; enum err want; int64_t assignment_s, removal_s; const char *says; } CASES[] = {
        {"{}", OK, 0, 0, ""},
        {"{\"roleAssignment\":30}", OK, 30, 0, ""},
        {"{\"roleRemoval\":2592000,\"directoryObject\":0}", OK, 0, 2592000, ""},
        {"{\"roleRemoval\":2592001}", ERR_PARAMETER_INVALID, 0, 0, "roleRemoval must be"},
        {"{\"roleAssignment\":-1}", ERR_PARAMETER_INVALID, 0, 0, "roleAssignment must be"},
        {"{\"roleAssignment\":1.5}", ERR_PARAMETER_INVALID, 0, 0, "whole number"},
        {"{\"roleAssignment\":\"10m\"}", ERR_PARAMETER_INVALID, 0, 0, "whole number"},
        {"{\"roleAssignment\":null}", ERR_PARAMETER_INVALID, 0, 0, "whole number"},
        {"{\"roleAssignment\":true}", ERR_PARAMETER_INVALID, 0, 0, "whole number"},
        {"{\"groupsFromToken\":true,\"roleAssignment\":1}", OK, 1, 0, ""},
        {"{\"groupsFromToken\":1}", ERR_PARAMETER_INVALID, 0, 0, "true or false"},
        {"{\"groupsFromToken\":\"yes\"}", ERR_PARAMETER_INVALID, 0, 0, "true or false"},
        {"{\"roleassignment\":1}", ERR_PARAMETER_INVALID, 0, 0, "there are: roleAssignment, roleRemoval, "},
        {"{\"roleAssignment\":1,\"lunch\":3600}", ERR_PARAMETER_INVALID, 0, 0, "called \"lunch\""},
        {"{\"\":1}", ERR_PARAMETER_INVALID, 0, 0, "called \"\""},
        {"[]", ERR_PARAMETER_INVALID, 0, 0, "object"},
        {"600", ERR_PARAMETER_INVALID, 0, 0, "object"},
        {"", ERR_JSON_INVALID, 0, 0, ""},
        {"cloud", ERR_JSON_INVALID, 0, 0, ""},
        {"{\"roleAssignment\":1,\"roleAssignment\":2}", ERR_JSON_INVALID, 0, 0, ""},
        {"{\"roleAssignment\":99999999999999999999}", ERR_JSON_INVALID, 0, 0, ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct propagation p = {0};
        enum err           got = propagation_read(t->call, str_of(CASES[i].text), &p);
        CHECK_ROW(str_find_str(str_of(t->call->failure.text), str_of(CASES[i].says)) != STR_NOWHERE, CASES[i].text);
        CHECK_ERR(got, CASES[i].want, CASES[i].text);
        CHECK_INT(p.role_assignment_s, CASES[i].assignment_s, CASES[i].text);
        CHECK_INT(p.role_removal_s, CASES[i].removal_s, CASES[i].text);
        CHECK_ROW(p.groups_from_token == (got == OK && str_starts(str_of(CASES[i].text), S("{\"groups"))), CASES[i].text);
    }
}
