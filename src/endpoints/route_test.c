#include "endpoints/router.h"
#include "test.h"

static enum err nothing(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)w, (void)q, (void)a;
    return OK;
}

static const struct route ROUTES[] = {
    {HTTP_GET, "/", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_GET, "/secrets", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_GET, "/secrets/{name}", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_PUT, "/secrets/{name}", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_GET, "/secrets/{name}/{version}", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_GET, "/{scope*}/providers/Authz/roles", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_GET, "/{scope*}/providers/Authz/roles/{role}", GUARD_NONE, PERMIT_NONE("a test"), nothing},
    {HTTP_DELETE, "/{id*}", GUARD_NONE, PERMIT_NONE("a test"), nothing},
};
static const struct service EXACT = {.name = "exact", .routes = ROUTES, .route_n = COUNT(ROUTES)};
static const struct service NOCASE = {.name = "nocase", .routes = ROUTES, .route_n = COUNT(ROUTES), .paths.ignores_case = true};

#define ESCAPE_64 "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g"

TEST(route_find_takes_the_first_row_that_fits_and_gives_its_params)
{
    static const struct { enum http_method method; const char *path; int row; const char *path_out, *first, *second; } CASES[] = {
        {HTTP_GET, "/", 0, "/", "", ""},
        {HTTP_GET, "", 0, "/", "", ""},
        {HTTP_GET, "//", 0, "/", "", ""},
        {HTTP_GET, "/secrets", 1, "/secrets", "", ""},
        {HTTP_GET, "/secrets/", 1, "/secrets", "", ""},
        {HTTP_GET, "//secrets//a/", 2, "/secrets/a", "a", ""},
        {HTTP_PUT, "/secrets/a", 3, "/secrets/a", "a", ""},
        {HTTP_GET, "/secrets/a%20b/%7B1%7d", 4, "/secrets/a b/{1}", "a b", "{1}"},
        {HTTP_GET, "/secrets/%2541", 2, "/secrets/%41", "%41", ""}, // decoded once
        {HTTP_GET, "/secrets/a+b", 2, "/secrets/a+b", "a+b", ""},
        {HTTP_GET, "/secrets/...", 2, "/secrets/...", "...", ""},
        {HTTP_GET, "/secrets/.a", 2, "/secrets/.a", ".a", ""},
        // The star takes any number of segments, none too; what stands behind it counts from the end.
        {HTTP_GET, "/providers/Authz/roles", 5, "/providers/Authz/roles", "", ""},
        {HTTP_GET, "/a/providers/Authz/roles", 5, "/a/providers/Authz/roles", "/a", ""},
        {HTTP_GET, "/providers/Authz/roles/providers/Authz/roles", 5, "/providers/Authz/roles/providers/Authz/roles", "/providers/Authz/roles", ""},
        {HTTP_GET, "/a/b%20c/providers/Authz/roles/r", 6, "/a/b c/providers/Authz/roles/r", "/a/b c", "r"},
        {HTTP_DELETE, "/", 7, "/", "", ""},
        {HTTP_DELETE, "/secrets/a", 7, "/secrets/a", "/secrets/a", ""},
        {HTTP_DELETE, ESCAPE_64, 7, ESCAPE_64, ESCAPE_64, ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct wire         q = {0};
        const struct route *r = NULL;
        CHECK_ERR(route_find(t->call, &EXACT, CASES[i].method, str_of(CASES[i].path), &q, &r), OK, CASES[i].path);
        CHECK_ROW(r == &ROUTES[CASES[i].row], CASES[i].path);
        CHECK_STR(q.path, str_of(CASES[i].path_out), CASES[i].path);
        CHECK_STR(q.param_n > 0 ? q.params[0].value : S(""), str_of(CASES[i].first), CASES[i].path);
        CHECK_STR(q.param_n > 1 ? q.params[1].value : S(""), str_of(CASES[i].second), CASES[i].path);
    }
}

TEST(route_find_refuses_what_could_be_read_in_two_ways)
{
    static const struct { enum http_method method; const char *path; enum err want; } CASES[] = {
        {HTTP_GET, "/secrets/a%2Fb", ERR_URL_INVALID},  {HTTP_GET, "/secrets/%2f", ERR_URL_INVALID},
        {HTTP_GET, "/secrets%2Fa", ERR_URL_INVALID},    {HTTP_GET, "/secrets/.", ERR_URL_INVALID},
        {HTTP_GET, "/secrets/..", ERR_URL_INVALID},     {HTTP_GET, "/../secrets", ERR_URL_INVALID},
        {HTTP_GET, "/secrets/%2e%2E", ERR_URL_INVALID}, {HTTP_GET, "/secrets/%2e", ERR_URL_INVALID},
        {HTTP_GET, "/secrets/%", ERR_URL_INVALID},      {HTTP_GET, "/secrets/%4", ERR_URL_INVALID},
        {HTTP_GET, "/secrets/%zz", ERR_URL_INVALID},    {HTTP_GET, "/secrets/a%00", ERR_URL_INVALID},
        {HTTP_GET, ESCAPE_64 "/1", ERR_URL_INVALID},    {HTTP_DELETE, ESCAPE_64 "/1", ERR_URL_INVALID},
        {HTTP_GET, "/secret", ERR_METHOD_NOT_ALLOWED}, // DELETE takes any path
        {HTTP_GET, "/Secrets", ERR_METHOD_NOT_ALLOWED},
        {HTTP_POST, "/secrets", ERR_METHOD_NOT_ALLOWED},
        {HTTP_OTHER, "/secrets/a", ERR_METHOD_NOT_ALLOWED},
        {HTTP_GET, "/secrets/a/b/c", ERR_METHOD_NOT_ALLOWED},
        {HTTP_GET, "/providers/Authz/roles/a/b", ERR_METHOD_NOT_ALLOWED},
    };
    static const struct service FEW = {.name = "few", .routes = ROUTES, .route_n = 3};
    struct wire                 q = {0};
    const struct route         *r = &ROUTES[0];
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(route_find(t->call, &EXACT, CASES[i].method, str_of(CASES[i].path), &q, &r), CASES[i].want, CASES[i].path);
        CHECK_ROW(q.param_n == 0, CASES[i].path);
    }
    CHECK_ERR(route_find(t->call, &FEW, HTTP_GET, S("/other"), &q, &r), ERR_NOT_FOUND, "no such path");
    CHECK_ERR(route_find(t->call, &FEW, HTTP_GET, S("/secrets/a/b"), &q, &r), ERR_NOT_FOUND, "longer than any");
    CHECK_ERR(route_find(t->call, &FEW, HTTP_PUT, S("/secrets"), &q, &r), ERR_METHOD_NOT_ALLOWED, "another method");
    CHECK(r == &ROUTES[0]);
}

