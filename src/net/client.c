// Outgoing HTTP: libcurl's multi handle of a loop, its sockets and timer on that loop, and the transfers' rules.
#include "net/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/address.h"
#include "net/curl.h"
#include "net/inside.h"

#define MEMORY_PER_TRANSFER ((size_t)16 << 20) // for the copy of the request

enum load_state { NOT_LOADED, LOADING, LOADED, NOT_LOADABLE };

// A client's part on one loop.
struct loop_client {
    struct net_client   *client;
    struct net_loop     *loop;
    CURLM               *multi;
    struct net_timer    *timer;
    struct net_task      loaded;
    struct net_transfer *transfers;
    size_t               transfer_n;
};

struct net_client {
    struct net_loops          *loops;
    struct net_client_settings settings;
    _Atomic enum load_state    state;
    bool                       has_loader;
    pthread_t                  loader;
    struct call                loading; // the loader's, then the reason why it failed
    struct curl_functions      curl;
    const char                *ca_directory; // NULL: the library's own choice
    unsigned                   loop_client_n;
    struct loop_client         loop_clients[];
};

struct gathered {
    char  *at;
    size_t n, room, most;
};

struct net_transfer {
    struct loop_client  *own;
    struct net_transfer *next, **link;
    struct arena         memory; // of the copied request
    struct net_request   request;
    CURL                *easy;
    bool                 is_added; // to the multi handle
    struct curl_slist   *lines;
    struct gathered      head, body;
    enum err             refused; // what one of the callbacks had against it
    char                 error[CURL_ERROR_SIZE];
    void (*done)(const struct net_answer *answer, void *context);
    void *context;
};

// What libcurl calls

static bool gather(struct gathered *g, const char *at, size_t n, enum err *refused)
{
    size_t need;
    if (!size_add(g->n, n, &need) || need > g->most) {
        *refused = ERR_TOO_LARGE;
        return false;
    }
    if (need > g->room) {
        size_t room = g->room ? g->room * 2 : 4096;
        if (room < need) room = need;
        char *longer = realloc(g->at, room);
        if (!longer) {
            *refused = ERR_NO_MEMORY;
            return false;
        }
        g->at = longer;
        g->room = room;
    }
    memcpy(g->at + g->n, at, n);
    g->n = need;
    return true;
}

static size_t on_head(char *at, size_t size, size_t n, void *context)
{
    struct net_transfer *t = context;
    if (str_starts((str){at, size * n}, S("HTTP/"))) t->head.n = t->body.n = 0; // an answer before it was a redirect
    return gather(&t->head, at, size * n, &t->refused) ? size * n : 0;
}

static size_t on_body(char *at, size_t size, size_t n, void *context)
{
    struct net_transfer *t = context;
    return gather(&t->body, at, size * n, &t->refused) ? size * n : 0;
}

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *at)
{
    struct net_transfer *t = context;
    (void)purpose;
    if (!t->request.allows_private && !net_address_is_public(&at->addr)) {
        t->refused = ERR_NOT_AUTHORIZED;
        return CURL_SOCKET_BAD;
    }
    return socket(at->family, at->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->protocol);
}

// Before the request is sent: a connection that was kept may have been opened for who was allowed more.
static int on_connected(void *context, char *address, char *own_address, int port, int own_port)
{
    struct net_transfer *t = context;
    (void)own_address, (void)port, (void)own_port;
    t->refused = OK; // of several addresses one was allowed
    if (t->request.allows_private || net_address_text_is_public(str_of(address))) return CURL_PREREQFUNC_OK;
    t->refused = ERR_NOT_AUTHORIZED;
    return CURL_PREREQFUNC_ABORT;
}

// The end of a transfer

static void unlink_transfer(struct net_transfer *t)
{
    *t->link = t->next;
    if (t->next) t->next->link = t->link;
    t->own->transfer_n--;
}

static void free_transfer(struct net_transfer *t)
{
    const struct curl_functions *curl = &t->own->client->curl;
    if (t->is_added) curl->multi_remove_handle(t->own->multi, t->easy);
    if (t->easy) curl->easy_cleanup(t->easy);
    if (t->lines) curl->slist_free_all(t->lines);
    free(t->head.at);
    free(t->body.at);
    arena_clear(&t->memory);
    free(t);
}

