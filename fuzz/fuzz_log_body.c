// A body of a log record comes out of the store as it was put in; of what was never put in nothing is read past its end or its limit.
#include "fuzz.h"
#include "log/body.h"

static bool same(bytes a, bytes b)
{
    return str_eq(bytes_str(a), bytes_str(b));
}

FUZZ(log_body)
{
    struct log_body_room room = {0}, other = {0};
    bytes                out, again, given = str_bytes(fuzz_str(c, data, n));
    str                  stored;
    if (log_body_open(c, given, &room, &out) == OK) {
        ASSERT(same(out, given) || out.n <= LOG_BODY_MAX_BYTES);
        ASSERT(!out.n || out.at == given.at || (out.at == (const uint8_t *)room.at && out.n <= room.n));
    } else {
        ASSERT(c->failure.kind == ERR_STORE_DAMAGED);
        call_forgive(c);
    }
    if (!n || !data[0]) return 0; // no plain body
    ASSERT(log_body_close(c, bytes_str(given), &stored) == OK && stored.n <= n);
    ASSERT(log_body_open(c, str_bytes(stored), &other, &again) == OK && same(again, given));
    return 0;
}
