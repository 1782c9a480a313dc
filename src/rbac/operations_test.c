#include "rbac/operations.h"

#include "rbac/pattern.h"
#include "resources/types.h"
#include "test.h"

TEST(operations_has_tells_the_planes_apart)
{
    static const struct { const char *pattern; bool control, data; } CASES[] = {
        {"Microsoft.KeyVault/vaults/read", true, false},
        {"microsoft.keyvault/VAULTS/read", true, false},
        {"Microsoft.KeyVault/vaults/secrets/getSecret/action", false, true},
        {"Microsoft.KeyVault/vaults/secrets/*", true, true},
        {"Microsoft.KeyVault/vaults/secrets/*/action", false, true},
        {"Microsoft.KeyVault/vaults/keys/read", true, true}, // published on both
        {"Microsoft.Compute/virtualMachines/*", true, true},
        {"Microsoft.Authorization/roleAssignments/*", true, false},
        {"*/read", true, true},
        {"*", true, true},
        {"Microsoft.*/vaults/read", true, false},
        {"Microsoft.KeyVault/vaults/reads", false, false},
        {"Microsoft.KeyVault/vault/read", false, false},
        {"Microsoft.KeyVault/vaults", false, false},
        {"Microsoft.KeyVaults/vaults/read", false, false},
        {"Microsoft.KeyVault/nothing/*", false, false},
        {"*/nothingOfTheKind", false, false},
        {"Contoso.Made/up/read", false, false},
        {"Microsoft.KeyVault/", false, false},
        {"Microsoft.KeyVault", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        bool control = operations_has(str_of(CASES[i].pattern), RBAC_CONTROL), data = operations_has(str_of(CASES[i].pattern), RBAC_DATA);
        CHECK_INT(control, CASES[i].control, CASES[i].pattern);
        CHECK_INT(data, CASES[i].data, CASES[i].pattern);
    }
}

struct seen {
    struct test *t;
    str          provider, last;
    size_t       n;
};

static bool see(str operation, enum rbac_plane plane, void *context)
{
    struct seen  *s = context;
    struct test  *t = s->t;
    struct action action;
    (void)plane;
    CHECK_ROW(str_starts(operation, s->provider) && operation.at[s->provider.n] == '/', "an operation of its provider");
    CHECK_ROW(action_read(operation, &action), "an action");
    s->n++;
    return true;
}

TEST(operations_of_each_provider_are_fit_to_be_asked_for)
{
    struct seen s = {.t = t};
    for (size_t i = 0; i < operations_provider_count(); i++) {
        s.provider = operations_provider_at(i);
        CHECK_ROW(i == 0 || str_cmp_nocase(s.last, s.provider) < 0, "in order");
        CHECK_STR(operations_provider_find(call_lower(t->call, s.provider)), s.provider, "found in any case");
        CHECK(operations_each(s.provider, see, &s));
        s.last = s.provider;
    }
    CHECK(s.n > 20000);
    for (size_t i = 0; i < types_count(); i++) { // a type that the product knows can be given to roles
        str type = types_at(i)->type;
        CHECK(operations_has(call_format(t->call, "%.*s/write", PSTR(type)), RBAC_CONTROL));
    }
    CHECK(str_empty(operations_provider_at(operations_provider_count())));
    CHECK(str_empty(operations_provider_find(S("Microsoft.KeyVaul"))));
    CHECK(operations_each(S("Contoso.Made"), see, &s));
}
