#include "rbac/assignment.h"

#include "test.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"

static const struct assignment_notes NOTES = {
    .condition = S_INIT("ActionMatches{'x'}"),
    .condition_version = S_INIT("2.0"),
    .description = S_INIT("why"),
    .delegated_identity = S_INIT("/id"),
    .updated_ns = 5,
    .updated_by = {{{9}}},
    .counts_from_ns = 6,
    .lingers_until_ns = 7,
};

static const struct assignment PLAIN = {
    .id = {{1}},
    .principal = {{{2}}},
    .principal_type = PRINCIPAL_TYPE_SERVICE,
    .role = {{3}},
    .scope = S_INIT(SUB "/resourceGroups/App/"),
    .notes = &NOTES,
    .created_ns = 4,
    .created_by = {{{8}}},
};

static bytes packed(struct call *c, const struct assignment *a)
{
    struct buf b;
    buf_init(&b, &c->arena);
    assignment_pack(&b, a);
    return str_bytes(buf_view(&b));
}

TEST(assignment_unpack_reads_what_assignment_pack_wrote)
{
    struct assignment *a = NULL, *again = NULL;
    CHECK_OK(assignment_new(t->call, &PLAIN, &a));
    CHECK_STR(a->scope, S(SUB "/resourceGroups/App"), "no trailing slash, the writer's casing");
    bytes record = packed(t->call, a);
    CHECK_OK(assignment_unpack(t->call, record, &again));
    CHECK(str_eq(bytes_str(packed(t->call, again)), bytes_str(record)));
    CHECK(again->principal_type == PRINCIPAL_TYPE_SERVICE);
    CHECK(assignment_counts_from_ns(again) == 6 && assignment_lingers_until_ns(again) == 7);
    CHECK(assignment_updated_ns(again) == 5 && object_id_eq(assignment_updated_by(again), NOTES.updated_by));
    CHECK_STR(assignment_notes_of(again).description, NOTES.description, "what few have");
    CHECK_STR(assignment_condition(again), NOTES.condition, "the condition");
    for (size_t n = 0; n < record.n; n++) {
        struct assignment *cut;
        CHECK_ERR(assignment_unpack(t->call, (bytes){record.at, n}, &cut), ERR_STORE_DAMAGED, "cut");
    }
    ref_drop(&a->ref);
    ref_drop(&again->ref);
}

// A million of them may be held: what most of them have is in no notes, also of a record that says it (counts from its creation on).
TEST(assignment_notes_are_kept_only_where_there_are_some)
{
    static const struct assignment_notes CASES[] = {
        {.updated_ns = 0},
        {.updated_ns = 4, .updated_by = {{{8}}}},
        {.counts_from_ns = 4},
        {.updated_ns = 4, .updated_by = {{{9}}}},
        {.updated_ns = 5, .updated_by = {{{8}}}},
        {.counts_from_ns = 5},
        {.lingers_until_ns = 1},
        {.description = S_INIT("why")},
    };
    enum { NONE = 3 };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct assignment *a = NULL, *again = NULL, plain = PLAIN;
        plain.notes = &CASES[i];
        CHECK_OK(assignment_new(t->call, &plain, &a));
        CHECK_OK(assignment_unpack(t->call, packed(t->call, a), &again));
        CHECK_INT(again->notes != NULL, i >= NONE, "notes");
        CHECK_INT(assignment_updated_ns(again), i == 4 ? 5 : 4, "updated");
        CHECK(object_id_eq(assignment_updated_by(again), i == 3 ? CASES[i].updated_by : PLAIN.created_by));
        CHECK_INT(assignment_counts_from_ns(again), i == 5 ? 5 : 0, "counts from");
        CHECK(again->principal_type == PRINCIPAL_TYPE_SERVICE && again->created_ns == 4);
        ref_drop(&a->ref);
        ref_drop(&again->ref);
    }
}

TEST(assignment_new_refuses_what_is_too_long_or_nowhere)
{
    static char text[ASSIGNMENT_MAX_CONDITION_BYTES + 1];
    memset(text, 'a', sizeof text);
    struct assignment_notes notes;
    struct assignment       a, *out;
    a = PLAIN, a.notes = &notes, notes = NOTES, notes.condition = (str){text, sizeof text};
    CHECK_ERR(assignment_new(t->call, &a, &out), ERR_CONDITION_INVALID, "condition");
    a = PLAIN, a.notes = &notes, notes = NOTES, notes.description = (str){text, ASSIGNMENT_MAX_DESCRIPTION_BYTES + 1};
    CHECK_ERR(assignment_new(t->call, &a, &out), ERR_TOO_LARGE, "description");
    a = PLAIN, a.notes = &notes, notes = NOTES, notes.condition_version = (str){text, 17};
    CHECK_ERR(assignment_new(t->call, &a, &out), ERR_TOO_LARGE, "version");
    a = PLAIN, a.notes = &notes, notes = NOTES, notes.delegated_identity = (str){text, SCOPE_MAX_BYTES + 1};
    CHECK_ERR(assignment_new(t->call, &a, &out), ERR_TOO_LARGE, "delegated identity");
    a = PLAIN, a.scope = S(SUB "/../x");
    CHECK_ERR(assignment_new(t->call, &a, &out), ERR_SCOPE_INVALID, "scope");
    a = PLAIN, a.scope = STR_NONE;
    CHECK_ERR(assignment_new(t->call, &a, &out), ERR_SCOPE_INVALID, "no scope");
}