static void end(struct net_transfer *t, struct net_answer *a)
{
    unlink_transfer(t);
    a->why = a->failed == OK ? "" : a->why ? a->why : err_text(a->failed);
    t->done(a, t->context);
    free_transfer(t);
}

static void fail(struct net_transfer *t, enum err kind, const char *why)
{
    end(t, &(struct net_answer){.failed = kind, .why = why});
}

void net_transfer_cancel(struct net_transfer *t)
{
    unlink_transfer(t);
    free_transfer(t);
}

static void end_with(struct net_transfer *t, CURLcode got)
{
    struct net_client *client = t->own->client;
    long               status = 0;
    struct net_answer  a = {.why = t->error[0] ? t->error : client->curl.easy_strerror(got)};
    switch ((int)got) { // of curl's hundred codes those that mean something here
    case CURLE_OK: break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_LOGIN_DENIED: // a user in the URL
    case CURLE_URL_MALFORMAT: a.failed = ERR_URL_INVALID; break;
    case CURLE_FILESIZE_EXCEEDED: a.failed = ERR_TOO_LARGE; break;
    case CURLE_OUT_OF_MEMORY: a.failed = ERR_NO_MEMORY; break;
    default: a.failed = t->refused ? t->refused : ERR_IO; break;
    }
    if (t->refused == a.failed && a.failed == ERR_NOT_AUTHORIZED) a.why = "The name leads to an address that is not of the public internet.";
    if (a.failed == ERR_TOO_LARGE) a.why = "The answer is longer than the limit.";
    if (a.failed == OK) {
        client->curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        a.status = (int)status;
        a.head = (str){t->head.at, t->head.n};
        a.body = (str){t->body.at, t->body.n};
    }
    end(t, &a);
}

static void end_finished(struct loop_client *own)
{
    const struct curl_functions *curl = &own->client->curl;
    int                          left;
    for (CURLMsg *m; (m = curl->multi_info_read(own->multi, &left));) {
        struct net_transfer *t = NULL;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode got = m->data.result;
        curl->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        end_with(t, got);
    }
}

// What libcurl asks of the loop: its timer and its sockets

static void on_timer(void *context)
{
    struct loop_client *own = context;
    int                 running;
    own->client->curl.multi_socket_action(own->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    end_finished(own);
}

static int set_timer(CURLM *multi, long after_ms, void *context)
{
    struct loop_client *own = context;
    (void)multi;
    if (after_ms < 0) net_timer_stop(own->timer);
    else net_timer_start(own->timer, after_ms);
    return 0;
}

struct polled {
    uv_poll_t           poll;
    struct loop_client *own;
    curl_socket_t       fd;
};

static void on_polled(uv_poll_t *poll, int status, int events)
{
    struct polled      *p = poll->data;
    struct loop_client *own = p->own;
    int                 running, ready = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    int64_t             began_ns = net_turn_begin(own->loop);
    if (status < 0) ready = CURL_CSELECT_ERR;
    own->client->curl.multi_socket_action(own->multi, p->fd, ready, &running); // p may be gone after it
    end_finished(own);
    net_turn_end(own->loop, began_ns);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct polled *poll_new(struct loop_client *own, curl_socket_t fd)
{
    struct polled *p = calloc(1, sizeof *p);
    if (!p || uv_poll_init_socket(&own->loop->uv, &p->poll, fd) != 0) {
        free(p);
        return NULL;
    }
    p->poll.data = p;
    p->own = own;
    p->fd = fd;
    own->client->curl.multi_assign(own->multi, fd, p);
    return p;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct loop_client *own = context;
    struct polled      *p = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (p) uv_close((uv_handle_t *)&p->poll, on_poll_closed);
        own->client->curl.multi_assign(own->multi, fd, NULL);
        return 0;
    }
    if (!p && !(p = poll_new(own, fd))) return -1;
    uv_poll_start(&p->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0), on_polled);
    return 0;
}

