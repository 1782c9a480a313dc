// A cursor that is read is the very text that the service gives for that key; every key comes back out of its cursor.
#include "endpoints/page.h"
#include "fuzz.h"

FUZZ(page)
{
    static struct product product; // no seal key: the code of a cursor is then one that anybody can make
    struct http_field     query[] = {{S("$filter"), S("name eq 'x'")}, {S("$skiptoken"), fuzz_str(c, data, n)}};
    struct wire           q = {.product = &product, .path = S("/list"), .query = query, .query_n = COUNT(query)};
    struct page           page;
    str                   again;
    if (page_begin(c, &q, 1, &page) == OK) {
        ASSERT(page_cursor(c, &q, page.after, &again) == OK && str_eq(again, query[1].value));
    }
    call_forgive(c);
    str key = query[1].value;
    if (page_cursor(c, &q, key, &again) != OK) {
        ASSERT(key.n == 0 || key.n > PAGE_MAX_KEY_BYTES);
        return 0;
    }
    query[1].value = again;
    ASSERT(page_begin(c, &q, 1, &page) == OK && str_eq(page.after, key));
    query[0].value = S("name eq 'y'");
    ASSERT(page_begin(c, &q, 1, &page) == ERR_PARAMETER_INVALID);
    return 0;
}
