#include "rbac/filter.h"

#include "test.h"

#define ID "11111111-2222-3333-4444-555555555555"

TEST(filter_reads_what_clients_send)
{
    static const struct {
        const char           *text;
        enum rbac_filter_kind kind;
        bool                  at_scope, below, principal, assigned_to, type, builtin;
        const char           *role_name, *deny_name;
    } CASES[] = {
        {"", RBAC_FILTER_ASSIGNMENTS, 0, 0, 0, 0, 0, 0, "", ""},
        {"  ", RBAC_FILTER_ROLES, 0, 0, 0, 0, 0, 0, "", ""},
        {"atScope()", RBAC_FILTER_ASSIGNMENTS, 1, 0, 0, 0, 0, 0, "", ""},
        {"ATSCOPE()", RBAC_FILTER_DENIES, 1, 0, 0, 0, 0, 0, "", ""},
        {"principalId eq '" ID "'", RBAC_FILTER_ASSIGNMENTS, 0, 0, 1, 0, 0, 0, "", ""},
        {"assignedTo('" ID "')", RBAC_FILTER_ASSIGNMENTS, 0, 0, 0, 1, 0, 0, "", ""},
        {"atScope() and assignedTo('" ID "')", RBAC_FILTER_ASSIGNMENTS, 1, 0, 0, 1, 0, 0, "", ""},
        {"assignedTo('" ID "') AND atScope()", RBAC_FILTER_ASSIGNMENTS, 1, 0, 0, 1, 0, 0, "", ""},
        {"roleName eq 'Reader'", RBAC_FILTER_ROLES, 0, 0, 0, 0, 0, 0, "Reader", ""},
        {"roleName eq 'It''s mine'", RBAC_FILTER_ROLES, 0, 0, 0, 0, 0, 0, "It's mine", ""},
        {"type eq 'CustomRole'", RBAC_FILTER_ROLES, 0, 0, 0, 0, 1, 0, "", ""},
        {"type eq 'builtinrole' and atScopeAndBelow()", RBAC_FILTER_ROLES, 0, 1, 0, 0, 1, 1, "", ""},
        {"denyAssignmentName eq 'locked'", RBAC_FILTER_DENIES, 0, 0, 0, 0, 0, 0, "", "locked"},
        {"principalId eq '" ID "'", RBAC_FILTER_DENIES, 0, 0, 1, 0, 0, 0, "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_filter f = {0};
        CHECK_ERR(rbac_filter_read(t->call, str_of(CASES[i].text), CASES[i].kind, &f), OK, CASES[i].text);
        CHECK_ROW(f.at_scope == CASES[i].at_scope && f.at_scope_and_below == CASES[i].below, CASES[i].text);
        CHECK_ROW(f.has_principal == CASES[i].principal && f.has_assigned_to == CASES[i].assigned_to, CASES[i].text);
        CHECK_ROW(f.has_type == CASES[i].type && f.wants_builtin == CASES[i].builtin, CASES[i].text);
        CHECK_STR(f.role_name, str_of(CASES[i].role_name), CASES[i].text);
        CHECK_STR(f.deny_name, str_of(CASES[i].deny_name), CASES[i].text);
        if (f.has_principal) CHECK_STR(str_of(guid_text(f.principal.g).s), S(ID), CASES[i].text);
        if (f.has_assigned_to) CHECK_STR(str_of(guid_text(f.assigned_to.g).s), S(ID), CASES[i].text);
    }
}

TEST(filter_refuses_what_it_cannot_mean)
{
    static const struct { const char *text; enum rbac_filter_kind kind; } CASES[] = {
        {"atScope", RBAC_FILTER_ASSIGNMENTS},
        {"atScope(", RBAC_FILTER_ASSIGNMENTS},
        {"atScope() and", RBAC_FILTER_ASSIGNMENTS},
        {"atScope() or assignedTo('" ID "')", RBAC_FILTER_ASSIGNMENTS},
        {"and atScope()", RBAC_FILTER_ASSIGNMENTS},
        {"atScope() atScope()", RBAC_FILTER_ASSIGNMENTS},
        {"atScope() and principalId eq '" ID "'", RBAC_FILTER_ASSIGNMENTS}, // the service refuses the two together
        {"principalId eq '" ID "' and atScope()", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq '" ID "' and principalId eq '" ID "'", RBAC_FILTER_ASSIGNMENTS},
        {"assignedTo('" ID "') and assignedTo('" ID "')", RBAC_FILTER_ASSIGNMENTS},
        {"principalId ne '" ID "'", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq ''", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq " ID, RBAC_FILTER_ASSIGNMENTS}, // values stand in quotes
        {"principalId eq {" ID "}", RBAC_FILTER_ASSIGNMENTS},
        {"assignedTo(" ID ")", RBAC_FILTER_ASSIGNMENTS},
        {"roleName eq Reader", RBAC_FILTER_ROLES},
        {"type eq CustomRole", RBAC_FILTER_ROLES},
        {"denyAssignmentName eq locked", RBAC_FILTER_DENIES},
        {"principalId eq 'x'", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq '{" ID "}'", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq '" ID, RBAC_FILTER_ASSIGNMENTS},
        {"assignedTo(" ID, RBAC_FILTER_ASSIGNMENTS},
        {"assignedTo()", RBAC_FILTER_ASSIGNMENTS},
        {"roleName eq 'Reader'", RBAC_FILTER_ASSIGNMENTS},
        {"type eq 'BuiltInRole'", RBAC_FILTER_ASSIGNMENTS},
        {"principalId eq '" ID "'", RBAC_FILTER_ROLES},
        {"assignedTo('" ID "')", RBAC_FILTER_ROLES},
        {"roleName eq ''", RBAC_FILTER_ROLES},
        {"roleName eq 'a' and roleName eq 'b'", RBAC_FILTER_ROLES},
        {"roleName eq 'Reader", RBAC_FILTER_ROLES},
        {"type eq 'Other'", RBAC_FILTER_ROLES},
        {"type eq 'CustomRole' and type eq 'BuiltInRole'", RBAC_FILTER_ROLES},
        {"denyAssignmentName eq 'x'", RBAC_FILTER_ASSIGNMENTS},
        {"name eq 'x'", RBAC_FILTER_DENIES},
        {"1 eq 1", RBAC_FILTER_ASSIGNMENTS},
        {"roleName eq 'a\tb'", RBAC_FILTER_ROLES},
        {"atScope()\n", RBAC_FILTER_ASSIGNMENTS},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_filter f = {.role_name = S("untouched")};
        enum err           got = rbac_filter_read(t->call, str_of(CASES[i].text), CASES[i].kind, &f);
        CHECK_ROW(strstr(t->call->failure.text, rbac_filter_supported(CASES[i].kind)), CASES[i].text); // it says what would be taken
        CHECK_ERR(got, ERR_QUERY_UNSUPPORTED, CASES[i].text);
        CHECK_STR(f.role_name, S("untouched"), CASES[i].text);
    }
    char text[RBAC_FILTER_MAX_BYTES + 1];
    memset(text, ' ', sizeof text);
    struct rbac_filter f;
    CHECK_ERR(rbac_filter_read(t->call, (str){text, sizeof text - 1}, RBAC_FILTER_ROLES, &f), OK, "as long as may be");
    CHECK_ERR(rbac_filter_read(t->call, (str){text, sizeof text}, RBAC_FILTER_ROLES, &f), ERR_QUERY_UNSUPPORTED, "too long");
}