TEST(route_find_compares_case_as_the_service_says)
{
    struct wire         q = {0};
    const struct route *r = NULL;
    CHECK_OK(route_find(t->call, &NOCASE, HTTP_GET, S("/SECRETS/Name"), &q, &r));
    CHECK(r == &ROUTES[2]);
    CHECK_STR(wire_param(&q, "name"), S("Name"), "a param keeps its case");
    CHECK_STR(wire_param(&q, "Name"), S(""), "a param's name is exact");
    CHECK_OK(route_find(t->call, &NOCASE, HTTP_GET, S("/A/PROVIDERS/authz/ROLES"), &q, &r));
    CHECK_STR(wire_param(&q, "scope"), S("/A"), "a star");
}

// With no memory left a path is refused: an empty param would be read as the root.
TEST(route_find_gives_no_param_that_could_not_be_built)
{
    struct call         poor = {.arena = {.limit = 1}};
    struct wire         q = {0};
    const struct route *r = NULL;
    enum err            got = route_find(&poor, &EXACT, HTTP_DELETE, S("/a/b"), &q, &r);
    CHECK(got != OK && !r);
    call_clear(&poor);
}

static size_t params_of(const char *pattern)
{
    size_t n = 0;
    for (; *pattern; pattern++) n += *pattern == '{';
    return n;
}

// A row says in one way, and whole, which permission it needs; what decides about a caller has one.
static void check_permit(struct test *t, const struct route *r)
{
    const struct permit *p = &r->permit;
    int                  actions = (p->action != NULL) + (r->op != NULL) + p->by_target;
    switch (p->kind) {
    case PERMIT_MISSING: CHECK_ROW(false, r->pattern); break;
    case PERMIT_BY_ROLE: CHECK_ROW(p->target && actions == 1, r->pattern); break;
    case PERMIT_BY_RULE: CHECK_ROW(p->rule != NULL, r->pattern); break;
    case PERMIT_BY_ITEM: CHECK_ROW((p->items[0] != NULL) != (p->why != NULL), r->pattern); break;
    case PERMIT_NOTHING: CHECK_ROW(p->why && *p->why && !(r->op && r->op->action), r->pattern); break;
    }
    CHECK_ROW(p->kind == PERMIT_NOTHING || r->guard != GUARD_NONE, r->pattern);
}

