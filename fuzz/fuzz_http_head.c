// A request's head means the same however it comes: whole, or byte by byte.
#include "fuzz.h"
#include "http/message.h"

struct head {
    struct http_header  headers[HTTP_MAX_HEADERS];
    struct http_request request;
    struct http_framing framing;
    int                 status;
};

static enum http_progress read_head(str in, struct head *h)
{
    return http_read_head(in, h->headers, &h->request, &h->framing, &h->status);
}

static bool is_text_within(str s, str whole)
{
    if (s.n == 0) return true;
    if (s.at < whole.at || s.at + s.n > whole.at + whole.n) return str_eq(s, S("/"));
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t') || s.at[i] == 0x7f) return false;
    return true;
}

static void check_views(const struct head *h, str head)
{
    const struct http_request *q = &h->request;
    ASSERT(is_text_within(q->method_text, head) && q->method_text.n > 0);
    ASSERT(is_text_within(q->target, head) && is_text_within(q->path, head) && is_text_within(q->query, head));
    ASSERT(q->path.at[0] == '/' || (q->method == HTTP_OPTIONS && str_eq(q->path, S("*"))));
    ASSERT(is_text_within(q->host, head) && str_eq(q->host, http_header(q, S("HOST"))));
    ASSERT(q->header_n >= 1 && q->header_n <= HTTP_MAX_HEADERS);
    for (size_t i = 0; i < q->header_n; i++) {
        ASSERT(is_text_within(q->headers[i].name, head) && str_find(q->headers[i].name, ':') == STR_NOWHERE);
        ASSERT(is_text_within(q->headers[i].value, head));
        ASSERT(str_eq(str_trim(q->headers[i].value), q->headers[i].value));
    }
    ASSERT(!h->framing.chunked || !http_has_header(q, S("Content-Length")));
    ASSERT(h->framing.content_length <= HTTP_MAX_LENGTH);
}

static bool same(const struct head *a, const struct head *b)
{
    if (a->request.header_n != b->request.header_n || memcmp(&a->framing, &b->framing, sizeof a->framing) != 0) return false;
    for (size_t i = 0; i < a->request.header_n; i++)
        if (!str_eq(a->headers[i].name, b->headers[i].name) || !str_eq(a->headers[i].value, b->headers[i].value)) return false;
    return a->request.method == b->request.method && str_eq(a->request.path, b->request.path) && str_eq(a->request.query, b->request.query) &&
           str_eq(a->request.host, b->request.host);
}

FUZZ(http_head)
{
    struct head *whole, *part;
    str          in = fuzz_str(c, data, n);
    if (NEW(c, &whole, 1) != OK || NEW(c, &part, 1) != OK) return 0;
    enum http_progress progress = read_head(in, whole);
    size_t             settled = progress == HTTP_DONE ? whole->framing.head_bytes : in.n + 1;
    if (progress == HTTP_DONE) {
        ASSERT(settled <= in.n && settled <= HTTP_MAX_HEAD_BYTES);
        check_views(whole, str_upto(in, settled));
    }
    // Large inputs are cut in a few places only: what is left of quadratic time goes elsewhere.
    size_t stride = in.n < 1024 ? 1 : in.n / 64;
    for (size_t cut = 0; cut < in.n; cut += stride) {
        enum http_progress early = read_head(str_upto(in, cut), part);
        if (early == HTTP_REFUSED) ASSERT(progress == HTTP_REFUSED && part->status == whole->status);
        else ASSERT(early == (cut < settled ? HTTP_NEED_MORE : HTTP_DONE));
        if (early == HTTP_DONE) ASSERT(same(part, whole));
    }
    return 0;
}
