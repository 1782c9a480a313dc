#include <stdlib.h>

#include "endpoints/admin/operator.h"
#include "test_product.h"

#define ORPHANS 6000 /* more than one page may look at, so that a page ends within the first kind */

struct desk {
    struct test_product  s;
    struct http_exchange x;
    struct http_request  http;
    struct http_field    query[1];
    struct wire          wire;
};

static void desk_open(struct desk *d, struct test *t)
{
    *d = (struct desk){.http = {.host = S("localhost"), .path = S("/lanyard/audit")}};
    test_product_open(&d->s, t);
    call_init(&d->x.call, NULL, NULL);
    d->wire = (struct wire){.http = &d->http, .product = &d->s.product, .path = S("/lanyard/audit"), .query = d->query};
}

static void desk_close(struct desk *d)
{
    test_product_close(&d->s);
    call_clear(&d->x.call);
}

static enum err ask(struct desk *d, str cursor, const struct json **out)
{
    struct answer a = {.x = &d->x};
    str           text;
    d->query[0] = (struct http_field){S("$skiptoken"), cursor};
    d->wire.query_n = cursor.at ? 1 : 0;
    TRY(operator_audit_list(d->s.call, &d->s.work, &d->wire, &a));
    TRY(buf_finish(d->s.call, &a.body, &text));
    return json_parse(d->s.call, text, out);
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
    CLEANUP(desk_close) struct desk d;
    const struct json              *page;
    str                             cursor = STR_NONE, *subjects;
    size_t                          n = 0, pages = 0;
    desk_open(&d, t);
    for (unsigned i = 0; i < ORPHANS; i++) test_product_assign(&d.s, (object_id){test_product_guid(i + 1000)}, "Reader", TEST_PRODUCT_GROUP);
    CHECK_OK(NEW(t->call, &subjects, ORPHANS + 1));
    do {
        page = NULL;
        CHECK_OK(ask(&d, cursor, &page));
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
    CLEANUP(desk_close) struct desk d;
    const struct json              *page;
    desk_open(&d, t);
    static const char *const CURSORS[] = {"x", "AAAAAAAAAAAAAAAAAAAAAAAA", ""};
    for (size_t i = 0; i < COUNT(CURSORS); i++) {
        CHECK_ERR(ask(&d, str_of(CURSORS[i]), &page), ERR_PARAMETER_INVALID, CURSORS[i]);
        call_forgive(t->call);
    }
}