TEST(route_rows_of_all_services_are_well_formed)
{
    for (size_t i = 0; i < SERVICE_N; i++) {
        const struct service *s = SERVICES[i];
        for (size_t k = 0; k < s->route_n; k++) {
            const struct route *r = &s->routes[k];
            const char         *star = strstr(r->pattern, "*}");
            CHECK_ROW(params_of(r->pattern) <= ROUTE_MAX_PARAMS, r->pattern);
            CHECK_ROW(r->pattern[0] == '/' && r->handler, r->pattern);
            CHECK_ROW(!star || !strstr(star + 1, "*}"), r->pattern); // one star
            check_permit(t, r);
            // What changes records is for callers who were told apart.
            CHECK_ROW(!(r->writes || (r->op && r->op->writes)) || r->guard != GUARD_NONE, r->pattern);
            for (size_t m = 0; m < k; m++) // a second row for the same would never be reached
                CHECK_ROW(r->method != s->routes[m].method || s->routes[m].query || strcmp(r->pattern, s->routes[m].pattern) != 0, r->pattern);
        }
    }
}

// The router refuses what the rows' test would have found: a row that does not say what it needs, an item of no list.
TEST(a_route_without_a_permission_is_refused)
{
    static const struct route SILENT = {.method = HTTP_GET, .pattern = "/silent", .handler = nothing};
    struct work               w = {0};
    struct wire               q = {.route = &SILENT};
    bool                      allowed = false;
    CHECK_ERR(permit_ask(t->call, &w, &q), ERR_INTERNAL, "no permission");
    call_forgive(t->call);
    CHECK_ERR(permit_item(t->call, &w, &q, 0, S("/"), &allowed), ERR_INTERNAL, "no items");
    CHECK(!allowed);
    call_forgive(t->call);
    q.route = &ROUTES[0];
    CHECK_OK(permit_ask(t->call, &w, &q)); // PERMIT_NONE
}

