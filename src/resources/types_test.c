#include "resources/types.h"

#include "resources/location.h"
#include "test.h"

#define X10 "xxxxxxxxxx"

TEST(types_names_follow_the_published_rules) // I10
{
    static const struct { const char *type, *name; bool allowed; } CASES[] = {
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "id1", true},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "1-_", true},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "id", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "-id", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "_id", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "my.id", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "my id", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "idé", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "12345678", true},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "123456789", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "fic", true},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "fi", false},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10, true},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "1", false},
        {"microsoft.keyvault/VAULTS", "v-1", true},
        {"Microsoft.KeyVault/vaults", "Pay1", true},
        {"Microsoft.KeyVault/vaults", "v1", false},
        {"Microsoft.KeyVault/vaults", "1vault", false},
        {"Microsoft.KeyVault/vaults", "-vault", false},
        {"Microsoft.KeyVault/vaults", "vault-", false},
        {"Microsoft.KeyVault/vaults", "my--vault", false},
        {"Microsoft.KeyVault/vaults", "my_vault", false},
        {"Microsoft.KeyVault/vaults", "my.vault", false},
        {"Microsoft.KeyVault/vaults", X10 X10 "1234", true},
        {"Microsoft.KeyVault/vaults", X10 X10 "12345", false},
        {"Microsoft.Compute/virtualMachines", "vm1", true},
        {"Microsoft.Compute/virtualMachines", "web.prod_01", true},
        {"Microsoft.Compute/virtualMachines", "_vm", false},
        {"Microsoft.Compute/virtualMachines", "vm-", false},
        {"Microsoft.Compute/virtualMachines", "vm.", false},
        {"Microsoft.Compute/virtualMachines", "v m", false},
        {"Microsoft.Compute/virtualMachines", "vm@home", false},
        {"Microsoft.Compute/virtualMachines", X10 X10 X10 X10 X10 X10 "12345", false},
        {"Microsoft.Web/sites", "web", true},
        {"Microsoft.Web/sites", "bücher", true},
        {"Microsoft.Web/sites", "w", false},
        {"Microsoft.Web/sites", "-web", false},
        {"Microsoft.Web/sites", "web.prod", false},
        {"Microsoft.Web/sites/slots", "staging", true},
        {"Microsoft.Web/sites/slots", "s", false},
        {"Microsoft.App/containerApps", "api", true},
        {"Microsoft.App/containerApps", "Api", false},
        {"Microsoft.App/containerApps", "1api", false},
        {"Microsoft.App/containerApps", "my--api", false},
        {"Microsoft.Storage/storageAccounts", "stor3", true},
        {"Microsoft.Storage/storageAccounts", "Stor3", false},
        {"Microsoft.Storage/storageAccounts", "my-storage", false},
        {"Microsoft.Storage/storageAccounts", "st", false},
        {"Microsoft.ServiceBus/namespaces", "orders-bus", true},
        {"Microsoft.ServiceBus/namespaces", "bus", false},
        {"Microsoft.ServiceBus/namespaces", "orders-", false},
        {"Contoso.Own/things", "any thing (of) ours!", true}, // I2: a type that nobody knows
        {"Contoso.Own/things", "größe", true},
        {"Contoso.Own/things", "", false},
        {"Contoso.Own/things", " ", false},
        {"Contoso.Own/things", "a ", false},
        {"Contoso.Own/things", "a/b", false},
        {"Contoso.Own/things", "a%62", false},
        {"Contoso.Own/things", "a\\b", false},
        {"Contoso.Own/things", "a?b", false},
        {"Contoso.Own/things", "a:b", false},
        {"Contoso.Own/things", "a<b", false},
        {"Contoso.Own/things", "a#b", false},
        {"Contoso.Own/things", "a*", false},
        {"Contoso.Own/things", "a&b", false},
        {"Contoso.Own/things", "a\nb", false},
        {"Contoso.Own/things", "a\x7f", false},
        {"Contoso.Own/things", "\xff", false},             // no UTF-8
        {"Contoso.Own/things", "a\xc3", false},            // cut
        {"Contoso.Own/things", "\xc0\xaf", false},         // '/' in a longer form than needed
        {"Contoso.Own/things", "\xed\xa0\x80", false},     // half a surrogate pair
        {"Contoso.Own/things", "\xf4\x90\x80\x80", false}, // past the last character
        {"Contoso.Own/things", "\xc2\x85", false},         // a control character
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct resource_type *type = types_of(str_of(CASES[i].type));
        CHECK_ERR(types_check_name(t->call, type, str_of(CASES[i].name)), CASES[i].allowed ? OK : ERR_NAME_INVALID, CASES[i].name);
    }
}

