// Answers as bytes.
#include "core/report.h"
#include "http/inside.h"

// Source: https://www.iana.org/assignments/http-status-codes
static const str REASONS[] = {
    [200] = S_INIT("OK"),
    [201] = S_INIT("Created"),
    [202] = S_INIT("Accepted"),
    [203] = S_INIT("Non-Authoritative Information"),
    [204] = S_INIT("No Content"),
    [205] = S_INIT("Reset Content"),
    [206] = S_INIT("Partial Content"),
    [207] = S_INIT("Multi-Status"),
    [300] = S_INIT("Multiple Choices"),
    [301] = S_INIT("Moved Permanently"),
    [302] = S_INIT("Found"),
    [303] = S_INIT("See Other"),
    [304] = S_INIT("Not Modified"),
    [307] = S_INIT("Temporary Redirect"),
    [308] = S_INIT("Permanent Redirect"),
    [400] = S_INIT("Bad Request"),
    [401] = S_INIT("Unauthorized"),
    [402] = S_INIT("Payment Required"),
    [403] = S_INIT("Forbidden"),
    [404] = S_INIT("Not Found"),
    [405] = S_INIT("Method Not Allowed"),
    [406] = S_INIT("Not Acceptable"),
    [408] = S_INIT("Request Timeout"),
    [409] = S_INIT("Conflict"),
    [410] = S_INIT("Gone"),
    [411] = S_INIT("Length Required"),
    [412] = S_INIT("Precondition Failed"),
    [413] = S_INIT("Content Too Large"),
    [414] = S_INIT("URI Too Long"),
    [415] = S_INIT("Unsupported Media Type"),
    [416] = S_INIT("Range Not Satisfiable"),
    [417] = S_INIT("Expectation Failed"),
    [421] = S_INIT("Misdirected Request"),
    [422] = S_INIT("Unprocessable Content"),
    [423] = S_INIT("Locked"),
    [424] = S_INIT("Failed Dependency"),
    [428] = S_INIT("Precondition Required"),
    [429] = S_INIT("Too Many Requests"),
    [431] = S_INIT("Request Header Fields Too Large"),
    [449] = S_INIT("Retry With"),
    [500] = S_INIT("Internal Server Error"),
    [501] = S_INIT("Not Implemented"),
    [502] = S_INIT("Bad Gateway"),
    [503] = S_INIT("Service Unavailable"),
    [504] = S_INIT("Gateway Timeout"),
    [505] = S_INIT("HTTP Version Not Supported"),
    [507] = S_INIT("Insufficient Storage"),
};

str http_reason(int status)
{
    return status >= 0 && (size_t)status < COUNT(REASONS) ? REASONS[status] : STR_NONE;
}

#define MAX_SERVER_NAME_BYTES 128
// More than the server's own lines and their longest values take, the value of Content-Type aside.
#define OWN_LINES_BYTES ((size_t)512)

// A value without what would end its line. All our own values are whole; some are a caller's words.
static str line_part(str s)
{
    size_t n = 0;
    while (n < s.n && ((unsigned char)s.at[n] >= 0x20 || s.at[n] == '\t') && s.at[n] != 0x7f) n++;
    return str_upto(s, n);
}

void http_add_header(struct http_exchange *x, str name, str value)
{
    struct buf *head = &x->response.head;
    buf_add(head, line_part(name));
    buf_add(head, S(": "));
    buf_add(head, line_part(value));
    buf_add(head, S("\r\n"));
}

static void put(struct http_loop *loop, str s)
{
    if (s.n == 0) return;
    memcpy(loop->output + loop->output_n, s.at, s.n);
    loop->output_n += s.n;
}

static void put_number(struct http_loop *loop, size_t v)
{
    char digits[STR_DECIMAL_BYTES];
    put(loop, str_decimal(v, digits));
}

static void put_date(struct http_loop *loop, int64_t now_s)
{
    if (loop->date_s != now_s) {
        snprintf(loop->date, sizeof loop->date, "Date: %s\r\n", time_http(now_s).s);
        loop->date_s = now_s;
    }
    put(loop, str_of(loop->date));
}

struct answer_line {
    int     status;
    int64_t now_s;
    str     server_name;
    str     content_type;
    size_t  length;
    bool    chunked, unmeasured; // instead of the length
    bool    last;
};

static bool has_no_content(int status)
{
    return status == 204 || status == 304;
}