// Blobs: names hold slashes and dots, and one path means many operations by its query.
TEST(route_find_reads_paths_as_the_service_says)
{
#define OPEN PERMIT_NONE("a test")
    static const struct route BLOBS[] = {
        {HTTP_GET, "/{container}", GUARD_NONE, OPEN, nothing, .query = "restype=container&comp=list"},
        {HTTP_GET, "/{container}", GUARD_NONE, OPEN, nothing, .query = "restype=container"},
        {HTTP_GET, "/{container}/{blob*}", GUARD_NONE, OPEN, nothing, .query = "snapshot"},
        {HTTP_GET, "/{container}/{blob*}", GUARD_NONE, OPEN, nothing},
    };
#undef OPEN
    static const struct service STORAGE = {
        .name = "blobs", .routes = BLOBS, .route_n = COUNT(BLOBS), .paths = {.keeps_empty = true, .takes_slashes = true, .takes_dot_segments = true}};
    static const struct { const char *path, *query; int row; const char *container, *blob; } CASES[] = {
        {"/c", "restype=container&comp=list", 0, "c", ""},
        {"/c", "COMP=List&other=1&ResType=CONTAINER", 0, "c", ""},
        {"/c", "restype=container", 1, "c", ""},
        {"/c", "restype=container&comp=acl", 1, "c", ""},
        {"/c/a", "", 3, "c", "/a"},
        {"/c/a", "snapshot", 2, "c", "/a"},
        {"/c/a", "snapshot=2026", 2, "c", "/a"},
        {"/c/a//b", "", 3, "c", "/a//b"},
        {"/c/a/", "", 3, "c", "/a/"},
        {"/c//", "", 3, "c", "//"},
        {"/c/a%2Fb", "", 3, "c", "/a/b"},
        {"/c/./../x", "", 3, "c", "/./../x"},
        {"/c", "", 3, "c", ""},
        {"/c", "restype=directory", 3, "c", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct route *r = NULL;
        struct wire         q = {0};
        CHECK_OK(http_read_fields(t->call, str_of(CASES[i].query), &q.query, &q.query_n));
        CHECK_ERR(route_find(t->call, &STORAGE, HTTP_GET, str_of(CASES[i].path), &q, &r), OK, CASES[i].path);
        CHECK_ROW(r == &BLOBS[CASES[i].row], CASES[i].path);
        CHECK_STR(wire_param(&q, "container"), str_of(CASES[i].container), CASES[i].path);
        CHECK_STR(wire_param(&q, "blob"), str_of(CASES[i].blob), CASES[i].path);
    }
}

// The management API: clients escape the scope in front of a path, its slashes too.
TEST(route_find_splits_an_escaped_scope)
{
    static const struct service ARM = {
        .name = "arm", .routes = ROUTES, .route_n = COUNT(ROUTES), .paths = {.ignores_case = true, .splits_star = "scope"}};
#define ROLES_OF "/providers/Authz/roles"
    static const struct { const char *path; int row; const char *path_out, *scope, *role; } CASES[] = {
        {"/%2Fsubs%2Fs" ROLES_OF "/r", 6, "/subs/s" ROLES_OF "/r", "/subs/s", "r"},
        {"//%2Fsubs%2fs%2F" ROLES_OF, 5, "/subs/s" ROLES_OF, "/subs/s", ""},
        {"/subs%2Fs/groups%2Fg" ROLES_OF, 5, "/subs/s/groups/g" ROLES_OF, "/subs/s/groups/g", ""},
        {"/%2F%2F" ROLES_OF, 5, ROLES_OF, "", ""},
        {"/%2Fsubs%2Fs%2Fproviders%2FAuthz%2Froles%2Fx" ROLES_OF, 5, "/subs/s" ROLES_OF "/x" ROLES_OF, "/subs/s" ROLES_OF "/x", ""},
        {"/subs%252Fs" ROLES_OF, 5, "/subs%2Fs" ROLES_OF, "/subs%2Fs", ""}, // decoded once: a name that no scope has
    };
    static const char *const REFUSED[] = {
        "/secrets%2Fa", "/%2Fsecrets", "/secrets/a%2Fb", "/secrets/%2F", "/%2F", "/a%2Fb", "/%2Fsubs%2Fs%2Fproviders%2FAuthz%2Froles",
        "/%2Fsubs%2Fs/providers%2FAuthz/roles", "/%2Fsubs%2Fs/providers/Authz%2Froles", "/subs%2Fs" ROLES_OF "%2Fr", "/subs%2Fs" ROLES_OF "/%2F",
        "/subs%2Fs" ROLES_OF "/%2Fr", "/subs%2F.." ROLES_OF, "/%2F..%2Fsubs" ROLES_OF, "/subs%2F%2e%2E%2Fs" ROLES_OF, "/.%2Fsubs" ROLES_OF,
        "/%2Fsubs%2F%00" ROLES_OF, "/%2Fsubs%2" ROLES_OF,
        "/a%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa"
        "%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa%2Fa" ROLES_OF,
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct wire         q = {0};
        const struct route *r = NULL;
        CHECK_ERR(route_find(t->call, &ARM, HTTP_GET, str_of(CASES[i].path), &q, &r), OK, CASES[i].path);
        CHECK_ROW(r == &ROUTES[CASES[i].row], CASES[i].path);
        CHECK_STR(q.path, str_of(CASES[i].path_out), CASES[i].path);
        CHECK_STR(wire_param(&q, "scope"), str_of(CASES[i].scope), CASES[i].path);
        CHECK_STR(wire_param(&q, "role"), str_of(CASES[i].role), CASES[i].path);
        CHECK_ERR(route_find(t->call, &NOCASE, HTTP_GET, str_of(CASES[i].path), &q, &r), i + 1 < COUNT(CASES) ? ERR_URL_INVALID : OK, CASES[i].path);
    }
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        struct wire         q = {0};
        const struct route *r = NULL;
        CHECK_ERR(route_find(t->call, &ARM, HTTP_GET, str_of(REFUSED[i]), &q, &r), ERR_URL_INVALID, REFUSED[i]);
        CHECK_ROW(!r && q.param_n == 0, REFUSED[i]);
    }
    struct wire         q = {0};
    const struct route *r = NULL;
    CHECK_ERR(route_find(t->call, &ARM, HTTP_DELETE, S("/subs%2Fs"), &q, &r), ERR_URL_INVALID, "a star of another name");
#undef ROLES_OF
}
