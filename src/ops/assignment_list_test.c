#include "ops/assignment_list.h"

#include "test_product.h"

// Every page of every query holds what a look at each assignment finds, whichever index serves it.

#define MG   "/providers/Microsoft.Management/managementGroups/"
#define DEEP TEST_PRODUCT_GROUP "/providers/Microsoft.KeyVault/vaults/v/secrets/s"
enum { ASSIGNMENTS = 400, PRINCIPALS = 6 };

static const char *const SCOPES[] = {
    "/", TEST_PRODUCT_SUBSCRIPTION, TEST_PRODUCT_OTHER_SUBSCRIPTION, TEST_PRODUCT_GROUP, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Shop2", TEST_PRODUCT_GROUP "/providers/Microsoft.KeyVault/vaults/v",
    DEEP, MG "upper", MG "lower", MG "lower/providers/Some.Thing/kinds/x", "/providers/Some.Thing/kinds/y",
};

static object_id principal(unsigned n)
{
    return (object_id){test_product_guid(0x700 + n)};
}

static void put(struct test_product *s, guid id, object_id who, const char *scope)
{
    static const guid  READER = {{0xac, 0xdd, 0x72, 0xa7, 0x33, 0x85, 0x48, 0xef, 0xbd, 0x42, 0xf6, 0x06, 0xfb, 0xa8, 0x1a, 0xe7}};
    struct test       *t = s->test;
    struct assignment *made, plain = {.id = id, .role = READER, .principal = who, .scope = str_of(scope)};
    CHECK_OK(assignment_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s->work, STORE_ASSIGNMENT, NULL, &made->ref));
}

static void put_mgmt_group(struct test_product *s, const char *name, const char *parent)
{
    struct test       *t = s->test;
    struct mgmt_group *made, plain = {.name = str_of(name), .display_name = str_of(name), .parent = str_of(parent)};
    CHECK_OK(mgmt_group_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s->work, STORE_MGMT_GROUP, NULL, &made->ref));
}

static void fill(struct test_product *s)
{
    struct test               *t = s->test;
    const struct subscription *in = tree_find_subscription(s->work.world->tree, (subscription_id){test_product_guid(0x51)});
    put_mgmt_group(s, "root", "");
    put_mgmt_group(s, "upper", "root");
    put_mgmt_group(s, "lower", "upper");
    if (in) {
        struct subscription *moved, plain = *in;
        plain.mgmt_group = S("lower");
        CHECK_OK(subscription_new(t->call, &plain, &moved));
        CHECK_OK(work_change(t->call, &s->work, STORE_SUBSCRIPTION, &in->ref, &moved->ref));
    }
    test_product_put_principal(s, 0x700, PRINCIPAL_GROUP);
    test_product_put_principal(s, 0x701, PRINCIPAL_USER);
    test_product_put_member(s, principal(0), principal(1));
    for (unsigned i = 0; i < ASSIGNMENTS; i++) put(s, guid_new(t->call), principal(i % PRINCIPALS), SCOPES[i * 7 % COUNT(SCOPES)]);
}

// What the rows below ask.
struct question {
    const char *scope, *filter;
};

struct expected {
    struct test_product      *s;
    struct scope              at;
    const str                *above;
    size_t                    above_n;
    const struct rbac_filter *filter;
    guid                      ids[ASSIGNMENTS + 1];
    size_t                    n;
};

static bool expect(const struct assignment *x, void *context)
{
    struct expected          *e = context;
    const struct rbac_filter *f = e->filter;
    struct scope              scope;
    struct test              *t = e->s->test;
    CHECK_OK(scope_parse(t->call, x->scope, &scope));
    bool reaches = scope_contains(&scope, &e->at), is_below = scope_contains(&e->at, &scope), is_meant = true;
    for (size_t i = 0; i < e->above_n; i++) reaches = reaches || str_eq(e->above[i], x->scope);
    if (f->has_principal) is_meant = object_id_eq(f->principal, x->principal);
    if (f->has_assigned_to) {
        bool through_group = object_id_eq(f->assigned_to, principal(1)) && object_id_eq(x->principal, principal(0));
        is_meant = is_meant && (object_id_eq(f->assigned_to, x->principal) || through_group);
    }
    if (is_meant && (reaches || (is_below && !f->at_scope))) e->ids[e->n++] = x->id;
    return true;
}

static void ask(struct test_product *s, const struct question *row, size_t limit)
{
    struct test            *t = s->test;
    struct rbac_filter      filter;
    struct assignment_query q = {.filter = &filter, .limit = limit};
    struct expected         e = {.s = s, .filter = &filter};
    guid                    after;
    size_t                  at = 0, pages = 0;
    CHECK_OK(scope_parse(t->call, str_of(row->scope), &q.at));
    CHECK_OK(rbac_filter_read(t->call, str_of(row->filter), RBAC_FILTER_ASSIGNMENTS, &filter));
    e.at = q.at;
    CHECK_OK(work_above(t->call, &s->work, &q.at, &e.above, &e.above_n));
    rbac_each_assignment(s->work.world->rules, NULL, expect, &e);
    const char *what = call_zstr(t->call, call_format(t->call, "%s ?%s by %zu", row->scope, row->filter, limit));
    for (bool more = true; more; pages++) {
        struct assignment_page page = {0};
        CHECK_OK(OP_ASSIGNMENT_LIST.run(t->call, &s->work, &q, &page));
        for (size_t i = 0; i < page.n; i++, at++) CHECK_ROW(at < e.n && guid_eq(page.items[i]->id, e.ids[at]), what);
        CHECK_ROW(page.n <= limit && pages <= e.n, what);
        more = page.has_more && pages <= e.n;
        if (more) CHECK_ROW(!q.after || guid_cmp(page.last, *q.after) > 0, what);
        after = page.last;
        q.after = &after;
    }
    CHECK_INT(at, e.n, what);
    if (limit > ASSIGNMENTS) CHECK_INT(pages, 1, what);
}