static bool open_multi(struct loop_client *own)
{
    const struct curl_functions *curl = &own->client->curl;
    struct call                  c;
    if (own->multi) return true;
    call_init(&c, NULL, NULL);
    enum err failed = own->timer ? OK : net_timer_new(&c, own->loop, on_timer, own, &own->timer);
    call_clear(&c);
    own->multi = failed == OK ? curl->multi_init() : NULL;
    if (!own->multi) return false;
    curl->multi_setopt(own->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl->multi_setopt(own->multi, CURLMOPT_SOCKETDATA, own);
    curl->multi_setopt(own->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl->multi_setopt(own->multi, CURLMOPT_TIMERDATA, own);
    curl->multi_setopt(own->multi, CURLMOPT_MAXCONNECTS, (long)own->client->settings.max_transfers);
    return true;
}

// A request becomes libcurl's options

// One option that libcurl did not take is as good as none set: the transfer must not begin with less than all its rules.
#define SET(option, value) (curl->easy_setopt(t->easy, (option), (value)) == CURLE_OK)

static bool set_rules(struct net_transfer *t)
{
    const struct curl_functions *curl = &t->own->client->curl;
    const struct net_request    *r = &t->request;
    const char                  *schemes = r->allows_http ? "http,https" : "https";
    return SET(CURLOPT_PROTOCOLS_STR, schemes) && SET(CURLOPT_REDIR_PROTOCOLS_STR, schemes) &&
           SET(CURLOPT_FOLLOWLOCATION, r->max_redirects ? 1L : 0L) && SET(CURLOPT_MAXREDIRS, (long)r->max_redirects) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, on_open) && SET(CURLOPT_OPENSOCKETDATA, t) && SET(CURLOPT_PREREQFUNCTION, on_connected) &&
           SET(CURLOPT_PREREQDATA, t) && SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) && (r->uses_proxy || SET(CURLOPT_PROXY, "")) &&
           SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->body.most) && SET(CURLOPT_TIMEOUT_MS, (long)r->total_timeout_ms) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout_ms) && SET(CURLOPT_NOSIGNAL, 1L) &&
           SET(CURLOPT_QUICK_EXIT, 1L) && // else the end of a transfer waits for a name server
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static bool set_trust(struct net_transfer *t)
{
    const struct curl_functions *curl = &t->own->client->curl;
    struct curl_blob             pem = {.data = (char *)t->request.ca_pem.at, .len = t->request.ca_pem.n, .flags = CURL_BLOB_COPY};
    if (pem.len) return SET(CURLOPT_CAPATH, NULL) && SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAINFO_BLOB, &pem);
    // A folder by hashes gives the one authority that is needed; the one large file would be read whole, on this loop.
    const char *directory = t->own->client->ca_directory;
    return !directory || (SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, directory));
}

static bool set_message(struct net_transfer *t)
{
    const struct curl_functions *curl = &t->own->client->curl;
    const struct net_request    *r = &t->request;
    bool                         is_head = str_eq(r->method, S("HEAD"));
    for (size_t i = 0; i < r->header_n; i++) {
        struct curl_slist *longer = curl->slist_append(t->lines, r->headers[i].at);
        if (!longer) return false;
        t->lines = longer;
    }
    if (r->body.n && !(SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n) && SET(CURLOPT_POSTFIELDS, r->body.at))) return false;
    return SET(CURLOPT_URL, r->url.at) && SET(CURLOPT_NOBODY, is_head ? 1L : 0L) && (is_head || SET(CURLOPT_CUSTOMREQUEST, r->method.at)) &&
           SET(CURLOPT_HTTPHEADER, t->lines) && SET(CURLOPT_HEADERFUNCTION, on_head) && SET(CURLOPT_HEADERDATA, t) &&
           SET(CURLOPT_WRITEFUNCTION, on_body) && SET(CURLOPT_WRITEDATA, t) && SET(CURLOPT_ERRORBUFFER, t->error) && SET(CURLOPT_PRIVATE, t);
}
#undef SET