static const str                    ACTIONS[] = {S_INIT("*"), S_INIT("*/read")};
static const struct role_permission BLOCK = {.actions = ACTIONS, .action_n = 1, .not_actions = ACTIONS + 1, .not_action_n = 1};
static const struct deny_principal  PRINCIPALS[] = {{.type = S_INIT("SystemDefined")}, {.id = {{{5}}}, .type = S_INIT("User")}};
static const struct deny_assignment DENY = {
    .id = {{1}},
    .name = S_INIT("locked"),
    .description = S_INIT("stack"),
    .scope = S_INIT(SUB),
    .not_below = true,
    .is_system_protected = true,
    .permissions = &BLOCK,
    .permission_n = 1,
    .principals = PRINCIPALS,
    .principal_n = 1,
    .excluded = PRINCIPALS + 1,
    .excluded_n = 1,
    .created_ns = 3,
    .created_by = {{{4}}},
};

static bytes packed_deny(struct call *c, const struct deny_assignment *d)
{
    struct buf b;
    buf_init(&b, &c->arena);
    deny_pack(&b, d);
    return str_bytes(buf_view(&b));
}

TEST(deny_unpack_reads_what_deny_pack_wrote)
{
    struct deny_assignment *d = NULL, *again = NULL;
    CHECK_OK(deny_new(t->call, &DENY, &d));
    bytes record = packed_deny(t->call, d);
    CHECK_OK(deny_unpack(t->call, record, &again));
    CHECK(str_eq(bytes_str(packed_deny(t->call, again)), bytes_str(record)));
    CHECK_STR(again->principals[0].type, S("SystemDefined"), "principals");
    CHECK(again->excluded_n == 1 && object_id_eq(again->excluded[0].id, PRINCIPALS[1].id));
    CHECK(again->not_below && again->is_system_protected);
    for (size_t n = 0; n < record.n; n++) {
        struct deny_assignment *cut;
        CHECK_ERR(deny_unpack(t->call, (bytes){record.at, n}, &cut), ERR_STORE_DAMAGED, "cut");
    }
    ref_drop(&d->ref);
    ref_drop(&again->ref);
}

TEST(deny_new_refuses_what_is_too_long_or_nowhere)
{
    static const struct deny_principal MANY[DENY_MAX_PRINCIPALS + 1];
    static char                        text[ASSIGNMENT_MAX_DESCRIPTION_BYTES + 1];
    struct deny_assignment             d, *out;
    memset(text, 'a', sizeof text);
    d = DENY, d.scope = S("/subscriptions");
    CHECK_ERR(deny_new(t->call, &d, &out), ERR_SCOPE_INVALID, "scope");
    d = DENY, d.principals = MANY, d.principal_n = COUNT(MANY);
    CHECK_ERR(deny_new(t->call, &d, &out), ERR_TOO_LARGE, "principals");
    d = DENY, d.description = (str){text, sizeof text};
    CHECK_ERR(deny_new(t->call, &d, &out), ERR_TOO_LARGE, "description");
    d = DENY, d.name = (str){text, ROLE_MAX_NAME_BYTES + 1};
    CHECK_ERR(deny_new(t->call, &d, &out), ERR_TOO_LARGE, "name");
    d = DENY, d.permission_n = ROLE_MAX_PERMISSIONS + 1;
    CHECK_ERR(deny_new(t->call, &d, &out), ERR_ROLE_INVALID, "permissions");
}

TEST(assignment_share_scope_shares_equal_texts_of_records_that_nobody_reads)
{
    static const struct { const char *scope; bool is_read, is_shared; } CASES[] = {
        {"/subscriptions/11111111-1111-1111-1111-111111111111", false, true},
        {"/subscriptions/11111111-1111-1111-1111-111111111111", true, false},
        {"/SUBSCRIPTIONS/11111111-1111-1111-1111-111111111111", false, false}, // the writer's casing is kept
        {"/", false, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct assignment *first, *second, a = PLAIN, b = PLAIN;
        a.scope = S("/subscriptions/11111111-1111-1111-1111-111111111111");
        b.scope = str_of(CASES[i].scope);
        CHECK_OK(assignment_new(t->call, &a, &first));
        CHECK_OK(assignment_new(t->call, &b, &second));
        if (CASES[i].is_read) ref_take(&second->ref);
        assignment_share_scope(second, first);
        CHECK_ROW((second->scope.at == first->scope.at) == CASES[i].is_shared, CASES[i].scope);
        ref_drop(&first->ref); // the text stays as long as one of them
        CHECK_STR(second->scope, b.scope, CASES[i].scope);
        if (CASES[i].is_read) ref_drop(&second->ref);
        ref_drop(&second->ref);
    }
}
