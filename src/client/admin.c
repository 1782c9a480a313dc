#include "lanyard/admin.h"

#include <errno.h>
#include <stdlib.h>

#include "net/curl.h"
#include "client/place.h"
#include "core/buf.h"

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
    struct curl_slist    *headers;
};

static void exchange_clear(struct exchange *x)
{
    if (x->easy) x->curl.easy_cleanup(x->easy);
    if (x->headers) x->curl.slist_free_all(x->headers);
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

static bool is_path(const char *s)
{
    if (*s != '/') return false;
    for (; *s; s++)
        if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == '#') return false;
    return true;
}

static enum err check(struct call *c, const struct lanyard_request *r)
{
    if (!r->method || !is_token(r->method)) return FAIL(c, ERR_PARAMETER_INVALID, "The method must be a word such as GET.");
    if (!r->path || !is_path(r->path))
        return FAIL(c, ERR_PARAMETER_INVALID, "The path must begin with \"/\" and hold no blanks: write them as %%20.");
    if (r->host && (!*r->host || strpbrk(r->host, "/?#@ \t\r\n"))) return FAIL(c, ERR_PARAMETER_INVALID, "The host is not a valid host name.");
    for (size_t i = 0; i < r->header_n; i++)
        if (!is_line(r->headers[i]) || !strchr(r->headers[i], ':'))
            return FAIL(c, ERR_PARAMETER_INVALID, "A header has the form \"Name: value\": %s", r->headers[i]);
    return OK;
}

static enum err add_header(struct call *c, struct exchange *x, const char *line)
{
    struct curl_slist *longer = x->curl.slist_append(x->headers, line);
    if (!longer) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    x->headers = longer;
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
    str host = r->host ? call_format(c, "Host: %s", r->host) : S("Host: localhost");
    if (!host.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(add_header(c, x, host.at));
    TRY(add_header(c, x, "Expect:")); // no round trip before the body: the server is next door
    if (!has_header(r, S("accept:"))) TRY(add_header(c, x, "Accept: application/json"));
    if (r->body && !has_header(r, S("content-type:"))) TRY(add_header(c, x, "Content-Type: application/json"));
    for (size_t i = 0; i < r->header_n; i++) TRY(add_header(c, x, r->headers[i]));
    return OK;
}

static void set_body(const struct exchange *x, const struct lanyard_request *r)
{
    if (str_eq(str_of(r->method), S("HEAD"))) x->curl.easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
    if (!r->body) return;
    x->curl.easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_n);
    x->curl.easy_setopt(x->easy, CURLOPT_POSTFIELDS, r->body);
}

static unsigned silence_max_s(const struct lanyard_request *r)
{
    return r->silence_max_s ? r->silence_max_s : LANYARD_SILENCE_MAX_S;
}

static void set_options(const struct exchange *x, const struct lanyard_request *r, const char *socket, struct incoming *head, struct incoming *body)
{
    x->curl.easy_setopt(x->easy, CURLOPT_UNIX_SOCKET_PATH, socket);
    x->curl.easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L);
    x->curl.easy_setopt(x->easy, CURLOPT_PROXY, "");
    x->curl.easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
    x->curl.easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    x->curl.easy_setopt(x->easy, CURLOPT_LOW_SPEED_LIMIT, 1L); // bytes a second: none is silence
    x->curl.easy_setopt(x->easy, CURLOPT_LOW_SPEED_TIME, (long)silence_max_s(r));
    x->curl.easy_setopt(x->easy, CURLOPT_TIMEOUT, (long)LANYARD_CALL_MAX_S);
    x->curl.easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
    set_body(x, r);
    x->curl.easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, r->method);
    x->curl.easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take);
    x->curl.easy_setopt(x->easy, CURLOPT_HEADERDATA, head);
    x->curl.easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take);
    x->curl.easy_setopt(x->easy, CURLOPT_WRITEDATA, body);
}

static enum err explain(struct call *c, const struct exchange *x, const char *data_dir, const struct lanyard_request *r, CURLcode got)
{
    long error = 0;
    x->curl.easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &error);
    switch ((int)got) { // of curl's hundred codes those that mean something here
    case CURLE_COULDNT_CONNECT: return place_refused(c, data_dir, error ? (int)error : ECONNREFUSED);
    case CURLE_OPERATION_TIMEDOUT: return place_timed_out(c, data_dir, silence_max_s(r));
    case CURLE_OUT_OF_MEMORY: return FAIL_PLAIN(c, ERR_NO_MEMORY);
    case CURLE_WRITE_ERROR: return FAIL(c, ERR_IO, "The server's answer is longer than %u MiB.", REPLY_MAX_BYTES >> 20);
    case CURLE_GOT_NOTHING:
        return FAIL(c, ERR_NOT_AUTHORIZED,
                    "The server on %s closed the connection without an answer: it does not accept this process. Its log has the reason.", data_dir);
    default: return FAIL(c, ERR_IO, "The server did not answer: %s.", x->curl.easy_strerror(got));
    }
}

static enum err call_server(struct call *c, const char *data_dir, const struct lanyard_request *r, struct lanyard_reply *out)
{
    CLEANUP(incoming_clear) struct incoming head = {0}, body = {0};
    CLEANUP(exchange_clear) struct exchange x = {0};
    struct sockaddr_un                      at;
    long                                    status = 0;
    TRY(check(c, r));
    TRY(place_find(c, data_dir, "admin.sock", &at));
    TRY(curl_load(c, &x.curl));
    TRY(make_headers(c, r, &x));
    x.easy = x.curl.easy_init();
    str url = call_format(c, "http://localhost%s", r->path);
    if (!x.easy || !url.at || x.curl.easy_setopt(x.easy, CURLOPT_URL, url.at) != CURLE_OK) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    set_options(&x, r, at.sun_path, &head, &body);
    CURLcode got = x.curl.easy_perform(x.easy);
    if (head.failed || body.failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (got != CURLE_OK) return explain(c, &x, data_dir, r, got);
    x.curl.easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &status);
    if (!head.at || (!body.at && !(body.at = calloc(1, 1)))) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = (struct lanyard_reply){.status = (int)status, .head = TAKE(head.at), .body_n = body.n, .body = TAKE(body.at)};
    return OK;
}

enum lanyard_result lanyard_admin_call(const char *data_dir, const struct lanyard_request *request, struct lanyard_reply *out,
                                       struct lanyard_error *error)
{
    struct call c;
    call_init(&c, NULL, NULL);
    enum lanyard_result result = place_result(&c, call_server(&c, data_dir, request, out), error);
    call_clear(&c);
    return result;
}

void lanyard_reply_clear(struct lanyard_reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct lanyard_reply){0};
}
