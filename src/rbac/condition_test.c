#include "rbac/condition_form.h"

#include <stdlib.h>

#include "core/buf.h"
#include "test.h"

#define BLOB "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
#define RA   "Microsoft.Authorization/roleAssignments"

static const str CONTAINER[] = {S_INIT("logs")};
static const str PATH[] = {S_INIT("app1/2026/Log.TXT")};
static const str NUMBER[] = {S_INIT("42")};
static const str WORDS[] = {S_INIT("red"), S_INIT("blue")};
static const str TAG[] = {S_INIT("Cascade")};
static const str TIME[] = {S_INIT("2026-03-01T10:00:00.1234567Z")};
static const str FLAG[] = {S_INIT("True")};
static const str ROLE[] = {S_INIT("2A2B9908-6EA1-4AE2-8E65-A410DF84E7D1")};
static const str STAR[] = {S_INIT("a*b?c\\d")};
static const str EMPTY[] = {S_INIT("")};

static const struct rbac_attribute ITEMS[] = {
    {RBAC_RESOURCE, S_INIT("Microsoft.Storage/storageAccounts/blobServices/containers:name"), CONTAINER, 1},
    {RBAC_RESOURCE, S_INIT(BLOB ":path"), PATH, 1},
    {RBAC_REQUEST, S_INIT("t:n"), NUMBER, 1},
    {RBAC_REQUEST, S_INIT("t:words"), WORDS, 2},
    {RBAC_RESOURCE, S_INIT(BLOB "/tags:Project"), TAG, 1},
    {RBAC_RESOURCE, S_INIT(BLOB "/tags:team"), WORDS, 1},
    {RBAC_REQUEST, S_INIT(BLOB ":snapshot"), TIME, 1},
    {RBAC_ENVIRONMENT, S_INIT("isPrivateLink"), FLAG, 1},
    {RBAC_REQUEST, S_INIT(RA ":RoleDefinitionId"), ROLE, 1},
    {RBAC_PRINCIPAL, S_INIT("Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Project"), WORDS, 2},
    {RBAC_REQUEST, S_INIT("t:star"), STAR, 1},
    {RBAC_REQUEST, S_INIT("t:none"), NULL, 0},
    {RBAC_REQUEST, S_INIT("t:empty"), EMPTY, 1},
    {RBAC_RESOURCE, S_INIT("t:name"), TAG, 1, .nocase = true},
};
static const struct rbac_attributes ATTRIBUTES = {ITEMS, COUNT(ITEMS), S_INIT("Blob.List")};

static bool is_well_formed(const char *text)
{
    struct condition          condition;
    struct condition_fault    fault;
    struct condition_scratch *scratch = malloc(sizeof *scratch);
    bool                      read = scratch && condition_read(str_of(text), scratch, &condition, &fault);
    free(scratch);
    return read;
}

// Names that are not published are evaluated like any other: only condition_check knows them.
static enum truth eval(struct test *t, const char *text, const char *action)
{
    struct condition *condition = condition_new(str_of(text));
    struct action     a;
    CHECK_ROW(is_well_formed(text), text);
    CHECK_ROW(condition != NULL, text);
    CHECK_ROW(action_read(str_of(action), &a), action);
    if (!condition) return TRUTH_UNKNOWN;
    struct condition_facts facts = {.action = &a, .attributes = &ATTRIBUTES, .now_ns = INT64_C(1772359200) * NS_PER_S}; // 2026-03-01T10:00:00Z
    enum truth             truth = condition_eval(condition, &facts);
    str                    culprit = condition_culprit(condition, &facts);
    CHECK_ROW(str_empty(culprit) == (truth == TRUTH_TRUE), text);
    condition_free(condition);
    return truth;
}

#define T TRUTH_TRUE
#define F TRUTH_FALSE
#define U TRUTH_UNKNOWN

