// Nobody can make a cursor; every key comes back out of its own, for its own list.
#include "endpoints/page.h"
#include "core/digest.h"
#include "fuzz.h"

FUZZ(page)
{
    static uint8_t        key_bytes[SEAL_KEY_BYTES] = {1};
    static struct product product = {.seal_key = {.at = key_bytes, .n = sizeof key_bytes}};
    struct http_field     query[] = {{S("$filter"), S("name eq 'x'")}, {S("$skiptoken"), fuzz_str(c, data, n)}};
    struct wire           q = {.product = &product, .path = S("/list"), .query = query, .query_n = COUNT(query)};
    struct page           page;
    str                   cursor, key = query[1].value;
    ASSERT(page_begin(c, &q, 1, &page) == ERR_PARAMETER_INVALID || !key.at);
    call_forgive(c);
    if (page_cursor(c, &q, key, &cursor) != OK) {
        ASSERT(key.n == 0 || key.n > PAGE_MAX_KEY_BYTES);
        return 0;
    }
    query[1].value = cursor;
    ASSERT(page_begin(c, &q, 1, &page) == OK && str_eq(page.after, key));
    query[0].value = S("name eq 'y'");
    ASSERT(page_begin(c, &q, 1, &page) == ERR_PARAMETER_INVALID);
    return 0;
}
