// A URL from the environment: what may be asked is made of its origin and path, and a query can be put behind it.
#include "client/request_text.h"
#include "fuzz.h"

FUZZ(client_url)
{
    struct url_view v, again;
    str             text = fuzz_str(c, data, n);
    if (!url_read(text, &v)) return 0;
    ASSERT(v.origin.n + v.path.n == text.n && v.host.n > 0);
    ASSERT(str_find(v.host, '/') == STR_NOWHERE && str_find(v.host, '@') == STR_NOWHERE);
    ASSERT(url_read(v.origin, &again) && str_eq(again.host, v.host) && again.is_https == v.is_https);
    struct form_field field = {S("q"), text};
    str               whole = str_of(url_with_query(c, text, &field, 1));
    ASSERT(str_starts(whole, text) && str_find(str_from(whole, text.n + 1), '?') == STR_NOWHERE);
    return 0;
}
