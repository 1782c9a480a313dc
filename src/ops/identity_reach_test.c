#include "ops/identity_reach.h"
#include "test_product.h"

#define IDENTITY TEST_PRODUCT_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
#define FIC      IDENTITY "/federatedIdentityCredentials/main"
#define VM       TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/"
#define SITE     TEST_PRODUCT_GROUP "/providers/Microsoft.Web/sites/"

#define ONE(properties)  "{\"location\":\"westus\",\"properties\":{" properties "}}"
#define ATTACHED(region) "{\"location\":\"" region "\",\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{\"" IDENTITY "\":{}}}}"
#define REGIONAL         "\"isolationScope\":\"regional\""
#define ONLY(providers)  "\"assignmentRestrictions\":{\"providers\":[" providers "]}"

static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
}

// What the identity says, and whether it can be attached there.
TEST(I5_an_identity_is_attached_only_where_it_may_be)
{
    static const struct { const char *identity, *user, *body; enum err want; } CASES[] = {
        {ONE(""), VM "a", ATTACHED("eastus"), OK},
        {ONE("\"isolationScope\":\"None\""), VM "a", ATTACHED("eastus"), OK},
        {ONE(REGIONAL), VM "a", ATTACHED("West US"), OK},
        {ONE(REGIONAL), VM "a", ATTACHED("eastus"), ERR_IDENTITY_OPERATION},
        {ONE(REGIONAL), VM "a", ATTACHED("westus2"), ERR_IDENTITY_OPERATION},
        {ONE(REGIONAL), TEST_PRODUCT_GROUP "/providers/Contoso.Things/boxes/b", "{\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{\"" IDENTITY "\":{}}}}", ERR_IDENTITY_OPERATION},
        {ONE(ONLY("\"microsoft.compute\"")), VM "a", ATTACHED("eastus"), OK},
        {ONE(ONLY("\"Microsoft.Web\",\"MICROSOFT.COMPUTE/virtualmachines\"")), VM "a", ATTACHED("eastus"), OK},
        {ONE(ONLY("\"Microsoft.Web\"")), VM "a", ATTACHED("westus"), ERR_IDENTITY_OPERATION},
        {ONE(ONLY("\"Microsoft.Comput\"")), VM "a", ATTACHED("westus"), ERR_IDENTITY_OPERATION},
        {ONE(ONLY("\"Microsoft.Compute/virtualMachineScaleSets\"")), VM "a", ATTACHED("westus"), ERR_IDENTITY_OPERATION},
        {ONE(ONLY("")), VM "a", ATTACHED("westus"), ERR_IDENTITY_OPERATION},
        {ONE("\"assignmentRestrictions\":null"), VM "a", ATTACHED("westus"), OK},
        {ONE("\"assignmentRestrictions\":{}"), VM "a", ATTACHED("westus"), OK},
        {ONE(REGIONAL "," ONLY("\"Microsoft.Compute\"")), VM "a", ATTACHED("eastus"), ERR_IDENTITY_OPERATION},
        {ONE(REGIONAL "," ONLY("\"Microsoft.Compute\"")), SITE "aa", ATTACHED("westus"), ERR_IDENTITY_OPERATION},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        open_owned(&s, t);
        CHECK_ERR(test_product_write(&s, IDENTITY, IDENTITY_PUT, CASES[i].identity, NULL), OK, CASES[i].identity);
        CHECK_ERR(test_product_write(&s, CASES[i].user, IDENTITY_PUT, CASES[i].body, NULL), CASES[i].want, CASES[i].identity);
    }
}

