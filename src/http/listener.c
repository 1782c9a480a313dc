// Listening sockets: one for all loops, each of which accepts from it.
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/report.h"
#include "http/inside.h"

void http_listener_drop(struct http_listener *l)
{
    if (atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) > 1) return;
    if (l->settings.context_free) l->settings.context_free(l->settings.context);
    free(l);
}

void *http_listener_context(const struct http_listener *l)
{
    return l->settings.context;
}

// The connection that has waited longest for a request, and at least so long.
static struct connection *longest_waiting(struct http_loop *loop, enum lane_kind kind, int64_t least_ms)
{
    struct lane       *lane = &loop->lanes[kind];
    struct connection *k = lane->first;
    while (k && k->stage != STAGE_IDLE) k = k->next;
    return k && (int64_t)uv_now(&loop->uv) >= k->deadline_ms - lane->patience_ms + least_ms ? k : NULL;
}

// Closes a connection that waits for a request; without one, accepting pauses.
static bool make_room(struct http_loop *loop)
{
    struct connection *k = longest_waiting(loop, LANE_IDLE, 0);
    if (!k) k = longest_waiting(loop, LANE_BUSY, HTTP_SILENT_MS); // its peer has never said a word
    if (k) {
        http_connection_close(k);
        return true;
    }
    loop->paused = true;
    for (struct port *p = loop->ports; p; p = p->next) http_port_watch(p, false);
    http_loop_keep_ticking(loop); // which tries again
    return false;
}

// Once a minute: a peer that keeps coming back does not fill the log.
static void tell_shortage(struct http_loop *loop, int error)
{
    int64_t now = (int64_t)uv_now(&loop->uv);
    if (loop->told_ms && now - loop->told_ms < HTTP_TOLD_MS) return;
    loop->told_ms = now;
    report(REPORT_WARNING, "http: new connections wait until others close: the system has no room for them; raise the limit of open files (ulimit -n)",
           "error=\"%s\" connections=%zu", strerror(error), loop->connection_n);
}

static bool is_full(const struct http_loop *loop)
{
    return loop->connection_n >= loop->server->settings.max_connections;
}

// True if another connection may be waiting.
static bool accept_one(struct port *p)
{
    struct http_loop     *loop = p->loop;
    struct http_listener *l = p->listener;
    int fd = accept4(l->settings.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        if (l->settings.accepts && !l->settings.accepts(fd, l->settings.context)) close(fd);
        else http_connection_open(l, loop, fd);
        return true;
    }
    switch (errno) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        tell_shortage(loop, errno);
        return make_room(loop); // the socket stays readable: without a pause the loop would spin
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
        report(REPORT_ERROR, "http: a listening socket is gone", "error=\"%s\"", strerror(errno));
        http_port_watch(p, false);
        return false;
    default: // the connection failed, not the socket
        return true;
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct port *p = poll->data;
    (void)events;
    if (status < 0) {
        report(REPORT_ERROR, "http: a listening socket failed", "error=\"%s\"", uv_strerror(status));
        return;
    }
    // That the socket is ready says that one waits: more than that is not known, and room is made for nobody.
    if (is_full(p->loop) && !make_room(p->loop)) return;
    for (int i = 0; i < HTTP_ACCEPTS_AT_ONCE && !is_full(p->loop) && accept_one(p); i++) {}
}

void http_port_watch(struct port *p, bool accepting)
{
    if (p->polls) uv_poll_start(&p->poll, accepting ? UV_READABLE : 0, on_acceptable);
}

static void on_port_closed(uv_handle_t *handle)
{
    struct port          *p = handle->data;
    struct http_listener *l = p->listener;
    if (atomic_fetch_sub_explicit(&l->open_ports, 1, memory_order_acq_rel) == 1) close(l->settings.fd);
    http_listener_drop(l);
}

static void open_port(struct http_task *task)
{
    struct port      *p = CONTAINER_OF(task, struct port, open);
    struct http_loop *loop = p->loop;
    int               failed = uv_poll_init(&loop->uv, &p->poll, p->listener->settings.fd);
    if (failed) report(REPORT_ERROR, "http: cannot listen", "error=\"%s\"", uv_strerror(failed));
    p->polls = !failed;
    p->poll.data = p;
    p->next = loop->ports;
    if (loop->ports) loop->ports->previous = p;
    loop->ports = p;
    http_port_watch(p, !loop->paused && !loop->stopping);
}

static void close_connections(struct http_loop *loop, const struct http_listener *l)
{
    for (size_t i = 0; i < LANE_N; i++) {
        for (struct connection *k = loop->lanes[i].first, *next; k; k = next) {
            next = k->next;
            if (k->listener == l) http_connection_close(k);
        }
    }
}

void http_port_close(struct port *p)
{
    if (p->previous) p->previous->next = p->next;
    else p->loop->ports = p->next;
    if (p->next) p->next->previous = p->previous;
    close_connections(p->loop, p->listener);
    if (p->polls) uv_close((uv_handle_t *)&p->poll, on_port_closed);
    else on_port_closed((uv_handle_t *)&p->poll);
}

static void close_port(struct http_task *task)
{
    http_port_close(CONTAINER_OF(task, struct port, close));
}

static enum err prepare_socket(struct call *c, int fd)
{
    int       listens = 0, on = 1, unsent = HTTP_UNSENT_IN_KERNEL;
    socklen_t n = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 || !listens) return FAIL(c, ERR_IO, "That descriptor is no listening socket.");
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return FAIL(c, ERR_IO, "A listening socket cannot be used: %s.", strerror(errno));
    // What is accepted inherits it. A unix socket has no such option and no need of it.
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    return OK;
}

enum err http_listen(struct call *c, struct http_server *s, const struct http_listener_settings *settings, struct http_listener **out)
{
    struct http_listener *l = NULL;
    enum err              failed = prepare_socket(c, settings->fd);
    if (failed == OK) {
        l = calloc(1, sizeof *l + s->loop_n * sizeof l->ports[0]);
        if (!l) failed = FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    if (failed != OK) {
        close(settings->fd);
        return failed;
    }
    l->settings = *settings;
    l->server = s;
    atomic_init(&l->refs, s->loop_n);
    atomic_init(&l->open_ports, s->loop_n);
    *out = l;
    for (unsigned i = 0; i < s->loop_n; i++) {
        struct port *p = &l->ports[i];
        *p = (struct port){.loop = &s->loops[i], .listener = l, .open.run = open_port, .close.run = close_port};
        http_post(p->loop, &p->open);
    }
    return OK;
}

void http_unlisten(struct http_listener *l)
{
    // The last loop to close its port frees the listener, maybe before this returns.
    struct http_server *s = l->server;
    for (unsigned i = 0; i < s->loop_n; i++) http_post(&s->loops[i], &l->ports[i].close);
}