static void put_own_lines(struct http_loop *loop, const struct answer_line *a)
{
    put(loop, S("HTTP/1.1 "));
    put_number(loop, (size_t)a->status);
    put(loop, S(" "));
    if ((size_t)a->status < COUNT(REASONS)) put(loop, REASONS[a->status]);
    put(loop, S("\r\n"));
    put_date(loop, a->now_s);
    if (a->server_name.n) {
        put(loop, S("Server: "));
        put(loop, a->server_name);
        put(loop, S("\r\n"));
    }
    if (a->content_type.n) {
        put(loop, S("Content-Type: "));
        put(loop, a->content_type);
        put(loop, S("\r\n"));
    }
    // A client knows these to be empty; RFC 9110 section 8.6 forbids the length with 204.
    if (a->chunked) {
        put(loop, S("Transfer-Encoding: chunked\r\n"));
    } else if (!has_no_content(a->status) && !a->unmeasured) {
        put(loop, S("Content-Length: "));
        put_number(loop, a->length);
        put(loop, S("\r\n"));
    }
    if (a->last) put(loop, S("Connection: close\r\n"));
}

static str server_name(const struct http_loop *loop, const struct http_listener *l)
{
    str name = l->settings.server_name.n ? l->settings.server_name : loop->server->settings.server_name;
    return str_upto(line_part(name), MAX_SERVER_NAME_BYTES);
}

void http_reply_check(struct exchange *x)
{
    struct http_response *r = &x->open.response;
    bool                  status_ok = r->status >= 200 && r->status <= 599;
    bool                  head_ok = !r->head.failed && r->head.n + r->content_type.n <= HTTP_MAX_ANSWER_HEAD;
    if (status_ok && head_ok) return;
    report(REPORT_ERROR, "http: an answer cannot be sent", "status=%d head_bytes=%zu correlation=%s", r->status, r->head.n,
           guid_text(x->open.call.correlation_id).s);
    *r = (struct http_response){.status = 500, .close = r->close};
}

bool http_has_body(const struct http_exchange *x)
{
    return x->request.method != HTTP_HEAD && !has_no_content(x->response.status);
}

str http_reply_body(const struct exchange *x)
{
    return http_has_body(&x->open) ? x->open.response.body : STR_NONE;
}

bool http_reply_write(struct http_loop *loop, struct exchange *x, bool last, bool with_body)
{
    const struct http_response *r = &x->open.response;
    struct answer_line          a = {.status = r->status, .now_s = x->open.call.now_s, .length = r->body.n, .last = last};
    a.server_name = server_name(loop, x->open.listener);
    a.content_type = line_part(r->content_type);
    str    body = with_body ? http_reply_body(x) : STR_NONE;
    size_t need = OWN_LINES_BYTES + a.content_type.n + r->head.n;
    if (body.n > HTTP_OUTPUT_BYTES || need + body.n > HTTP_OUTPUT_BYTES - loop->output_n) return false;
    put_own_lines(loop, &a);
    put(loop, buf_view(&r->head));
    put(loop, S("\r\n"));
    put(loop, body);
    return true;
}

void http_reply_write_pushed(struct http_loop *loop, struct exchange *x, bool last)
{
    const struct http_response *r = &x->open.response;
    struct answer_line          a = {.status = r->status, .now_s = x->open.call.now_s, .length = r->length, .chunked = x->chunked, .last = last};
    a.unmeasured = !x->chunked && !r->length;
    a.server_name = server_name(loop, x->open.listener);
    a.content_type = line_part(r->content_type);
    put_own_lines(loop, &a);
    put(loop, buf_view(&r->head));
    put(loop, S("\r\n"));
}

void http_reply_write_chunk(struct http_loop *loop, struct exchange *x, size_t n)
{
    char line[32];
    int  used = snprintf(line, sizeof line, "%s%zx\r\n%s", x->in_chunk ? "\r\n" : "", n, n ? "" : "\r\n");
    put(loop, (str){line, (size_t)used});
    x->in_chunk = n > 0;
}

void http_reply_write_refusal(struct http_loop *loop, const struct http_listener *l, int status, str words)
{
    struct answer_line a = {.status = status, .content_type = S("text/plain"), .last = true};
    a.now_s = clock_now_ns(loop->server->settings.clock) / NS_PER_S;
    a.server_name = server_name(loop, l);
    if (words.n == 0) words = REASONS[status];
    a.length = words.n + 1;
    put_own_lines(loop, &a);
    put(loop, S("\r\n"));
    put(loop, words);
    put(loop, S("\n"));
}

void http_reply_write_continue(struct http_loop *loop)
{
    put(loop, S("HTTP/1.1 100 Continue\r\n\r\n"));
}