TEST(I5_what_restricts_must_be_well_formed)
{
    static const char *const CASES[] = {
        ONE("\"isolationScope\":\"Zonal\""),          ONE("\"isolationScope\":1"),
        ONE("\"assignmentRestrictions\":[]"),         ONE("\"assignmentRestrictions\":\"Microsoft.Compute\""),
        ONE("\"assignmentRestrictions\":{\"providers\":\"Microsoft.Compute\"}"), ONE(ONLY("1")),
        ONE(ONLY("\"\"")),                             ONE(ONLY("\"/Microsoft.Compute\"")),
        ONE(ONLY("\"Microsoft.Compute/\"")),           ONE(ONLY("\"Microsoft.Compute//virtualMachines\"")),
        ONE(ONLY("\"Microsoft.*\"")),                  "{\"location\":\"westus\",\"properties\":[1]}",
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(test_product_write(&s, IDENTITY, IDENTITY_PUT, CASES[i], NULL), ERR_CONTENT_INVALID, CASES[i]);
    CHECK(!tree_find(s.work.world->tree, S(IDENTITY)));
}

// The invariant holds from both sides: nothing is attached where the identity may not be.
TEST(I5_an_identity_is_narrowed_only_to_what_it_is_attached_to)
{
    static const struct { const char *patch; enum err want; } STEPS[] = {
        {"{\"properties\":{" REGIONAL "}}", ERR_CONFLICT},
        {"{\"properties\":{" ONLY("\"Microsoft.Web\"") "}}", ERR_CONFLICT},
        {"{\"properties\":{" ONLY("\"Microsoft.Compute\"") "}}", OK},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(test_product_write(&s, IDENTITY, IDENTITY_PUT, ONE(""), NULL));
    CHECK_OK(test_product_write(&s, VM "far", IDENTITY_PUT, ATTACHED("eastus"), NULL));
    for (size_t i = 0; i < COUNT(STEPS); i++)
        CHECK_ERR(test_product_write(&s, IDENTITY, IDENTITY_PATCH, STEPS[i].patch, NULL), STEPS[i].want, STEPS[i].patch);
    // One that was made anew under the name is attached nowhere: what dangles does not hinder it.
    CHECK_OK(test_product_delete(&s, IDENTITY));
    CHECK_OK(test_product_write(&s, IDENTITY, IDENTITY_PUT, ONE(""), NULL));
    CHECK_OK(test_product_write(&s, IDENTITY, IDENTITY_PATCH, "{\"properties\":{" REGIONAL "}}", NULL));
    CHECK_ERR(test_product_write(&s, VM "far", IDENTITY_PUT, ATTACHED("eastus"), NULL), ERR_IDENTITY_OPERATION, "sent again");
    CHECK_OK(test_product_write(&s, VM "far", IDENTITY_PATCH, "{\"tags\":{}}", NULL)); // not sent: what dangles stays
}

#define FLEXIBLE "\"claimsMatchingExpression\":{\"value\":\"claims['sub'] matches 'repo:o/*'\",\"languageVersion\":1}"
#define TRUST(m) "{\"properties\":{\"issuer\":\"https://token.actions.githubusercontent.com\",\"audiences\":[\"a\"]," m "}}"

// Each write by a version, and the document that is kept.
TEST(I10_properties_are_those_of_the_api_version)
{
    static const struct { const char *version, *id; enum identity_verb verb; const char *body; enum err want; const char *kept; } STEPS[] = {
        {"2023-01-31", IDENTITY, IDENTITY_PUT, ONE(REGIONAL), ERR_CONTENT_INVALID, NULL},
        {"2024-11-30", IDENTITY, IDENTITY_PUT, ONE(REGIONAL), OK, "{\"properties\":{\"isolationScope\":\"Regional\"}}"},
        {"2024-11-30", IDENTITY, IDENTITY_PUT, ONE(ONLY("\"Microsoft.Web\"")), ERR_CONTENT_INVALID, "{\"properties\":{\"isolationScope\":\"Regional\"}}"},
        {"2023-01-31", IDENTITY, IDENTITY_PUT, "{\"location\":\"westus\"}", OK, "{\"properties\":{\"isolationScope\":\"Regional\"}}"}, // an old client lifts nothing
        {"2023-01-31", IDENTITY, IDENTITY_PATCH, "{\"properties\":{\"isolationScope\":null}}", OK, "{\"properties\":{\"isolationScope\":\"Regional\"}}"},
        {"2025-01-31-preview", IDENTITY, IDENTITY_PATCH, "{\"properties\":{" ONLY("\"Microsoft.Web\"") "}}", OK,
         "{\"properties\":{\"isolationScope\":\"Regional\",\"assignmentRestrictions\":{\"providers\":[\"Microsoft.Web\"]}}}"},
        {"2024-11-30", IDENTITY, IDENTITY_PUT, "{\"location\":\"westus\"}", OK, "{\"properties\":{\"assignmentRestrictions\":{\"providers\":[\"Microsoft.Web\"]}}}"},
        {"2026-04-30", IDENTITY, IDENTITY_PUT, "{\"location\":\"westus\",\"properties\":{\"clientId\":\"x\",\"more\":1}}", OK, "{}"},
        {"2024-11-30", FIC, IDENTITY_PUT, TRUST(FLEXIBLE), ERR_CONTENT_INVALID, NULL},
        {"2025-05-31-preview", FIC, IDENTITY_PUT, TRUST("\"subject\":\"s\"," FLEXIBLE), ERR_FEDERATED_INVALID, NULL},
        {"2025-05-31-preview", FIC, IDENTITY_PUT, TRUST(FLEXIBLE), OK, NULL},
        {"2024-11-30", FIC, IDENTITY_PUT, TRUST("\"subject\":\"s\""), OK, TRUST("\"subject\":\"s\"")}, // the subject stands in its place
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        s.api_version = str_of(STEPS[i].version);
        CHECK_ERR(test_product_write(&s, STEPS[i].id, STEPS[i].verb, STEPS[i].body, NULL), STEPS[i].want, STEPS[i].body);
        const struct resource *r = tree_find(s.work.world->tree, str_of(STEPS[i].id));
        if (STEPS[i].kept && r && str_eq(str_of(STEPS[i].id), S(IDENTITY))) CHECK_STR(r->document, str_of(STEPS[i].kept), STEPS[i].body);
        if (STEPS[i].kept && str_eq(str_of(STEPS[i].id), S(FIC)))
            CHECK_ROW(r && !str_contains_nocase(r->document, S("claimsMatching")), STEPS[i].body);
    }
}