#define WHO(n) "'00000000-0000-0000-0000-00000000070" #n "'"

TEST(assignment_pages_hold_what_a_look_at_each_finds)
{
    CLEANUP(test_product_close) struct test_product s;
    static const char *const          FILTERS[] = {
        "", "atScope()", "principalId eq " WHO(2), "assignedTo(" WHO(1) ")", "atScope() and assignedTo(" WHO(1) ")", "principalId eq " WHO(9), "assignedTo(" WHO(9) ")",
    };
    static const size_t LIMITS[] = {1, 3, 50, ASSIGNMENTS + 1};
    test_product_open(&s, t);
    fill(&s);
    for (size_t i = 0; i < COUNT(SCOPES); i++)
        for (size_t f = 0; f < COUNT(FILTERS); f++)
            for (size_t l = 0; l < COUNT(LIMITS); l++) ask(&s, &(struct question){SCOPES[i], FILTERS[f]}, LIMITS[l]);
    ask(&s, &(struct question){"/subscriptions/00000000-0000-0000-0000-000000000099", ""}, 10);
}

TEST(assignment_pages_are_bounded_where_no_index_is_small)
{
    CLEANUP(test_product_close) struct test_product s;
    enum { MANY = ASSIGNMENT_LIST_MAX_LOOKS + 500 };
    struct rbac_filter      filter = {.has_principal = true, .principal = principal(1)};
    struct assignment_query q = {.filter = &filter, .limit = MANY};
    struct assignment_page  first = {0}, second = {0};
    test_product_open(&s, t);
    CHECK_OK(scope_parse(t->call, S("/"), &q.at));
    for (unsigned i = 0; i < MANY; i++) put(&s, guid_new(t->call), principal(1), "/");
    CHECK_OK(OP_ASSIGNMENT_LIST.run(t->call, &s.work, &q, &first));
    CHECK_INT(first.n, ASSIGNMENT_LIST_MAX_LOOKS, "no more than that is looked at for a page");
    CHECK(first.has_more && guid_eq(first.last, first.items[first.n - 1]->id));
    q.after = &first.last;
    CHECK_OK(OP_ASSIGNMENT_LIST.run(t->call, &s.work, &q, &second));
    CHECK(second.n == MANY - ASSIGNMENT_LIST_MAX_LOOKS && !second.has_more);
    // Most are somebody else's: the first page has nothing, and says that there is more.
    filter.principal = principal(2);
    q.after = NULL;
    put(&s, (guid){{[0 ... 15] = 0xff}}, principal(2), "/");
    CHECK_OK(OP_ASSIGNMENT_LIST.run(t->call, &s.work, &q, &first));
    CHECK(first.n == 1 && !first.has_more); // by its principal
    filter.has_principal = false;
    filter.at_scope = true;
    CHECK_OK(scope_parse(t->call, S(TEST_PRODUCT_GROUP), &q.at));
    CHECK_OK(OP_ASSIGNMENT_LIST.run(t->call, &s.work, &q, &first));
    CHECK(first.n == ASSIGNMENT_LIST_MAX_LOOKS && first.has_more);
}

struct standing {
    guid   id;
    size_t seen;
};

TEST(assignment_pages_give_what_stands_all_the_while_once)
{
    CLEANUP(test_product_close) struct test_product s;
    enum { STANDING = 200 };
    struct standing    standing[STANDING];
    struct rbac_filter filter = {0};
    guid               after, fleeting[STANDING];
    test_product_open(&s, t);
    for (unsigned i = 0; i < STANDING; i++) {
        standing[i] = (struct standing){guid_new(t->call), 0};
        put(&s, standing[i].id, principal(1), TEST_PRODUCT_GROUP);
        fleeting[i] = guid_new(t->call);
        put(&s, fleeting[i], principal(1), TEST_PRODUCT_GROUP);
    }
    struct assignment_query q = {.filter = &filter, .limit = 7};
    CHECK_OK(scope_parse(t->call, S(TEST_PRODUCT_GROUP), &q.at));
    for (unsigned turn = 0;; turn++) {
        struct assignment_page page = {0};
        CHECK_OK(OP_ASSIGNMENT_LIST.run(t->call, &s.work, &q, &page));
        for (size_t i = 0; i < page.n; i++)
            for (size_t k = 0; k < STANDING; k++) standing[k].seen += guid_eq(page.items[i]->id, standing[k].id);
        if (!page.has_more || turn > 2 * STANDING) break;
        after = page.last;
        q.after = &after;
        // Between two pages some go, among them perhaps the one at which the page ended, and some come.
        for (unsigned k = turn; k < STANDING && k < turn + 3; k++) {
            const struct assignment *x = rbac_find_assignment(s.work.world->rules, fleeting[k]);
            if (x) CHECK_OK(work_change(t->call, &s.work, STORE_ASSIGNMENT, &x->ref, NULL));
            put(&s, guid_new(t->call), principal(2), TEST_PRODUCT_GROUP);
        }
    }
    for (size_t k = 0; k < STANDING; k++) CHECK_INT(standing[k].seen, 1, "seen");
}