TEST(types_group_names_follow_the_published_rules) // I10
{
    static const struct { const char *name; bool allowed; } CASES[] = {
        {"rg1", true}, {"a", true}, {"(x)-_.y", true}, {"größe", true}, {"-", true},
        {"", false}, {"rg.", false}, {"rg 1", false}, {"rg/1", false}, {"rg#1", false}, {"rg*", false},
        {X10 X10 X10 X10 X10 X10 X10 X10 X10, true},
        {X10 X10 X10 X10 X10 X10 X10 X10 X10 "1", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(types_check_group_name(t->call, str_of(CASES[i].name)), CASES[i].allowed ? OK : ERR_NAME_INVALID, CASES[i].name);
    CHECK(name_rule_allows(&NAME_RULE_MGMT_GROUP, S("team-a")));
    CHECK(!name_rule_allows(&NAME_RULE_MGMT_GROUP, S("(team)")));
    CHECK(!name_rule_allows(&NAME_RULE_MGMT_GROUP, S("team a")));
}

TEST(types_refusal_of_a_name_says_the_rule)
{
    static const struct { const char *type, *words; } CASES[] = {
        {"Microsoft.KeyVault/vaults", "It must have 3 to 24 characters: letters, digits and hyphens. It must begin with a letter and end with a letter or a digit. "
                                      "It must not have two hyphens in a row."},
        {"Microsoft.ManagedIdentity/userAssignedIdentities",
         "It must have 3 to 128 characters: letters, digits, hyphens and underscores. It must begin with a letter or a digit."},
        {"Microsoft.Compute/virtualMachines", "It must have 1 to 64 characters: letters of any language, digits, hyphens, underscores and periods. "
                                              "It must begin with a letter or a digit and end with a letter, a digit or an underscore."},
        {"Microsoft.Storage/storageAccounts", "It must have 3 to 24 characters: lower-case letters and digits."},
        {"Microsoft.AppConfiguration/configurationStores", "It must have 5 to 50 characters: letters, digits, hyphens and underscores."},
        {"Microsoft.DocumentDB/databaseAccounts", "It must have 3 to 44 characters: lower-case letters, digits and hyphens. It must begin with a letter or a digit."},
        {"Contoso.Own/things", "It must have 1 to 260 characters: letters of any language and digits, spaces and the characters !\"$'()+,-.;=@[]^_`{|}~. "
                               "It must not begin with a space and not end with a space."},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_STR(name_rule_words(t->call, types_of(str_of(CASES[i].type))->names), str_of(CASES[i].words), CASES[i].type);
    CHECK_STR(name_rule_words(t->call, &NAME_RULE_GROUP),
              S("It must have 1 to 90 characters: letters of any language, digits, hyphens, underscores, periods and parentheses. It must not end "
                "with a period."),
              "groups");
    CHECK_STR(name_rule_words(t->call, &NAME_RULE_MGMT_GROUP),
              S("It must have 1 to 90 characters: letters, digits, hyphens, underscores, periods and parentheses. It must begin with a letter or a "
                "digit and "
                "not end with a period."),
              "management groups");
    CHECK(types_check_name(t->call, types_of(S("Microsoft.Storage/storageAccounts")), S("1")) == ERR_NAME_INVALID);
    CHECK_STR(str_of(t->call->failure.text),
              S("The resource name '1' is invalid for the type Microsoft.Storage/storageAccounts. It must have 3 to 24 "
                "characters: lower-case letters and digits."),
              "the whole");
    call_forgive(t->call);
}

TEST(types_table_is_whole)
{
    for (size_t i = 0; i < types_count(); i++) {
        const struct resource_type *type = types_at(i);
        CHECK(type->names && type->names->min >= 1 && type->names->min <= type->names->max);
        CHECK(types_find(type->type) == type);
        CHECK(types_index(type) == i);
        for (str rest = type->api_versions, one; type->api_versions.n && str_cut(&rest, ',', &one);) CHECK(api_version_is_well_formed(str_trim(one)));
    }
    CHECK(types_at(types_count()) == NULL);
}

TEST(types_tell_what_identities_a_resource_may_carry) // I2, I5
{
    static const struct { const char *type; bool system, user; enum identity_spelling spelling; } CASES[] = {
        {"Microsoft.Compute/virtualMachines", true, true, IDENTITY_SPACED},
        {"MICROSOFT.WEB/SITES/SLOTS", true, true, IDENTITY_SPACED},
        {"Microsoft.App/containerApps", true, true, IDENTITY_COMPACT_ALWAYS},
        {"Microsoft.HybridCompute/machines", true, false, IDENTITY_SPACED},
        {"Microsoft.KeyVault/vaults", false, false, IDENTITY_SPACED},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", false, false, IDENTITY_SPACED},
        {"Contoso.Own/things", true, true, IDENTITY_SPACED},
        {"", true, true, IDENTITY_SPACED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct resource_type *type = types_of(str_of(CASES[i].type));
        CHECK_ROW(type->takes_system == CASES[i].system && type->takes_user == CASES[i].user, CASES[i].type);
        CHECK_ROW(type->spelling == CASES[i].spelling, CASES[i].type);
    }
    CHECK(types_find(S("Contoso.Own/things")) == NULL && types_find(S("")) == NULL && types_find(S("Microsoft.KeyVault")) == NULL);
    CHECK(types_find(S("Microsoft.ManagedIdentity/userAssignedIdentities"))->has_lower_group);
    CHECK(!types_find(S("Microsoft.KeyVault/vaults"))->has_lower_group);
}

TEST(types_api_versions_are_the_published_ones_and_those_after_them)
{
    static const struct { const char *type, *version; enum err want; } CASES[] = {
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30", OK},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2015-08-31-PREVIEW", OK},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2026-06-15", OK},              // newer than the table
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2026-11-23-preview", OK},      // of today
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2026-11-24", ERR_API_VERSION_UNKNOWN}, // of tomorrow
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2099-01-01", ERR_API_VERSION_UNKNOWN},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-29", ERR_API_VERSION_UNKNOWN},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30-preview", ERR_API_VERSION_UNKNOWN},
        {"Microsoft.ManagedIdentity/userAssignedIdentities", "2014-01-01", ERR_API_VERSION_UNKNOWN},
        {"Microsoft.KeyVault/vaults", "2026-02-01", OK},
        {"Microsoft.KeyVault/vaults", "2022-07-01", OK},
        {"Microsoft.KeyVault/vaults", "2022-07-02", ERR_API_VERSION_UNKNOWN},
        {"Microsoft.Compute/virtualMachines", "2022-11-01", OK},
        {"Microsoft.Compute/virtualMachines", "2024-03-01", OK},
        {"Microsoft.Compute/virtualMachines", "2026-04-01", OK},
        {"Contoso.Own/things", "2014-04-01", OK}, // without a list: from Resource Manager's first to today's
        {"Contoso.Own/things", "2024-01-01-privatepreview", OK},
        {"Contoso.Own/things", "2026-11-23", OK},
        {"Contoso.Own/things", "2026-11-24", ERR_API_VERSION_UNKNOWN},
        {"Contoso.Own/things", "2014-03-31", ERR_API_VERSION_UNKNOWN},
        {"Contoso.Own/things", "2001-01-01-privatepreview", ERR_API_VERSION_UNKNOWN},
        {"Microsoft.App/containerApps", "2023-05-01", OK},
        {"Microsoft.App/containerApps", "1999-01-01", ERR_API_VERSION_INVALID}, // older than dates of this form
        {"Microsoft.App/containerApps", "banana", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024-13-01", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024-12-32", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024-00-01", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024/11/30", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024-11-30-", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024-11-30-final", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "2024-11-30preview", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "+024-11-30", ERR_API_VERSION_INVALID},
        {"Contoso.Own/things", "latest-one", ERR_API_VERSION_INVALID},
        {"Microsoft.KeyVault/vaults", "7.4", ERR_API_VERSION_INVALID},
    };
    t->call->now_s = 1795392000; // 2026-11-23
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(types_check_api_version(t->call, types_of(str_of(CASES[i].type)), str_of(CASES[i].type), S("westus"), str_of(CASES[i].version)),
                  CASES[i].want, CASES[i].version);
    CHECK(types_check_api_version(t->call, types_of(S("Microsoft.KeyVault/vaults")), S("Microsoft.KeyVault/vaults"), S("westus"), S("2022-07-02")) !=
          OK);
    CHECK(str_starts(str_of(t->call->failure.text),
                     S("No registered resource provider found for location 'westus' and API version '2022-07-02' for type "
                       "'vaults'. The supported api-versions are '2026-04-01-preview, ")));
    call_forgive(t->call);
}

TEST(location_is_written_without_case_and_blanks)
{
    static const struct { const char *text, *want; enum err err; } CASES[] = {
        {"West US 2", "westus2", OK},
        {"westus2", "westus2", OK},
        {" EastUS ", "eastus", OK},
        {"rack 7", "rack7", OK}, // a machine of one's own
        {"", NULL, ERR_LOCATION_REQUIRED},
        {"   ", NULL, ERR_LOCATION_REQUIRED},
        {"west-us", NULL, ERR_LOCATION_INVALID},
        {"west\tus", NULL, ERR_LOCATION_INVALID},
        {"west/us", NULL, ERR_LOCATION_INVALID},
        {"größe", NULL, ERR_LOCATION_INVALID},
        {"<script>", NULL, ERR_LOCATION_INVALID},
        {X10 X10 X10 X10 X10 X10 X10, NULL, ERR_LOCATION_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str got = STR_NONE;
        CHECK_ERR(location_normalise(t->call, str_of(CASES[i].text), &got), CASES[i].err, CASES[i].text);
        if (CASES[i].want) CHECK_STR(got, str_of(CASES[i].want), CASES[i].text);
    }
    CHECK(location_eq(S("West US"), S("westus")) && location_eq(S(" "), S("")));
    CHECK(!location_eq(S("West US"), S("westus2")) && !location_eq(S("westus"), S("")));
}

TEST(location_table_is_ordered_and_found_in_any_writing)
{
    for (size_t i = 0; i < locations_count(); i++) {
        const struct location *l = locations_at(i);
        str                    name = STR_NONE;
        CHECK_OK(location_normalise(t->call, l->display_name, &name));
        CHECK_STR(name, l->name, "the display name says the name");
        if (i) CHECK(str_cmp(locations_at(i - 1)->name, l->name) < 0);
        CHECK(locations_find(l->display_name) == l);
    }
    CHECK(locations_find(S("atlantis")) == NULL && locations_find(S("")) == NULL && locations_at(locations_count()) == NULL);
    CHECK(str_starts(locations_csv(t->call), S("australiaeast,australiasoutheast,brazilsouth,")));
}
