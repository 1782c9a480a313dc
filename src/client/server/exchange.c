#include "client/server/exchange.h"

#include <stdlib.h>

#include "net/curl.h"

#define CONNECT_TIMEOUT_MS 5000
#define REPLY_MAX_BYTES    (64u << 20)

// What a transfer fills: the heap's, because a reply may outgrow a call.
struct incoming {
    char  *at;
    size_t n;
    bool   failed;
};

static size_t take(char *from, size_t size, size_t n, void *context)
{
    struct incoming *in = context;
    size_t           more = size * n, total; // curl's size is always 1
    if (!size_add(in->n, more, &total) || total > REPLY_MAX_BYTES) return 0;
    char *at = realloc(in->at, total + 1);
    if (!at) {
        in->failed = true;
        return 0;
    }
    memcpy(at + in->n, from, more);
    at[total] = '\0';
    in->at = at;
    in->n = total;
    return more;
}

static void incoming_clear(struct incoming *in)
{
    free(in->at);
    *in = (struct incoming){0};
}

// One call over libcurl.
struct exchange {
    struct curl_functions curl;
    CURL                 *easy;
    struct curl_slist    *headers, *leads_to;
};

static void exchange_clear(struct exchange *x)
{
    if (x->easy) x->curl.easy_cleanup(x->easy);
    if (x->headers) x->curl.slist_free_all(x->headers);
    if (x->leads_to) x->curl.slist_free_all(x->leads_to);
}

// One line of text: nothing may end a header early or begin another.
static bool is_line(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return false;
    return true;
}

static bool is_token(const char *s)
{
    if (!*s) return false;
    for (; *s; s++)
        if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || *s == '-')) return false;
    return true;
}

static enum err check(struct call *c, const struct lanyard_request *r)
{
    if (!r->method || !is_token(r->method)) return FAIL(c, ERR_PARAMETER_INVALID, "The method must be a word such as GET.");
    for (size_t i = 0; i < r->header_n; i++)
        if (!is_line(r->headers[i]) || !strchr(r->headers[i], ':'))
            return FAIL(c, ERR_PARAMETER_INVALID, "A header has the form \"Name: value\": %s", r->headers[i]);
    return OK;
}

static enum err add_line(struct call *c, const struct exchange *x, struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = x->curl.slist_append(*list, line);
    if (!longer) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *list = longer;
    return OK;
}

static bool has_header(const struct lanyard_request *r, str name_and_colon)
{
    for (size_t i = 0; i < r->header_n; i++)
        if (str_starts_nocase(str_of(r->headers[i]), name_and_colon)) return true;
    return false;
}

static enum err make_headers(struct call *c, const struct lanyard_request *r, struct exchange *x)
{
    if (r->host) {
        str host = call_format(c, "Host: %s", r->host);
        if (!host.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        TRY(add_line(c, x, &x->headers, host.at));
    }
    TRY(add_line(c, x, &x->headers, "Expect:")); // no round trip before the body: the server is next door
    if (!has_header(r, S("accept:"))) TRY(add_line(c, x, &x->headers, "Accept: application/json"));
    if (r->body && !has_header(r, S("content-type:"))) TRY(add_line(c, x, &x->headers, "Content-Type: application/json"));
    for (size_t i = 0; i < r->header_n; i++) TRY(add_line(c, x, &x->headers, r->headers[i]));
    return OK;
}

static void set_body(const struct exchange *x, const struct lanyard_request *r)
{
    if (str_eq(str_of(r->method), S("HEAD"))) x->curl.easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
    if (!r->body) return;
    x->curl.easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_n);
    x->curl.easy_setopt(x->easy, CURLOPT_POSTFIELDS, r->body);
}

static enum err set_place(struct call *c, struct exchange *x, const struct exchange_place *at)
{
    if (x->curl.easy_setopt(x->easy, CURLOPT_URL, at->url) != CURLE_OK) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (at->socket) x->curl.easy_setopt(x->easy, CURLOPT_UNIX_SOCKET_PATH, at->socket);
    if (at->ca_file) x->curl.easy_setopt(x->easy, CURLOPT_CAINFO, at->ca_file);
    if (!at->leads_to) return OK;
    str line = call_format(c, "::%s", at->leads_to);
    if (!line.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(add_line(c, x, &x->leads_to, line.at));
    x->curl.easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->leads_to);
    return OK;
}

unsigned exchange_silence_max_s(const struct lanyard_request *r)
{
    return r->silence_max_s ? r->silence_max_s : LANYARD_SILENCE_MAX_S;
}

static void set_options(const struct exchange *x, const struct lanyard_request *r, struct incoming *head, struct incoming *body)
{
    x->curl.easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L);
    x->curl.easy_setopt(x->easy, CURLOPT_PROXY, "");
    x->curl.easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
    x->curl.easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    x->curl.easy_setopt(x->easy, CURLOPT_LOW_SPEED_LIMIT, 1L); // bytes a second: none is silence
    x->curl.easy_setopt(x->easy, CURLOPT_LOW_SPEED_TIME, (long)exchange_silence_max_s(r));
    x->curl.easy_setopt(x->easy, CURLOPT_TIMEOUT, (long)LANYARD_CALL_MAX_S);
    x->curl.easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
    set_body(x, r);
    x->curl.easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, r->method);
    x->curl.easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take);
    x->curl.easy_setopt(x->easy, CURLOPT_HEADERDATA, head);
    x->curl.easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take);
    x->curl.easy_setopt(x->easy, CURLOPT_WRITEDATA, body);
}

enum err exchange_run(struct call *c, const struct lanyard_request *r, const struct exchange_place *at, struct lanyard_reply *out,
                      struct exchange_end *out_end)
{
    CLEANUP(incoming_clear) struct incoming head = {0}, body = {0};
    CLEANUP(exchange_clear) struct exchange x = {0};
    struct exchange_end                     end = {.code = CURLE_OK};
    long                                    number = 0;
    TRY(check(c, r));
    TRY(curl_load(c, &x.curl));
    TRY(make_headers(c, r, &x));
    x.easy = x.curl.easy_init();
    if (!x.easy) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(set_place(c, &x, at));
    set_options(&x, r, &head, &body);
    end.code = x.curl.easy_perform(x.easy);
    if (head.failed || body.failed || end.code == CURLE_OUT_OF_MEMORY) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (end.code == CURLE_WRITE_ERROR) return FAIL(c, ERR_IO, "The server's answer is longer than %u MiB.", REPLY_MAX_BYTES >> 20);
    *out_end = end;
    if (end.code != CURLE_OK) {
        x.curl.easy_getinfo(x.easy, CURLINFO_OS_ERRNO, &number);
        out_end->os_error = (int)number;
        out_end->words = x.curl.easy_strerror(end.code);
        return OK;
    }
    x.curl.easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &number);
    if (!head.at || (!body.at && !(body.at = calloc(1, 1)))) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = (struct lanyard_reply){.status = (int)number, .head = TAKE(head.at), .body_n = body.n, .body = TAKE(body.at)};
    return OK;
}