static bool begin(struct net_transfer *t)
{
    const struct curl_functions *curl = &t->own->client->curl;
    if (!open_multi(t->own) || !(t->easy = curl->easy_init())) return false;
    t->is_added = set_rules(t) && set_trust(t) && set_message(t) && curl->multi_add_handle(t->own->multi, t->easy) == CURLM_OK;
    return t->is_added;
}

// libcurl is loaded by a thread of its own, for the first transfer.

static struct net_transfer *first_waiting(const struct loop_client *own)
{
    struct net_transfer *t = own->transfers;
    while (t && t->is_added) t = t->next;
    return t;
}

static void begin_waiting(struct net_task *task)
{
    struct loop_client *own = CONTAINER_OF(task, struct loop_client, loaded);
    struct net_client  *client = own->client;
    bool                loaded = atomic_load(&client->state) == LOADED;
    for (struct net_transfer *t; (t = first_waiting(own));) { // anew each time: the end of one may cancel others
        if (!loaded) fail(t, client->loading.failure.kind, client->loading.failure.text);
        else if (!begin(t)) fail(t, ERR_NO_MEMORY, NULL);
    }
}

static void *load(void *context)
{
    struct net_client *client = context;
    enum err           failed = curl_load(&client->loading, &client->curl);
    if (failed == OK) client->ca_directory = client->curl.version_info(CURLVERSION_NOW)->capath;
    atomic_store(&client->state, failed == OK ? LOADED : NOT_LOADABLE);
    for (unsigned i = 0; i < client->loop_client_n; i++) net_post(client->loop_clients[i].loop, &client->loop_clients[i].loaded);
    return NULL;
}

static enum err begin_to_load(struct call *c, struct net_client *client)
{
    enum load_state expected = NOT_LOADED;
    sigset_t        all, before;
    if (!atomic_compare_exchange_strong(&client->state, &expected, LOADING)) return OK; // another loop's transfer did
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    client->has_loader = pthread_create(&client->loader, NULL, load, client) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (client->has_loader) return OK;
    atomic_store(&client->state, NOT_LOADED);
    return FAIL(c, ERR_IO, "No thread can be started to load libcurl.");
}

// What callers see

static bool is_line(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f) return false;
    return true;
}

static bool is_method(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] < 'A' || s.at[i] > 'Z') return false;
    return s.n > 0 && s.n <= 16;
}

static enum err check(struct call *c, const struct net_request *r)
{
    if (r->url.n == 0 || r->url.n > NET_MAX_URL_BYTES || !is_line(r->url) || str_find(r->url, ' ') != STR_NOWHERE)
        return FAIL(c, ERR_URL_INVALID, "A URL has 1 to %d bytes, and no blanks.", NET_MAX_URL_BYTES);
    bool known = str_starts_nocase(r->url, S("https://")) || (r->allows_http && str_starts_nocase(r->url, S("http://")));
    if (!known) return FAIL(c, ERR_URL_INVALID, "The URL must begin with %s.", r->allows_http ? "https:// or http://" : "https://");
    if (!str_empty(r->method) && !is_method(r->method)) return FAIL(c, ERR_PARAMETER_INVALID, "A method is a word of capital letters.");
    if (r->header_n > NET_MAX_REQUEST_HEADERS) return FAIL(c, ERR_PARAMETER_INVALID, "A request has at most %d headers.", NET_MAX_REQUEST_HEADERS);
    for (size_t i = 0; i < r->header_n; i++) {
        size_t colon = str_find(r->headers[i], ':');
        if (colon == 0 || colon == STR_NOWHERE || !is_line(r->headers[i])) return FAIL(c, ERR_PARAMETER_INVALID, "A header is a line 'Name: value'.");
    }
    return OK;
}

static bool copy_into(struct arena *memory, str *s)
{
    *s = arena_copy_str(memory, *s);
    return s->at != NULL;
}

