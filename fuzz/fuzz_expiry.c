// A point of time in any form: what is read lies in the bounds, and written as RFC 3339 it is read as the same second.
#include "client/expiry.h"
#include "core/time.h"
#include "fuzz.h"

FUZZ(expiry)
{
    int64_t s, local, again;
    str     text = fuzz_str(c, data, n);
    if (expiry_parse_local(text, &local)) ASSERT(local > 0 && local <= EXPIRY_MAX_S);
    if (!expiry_parse(text, &s)) return 0;
    ASSERT(s > 0 && s <= EXPIRY_MAX_S);
    struct time_text iso = time_iso_s(s);
    ASSERT(expiry_parse(str_of(iso.s), &again) && again == s);
    return 0;
}
