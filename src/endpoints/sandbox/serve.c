#include "endpoints/sandbox/serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoints/dns/dns.h"
#include "endpoints/sandbox/own_directory.h"
#include "endpoints/sandbox/peer.h"
#include "endpoints/signins.h"
#include "net/stream.h"

#define SECRET_BYTES 32

enum err served_init(struct call *c, struct served *out, const struct sandbox_settings *settings, const struct served_workload *w)
{
    struct served s = {.settings = settings, .is_sandboxed = w->is_sandboxed, .user = w->user, .directory = -1, .default_id = w->default_id};
    str           id = w->subject.place.id;
    s.row_n = workload_sockets(w->is_sandboxed, w->subject.type, s.rows);
    if (s.row_n == 0)
        return FAIL(c, ERR_PARAMETER_INVALID, "Without a sandbox there is only the token endpoint, and that needs a resource: --as RES.");
    TRY(secret_init_hex(c, &s.secret, SECRET_BYTES));
    s.place = (struct workload_place){.id = {strndup(id.at, id.n), id.n}, .uid = w->subject.place.uid};
    s.service_account = strndup(w->service_account.at ? w->service_account.at : "", w->service_account.n);
    for (size_t i = 0; i < s.row_n; i++)
        if (s.rows[i]->project) s.projector = s.rows[i];
    enum err failed = s.place.id.at && s.service_account ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (failed == OK && s.projector && !s.is_sandboxed) failed = own_directory_make(c, settings->product->data_dir, &s.own_directory);
    if (failed == OK) *out = s;
    else served_clear(&s);
    return failed;
}

// A service's socket on the host: any process can reach it, so it is for one user's alone.
struct guarded {
    struct http_listener_settings inner;
    uid_t                         user;
};

static void handle_guarded(struct http_exchange *x, void *context)
{
    struct guarded *g = context;
    g->inner.handler(x, g->inner.context);
}

static void admit_guarded(struct http_exchange *x, void *context)
{
    struct guarded *g = context;
    g->inner.admit(x, g->inner.context);
}

static bool accepts_user(int fd, void *context)
{
    const struct guarded *g = context;
    bool                  is_user = peer_is_user(fd, g->user);
    if (!is_user) signins_record_closed(g->inner.context); // what is on the host leads to one service: the context is a router
    return is_user;
}

static void guarded_free(void *context)
{
    struct guarded *g = context;
    if (g->inner.context_free) g->inner.context_free(g->inner.context);
    free(g);
}

static enum err guard_by_user(struct call *c, uid_t user, struct http_listener_settings *h)
{
    struct guarded *g = calloc(1, sizeof *g);
    if (!g) {
        if (h->context_free) h->context_free(h->context);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *g = (struct guarded){.inner = *h, .user = user};
    h->handler = handle_guarded;
    h->admit = h->admit ? admit_guarded : NULL;
    h->context = g;
    h->context_free = guarded_free;
    h->accepts = accepts_user;
    return OK;
}

static enum err open_row(struct call *c, const struct served *s, const struct socket_row *row, struct http_listener_settings *h)
{
    struct socket_workload w = {.product = s->settings->product,
                                .place = s->place,
                                .known_by = s->is_sandboxed ? SIGNIN_KNOWN_SANDBOX : SIGNIN_KNOWN_USER,
                                .service_account = str_of(s->service_account),
                                .secret = &s->secret,
                                .directory = s->directory};
    TRY(row->open(c, &w, h));
    if (row->kind == SOCKET_TLS) h->tls = s->settings->tls;
    return s->is_sandboxed ? OK : guard_by_user(c, s->user, h);
}

static enum err serve_dns(struct call *c, struct served *s, int fd)
{
    struct dns_zone    zone = {.names = &s->settings->product->names};
    struct dns        *dns;
    struct sockaddr_in at;
    socklen_t          n = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        close(fd);
        return FAIL(c, ERR_IO, "A socket has no address: %s.", strerror(errno));
    }
    memcpy(zone.address, &at.sin_addr, sizeof zone.address); // all names lead to where the resolver itself is
    enum err failed = dns_new(c, &zone, &dns);
    if (failed != OK) {
        close(fd);
        return failed;
    }
    failed = net_watch_new(c, s->settings->loops, fd, dns_ready, dns, &s->resolver);
    if (failed != OK) dns_free(dns);
    return failed;
}

static enum err take_directory(struct call *c, struct served *s, const struct socket_row *row, int fd)
{
    s->directory = fd;
    if (!row->project) return OK;
    const struct socket_workload w = {
        .product = s->settings->product, .place = s->place, .service_account = str_of(s->service_account), .directory = fd};
    return row->project(c, &w, net_loops_at(s->settings->loops, 0), &s->projection);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t          n = sizeof at;
    return getsockname(fd, (struct sockaddr *)&at, &n) == 0 ? ntohs(at.sin_port) : 0;
}

