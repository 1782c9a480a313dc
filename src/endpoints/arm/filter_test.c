#include "endpoints/arm/arm.h"
#include "test.h"

#define SUB       "/subscriptions/00000000-0000-0000-0000-000000000051"
#define PRINCIPAL "aabbccdd-0000-0000-0000-0000000000ff"

static const struct resource *resource(struct test *t)
{
    static struct resource r = {.id = S_INIT(SUB "/resourceGroups/Shop/providers/Microsoft.KeyVault/vaults/V-One"),
                                .type = S_INIT("Microsoft.KeyVault/vaults"),
                                .name = S_INIT("V-One"),
                                .location = S_INIT("westus"),
                                .identity.has_system = true};
    CHECK(guid_parse(S(PRINCIPAL), &r.identity.system_principal.g));
    return &r;
}

TEST(arm_filter_finds_what_it_says)
{
    static const struct { const char *filter; bool finds; } CASES[] = {
        {"name eq 'v-one'", true},
        {"NAME EQ 'V-ONE'", true},
        {"  name   eq   'V-One'  ", true},
        {"name eq 'V-On'", false},
        {"name eq ''", false},
        {"name ne 'V-One'", false},
        {"name ne 'other'", true},
        {"resourceType eq 'microsoft.keyvault/VAULTS'", true},
        {"resourceType eq 'Microsoft.KeyVault/vaults/secrets'", false},
        {"resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'V-One'", true}, // how az looks for a vault's group
        {"resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'w'", false},
        {"name eq 'w' or location eq 'westus'", true},
        {"name eq 'w' or location eq 'eastus'", false},
        // "and" binds stronger than "or"
        {"name eq 'V-One' or name eq 'w' and location eq 'eastus'", true},
        {"name eq 'w' and location eq 'westus' or name eq 'x'", false},
        {"name eq 'w' and location eq 'westus' or name eq 'V-One'", true},
        {"resourceGroup eq 'shop'", true},
        {"resourceGroup eq 'sho'", false},
        {"resourceGroup eq '00000000-0000-0000-0000-000000000051'", false},
        {"substringof('-ON', name)", true},
        {"substringof('two', name)", false},
        {"identity/principalId eq '" PRINCIPAL "'", true},
        {"identity/principalId eq 'AABBCCDD-0000-0000-0000-0000000000FF'", true},
        {"identity/principalId eq '00000000-0000-0000-0000-000000000000'", false},
        {"identity/principalId eq 'no guid'", false},
        {"name eq 'it''s'", false},
        {"tagName eq 'ENV'", true},
        {"tagName eq 'none'", false},
        {"tagName eq 'env' and tagValue eq 'prod'", true},
        {"tagValue eq 'prod' and tagName eq 'env'", true},
        // a value counts for the tag named beside it, not for any
        {"tagName eq 'env' and tagValue eq 'eve'", false},
        {"tagValue eq 'eve' and tagName eq 'env'", false},
        {"tagValue eq 'eve'", true},
        {"tagValue eq 'EVE'", false},
        {"tagName eq 'env' and tagValue eq 'eve' or tagName eq 'owner' and tagValue eq 'eve'", true},
        {"tagName eq 'quote' and tagValue eq 'it''s'", true},
    };
    const struct json *tags;
    CHECK_OK(json_parse(t->call, S("{\"env\":\"prod\",\"owner\":\"eve\",\"quote\":\"it's\"}"), &tags));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct arm_filter *f = NULL;
        CHECK_ERR(arm_filter_read(t->call, str_of(CASES[i].filter), &f), OK, CASES[i].filter);
        if (f) CHECK_ROW(arm_filter_allows(f, resource(t), tags) == CASES[i].finds, CASES[i].filter);
    }
}

TEST(arm_filter_refuses_what_it_does_not_know)
{
    static const char *const CASES[] = {
        "", " ", "name", "name eq", "name eq ", "name eq V", "name eq 'V", "name eq 'V''", "name eq \"V\"", "name gt 'V'", "eq 'V'", "'V' eq name",
        "size eq '1'", "names eq 'V'", "identity eq 'x'", "name eq 'V' and", "name eq 'V' or", "name eq 'V' xor name eq 'V'", "and name eq 'V'",
        "name eq 'V' name eq 'V'", "(name eq 'V')", "not name eq 'V'", "name eq 'V')", "name eq'V'", "substringof('V', location)",
        "substringof(V, name)", "substringof('V' name)", "substringof('V', name", "substringof 'V', name", "substringof('V', named)",
        "startswith(name,'V')", "name eq 'V' --", "tagName eq 'a' and name eq 'V'", "name eq 'V' or tagName eq 'a'", "tagName eq 'a' and substringof('V', name)",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct arm_filter *f = NULL;
        CHECK_ERR(arm_filter_read(t->call, str_of(CASES[i]), &f), ERR_FILTER_INVALID, CASES[i]);
        CHECK_ROW(!f, CASES[i]);
    }
}

static str repeated(struct test *t, const char *piece, const char *between, size_t n)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s%s", i ? between : "", piece);
    return buf_view(&b);
}

TEST(arm_filter_has_limits)
{
    const struct arm_filter *f;
    CHECK_ERR(arm_filter_read(t->call, repeated(t, "name eq 'V'", " or ", 32), &f), OK, "32 comparisons");
    CHECK_ERR(arm_filter_read(t->call, repeated(t, "name eq 'V'", " or ", 33), &f), ERR_FILTER_INVALID, "33 comparisons");
    str long_value = call_format(t->call, "name eq '%.*s'", PSTR(repeated(t, "x", "", 2038)));
    CHECK_INT(long_value.n, 2048, "as long as may be");
    CHECK_ERR(arm_filter_read(t->call, long_value, &f), OK, "2048 bytes");
    CHECK_ERR(arm_filter_read(t->call, call_format(t->call, "%.*s ", PSTR(long_value)), &f), ERR_FILTER_INVALID, "2049 bytes");
}

TEST(arm_filter_of_groups_is_by_tags_alone)
{
    static const struct { const char *filter; enum err want; bool finds; } CASES[] = {
        {"tagName eq 'a' and tagValue eq 'b'", OK, true},
        {"tagName eq 'a' and tagValue eq 'c'", OK, false},
        {"tagName eq 'a' and tagValue ne 'c'", OK, true},
        {"name eq 'a'", ERR_FILTER_INVALID, false},
        {"name ne 'a'", ERR_FILTER_INVALID, false},
        {"substringof('a', name)", ERR_FILTER_INVALID, false},
        {"tagName eq 'a' or name eq 'a'", ERR_FILTER_INVALID, false},
        {"location eq 'westus'", ERR_FILTER_INVALID, false},
    };
    const struct json *tags;
    CHECK_OK(json_parse(t->call, S("{\"a\":\"b\"}"), &tags));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct arm_filter *f = NULL;
        CHECK_ERR(arm_filter_read_tags(t->call, str_of(CASES[i].filter), &f), CASES[i].want, CASES[i].filter);
        if (f) CHECK_ROW(arm_filter_allows_tags(f, tags) == CASES[i].finds, CASES[i].filter);
        if (f) CHECK_ROW(!arm_filter_allows_tags(f, NULL) || strstr(CASES[i].filter, "ne"), CASES[i].filter);
    }
}