static bool copy_request(struct net_transfer *t, const struct net_request *from)
{
    struct net_request *r = &t->request;
    str                *headers = arena_alloc(&t->memory, from->header_n * sizeof *headers);
    *r = *from;
    r->headers = headers;
    if (str_empty(r->method)) r->method = S("GET");
    if (!headers || !copy_into(&t->memory, &r->method) || !copy_into(&t->memory, &r->url) || !copy_into(&t->memory, &r->body) ||
        !copy_into(&t->memory, &r->ca_pem))
        return false;
    for (size_t i = 0; i < r->header_n; i++) {
        headers[i] = from->headers[i];
        if (!copy_into(&t->memory, &headers[i])) return false;
    }
    if (r->total_timeout_ms <= 0) r->total_timeout_ms = 10000;
    if (r->connect_timeout_ms <= 0) r->connect_timeout_ms = 3000;
    t->head.most = NET_MAX_ANSWER_HEAD_BYTES;
    t->body.most = r->max_body_bytes ? r->max_body_bytes : (size_t)1 << 20;
    return true;
}

enum err net_client_start(struct call *c, struct net_client *client, struct net_loop *loop, const struct net_request *request,
                          void (*done)(const struct net_answer *answer, void *context), void *context, struct net_transfer **out)
{
    struct loop_client *own = &client->loop_clients[net_loop_index(loop)];
    TRY(check(c, request));
    if (own->transfer_n >= client->settings.max_transfers) return FAIL_PLAIN(c, ERR_BUSY);
    if (atomic_load(&client->state) == NOT_LOADED) TRY(begin_to_load(c, client));
    if (atomic_load(&client->state) == NOT_LOADABLE) return FAIL(c, client->loading.failure.kind, "%s", client->loading.failure.text);
    struct net_transfer *t = calloc(1, sizeof *t);
    if (!t) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *t = (struct net_transfer){.own = own, .memory.limit = MEMORY_PER_TRANSFER, .done = done, .context = context};
    // Before it is loaded the transfer waits: see begin_waiting.
    if (!copy_request(t, request) || (atomic_load(&client->state) == LOADED && !begin(t))) {
        free_transfer(t);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    t->next = own->transfers;
    t->link = &own->transfers;
    if (t->next) t->next->link = &t->next;
    own->transfers = t;
    own->transfer_n++;
    *out = t;
    return OK;
}

str net_answer_header(const struct net_answer *a, str name)
{
    for (str rest = a->head, line; str_cut(&rest, '\n', &line);) {
        if (line.n <= name.n || line.at[name.n] != ':' || !str_starts_nocase(line, name)) continue;
        return str_trim(str_from(str_upto(line, str_find(line, '\r')), name.n + 1));
    }
    return STR_NONE;
}

enum err net_client_new(struct call *c, struct net_loops *loops, const struct net_client_settings *settings, struct net_client **out)
{
    unsigned           n = net_loops_count(loops);
    struct net_client *client = calloc(1, sizeof *client + n * sizeof client->loop_clients[0]);
    if (!client) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    client->loops = loops;
    client->settings = *settings;
    if (!settings->max_transfers) client->settings.max_transfers = 64;
    call_init(&client->loading, NULL, NULL);
    client->loop_client_n = n;
    for (unsigned i = 0; i < n; i++)
        client->loop_clients[i] = (struct loop_client){.client = client, .loop = net_loops_at(loops, i), .loaded.run = begin_waiting};
    *out = client;
    return OK;
}

static void fail_all(struct loop_client *own)
{
    while (own->transfers) fail(own->transfers, ERR_IO, "The server stops.");
}

static void close_loop_client(struct loop_client *own)
{
    fail_all(own);
    if (own->multi) own->client->curl.multi_cleanup(own->multi);
    net_timer_free(own->timer);
}

void net_client_free(struct net_client *client)
{
    if (!client) return;
    if (client->has_loader) pthread_join(client->loader, NULL);
    for (unsigned i = 0; i < client->loop_client_n; i++) fail_all(&client->loop_clients[i]);
    net_loops_empty(client->loops); // the loader's tasks, and what the ends of transfers posted
    for (unsigned i = 0; i < client->loop_client_n; i++) close_loop_client(&client->loop_clients[i]);
    call_clear(&client->loading);
    free(client);
}
