// A chunked body joins to the same bytes however it comes, in no more room than it came in.
#include "fuzz.h"
#include "http/message.h"

struct joined {
    enum http_progress progress;
    str                body;
    str                rest; // the next request's
    int                status;
};

// Hands the input over in pieces of at most `step` bytes.
static struct joined join(struct call *c, str text, size_t step)
{
    struct joined      j = {.progress = HTTP_NEED_MORE};
    struct http_chunks state = {0};
    char              *in = (char *)fuzz_str(c, text.at, text.n).at; // the exact room of the whole
    size_t             n = 0, given = 0;
    while (j.progress == HTTP_NEED_MORE && given < text.n) {
        size_t fresh = text.n - given < step ? text.n - given : step;
        memmove(in + n, text.at + given, fresh);
        n += fresh;
        given += fresh;
        size_t before = n, joined = state.joined;
        j.progress = http_read_chunks(&state, in, &n, &j.status);
        ASSERT(n <= before && state.joined <= n && state.joined >= joined);
        ASSERT(state.joined <= HTTP_MAX_BODY_BYTES);
    }
    j.body = (str){in, state.joined};
    memmove(in + n, text.at + given, text.n - given);
    j.rest = (str){in + state.joined, n - state.joined + text.n - given};
    return j;
}

FUZZ(http_chunks)
{
    size_t        step = n ? data[0] % 7 + 1 : 1;
    str           text = n ? (str){(const char *)data + 1, n - 1} : S("");
    struct joined whole = join(c, text, SIZE_MAX), part = join(c, text, step);
    ASSERT(part.progress == whole.progress && part.status == whole.status);
    if (whole.progress == HTTP_REFUSED) return 0;
    ASSERT(str_eq(part.body, whole.body) && str_eq(part.rest, whole.rest));
    if (whole.progress == HTTP_NEED_MORE) return 0;
    ASSERT(str_ends(text, whole.rest) && whole.body.n + whole.rest.n + 5 <= text.n);

    // What was joined joins again from one chunk.
    struct buf b;
    buf_init(&b, &c->arena);
    if (whole.body.n) buf_addf(&b, "%zx\r\n", whole.body.n);
    buf_add(&b, whole.body);
    buf_add(&b, whole.body.n ? S("\r\n0\r\n\r\n") : S("0\r\n\r\n"));
    struct joined again = join(c, buf_view(&b), SIZE_MAX);
    ASSERT(again.progress == HTTP_DONE && str_eq(again.body, whole.body) && again.rest.n == 0);
    return 0;
}
