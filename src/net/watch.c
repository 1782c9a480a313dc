// Descriptors that are no streams: a loop says when they can be read.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/report.h"
#include "net/inside.h"

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct net_watch *w = poll->data;
    int               error;
    socklen_t         n = sizeof error;
    (void)events;
    int64_t began_ns = net_turn_begin(w->loop);
    w->ready(w->fd, w->context);
    net_turn_end(w->loop, began_ns);
    // A failed socket (for one of UDP: nobody was there) is watched no longer by libuv, unless asked anew. Reading
    // its error away makes sure that it is not reported for ever.
    if (status < 0 && getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0) uv_poll_start(&w->poll, UV_READABLE, on_ready);
}

static void open_watch(struct net_task *task)
{
    struct net_watch *w = CONTAINER_OF(task, struct net_watch, open);
    struct net_loop  *loop = w->loop;
    int               failed = uv_poll_init(&loop->uv, &w->poll, w->fd);
    if (failed) report(REPORT_ERROR, "net: cannot watch a descriptor", "error=\"%s\"", uv_strerror(failed));
    w->polls = !failed;
    w->poll.data = w;
    w->next = loop->watches;
    if (loop->watches) loop->watches->previous = w;
    loop->watches = w;
    if (w->polls) uv_poll_start(&w->poll, UV_READABLE, on_ready);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct net_watch *w = handle->data;
    close(w->fd);
    if (w->gone) w->gone(w->context);
    free(w);
}

void net_watch_end(struct net_watch *w)
{
    if (w->previous) w->previous->next = w->next;
    else w->loop->watches = w->next;
    if (w->next) w->next->previous = w->previous;
    if (w->polls) uv_close((uv_handle_t *)&w->poll, on_watch_closed);
    else on_watch_closed((uv_handle_t *)&w->poll);
}

static void close_watch(struct net_task *task)
{
    net_watch_end(CONTAINER_OF(task, struct net_watch, close));
}

enum err net_watch_new(struct call *c, struct net_loops *loops, int fd, void (*ready)(int fd, void *context), void *context, struct net_watch **out)
{
    int               flags = fcntl(fd, F_GETFL);
    struct net_watch *w = NULL;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        int cause = errno;
        close(fd);
        return FAIL(c, ERR_IO, "A descriptor cannot be watched: %s.", strerror(cause));
    }
    if (!(w = calloc(1, sizeof *w))) {
        close(fd);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *w = (struct net_watch){.loop = &loops->loops[0], .fd = fd, .ready = ready, .context = context, .open.run = open_watch, .close.run = close_watch};
    *out = w;
    net_post(w->loop, &w->open);
    return OK;
}

void net_watch_close(struct net_watch *w, void (*gone)(void *context))
{
    w->gone = gone;
    net_post(w->loop, &w->close);
}
