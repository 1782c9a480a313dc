// Listening sockets: one for all loops, each of which accepts from it.
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/report.h"
#include "net/inside.h"

void net_listener_keep(struct net_listener *l)
{
    atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
}

void net_listener_drop(struct net_listener *l)
{
    if (atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) > 1) return;
    if (l->settings.context_free) l->settings.context_free(l->settings.context);
    free(l);
}

void *net_listener_context(const struct net_listener *l)
{
    return l->settings.context;
}

// Who has waited longest of those that nothing is lost with.
static struct net_stream *idle_one(struct net_loop *loop)
{
    for (struct net_waiting *w = loop->waiting; w; w = w->next) {
        if (w->gives_room_ms < 0) continue;
        struct net_stream *s = w->first;
        while (s && !s->listener->settings.protocol->is_idle(s)) s = s->next;
        if (s && net_loop_now_ms(loop) >= s->deadline_ms - w->limit_ms + w->gives_room_ms) return s;
    }
    return NULL;
}

// Closes a stream that is idle; without one, accepting pauses.
static bool make_room(struct net_loop *loop)
{
    struct net_stream *s = idle_one(loop);
    if (s) {
        net_stream_close(s);
        return true;
    }
    loop->paused = true;
    for (struct port *p = loop->ports; p; p = p->next) net_port_watch(p, false);
    net_loop_keep_ticking(loop); // which tries again
    return false;
}

// Once a minute: a peer that keeps coming back does not fill the log.
static void tell_shortage(struct net_loop *loop, int error)
{
    int64_t now = (int64_t)uv_now(&loop->uv);
    if (loop->told_ms && now - loop->told_ms < NET_TOLD_MS) return;
    loop->told_ms = now;
    report(REPORT_WARNING, "net: new connections wait until others close: the system has no room for them; raise the limit of open files (ulimit -n)",
           "error=\"%s\" connections=%zu", strerror(error), loop->stream_n);
}

static bool is_full(const struct net_loop *loop)
{
    return loop->stream_n >= loop->all->settings.max_connections;
}

// True if another connection may be waiting.
static bool accept_one(struct port *p)
{
    struct net_loop     *loop = p->loop;
    struct net_listener *l = p->listener;
    int                  fd = accept4(l->settings.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        if (l->settings.accepts && !l->settings.accepts(fd, l->settings.context)) close(fd);
        else if (l->settings.taken) l->settings.taken(fd, l->settings.context);
        else net_stream_open(l, loop, fd);
        return true;
    }
    switch (errno) {
    case EAGAIN: return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: tell_shortage(loop, errno); return make_room(loop); // the socket stays readable: without a pause the loop would spin
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
        report(REPORT_ERROR, "net: a listening socket is gone", "error=\"%s\"", strerror(errno));
        net_port_watch(p, false);
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
        report(REPORT_ERROR, "net: a listening socket failed", "error=\"%s\"", uv_strerror(status));
        return;
    }
    int64_t began_ns = net_turn_begin(p->loop);
    // That the socket is ready says that one waits: more than that is not known, and room is made for nobody.
    if (!is_full(p->loop) || make_room(p->loop))
        for (int i = 0; i < NET_ACCEPTS_AT_ONCE && !is_full(p->loop) && accept_one(p); i++) {
        }
    net_turn_end(p->loop, began_ns);
}

void net_port_watch(struct port *p, bool accepting)
{
    if (p->polls) uv_poll_start(&p->poll, accepting ? UV_READABLE : 0, on_acceptable);
}

static void on_port_closed(uv_handle_t *handle)
{
    struct port         *p = handle->data;
    struct net_listener *l = p->listener;
    if (atomic_fetch_sub_explicit(&l->open_ports, 1, memory_order_acq_rel) == 1) close(l->settings.fd);
    net_listener_drop(l);
}

static void open_port(struct net_task *task)
{
    struct port     *p = CONTAINER_OF(task, struct port, open);
    struct net_loop *loop = p->loop;
    int              failed = uv_poll_init(&loop->uv, &p->poll, p->listener->settings.fd);
    if (failed) report(REPORT_ERROR, "net: cannot listen", "error=\"%s\"", uv_strerror(failed));
    p->polls = !failed;
    p->poll.data = p;
    p->next = loop->ports;
    if (loop->ports) loop->ports->previous = p;
    loop->ports = p;
    net_port_watch(p, !loop->paused && !loop->stopping);
}

static void close_streams(struct net_loop *loop, const struct net_listener *l)
{
    for (struct net_waiting *w = loop->waiting; w; w = w->next) {
        for (struct net_stream *s = w->first, *next; s; s = next) {
            next = s->next;
            if (s->listener == l) net_stream_close(s);
        }
    }
}

void net_port_close(struct port *p)
{
    if (p->previous) p->previous->next = p->next;
    else p->loop->ports = p->next;
    if (p->next) p->next->previous = p->previous;
    close_streams(p->loop, p->listener);
    if (p->polls) uv_close((uv_handle_t *)&p->poll, on_port_closed);
    else on_port_closed((uv_handle_t *)&p->poll);
}

static void close_port(struct net_task *task)
{
    net_port_close(CONTAINER_OF(task, struct port, close));
}

static enum err prepare_socket(struct call *c, int fd)
{
    int       listens = 0, on = 1, unsent = NET_UNSENT_IN_KERNEL;
    socklen_t n = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 || !listens) return FAIL(c, ERR_IO, "That descriptor is no listening socket.");
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return FAIL(c, ERR_IO, "A listening socket cannot be used: %s.", strerror(errno));
    // What is accepted inherits it. A unix socket has no such option and no need of it.
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    return OK;
}

enum err net_listen(struct call *c, struct net_loops *loops, const struct net_listener_settings *settings, struct net_listener **out)
{
    unsigned             n = settings->taken ? 1 : loops->loop_n;
    struct net_listener *l = NULL;
    enum err             failed = prepare_socket(c, settings->fd);
    if (failed == OK) {
        l = calloc(1, sizeof *l + n * sizeof l->ports[0]);
        if (!l) failed = FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    if (failed != OK) {
        close(settings->fd);
        return failed;
    }
    l->settings = *settings;
    l->port_n = n;
    atomic_init(&l->refs, n);
    atomic_init(&l->open_ports, n);
    *out = l;
    for (unsigned i = 0; i < n; i++) {
        struct port *p = &l->ports[i];
        *p = (struct port){.loop = &loops->loops[i], .listener = l, .open.run = open_port, .close.run = close_port};
        net_post(p->loop, &p->open);
    }
    return OK;
}

void net_unlisten(struct net_listener *l)
{
    // The last loop to close its port frees the listener, maybe before this returns.
    unsigned n = l->port_n;
    for (unsigned i = 0; i < n; i++) net_post(l->ports[i].loop, &l->ports[i].close);
}