TEST(condition_eval_knows_every_operator)
{
    static const struct { const char *text; enum truth want; } CASES[] = {
        // strings
        {"@Resource[" BLOB ":path] StringEquals 'app1/2026/Log.TXT'", T},
        {"@Resource[" BLOB ":path] StringEquals 'app1/2026/log.txt'", F},
        {"@Resource[" BLOB ":path] stringequalsignorecase 'APP1/2026/log.txt'", T},
        {"@Resource[" BLOB ":path] StringNotEquals 'app1/2026/log.txt'", T},
        {"@Resource[" BLOB ":path] StringNotEquals 'app1/2026/Log.TXT'", F},
        {"@Resource[" BLOB ":path] StringNotEqualsIgnoreCase 'APP1/2026/log.txt'", F},
        {"@Resource[" BLOB ":path] StringStartsWith 'app1/'", T},
        {"@Resource[" BLOB ":path] StringStartsWith 'App1/'", F},
        {"@Resource[" BLOB ":path] StringStartsWithIgnoreCase 'App1/'", T},
        {"@Resource[" BLOB ":path] StringStartsWith 'app1/2026/Log.TXT.more'", F},
        {"@Resource[" BLOB ":path] StringNotStartsWith 'app1/'", F},
        {"@Resource[" BLOB ":path] StringNotStartsWith 'App1/'", T},
        {"@Resource[" BLOB ":path] StringNotStartsWithIgnoreCase 'App1/'", F},
        {"@Resource[" BLOB ":path] StringLike 'app1/*'", T},
        {"@Resource[" BLOB ":path] StringLike '*'", T},
        {"@Resource[" BLOB ":path] StringLike 'app?/*/*.TXT'", T},
        {"@Resource[" BLOB ":path] StringLike 'app1/*.txt'", F},
        {"@Resource[" BLOB ":path] StringLikeIgnoreCase 'APP1/*.txt'", T},
        {"@Resource[" BLOB ":path] StringLike 'app1'", F},
        {"@Resource[" BLOB ":path] StringLike '*app1'", F},
        {"@Resource[" BLOB ":path] StringLike 'app1?'", F},
        {"@Resource[" BLOB ":path] StringLike '*Log*Log*'", F},
        {"@Resource[" BLOB ":path] StringLike '**Log**'", T},
        {"@Resource[" BLOB ":path] StringLike '*TXT?'", F},
        {"@Resource[" BLOB ":path] StringNotLike 'app1/*'", F},
        {"@Resource[" BLOB ":path] StringNotLikeIgnoreCase 'APP2/*'", T},
        {"@Request[t:star] StringLike 'a\\*b\\?c\\\\d'", T},
        {"@Request[t:star] StringLike 'a\\?b\\*c\\\\d'", F},
        {"@Request[t:star] StringLike 'a?b?c?d'", T},
        {"@Request[t:star] StringLike '*\\**'", T},
        {"@Request[t:empty] StringEquals ''", T},
        {"@Request[t:empty] StringLike ''", T},
        {"@Request[t:empty] StringLike '*'", T},
        {"@Request[t:empty] StringLike '?'", F},
        {"'a' StringEquals 'a'", T},
        {"'logs' StringEquals @Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]", T},
        // numbers
        {"@Request[t:n] NumericEquals 42", T},
        {"@Request[T:N] NUMERICEQUALS 43", F},
        {"@Request[t:n] NumericNotEquals 43", T},
        {"@Request[t:n] NumericLessThan 43", T},
        {"@Request[t:n] NumericLessThan 42", F},
        {"@Request[t:n] NumericLessThanEquals 42", T},
        {"@Request[t:n] NumericGreaterThan -5", T},
        {"@Request[t:n] NumericGreaterThan 42", F},
        {"@Request[t:n] NumericGreaterThanEquals 42", T},
        // times: full precision, any offset
        {"@Request[" BLOB ":snapshot] DateTimeEquals '2026-03-01T10:00:00.1234567Z'", T},
        {"@Request[" BLOB ":snapshot] DateTimeEquals '2026-03-01T11:00:00.1234567+01:00'", T},
        {"@Request[" BLOB ":snapshot] DateTimeEquals '2026-03-01T10:00:00Z'", F},
        {"@Request[" BLOB ":snapshot] DateTimeNotEquals '2026-03-01T10:00:00Z'", T},
        {"@Request[" BLOB ":snapshot] DateTimeGreaterThan '2026-03-01T10:00:00.1234566Z'", T},
        {"@Request[" BLOB ":snapshot] DateTimeGreaterThanEquals '2026-03-01T10:00:00.1234568Z'", F},
        {"@Request[" BLOB ":snapshot] DateTimeLessThan '2026-03-01T10:00:00.1234567Z'", F},
        {"@Request[" BLOB ":snapshot] DateTimeLessThanEquals '2026-03-01T10:00:00.1234567Z'", T},
        {"@Environment[UtcNow] DateTimeGreaterThan '2026-03-01T09:59:59Z'", T},
        {"@Environment[utcnow] DateTimeLessThan '2026-03-01T10:00:00Z'", F},
        {"@Environment[UtcNow] DateTimeEquals '2026-03-01T10:00:00.0Z'", T},
        // booleans and GUIDs
        {"@Environment[isPrivateLink] BoolEquals true", T},
        {"@Environment[isPrivateLink] BoolEquals False", F},
        {"@Environment[isPrivateLink] BoolNotEquals false", T},
        {"@Request[" RA ":RoleDefinitionId] GuidEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", T},
        {"@Request[" RA ":RoleDefinitionId] GuidEquals '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'", T},
        {"@Request[" RA ":RoleDefinitionId] GuidEquals 2a2b99086ea14ae28e65a410df84e7d1", T},
        {"@Request[" RA ":RoleDefinitionId] GuidNotEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d2", T},
        {"@Request[" RA ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {00000000-0000-0000-0000-000000000000, 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1}", T},
        {"@Request[" RA ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{00000000-0000-0000-0000-000000000000}", F},
        {"@Request[" RA ":RoleDefinitionId] ForAllOfAllValues:GuidNotEquals{8e3af657-a8ff-443c-a75c-2fe8c4bcb635,18d7d88d-d35e-4fb5-a5c3-7773c20a72d9}", T},
        // the published examples of cross products
        {"{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}", T},
        {"{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}", F},
        {"{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}", T},
        {"{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}", F},
        {"{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}", T},
        {"{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}", F},
        {"{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}", T},
        {"{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}", F},
        {"@Request[t:words] ForAnyOfAnyValues:StringEquals {'blue', 'green'}", T},
        {"@Request[t:words] ForAllOfAnyValues:StringEquals {'blue', 'green'}", F},
        {"@Request[t:words] ForAllOfAnyValues:StringLike {'r*', 'b*'}", T},
        {"@Request[t:words] ForAnyOfAllValues:StringNotEquals {'blue', 'green'}", T},
        {"{'red'} ForAnyOfAnyValues:StringEquals @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Project]", T},
        {"@Request[t:words] ForAllOfAnyValues:StringEquals @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Project]", T},
        {"@Request[t:n] ForAnyOfAnyValues:NumericEquals {1, 42}", T},
        // tags
        {"@Resource[" BLOB "/tags:Project<$key_case_sensitive$>] StringEquals 'Cascade'", T},
        {"@Resource[" BLOB "/tags:project<$key_case_sensitive$>] StringEquals 'Cascade'", U},
        {"@Resource[" BLOB "/tags:project] StringEquals 'Cascade'", T},
        {"@Resource[" BLOB "/TAGS:Project<$KEY_CASE_SENSITIVE$>] StringEquals 'Cascade'", T},
        {"@Resource[" BLOB "/tags&$keys$&] ForAllOfAnyValues:StringEquals {'Project', 'team'}", T},
        {"@Resource[" BLOB "/tags&$keys$&] ForAllOfAnyValues:StringEquals {'Project'}", F},
        {"@Resource[" BLOB "/tags&$keys$&] ForAnyOfAnyValues:StringEquals {'Project'}", T},
        {"@Request[" BLOB "/tags&$keys$&] ForAllOfAnyValues:StringEquals {'Project'}", U},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ROW(eval(t, CASES[i].text, "Microsoft.X/y/read") == CASES[i].want, CASES[i].text);
}

// A name that takes hold in any case is compared so, whatever the operator says.
TEST(condition_eval_compares_a_caseless_attribute_without_case)
{
    static const struct { const char *text; enum truth want; } CASES[] = {
        {"@Resource[t:name] StringEquals 'CASCADE'", T},
        {"@Resource[t:name] StringNotEquals 'cascade'", F},
        {"@Resource[t:name] StringStartsWith 'CAS'", T},
        {"@Resource[t:name] StringNotLike 'cas*'", F},
        {"'cascade' StringEquals @Resource[t:name]", T},
        {"{'x', 'cascade'} ForAnyOfAnyValues:StringEquals @Resource[t:name]", T},
        {"@Resource[t:name] ForAllOfAllValues:StringNotEquals {'x', 'cascade'}", F},
        {"@Resource[t:name] StringEquals 'Cascades'", F},
        {"@Resource[" BLOB "/tags:Project] StringEquals 'CASCADE'", F}, // the same text, by case
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_INT(eval(t, CASES[i].text, "Microsoft.X/y/read"), CASES[i].want, CASES[i].text);
}

TEST(condition_eval_joins_and_fails_closed)
{
    static const struct { const char *text; enum truth want; } CASES[] = {
        {"ActionMatches{'Microsoft.X/y/read'}", T},
        {"actionmatches{'microsoft.x/*/READ'}", T},
        {"ActionMatches{'*'}", T},
        {"ActionMatches{'Microsoft.X/y/write'}", F},
        {"ActionMatches{'Microsoft.X/y'}", F},
        {"SubOperationMatches{'Blob.List'}", T},
        {"SubOperationMatches{'blob.list'}", T},
        {"SubOperationMatches{'Blob.Read.WithTagConditions'}", F},
        {"@Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Blob.List'}", T},
        {"@Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Blob.Read.WithTagConditions'}", F},
        {"NOT SubOperationMatches{'Blob.List'}", F},
        {"!ActionMatches{'Microsoft.X/y/read'}", F},
        {"!!ActionMatches{'Microsoft.X/y/read'}", T},
        {"NOT ! NOT ActionMatches{'Microsoft.X/y/read'}", F},
        {"!(ActionMatches{'Microsoft.X/y/read'} AND NOT SubOperationMatches{'Blob.List'})", T},
        {"Exists @Request[t:n]", T},
        {"Exists @Resource[t:n]", F}, // another source
        {"Exists @Request[t:none]", F},
        {"NOT Exists @Request[t:m]", T},
        {"exists @Request[subOperation]", T},
        {"Exists @Environment[UtcNow]", T},
        {"Exists @Resource[" BLOB "/tags&$keys$&]", T},
        {"Exists @Request[" BLOB "/tags&$keys$&]", F},
        // nothing that is unknown becomes true by a NOT
        {"@Request[t:m] StringEquals 'x'", U},
        {"@Request[t:m] StringNotEquals 'x'", U},
        {"NOT @Request[t:m] StringEquals 'x'", U},
        {"NOT (@Request[t:m] StringEquals 'x' AND ActionMatches{'*'})", U},
        {"@Request[t:none] StringNotEquals 'x'", U},
        {"@Request[t:star] NumericLessThan 5", U},
        {"NOT @Request[t:star] NumericLessThan 5", U},
        {"@Request[t:star] DateTimeNotEquals '2026-01-01T00:00:00Z'", U},
        {"@Request[t:star] GuidNotEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", U},
        {"@Request[t:star] BoolNotEquals true", U},
        {"@Request[t:words] StringEquals 'red'", U}, // a list is no single value
        {"@Request[t:words] StringNotEquals 'green'", U},
        {"@Request[t:m] ForAllOfAnyValues:StringEquals {'x'}", U}, // no values: not "all of none"
        // and the rest settles it where it can
        {"@Request[t:m] StringEquals 'x' AND ActionMatches{'a/b'}", F},
        {"@Request[t:m] StringEquals 'x' OR ActionMatches{'*'}", T},
        {"@Request[t:m] StringEquals 'x' AND ActionMatches{'*'}", U},
        {"@Request[t:m] StringEquals 'x' OR ActionMatches{'a/b'}", U},
        {"(NOT Exists @Request[t:m]) OR (@Request[t:m] StringEquals 'x')", T},
        {"@Request[t:words] ForAnyOfAnyValues:NumericEquals {1}", U},
        // joints
        {"'a' StringEquals 'a' && 'b' StringEquals 'b'", T},
        {"'a' StringEquals 'b' || 'b' StringEquals 'b'", T},
        {"'a' StringEquals 'b'or'b' StringEquals 'b'", T},
        {"('a' StringEquals 'b' OR 'b' StringEquals 'b') AND 1 NumericEquals 1", T},
        {"'a' StringEquals 'b' OR ('b' StringEquals 'b' AND 1 NumericEquals 2)", F},
        {"((( 'a' StringEquals 'a' )))", T},
        {"\n\t( 'a'\r\nStringEquals 'a' ) ", T},
        {"'it is \\' StringEquals 'it is \\'", T},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ROW(eval(t, CASES[i].text, "Microsoft.X/y/read") == CASES[i].want, CASES[i].text);
}

// R5: the templates that Microsoft's own role assignments use.
TEST(condition_eval_reads_the_published_templates)
{
    static const char DELEGATE[] = "((!(ActionMatches{'" RA "/write'})) OR (@Request[" RA
                                   ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {2a2b9908-6ea1-4ae2-8e65-a410df84e7d1})) AND "
                                   "((!(ActionMatches{'" RA "/delete'})) OR (@Resource[" RA
                                   ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {2a2b9908-6ea1-4ae2-8e65-a410df84e7d1}))";
    static const char LOGS[] =
        "((!(ActionMatches{'" BLOB "/read'} AND NOT SubOperationMatches{'Blob.List'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/"
        "containers:name] StringEquals 'other' AND @Resource[" BLOB ":path] StringLike 'app1/*'))";
    static const char OBO[] = "@Resource[HasObotoken] boolequals true && (@Request[" RA ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals "
                              "{acdd72a7-3385-48ef-bd42-f606fba81ae7, 6670b86ea3f74917ac9b5d6ab1be4567})";
    static const struct { const char *text, *action; enum truth want; } CASES[] = {
        {DELEGATE, RA "/write", T}, {DELEGATE, RA "/delete", U}, {DELEGATE, RA "/read", T},
        {LOGS, BLOB "/read", T} /* a list */, {LOGS, BLOB "/write", T}, {OBO, RA "/write", F},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ROW(eval(t, CASES[i].text, CASES[i].action) == CASES[i].want, CASES[i].action);
}

TEST(condition_check_names_the_place_of_the_fault)
{
    static const struct { const char *text; size_t column; const char *expected; } CASES[] = {
        {"", 1, "a value"},
        {"   ", 4, "a value"},
        {"(", 2, "a value"},
        {")", 1, "a value"},
        {"()", 2, "a value"},
        {"true", 5, "an operator"},
        {"NOT", 4, "a value"},
        {"'a'", 4, "an operator"},
        {"'a' StringEquals", 17, "a value"},
        {"'a' StringEqual 'a'", 5, "an operator"},
        {"'a' StringEquals 'a' AND", 25, "a value"},
        {"'a' StringEquals 'a' AND AND", 26, "a value"},
        {"'a' StringEquals 'a' 'b'", 22, "AND, OR or the end"},
        {"'a' StringEquals 'a')", 21, "AND, OR or the end"},
        {"('a' StringEquals 'a'", 22, "')'"},
        {"'a' StringEquals 'b", 18, "a quote that ends"},
        {"'a' StringEquals \"b\"", 18, "a value"},
        {"'a' StringEquals 'b\nc'", 20, "on one line"},
        {"'a' StringEquals b", 18, "a value"},
        {"'a' StringEquals 5", 18, "a text in single quotes"},
        {"'a' NumericEquals 5", 2, "a whole number"},
        {"5 NumericEquals 'a'", 18, "a whole number"},
        {"5 NumericEquals 5.5", 18, "AND, OR or the end"},
        {"5 NumericEquals 99999999999999999999", 17, "a value"},
        {"@Request[a] BoolEquals 1", 24, "true or false"},
        {"@Request[a] DateTimeEquals '2026-01-01'", 29, "a date and time"},
        {"@Request[a] DateTimeEquals 5", 28, "a date and time"},
        {"@Request[a] GuidEquals 'x'", 25, "a GUID"},
        {"@Request[a] GuidEquals {8e3af657-a8ff-443c-a75c-2fe8c4bcb63}", 25, "a value"},
        {"@Request[a] GuidEquals {}", 25, "a value"},
        {"@Request[a] GuidEquals {{8e3af657-a8ff-443c-a75c-2fe8c4bcb635}}", 25, "a value"},
        {"@Request[a] ForAnyOfAnyValues:StringEquals {'a',}", 49, "a value"},
        {"@Request[a] ForAnyOfAnyValues:StringEquals {'a' 'b'}", 49, "',' or '}'"},
        {"@Request[a] ForAnyOfAnyValues:StringEquals {'a'", 48, "',' or '}'"},
        {"@Request[a] ForAnyOfAnyValues StringEquals {'a'}", 31, "':'"},
        {"@Request[a] ForSomeOfAnyValues:StringEquals {'a'}", 13, "an operator"},
        {"@Request[a] ForAnyOfAnyValues:StringStartsWith {'a'}", 31, "an operator that may stand behind"},
        {"@Request[a] ForAnyOfAnyValues:BoolEquals {true}", 31, "an operator that may stand behind"},
        {"@Request[a] ForAnyOfAnyValues:DateTimeEquals {'2026-01-01T00:00:00Z'}", 31, "an operator that may stand behind"},
        {"@Request[a] StringEquals {'a', 'b'}", 26, "one value"},
        {"{'a', 'b'} StringEquals 'a'", 1, "one value"},
        {"@Reqest[a] StringEquals 'a'", 2, "Resource, Request"},
        {"@Request a StringEquals 'a'", 10, "'['"},
        {"@Request[a StringEquals 'a'", 10, "']'"},
        {"@Request[] StringEquals 'a'", 10, "the name of an attribute"},
        {"@Request[a:] StringEquals 'a'", 10, "the name of an attribute"},
        {"@Request[:a] StringEquals 'a'", 10, "the name of an attribute"},
        {"@Request[a b] StringEquals 'a'", 11, "a character"},
        {"@Request[a:b<$>] StringEquals 'a'", 13, "a character"},
        {"@Request[a<$key_case_sensitive$>] StringEquals 'a'", 10, "the name of an attribute"},
        {"@Request[a:b&$keys$&] StringEquals 'a'", 10, "the name of an attribute"},
        {"Exists", 7, "an attribute"},
        {"Exists 'a'", 8, "an attribute"},
        {"Exists @Request[a] StringEquals 'a'", 20, "AND, OR or the end"},
        {"ActionMatches 'a/b'", 15, "'{'"},
        {"ActionMatches{a/b}", 15, "a text in single quotes"},
        {"ActionMatches{'a/b'", 20, "'}'"},
        {"ActionMatches{'a/b', 'c/d'}", 20, "'}'"},
        {"ActionMatches{''}", 15, "an action"},
        {"ActionMatches{'ab'}", 15, "an action"},
        {"ActionMatches{'a/b c'}", 15, "an action"},
        {"SubOperationMatches{''}", 21, "a text that is not empty"},
        {"'a' StringEquals 'a' AND 'a' StringEquals 'a' OR 'a' StringEquals 'a'", 47, "parentheses"},
        {"'a' StringEquals 'a' || 'a' StringEquals 'a' && 'a' StringEquals 'a'", 46, "parentheses"},
        {"'a' StringEquals 'a' & 'a' StringEquals 'a'", 22, "AND, OR or the end"},
        {"'a' StringEquals 'a' XOR 'a' StringEquals 'a'", 22, "AND, OR or the end"},
        {"\xc3\xa4 StringEquals 'a'", 1, "a value"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct condition *condition = condition_new(str_of(CASES[i].text));
        enum err          got = condition_check(t->call, str_of(CASES[i].text), STR_NONE);
        str               said = str_of(t->call->failure.text), column = call_format(t->call, "column %zu:", CASES[i].column);
        CHECK_ROW(str_find_str(said, column) != STR_NOWHERE, call_zstr(t->call, call_format(t->call, "%s -> %s", CASES[i].text, said.at)));
        CHECK_ROW(str_find_str(said, str_of(CASES[i].expected)) != STR_NOWHERE,
                  call_zstr(t->call, call_format(t->call, "%s -> %s", CASES[i].text, said.at)));
        CHECK_ERR(got, ERR_CONDITION_INVALID, CASES[i].text);
        CHECK_ROW(condition && condition_eval(condition, &(struct condition_facts){0}) == TRUTH_UNKNOWN, CASES[i].text);
        if (condition) CHECK_STR(condition_culprit(condition, &(struct condition_facts){0}), str_of(CASES[i].text), "the whole of it");
        condition_free(condition);
    }
}

// R5: only what a service tells may be asked, from the source that has it, with an operator for its type.
TEST(condition_check_knows_the_published_names)
{
    static const char *const PUBLISHED[] = {
        "@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'a'",
        "@Resource[microsoft.storage/STORAGEACCOUNTS:Name] StringLike 'a*'",
        "@Resource[Microsoft.Storage/storageAccounts:isHnsEnabled] BoolEquals true",
        "@Resource[Microsoft.Storage/storageAccounts/encryptionScopes:name] ForAnyOfAnyValues:StringEquals {'a'}",
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringNotEquals 'a'",
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/metadata:stage] StringEquals 'a'",
        "@Resource[" BLOB ":path] StringStartsWith 'a/'",
        "@Request[" BLOB ":prefix] StringStartsWith 'a/'",
        "@Request[" BLOB ":snapshot] DateTimeEquals '2026-01-01T00:00:00.0Z'",
        "NOT Exists @Request[" BLOB ":versionId]",
        "@Resource[" BLOB ":isCurrentVersion] BoolEquals true",
        "@Resource[" BLOB "/tags:Project<$key_case_sensitive$>] StringEquals 'a'",
        "@Request[" BLOB "/tags:Project Phase] StringEquals 'a'",
        "@Request[" BLOB "/tags&$keys$&] ForAllOfAnyValues:StringEquals {'a', 'b'}",
        "@Resource[Microsoft.Storage/storageAccounts/queueServices/queues:name] StringEquals 'a'",
        "@Request[" RA ":RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {2a2b9908-6ea1-4ae2-8e65-a410df84e7d1}",
        "@Resource[" RA ":PrincipalId] GuidNotEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "@Request[" RA ":PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User', 'Group'}",
        "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'",
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'a/'",
        "@Resource[Microsoft.OperationalInsights/workspaces/tables:name] StringEquals 'Perf'",
        "@Resource[Microsoft.OperationalInsights/workspaces/tables/record:Vendor<$key_case_sensitive$>] ForAnyOfAnyValues:StringLikeIgnoreCase {'a'}",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Project] ForAnyOfAnyValues:StringEquals {'a'}",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Level] NumericGreaterThan 3",
        "@Resource[" BLOB "/tags:Project<$key_case_sensitive$>] StringEquals @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Project]",
        "@Environment[isPrivateLink] BoolEquals true",
        "@Environment[Microsoft.Network/privateEndpoints] StringEqualsIgnoreCase '/subscriptions/x'",
        "@Environment[Microsoft.Network/virtualNetworks/subnets] StringEqualsIgnoreCase '/subscriptions/x'",
        "@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00.0Z'",
        "SubOperationMatches{'blob.list'} OR SubOperationMatches{'Blob.Write.Tier'}",
        "@Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Blob.Read.WithTagConditions'}",
    };
    static const struct { const char *text; size_t column; const char *expected; } REFUSED[] = {
        {"@Resource[Microsoft.ServiceBus/namespaces/queues:Name] StringEquals 'a'", 11, "a published attribute"},
        {"@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'a'", 11, "a published attribute"},
        {"@Resource[Microsoft.KeyVault/vaults/secrets] StringEquals 'a'", 11, "a published attribute"},
        {"@Resource[Microsoft.KeyVault/vaults/secrets:name<$key_case_sensitive$>] StringEquals 'a'", 11, "a published attribute"},
        {"@Resource[Microsoft.KeyVault/vaults/secrets&$keys$&] ForAllOfAnyValues:StringEquals {'a'}", 11, "a published attribute"},
        {"@Resource[Microsoft.Storage/storageAccounts:names] StringEquals 'a'", 11, "a published attribute"},
        {"@Resource[" BLOB "/tags] StringEquals 'a'", 11, "a published attribute"},
        {"@Resource[a] StringEquals 'a'", 11, "a published attribute"},
        {"'a' StringEquals @Resource[a]", 28, "a published attribute"},
        {"Exists @Resource[a]", 18, "a published attribute"},
        {"NOT (ActionMatches{'a/b'} AND (Exists @Principal[a]))", 50, "a published attribute"},
        {"@Request[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'", 10, "that @Request has"},
        {"Exists @Environment[Microsoft.KeyVault/vaults/secrets:name]", 21, "that @Environment has"},
        {"@Resource[" BLOB ":prefix] StringEquals 'a'", 11, "that @Resource has"},
        {"@Request[" BLOB ":path] StringEquals 'a'", 10, "that @Request has"},
        {"@Principal[" RA ":PrincipalId] GuidEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", 12, "that @Principal has"},
        {"@Environment[subOperation] StringEquals 'a'", 14, "that @Environment has"},
        {"@Principal[" BLOB "/tags&$keys$&] ForAllOfAnyValues:StringEquals {'a'}", 12, "that @Principal has"},
        {"@Request[" RA ":RoleDefinitionId] StringEquals '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'", 10, "holds a text"},
        {"@Request[" RA ":PrincipalType] GuidEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", 10, "holds a GUID"},
        {"@Resource[Microsoft.Storage/storageAccounts:isHnsEnabled] StringEquals 'true'", 11, "holds a text"},
        {"@Resource[Microsoft.KeyVault/vaults/secrets:name] NumericEquals 1", 11, "holds a number"},
        {"@Environment[UtcNow] NumericLessThan 1", 14, "holds a number"},
        {"@Environment[isPrivateLink] DateTimeEquals '2026-01-01T00:00:00.0Z'", 14, "holds a date"},
        {"@Environment[UtcNow] BoolEquals true", 14, "holds true or false"},
        {"@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_A] GuidEquals 2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", 12, "holds a GUID"},
        {"@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals @Request[" RA ":PrincipalId]", 73, "holds a text"},
        {"SubOperationMatches{'Blob.Lists'}", 22, "a suboperation"},
        {"SubOperationMatches{'Secret.List'}", 22, "a suboperation"},
        // sets of several types
        {"@Resource[Microsoft.KeyVault/vaults/secrets:name] ForAnyOfAnyValues:StringEquals {'a', 1}", 88, "a text"},
        {"@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_A] ForAnyOfAnyValues:NumericEquals {1, true}", 103, "a whole number"},
        {"@Request[" RA ":PrincipalId] ForAnyOfAnyValues:GuidEquals {2a2b9908-6ea1-4ae2-8e65-a410df84e7d1, 'User'}", 0, "a GUID"},
    };
    for (size_t i = 0; i < COUNT(PUBLISHED); i++) CHECK_ERR(condition_check(t->call, str_of(PUBLISHED[i]), S("2.0")), OK, PUBLISHED[i]);
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        enum err got = condition_check(t->call, str_of(REFUSED[i].text), S("2.0"));
        str      said = str_of(t->call->failure.text), column = call_format(t->call, "column %zu:", REFUSED[i].column);
        if (REFUSED[i].column)
            CHECK_ROW(str_find_str(said, column) != STR_NOWHERE, call_zstr(t->call, call_format(t->call, "%s -> %s", REFUSED[i].text, said.at)));
        CHECK_ROW(str_find_str(said, str_of(REFUSED[i].expected)) != STR_NOWHERE,
                  call_zstr(t->call, call_format(t->call, "%s -> %s", REFUSED[i].text, said.at)));
        CHECK_ERR(got, ERR_CONDITION_INVALID, REFUSED[i].text);
    }
}

TEST(condition_check_has_limits)
{
    static char text[CONDITION_MAX_BYTES + 2];
    struct buf  b;
    memset(text, ' ', sizeof text);
    memcpy(text, "'a' StringEquals 'a'", 20);
    CHECK_ERR(condition_check(t->call, (str){text, CONDITION_MAX_BYTES}, S("2.0")), OK, "8 KB");
    CHECK_ERR(condition_check(t->call, (str){text, CONDITION_MAX_BYTES + 1}, S("2.0")), ERR_CONDITION_INVALID, "more than 8 KB");
    CHECK_ERR(condition_check(t->call, S("'a' StringEquals 'a'"), S("1.0")), ERR_CONDITION_INVALID, "version 1.0");
    CHECK_ERR(condition_check(t->call, S("'a' StringEquals 'a'"), S("3")), ERR_CONDITION_INVALID, "version 3");
    for (int depth = CONDITION_MAX_DEPTH; depth <= CONDITION_MAX_DEPTH + 1; depth++) {
        buf_init(&b, &t->call->arena);
        for (int i = 0; i < depth; i++) buf_add(&b, S("!("));
        buf_add(&b, S("'a' StringEquals 'a'"));
        for (int i = 0; i < depth; i++) buf_add(&b, S(")"));
        CHECK_ERR(condition_check(t->call, buf_view(&b), S("2.0")), depth > CONDITION_MAX_DEPTH ? ERR_CONDITION_INVALID : OK, "depth");
    }
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] ForAnyOfAnyValues:NumericEquals {1"));
    while (b.n < CONDITION_MAX_BYTES - 3) buf_add(&b, S(",1"));
    buf_add(&b, S("}"));
    CHECK_ERR(condition_check(t->call, buf_view(&b), S("2.0")), OK, "as many values as fit");
}

TEST(condition_culprit_is_the_clause_not_its_guard)
{
    static const struct { const char *text, *want; } CASES[] = {
        {"(!(ActionMatches{'Microsoft.X/y/read'})) OR (@Request[t:n] NumericEquals 5)", "@Request[t:n] NumericEquals 5"},
        {"(@Request[t:n] NumericEquals 42) AND ((!(ActionMatches{'*'})) OR (@Request[t:m] StringEquals 'x'))", "@Request[t:m] StringEquals 'x'"},
        {"ActionMatches{'a/b'}", "ActionMatches{'a/b'}"},
        {"NOT (@Request[t:n] NumericEquals 42 AND ActionMatches{'*'})", "@Request[t:n] NumericEquals 42 AND ActionMatches{'*'}"},
    };
    struct action a;
    CHECK(action_read(S("Microsoft.X/y/read"), &a));
    struct condition_facts facts = {.action = &a, .attributes = &ATTRIBUTES};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct condition *condition = condition_new(str_of(CASES[i].text));
        CHECK_ROW(condition != NULL, CASES[i].text);
        if (condition) CHECK_STR(condition_culprit(condition, &facts), str_of(CASES[i].want), CASES[i].text);
        condition_free(condition);
    }
}
