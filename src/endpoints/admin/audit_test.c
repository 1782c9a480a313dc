#include <stdlib.h>

#include "endpoints/admin/operator.h"
#include "test_product.h"

#define ORPHANS 6000 /* more than one page may look at, so that a page ends within the first kind */

struct audit_fixture {
    struct test_product  s;
    struct http_exchange x;
    struct http_request  http;
    struct http_field    query[1];
    struct wire          wire;
};

static void audit_fixture_open(struct audit_fixture *f, struct test *t)
{
    *f = (struct audit_fixture){.http = {.host = S("localhost"), .path = S("/lanyard/audit")}};
    test_product_open(&f->s, t);
    call_init(&f->x.call, NULL, NULL);
    f->wire = (struct wire){.http = &f->http, .product = &f->s.product, .path = S("/lanyard/audit"), .query = f->query};
}

static void audit_fixture_close(struct audit_fixture *f)
{
    test_product_close(&f->s);
    call_clear(&f->x.call);
}

static enum err ask(struct audit_fixture *f, str cursor, const struct json **out)
{
    struct answer a = {.x = &f->x};
    str           text;
    f->query[0] = (struct http_field){S("$skiptoken"), cursor};
    f->wire.query_n = cursor.at ? 1 : 0;
    TRY(operator_audit_list(f->s.call, &f->s.work, &f->wire, &a));
    TRY(buf_finish(f->s.call, &a.body, &text));
    return json_parse(f->s.call, text, out);
}

static str cursor_of(const struct json *page)
{
    str    link = json_get_str(page, S("nextLink"));
    size_t at = str_find_str(link, S("skiptoken="));
    return at == STR_NOWHERE ? STR_NONE : str_from(link, at + strlen("skiptoken="));
}

static int by_text(const void *a, const void *b)
{
    return str_cmp_nocase(*(const str *)a, *(const str *)b);
}

TEST(A1_audit_lists_each_finding_once_over_pages_and_kinds)
{
    CLEANUP(audit_fixture_close) struct audit_fixture f;
    const struct json                                *page;
    str                                               cursor = STR_NONE, *subjects;
    size_t                                            n = 0, pages = 0;
    audit_fixture_open(&f, t);
    for (unsigned i = 0; i < ORPHANS; i++) test_product_assign(&f.s, (object_id){test_product_guid(i + 1000)}, "Reader", TEST_PRODUCT_GROUP);
    CHECK_OK(NEW(t->call, &subjects, ORPHANS + 1));
    do {
        page = NULL;
        CHECK_OK(ask(&f, cursor, &page));
        const struct json *items = json_get(page, S("value"));
        for (size_t i = 0; i < json_n(items) && n <= ORPHANS; i++) {
            CHECK_STR(json_get_str(json_at(items, i), S("kind")), S("orphaned-assignment"), "the kind");
            subjects[n++] = json_get_str(json_at(items, i), S("subject"));
        }
        if (pages++ == 0) CHECK_INT(json_n(items), 0, "the first page has looked for the first kind only");
        cursor = cursor_of(page);
    } while (!str_empty(cursor) && pages < 20);
    CHECK_INT(pages, 7, "pages");
    CHECK_INT(n, ORPHANS, "all of them");
    qsort(subjects, n, sizeof *subjects, by_text);
    for (size_t i = 1; i < n; i++) CHECK_ROW(!str_eq(subjects[i - 1], subjects[i]), "each once");
}

TEST(A1_audit_refuses_cursors_that_it_did_not_give)
{
    CLEANUP(audit_fixture_close) struct audit_fixture f;
    const struct json                                *page;
    audit_fixture_open(&f, t);
    static const char *const CURSORS[] = {"x", "AAAAAAAAAAAAAAAAAAAAAAAA", ""};
    for (size_t i = 0; i < COUNT(CURSORS); i++) {
        CHECK_ERR(ask(&f, str_of(CURSORS[i]), &page), ERR_PARAMETER_INVALID, CURSORS[i]);
        call_forgive(t->call);
    }
}
