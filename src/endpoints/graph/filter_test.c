#include "endpoints/graph/filter.h"

#include "test.h"

#define ID "aaaaaaaa-0000-0000-0000-000000000001"

static const struct principal ANNA = {.kind = PRINCIPAL_USER,
                                      .name = S_INIT("Anna"),
                                      .user_name = S_INIT("anna@lanyard.localhost"),
                                      .document = S_INIT("{\"mail\":\"a@example.com\",\"accountEnabled\":false,\"businessPhones\":[\"11\",\"22\"]}"),
                                      .id = {{{0xaa, 0xaa, 0xaa, 0xaa, [15] = 1}}}};
static const struct principal CREW = {.kind = PRINCIPAL_GROUP, .name = S_INIT("crew"), .document = S_INIT("{\"description\":\"it's\"}")};

TEST(graph_filter_says_who_is_meant)
{
    static const struct { const char *text; bool anna, crew; } CASES[] = {
        {"displayName eq 'anna'", true, false}, // texts are compared without case
        {"displayname EQ 'ANNA'", true, false},
        {"id eq '" ID "'", true, false},
        {"id eq " ID, true, false},
        {"id eq 'AAAAAAAA-0000-0000-0000-000000000001'", true, false},
        {"description eq 'it''s'", false, true},
        {"description eq 'its'", false, false},
        {"mail eq null", false, true},
        {"mail eq 'null'", false, false},
        {"accountEnabled eq false", true, false}, // a group has none: it equals nothing
        {"accountEnabled eq true", false, false},
        {"accountEnabled ne true", true, false},
        {"securityEnabled eq true", false, true},
        {"businessPhones/any(p:p eq '22')", true, false},
        {"businessPhones/any(p:p eq '2')", false, false},
        {"businessPhones/any(p: startsWith(p, '2'))", true, false},
        {"businessPhones/any(p:p ne '22')", true, false}, // one of them is another
        {"startswith(displayName,'')", true, true},
        {"startswith( displayName , 'an' )", true, false},
        {"endswith(userPrincipalName,'LOCALHOST')", true, false},
        {"displayName in ('x','crew')", false, true},
        {"displayName in ('x')", false, false},
        {"displayName eq 'x' or displayName eq 'anna' and mail eq 'x'", false, false}, // "and" binds stronger
        {"displayName eq 'crew' or displayName eq 'anna' and mail eq 'a@example.com'", true, true},
        {"(displayName eq 'crew' or displayName eq 'anna') and mail eq null", false, true},
        {"not (displayName eq 'anna')", false, true},
        {"not displayName eq 'anna' and mail eq null", false, true}, // "not" takes the comparison alone
        {"not not (displayName eq 'anna')", true, false},
        {"  displayName eq 'anna'  ", true, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct graph_filter *f = NULL;
        bool                       anna = false, crew = false;
        CHECK_ERR(graph_filter_read(t->call, str_of(CASES[i].text), GRAPH_ALL, true, &f), OK, CASES[i].text);
        if (!f) continue;
        CHECK_ERR(graph_filter_allows(t->call, f, &(struct graph_object){.kind = PRINCIPAL_USER, .id = ANNA.id.g, .principal = &ANNA}, &anna), OK,
                  CASES[i].text);
        CHECK_ERR(graph_filter_allows(t->call, f, &(struct graph_object){.kind = PRINCIPAL_GROUP, .id = CREW.id.g, .principal = &CREW}, &crew), OK,
                  CASES[i].text);
        CHECK_ROW(anna == CASES[i].anna && crew == CASES[i].crew, CASES[i].text);
    }
}

TEST(graph_filter_refuses_what_it_does_not_know)
{
    static const struct { const char *text; unsigned kinds; bool is_advanced; enum err want; } CASES[] = {
        {"", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq x", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq 'x", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq 'x'' ", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq \"x\"", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq 1", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq 'x' and", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"and displayName eq 'x'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq 'x' xor displayName eq 'y'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"(displayName eq 'x'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq 'x')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName in 'x'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName in ()", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName in ('x',)", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName in ('x'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName gt 'x'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName/any(x:x eq 'y')", GRAPH_ALL, true, ERR_FILTER_INVALID}, // no list
        {"tags eq 'x'", GRAPH_ALL, true, ERR_FILTER_INVALID},                 // a list
        {"tags/all(x:x eq 'y')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"tags/any()", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"tags/any(x:y eq 'y')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"tags/any(x:startswith(y,'y'))", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"tags/any(x:x eq 'y'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"tags/any(x:x eq true)", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"startswith(displayName)", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"startswith(displayName,null)", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"startswith(accountEnabled,'t')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"startswith(tags,'t')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"contains(displayName,'x')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"accountEnabled eq 'true'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"accountEnabled in (true,'false')", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"displayName eq true", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"userPrincipalName eq 'x'", GRAPH_GROUPS, true, ERR_FILTER_INVALID}, // of another kind
        {"appId eq 'x'", GRAPH_USERS, true, ERR_FILTER_INVALID},
        {"password eq 'x'", GRAPH_ALL, true, ERR_FILTER_INVALID},
        {"passwordProfile eq 'x'", GRAPH_USERS, true, ERR_FILTER_INVALID},
        {"keyCredentials eq 'x'", GRAPH_SERVICES, true, ERR_QUERY_UNSUPPORTED},
        {"displayName ne 'x'", GRAPH_ALL, false, ERR_QUERY_UNSUPPORTED},
        {"endswith(displayName,'x')", GRAPH_ALL, false, ERR_QUERY_UNSUPPORTED},
        {"not (displayName eq 'x')", GRAPH_ALL, false, ERR_QUERY_UNSUPPORTED},
        {"id in ('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15')", GRAPH_ALL, false, OK},
        {"id in ('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16')", GRAPH_ALL, false, ERR_QUERY_UNSUPPORTED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct graph_filter *f;
        CHECK_ERR(graph_filter_read(t->call, str_of(CASES[i].text), CASES[i].kinds, CASES[i].is_advanced, &f), CASES[i].want, CASES[i].text);
    }
}

TEST(graph_filter_has_a_length_and_a_depth)
{
    const struct graph_filter *f;
    for (unsigned depth = GRAPH_FILTER_MAX_DEPTH; depth <= GRAPH_FILTER_MAX_DEPTH + 1; depth++) {
        struct buf b;
        buf_init(&b, &t->call->arena);
        for (unsigned i = 0; i < depth; i++) buf_add_char(&b, '(');
        buf_add(&b, S("id eq 'x'"));
        for (unsigned i = 0; i < depth; i++) buf_add_char(&b, ')');
        CHECK_ERR(graph_filter_read(t->call, buf_view(&b), GRAPH_ALL, false, &f), depth > GRAPH_FILTER_MAX_DEPTH ? ERR_FILTER_INVALID : OK, "depth");
    }
    static char text[GRAPH_FILTER_MAX_BYTES + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "id eq 'x'", 9);
    CHECK_ERR(graph_filter_read(t->call, (str){text, sizeof text - 1}, GRAPH_ALL, false, &f), OK, "the longest");
    CHECK_ERR(graph_filter_read(t->call, (str){text, sizeof text}, GRAPH_ALL, false, &f), ERR_FILTER_INVALID, "longer");
}