enum err served_take(struct call *c, struct served *s, size_t i, int fd)
{
    const struct sandbox_settings *with = s->settings;
    const struct socket_row       *row = s->rows[i];
    struct http_listener_settings  h = {.fd = fd};
    if (!workload_takes(row, s->is_sandboxed, fd)) {
        close(fd);
        return FAIL(c, ERR_PARAMETER_INVALID, "The socket for %.*s is not of its kind.", PSTR(row->name));
    }
    if (row->kind == SOCKET_DIRECTORY) return take_directory(c, s, row, fd);
    s->ports[i] = port_of(fd);
    if (row == &WORKLOAD_DNS) return serve_dns(c, s, fd);
    enum err failed = OK;
    if (row != &WORKLOAD_HTTPS) failed = open_row(c, s, row, &h);
    else h = (struct http_listener_settings){.fd = fd, .tls = with->tls, .handler = router_handle, .admit = router_admit, .context = with->router};
    if (failed != OK) {
        close(fd);
        return failed;
    }
    failed = http_listen(c, with->http, &h, &s->listeners[s->listener_n]);
    if (failed == OK) s->listener_n++;
    else if (h.context_free) h.context_free(h.context);
    return failed;
}

str served_address(const struct served *s, size_t i)
{
    const struct socket_row *row = s->rows[i];
    if (row->kind == SOCKET_DIRECTORY) return s->own_directory && row->project ? str_of(s->own_directory) : row->address;
    return s->is_sandboxed ? row->address : S("127.0.0.1");
}

void served_write_places(struct json_writer *w, const struct served *s)
{
    static const str TRANSPORTS[] = {
        [SOCKET_TCP] = S_INIT("tcp"), [SOCKET_TLS] = S_INIT("tcp"), [SOCKET_UDP] = S_INIT("udp"), [SOCKET_DIRECTORY] = S_INIT("directory")};
    json_write_array(w);
    for (size_t i = 0; i < s->row_n; i++) {
        const struct socket_row *row = s->rows[i];
        json_write_object(w);
        json_put_string(w, S("name"), row->name);
        json_put_string(w, S("transport"), TRANSPORTS[row->kind]);
        json_put_string(w, S("address"), served_address(s, i));
        json_put_int(w, S("port"), s->is_sandboxed ? row->port : 0);
        json_write_end(w);
    }
    json_write_end(w);
}

static str url_of(struct call *c, const struct served *s, size_t i, const char *path)
{
    const struct socket_row *row = s->rows[i];
    return call_format(c, "%s://%.*s:%u%s", row->kind == SOCKET_TLS ? "https" : "http", PSTR(served_address(s, i)), s->ports[i], path);
}

static str segment_behind(str id, str word)
{
    for (str rest = id, segment; str_cut(&rest, '/', &segment);)
        if (str_eq_nocase(segment, word)) return str_upto(rest, str_find(rest, '/'));
    return S("");
}

// On the host Azure's names lead to Azure: there it is this machine's own, unless the names are the operator's.
static str authority_of(struct call *c, const struct served *s)
{
    const struct product *p = s->settings->product;
    bool                  is_azure = str_eq(names_text(&p->names, &HOST_LOGIN), HOST_LOGIN.azure);
    if (!s->is_sandboxed && is_azure) return call_format(c, "https://localhost:%u/", p->https_port);
    return call_format(c, "%.*s/", PSTR(names_url(c, &p->names, &HOST_LOGIN)));
}

// Empty: it is not set.
static enum err value_of(struct call *c, const struct served *s, size_t i, const struct variable_row *v, str *out)
{
    switch (v->form) {
    case VARIABLE_URL: *out = url_of(c, s, i, v->text); break;
    case VARIABLE_SECRET: *out = bytes_str(secret_reveal(&s->secret)); break;
    case VARIABLE_THUMBPRINT: return net_tls_thumbprint(c, s->settings->tls, out);
    case VARIABLE_SEGMENT: *out = segment_behind(s->place.id, str_of(v->text)); return OK;
    case VARIABLE_TENANT: *out = guid_str(c, s->settings->product->tenant.g); break;
    case VARIABLE_AUTHORITY: *out = authority_of(c, s); break;
    case VARIABLE_PATH: *out = call_format(c, "%.*s%s", PSTR(served_address(s, i)), v->text); break;
    case VARIABLE_CLIENT_ID: *out = guid_is_none(s->default_id.g) ? S("") : guid_str(c, s->default_id.g); break;
    }
    return out->at ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

enum err served_write_environment(struct call *c, struct json_writer *w, const struct served *s)
{
    json_write_object(w);
    for (size_t i = 0; i < s->row_n; i++)
        for (size_t k = 0; k < s->rows[i]->variables.n; k++) {
            const struct variable_row *v = &s->rows[i]->variables.at[k];
            if (v->for_host && s->is_sandboxed) continue;
            str value = STR_NONE;
            TRY(value_of(c, s, i, v, &value));
            if (!str_empty(value)) json_put_string(w, str_of(v->name), value);
        }
    json_write_end(w);
    return OK;
}

void served_clear(struct served *s)
{
    for (size_t i = 0; i < s->listener_n; i++) http_unlisten(s->listeners[i]);
    if (s->resolver) net_watch_close(s->resolver, dns_free);
    secret_clear(&s->secret);
    if (s->projection) s->projector->project_end(s->projection);
    if (s->row_n && s->directory >= 0) close(s->directory);
    own_directory_remove(s->own_directory);
    free(s->service_account);
    free((char *)s->place.id.at);
    *s = (struct served){0};
}
