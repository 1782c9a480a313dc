#include "client/connections.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

#include "client/cancel.h"
#include "net/curl.h"

#define KEPT_MAX 4 // handles that wait for the next request
#define SHA1_N   20

struct handle {
    struct handle *next;
    CURLM         *multi; // holds the connections
    CURL          *easy;
};

struct connections {
    const struct settings *settings;
    pthread_mutex_t        lock;
    bool                   is_loaded;
    struct curl_functions  curl;
    struct handle         *kept;
    size_t                 kept_n;
};

// One request on its way.
struct sending {
    const struct connections          *all;
    const struct curl_functions       *curl;
    CURL                              *easy;
    const struct lanyard_http_request *request;
    struct lanyard_http_reply         *reply;
    struct call                       *call;
    struct curl_slist                 *headers, *leads_to;
    uint8_t                            pin[SHA1_N];
    char                               words[CURL_ERROR_SIZE];
    bool                               is_unset;     // an option that this libcurl lacks
    bool                               has_password; // the proxy's URL does: libcurl's own words may repeat it
};

struct connections *connections_new(const struct settings *settings)
{
    struct connections *all = allocator_new(settings_allocator(settings), sizeof *all);
    if (!all) return NULL;
    all->settings = settings;
    pthread_mutex_init(&all->lock, NULL);
    return all;
}

static void handle_free(struct connections *all, struct handle *h)
{
    if (h->easy) all->curl.easy_cleanup(h->easy);
    if (h->multi) all->curl.multi_cleanup(h->multi);
    allocator_free(settings_allocator(all->settings), h);
}

void connections_free(struct connections *all)
{
    if (!all) return;
    while (all->kept) {
        struct handle *h = all->kept;
        all->kept = h->next;
        handle_free(all, h);
    }
    pthread_mutex_destroy(&all->lock);
    allocator_free(settings_allocator(all->settings), all);
}

// The kept one, if there is one. Loading libcurl is done by the first.
static enum err take_kept(struct call *c, struct connections *all, struct handle **out)
{
    enum err failed = OK;
    pthread_mutex_lock(&all->lock);
    if (!all->is_loaded) failed = curl_load(c, &all->curl);
    all->is_loaded = failed == OK;
    *out = all->kept;
    if (*out) {
        all->kept = (*out)->next;
        all->kept_n--;
    }
    pthread_mutex_unlock(&all->lock);
    return failed;
}

