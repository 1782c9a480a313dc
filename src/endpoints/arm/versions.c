// Which api-versions the routes take that serve no type of the type table.
#include "endpoints/arm/arm.h"
#include "resources/types.h"

// Resource Manager's own types share one list. Source: its answer to a version that it does not know, as reported publicly in 2026
#define RESOURCES                                                                                                     \
    "2026-06-01,2025-04-01,2025-03-01,2024-10-01-preview,2024-11-01,2024-08-01,2024-07-01,2024-06-01-preview,"        \
    "2024-03-01,2023-07-01,2023-07-01-preview,2023-03-01-preview,2022-12-01,2022-11-01-preview,2022-09-01,"           \
    "2022-06-01,2022-05-01,2022-03-01-preview,2022-01-01,2021-04-01,2021-01-01,2020-10-01,2020-09-01,2020-08-01,"     \
    "2020-07-01,2020-06-01,2020-05-01,2020-01-01,2019-11-01,2019-10-01,2019-09-01,2019-08-01,2019-07-01,2019-06-01,"  \
    "2019-05-10,2019-05-01,2019-03-01,2018-11-01,2018-09-01,2018-08-01,2018-07-01,2018-06-01,2018-05-01,2018-02-01,"  \
    "2018-01-01,2017-12-01,2017-08-01,2017-06-01,2017-05-10,2017-05-01,2017-03-01,2016-09-01,2016-07-01,2016-06-01,"  \
    "2016-02-01,2015-11-01,2015-01-01,2014-04-01-preview,2014-04-01,2014-01-01,2013-03-01,2014-02-26,2014-04"

// All of one provider's types together: a version of one is taken for the others too.
// Source: https://github.com/Azure/azure-rest-api-specs, the folders of each provider; versions in use are those of
// https://learn.microsoft.com/azure/role-based-access-control/role-assignments-rest and of the clients' own lists
#define AUTHORIZATION                                                                                                 \
    "2022-08-01-preview, 2022-05-01-preview, 2022-04-01, 2022-01-01-preview, 2021-12-01-preview, 2021-07-01-preview, " \
    "2021-04-01-preview, 2021-03-01-preview, 2021-01-01-preview, 2020-10-01, 2020-10-01-preview, 2020-08-01-preview, " \
    "2020-04-01-preview, 2020-03-01-preview, 2019-08-01-preview, 2019-04-01-preview, 2018-12-01-preview, "            \
    "2018-09-01-preview, 2018-07-01, 2018-07-01-preview, 2018-05-01-preview, 2018-01-01-preview, 2017-10-01, "        \
    "2017-10-01-preview, 2017-09-01, 2017-05-01, 2016-07-01, 2015-07-01, 2015-06-01, 2015-05-01-preview, "            \
    "2014-10-01-preview, 2014-07-01-preview, 2014-04-01-preview"
#define MANAGEMENT                                                                                                    \
    "2024-02-01-preview, 2023-04-01, 2021-04-01, 2020-10-01, 2020-05-01, 2020-02-01, 2019-11-01, 2018-03-01-preview, " \
    "2018-01-01-preview, 2017-11-01-preview, 2017-08-31-preview"

// The first whose words stand in the route's pattern.
static const struct family {
    const char *words;
    str         type; // whose row has the versions; empty: they stand here, or there is no list
    str         versions;
} FAMILIES[] = {
    {"/Microsoft.Authorization/locks", S_INIT(""), S_INIT("2020-05-01, 2017-04-01, 2016-09-01, 2015-06-01, 2015-05-01-preview, 2015-01-01")},
    {"/Microsoft.Insights/", S_INIT(""), S_INIT("2017-03-01-preview, 2015-04-01, 2014-04-01")}, // below a management group too
    {"/Microsoft.Authorization/", S_INIT(""), S_INIT(AUTHORIZATION)},
    {"/Microsoft.Management/", S_INIT(""), S_INIT(MANAGEMENT)},
    {"/Microsoft.ManagedIdentity/", S_INIT("Microsoft.ManagedIdentity/userAssignedIdentities"), S_INIT("")},
    {"/Microsoft.KeyVault/", S_INIT("Microsoft.KeyVault/vaults"), S_INIT("")},
    {"/Microsoft.Web/", S_INIT("Microsoft.Web/sites"), S_INIT("")},
    {"{namespace}/checkNameAvailability", S_INIT(""), S_INIT("")}, // each by a version of its provider's
    {"{namespace}/locations/{location}/checkNameAvailability", S_INIT(""), S_INIT("")},
    {"/Microsoft.DocumentDB/", S_INIT("Microsoft.DocumentDB/databaseAccounts"), S_INIT("")},
    {"/{namespace}/operations", S_INIT(""), S_INIT("")}, // a provider's operations, by a version of that provider's
};

// "roleAssignments" of ".../Microsoft.Authorization/roleAssignments/{name}": the type as messages have it.
static str type_in(str pattern, str words)
{
    str rest = str_from(pattern, str_find_str(pattern, words) + words.n);
    return str_empty(rest) || rest.at[0] == '/' ? str_from(words, str_find_last(words, '/') + 1) : str_upto(rest, str_find(rest, '/'));
}

enum err arm_check_version(struct call *c, const struct wire *q)
{
    str pattern = str_of(q->route->pattern);
    if (q->route->any_version || str_starts(pattern, S("/{id*}"))) return OK; // that of a resource is its type's: see targets.c
    for (size_t i = 0; i < COUNT(FAMILIES); i++) {
        const struct family *f = &FAMILIES[i];
        str                  words = str_of(f->words);
        if (str_find_str(pattern, words) == STR_NOWHERE) continue;
        struct resource_type type = {.type = type_in(pattern, words), .api_versions = f->versions};
        if (!str_empty(f->type)) type.api_versions = types_of(f->type)->api_versions;
        return types_check_api_version(c, &type, type.type, STR_NONE, q->api_version);
    }
    return api_version_check(c, S(RESOURCES), q->api_version);
}