static enum err handle_take(struct call *c, struct connections *all, struct handle **out)
{
    struct handle *h;
    TRY(take_kept(c, all, &h));
    if (!h) {
        h = allocator_new(settings_allocator(all->settings), sizeof *h);
        if (!h) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        h->multi = all->curl.multi_init();
        h->easy = all->curl.easy_init();
    }
    if (!h->multi || !h->easy) {
        handle_free(all, h);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *out = h;
    return OK;
}

static void handle_give(struct connections *all, struct handle *h, bool is_fit)
{
    pthread_mutex_lock(&all->lock);
    bool is_kept = is_fit && all->kept_n < KEPT_MAX;
    if (is_kept) {
        h->next = all->kept;
        all->kept = h;
        all->kept_n++;
    }
    pthread_mutex_unlock(&all->lock);
    if (!is_kept) handle_free(all, h);
}

static size_t take_head(char *at, size_t size, size_t n, void *context)
{
    struct sending *s = context;
    str             line = {at, size * n}, rest = line, name, value;
    while (line.n && (line.at[line.n - 1] == '\n' || line.at[line.n - 1] == '\r')) line.n--;
    if (str_starts(line, S("HTTP/"))) {
        int64_t status;
        size_t  blank = str_find(line, ' ');
        if (blank == STR_NOWHERE || !str_to_i64(str_upto(str_from(line, blank + 1), 3), &status)) return 0;
        return lanyard_http_reply_status(s->reply, (int)status) ? size * n : 0;
    }
    size_t colon = str_find(line, ':');
    if (colon == STR_NOWHERE) return size * n; // the empty line at the end
    name = call_text(s->call, str_upto(line, colon));
    value = call_text(s->call, str_from(line, colon + 1));
    if (!name.at || !value.at) return 0;
    return lanyard_http_reply_header(s->reply, name.at, value.at) ? rest.n : 0;
}

static size_t take_body(char *at, size_t size, size_t n, void *context)
{
    struct sending *s = context;
    return lanyard_http_reply_body(s->reply, at, size * n) ? size * n : 0;
}

#define SET(s, option, value) \
    do { \
        if ((s)->curl->easy_setopt((s)->easy, (option), (value)) != CURLE_OK) (s)->is_unset = true; \
    } while (0)

// The pin stands in place of authorities and of the name: the server's own certificate is that one, or it is nobody's.
static int is_pinned(X509_STORE_CTX *chain, void *context)
{
    const struct sending *s = context;
    uint8_t               digest[EVP_MAX_MD_SIZE];
    unsigned              n = 0;
    const X509           *own = X509_STORE_CTX_get0_cert(chain);
    bool                  is_same = own && X509_digest(own, EVP_sha1(), digest, &n) == 1 && n == SHA1_N && memcmp(digest, s->pin, SHA1_N) == 0;
    X509_STORE_CTX_set_error(chain, is_same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return is_same;
}

static CURLcode set_pin_check(CURL *easy, void *ssl, void *context)
{
    (void)easy;
    SSL_CTX_set_cert_verify_callback(ssl, is_pinned, context);
    return CURLE_OK;
}

static enum err set_pin(struct call *c, struct sending *s)
{
    str hex = str_of(s->request->server_sha1);
    for (size_t i = 0; i < SHA1_N; i++) {
        int high = hex.n == 2 * SHA1_N ? char_hex(hex.at[2 * i]) : -1, low = high < 0 ? -1 : char_hex(hex.at[2 * i + 1]);
        if (low < 0) return FAIL(c, ERR_PARAMETER_INVALID, "the server's thumbprint is not 40 hexadecimal digits");
        s->pin[i] = (uint8_t)(high << 4 | low);
    }
    SET(s, CURLOPT_SSL_CTX_FUNCTION, set_pin_check);
    SET(s, CURLOPT_SSL_CTX_DATA, s);
    SET(s, CURLOPT_SSL_VERIFYHOST, 0L);
    SET(s, CURLOPT_SSL_SESSIONID_CACHE, 0L); // a resumed session shows no certificate
    SET(s, CURLOPT_FRESH_CONNECT, 1L);
    SET(s, CURLOPT_FORBID_REUSE, 1L);
    return OK;
}

static void set_trust(struct sending *s)
{
    const struct lanyard_http_request *r = s->request;
    str                                file = settings_variable_nonempty(s->all->settings, "SSL_CERT_FILE"),
        directory = settings_variable_nonempty(s->all->settings, "SSL_CERT_DIR");
    SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (r->ca_pem) {
        struct curl_blob pem = {.data = (void *)r->ca_pem, .len = strlen(r->ca_pem), .flags = CURL_BLOB_NOCOPY};
        SET(s, CURLOPT_CAINFO_BLOB, &pem);
        SET(s, CURLOPT_CAPATH, NULL);
    } else if (r->ca_file) {
        SET(s, CURLOPT_CAINFO, r->ca_file);
        SET(s, CURLOPT_CAPATH, NULL);
    } else {
        if (file.at) SET(s, CURLOPT_CAINFO, file.at);
        if (directory.at) SET(s, CURLOPT_CAPATH, directory.at);
    }
}

static str first_of(const struct settings *settings, const char *const *names)
{
    str value = STR_NONE;
    for (; *names && str_empty(value); names++) value = settings_variable_nonempty(settings, *names);
    return value;
}

// As curl reads the environment, but from the settings' copy of it: setting both keeps libcurl from reading its own.
static void set_proxy(struct sending *s)
{
    static const char *const FOR_HTTPS[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const FOR_HTTP[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL}; // HTTP_PROXY may be a header of a CGI program's client
    static const char *const NOT_FOR[] = {"no_proxy", "NO_PROXY", NULL};
    bool                     is_https = str_starts_nocase(str_of(s->request->url), S("https:"));
    str                      proxy = s->request->is_local ? STR_NONE : first_of(s->all->settings, is_https ? FOR_HTTPS : FOR_HTTP);
    str                      none = first_of(s->all->settings, NOT_FOR);
    s->has_password = str_find(proxy, '@') != STR_NOWHERE;
    SET(s, CURLOPT_PROXY, proxy.at ? proxy.at : "");
    SET(s, CURLOPT_NOPROXY, none.at ? none.at : "");
    SET(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static enum err add(struct call *c, const struct sending *s, struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = line ? s->curl->slist_append(*list, line) : NULL;
    if (!longer) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *list = longer;
    return OK;
}

// The URL with the name that TLS is to ask for; the connection still goes where the program's URL leads, and Host names that.
static enum err set_server_name(struct call *c, struct sending *s)
{
    str    url = str_of(s->request->url), rest = str_from(url, str_find_str(url, S("://")) + 3);
    size_t end = 0;
    while (end < rest.n && !strchr("/?#", rest.at[end])) end++;
    str    authority = str_upto(rest, end), path = str_from(rest, end), host = authority, port = S("443");
    size_t colon = str_find_last(authority, ':');
    if (colon != STR_NOWHERE && !str_ends(authority, S("]"))) {
        host = str_upto(authority, colon);
        port = str_from(authority, colon + 1);
    }
    str named = call_format(c, "https://%s:%.*s%.*s", s->request->server_name, PSTR(port), PSTR(path));
    str route = call_format(c, "::%.*s:%.*s", PSTR(host), PSTR(port));
    str line = call_format(c, "Host: %.*s", PSTR(authority));
    TRY(call_check_texts(c));
    TRY(add(c, s, &s->leads_to, route.at));
    TRY(add(c, s, &s->headers, line.at));
    SET(s, CURLOPT_URL, named.at);
    SET(s, CURLOPT_CONNECT_TO, s->leads_to);
    return OK;
}

static bool is_get(const struct lanyard_http_request *r)
{
    return strcmp(r->method, "GET") == 0 && !r->body;
}

static enum err prepare(struct call *c, struct sending *s)
{
    const struct lanyard_http_request *r = s->request;
    s->curl->easy_reset(s->easy);
    SET(s, CURLOPT_ERRORBUFFER, s->words);
    SET(s, CURLOPT_URL, r->url);
    SET(s, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(s, CURLOPT_NOSIGNAL, 1L);
    SET(s, CURLOPT_QUICK_EXIT, 1L); // who gives up does not wait for the resolver
    SET(s, CURLOPT_PATH_AS_IS, 1L);
    SET(s, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    SET(s, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout_ms);
    SET(s, CURLOPT_HEADERFUNCTION, take_head);
    SET(s, CURLOPT_HEADERDATA, s);
    SET(s, CURLOPT_WRITEFUNCTION, take_body);
    SET(s, CURLOPT_WRITEDATA, s);
    set_trust(s);
    set_proxy(s);
    TRY(add(c, s, &s->headers, "Expect:")); // no round trip before the body
    for (size_t i = 0; i < r->header_n; i++) TRY(add(c, s, &s->headers, r->headers[i]));
    if (r->server_name) TRY(set_server_name(c, s));
    if (r->server_sha1) TRY(set_pin(c, s));
    SET(s, CURLOPT_HTTPHEADER, s->headers);
    if (r->body) SET(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_n);
    if (r->body) SET(s, CURLOPT_POSTFIELDS, r->body);
    if (!is_get(r)) SET(s, CURLOPT_CUSTOMREQUEST, r->method);
    return s->is_unset ? FAIL(c, ERR_PARAMETER_INVALID, "this libcurl lacks an option that is needed: OpenSSL as its TLS library, at least 7.88")
                       : OK;
}

static bool is_done(const struct curl_functions *curl, CURLM *multi, CURLcode *out)
{
    int      left;
    CURLMsg *m;
    while ((m = curl->multi_info_read(multi, &left)))
        if (m->msg == CURLMSG_DONE) {
            *out = m->data.result;
            return true;
        }
    return false;
}

// By the multi handle: the easy one's own loop looks up once a second only.
static CURLcode perform(const struct sending *s, struct handle *h)
{
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int      running;
    if (s->curl->multi_add_handle(h->multi, h->easy) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    while (!lanyard_http_reply_unwanted(s->reply)) {
        if (s->curl->multi_perform(h->multi, &running) != CURLM_OK) {
            code = CURLE_OUT_OF_MEMORY;
            break;
        }
        if (is_done(s->curl, h->multi, &code)) break;
        s->curl->multi_poll(h->multi, NULL, 0, CANCEL_LOOK_MS, NULL);
    }
    s->curl->multi_remove_handle(h->multi, h->easy);
    return code;
}

static bool was_connected(const struct sending *s)
{
    curl_off_t after_us = 0;
    s->curl->easy_getinfo(s->easy, CURLINFO_CONNECT_TIME_T, &after_us);
    return after_us > 0;
}

// libcurl tells it by codes that also mean other things, and in words that repeat the URL.
static bool is_proxy_unusable(const struct sending *s)
{
    return str_starts(str_of(s->words), S("Unsupported proxy"));
}

static enum lanyard_result result_of(const struct sending *s, CURLcode code)
{
    if (code != CURLE_OK && is_proxy_unusable(s)) return LANYARD_INVALID;
    switch ((int)code) { // of curl's hundred codes those that mean something here
    case CURLE_OK: return LANYARD_OK;
    case CURLE_OUT_OF_MEMORY: return LANYARD_NO_MEMORY;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: return LANYARD_UNAVAILABLE;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_OPERATION_TIMEDOUT: return was_connected(s) ? LANYARD_TIMED_OUT : LANYARD_UNAVAILABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return LANYARD_INVALID;
    default: return LANYARD_BROKEN;
    }
}

static const char *words_for(const struct sending *s, CURLcode code)
{
    long        number = 0;
    const char *system = NULL;
    if (code == CURLE_COULDNT_CONNECT) s->curl->easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &number);
    if (number) system = strerrordesc_np((int)number);
    if (system) return system;
    if (is_proxy_unusable(s)) return "The proxy that the environment names is no URL of a proxy that can be used";
    if (code == CURLE_COULDNT_RESOLVE_PROXY) return "The name of the proxy that the environment names could not be resolved";
    if (code == CURLE_ABORTED_BY_CALLBACK) return "No reply came in time";
    if (code == CURLE_PEER_FAILED_VERIFICATION && s->request->server_sha1) return "The server's certificate has another thumbprint";
    return s->words[0] && !s->has_password ? s->words : s->curl->easy_strerror(code);
}

// They may hold secrets.
static void wipe_headers(const struct sending *s)
{
    for (struct curl_slist *line = s->headers; line; line = line->next) explicit_bzero(line->data, strlen(line->data));
    if (s->headers) s->curl->slist_free_all(s->headers);
    if (s->leads_to) s->curl->slist_free_all(s->leads_to);
}

static enum lanyard_result send_with(struct call *c, struct connections *all, struct handle *h, const struct lanyard_http_request *request,
                                     struct lanyard_http_reply *reply)
{
    struct sending      s = {.all = all, .curl = &all->curl, .easy = h->easy, .request = request, .reply = reply, .call = c};
    enum err            failed = prepare(c, &s);
    enum lanyard_result result = failed == ERR_NO_MEMORY ? LANYARD_NO_MEMORY : LANYARD_INVALID;
    CURLcode            code = CURLE_FAILED_INIT;
    if (failed == OK) {
        code = perform(&s, h);
        result = result_of(&s, code);
    }
    if (failed != OK) lanyard_http_reply_failed(reply, c->failure.text);
    else if (code != CURLE_OK) lanyard_http_reply_failed(reply, words_for(&s, code));
    s.curl->easy_reset(s.easy); // forgets what it points to
    wipe_headers(&s);
    handle_give(all, h, code == CURLE_OK);
    return result;
}

enum lanyard_result connections_send(struct connections *all, const struct lanyard_http_request *request, struct lanyard_http_reply *reply)
{
    struct call    c;
    struct handle *h;
    settings_call_init(all->settings, &c);
    enum err            failed = handle_take(&c, all, &h);
    enum lanyard_result result = failed == ERR_NO_MEMORY ? LANYARD_NO_MEMORY : LANYARD_BROKEN;
    if (failed == OK) result = send_with(&c, all, h, request, reply);
    else lanyard_http_reply_failed(reply, c.failure.text);
    call_clear(&c);
    return result;
}
