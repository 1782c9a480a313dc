#include "endpoints/sandbox/sandbox.h"
#include "net/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/report.h"
#include "endpoints/sandbox/peer.h"
#include "endpoints/sandbox/kept.h"
#include "endpoints/sandbox/own_directory.h"

#define MESSAGE_MAX_BYTES 65536
#define PROTOCOL_VERSION  1
#define LAUNCHERS_MAX     1024
#define BACKLOG           64
#define LAUNCHER_ROW      0 /* watches run on loop 0: its row of the world is ours to use */

enum stage { STAGE_ASKS, STAGE_HANDS_OVER, STAGE_SERVED, STAGE_TOLD, STAGE_GONE };

// One launcher's connection. Everything of it happens on loop 0.
struct launcher {
    struct sandbox   *sandbox;
    struct launcher  *next, **link;
    struct net_watch *watch;
    enum stage        stage;
    pid_t             pid;
    uid_t             user;
    struct served     served; // once it has asked
};

struct sandbox {
    struct sandbox_settings settings;
    struct net_listener    *listener; // of sandbox.sock
    struct launcher        *launchers;
    size_t                  launcher_n;
    struct kept            *kept;
    bool                    is_stopping;
};

static void free_if_over(struct sandbox *s)
{
    if (s->is_stopping && s->launcher_n == 0 && !s->listener) free(s);
}

/* ---- the end of a launcher ---- */

static void launcher_gone(void *context)
{
    struct launcher *l = context;
    struct sandbox  *s = l->sandbox;
    free(l);
    s->launcher_n--;
    free_if_over(s);
}

static void end_launcher(struct launcher *l)
{
    if (l->stage == STAGE_GONE) return;
    if (l->stage == STAGE_SERVED) report(REPORT_INFO, "sandbox: a workload ended", "pid=%d resource=\"%.*s\"", (int)l->pid, PSTR(l->served.place.id));
    l->stage = STAGE_GONE;
    served_clear(&l->served);
    *l->link = l->next;
    if (l->next) l->next->link = l->link;
    net_watch_close(l->watch, launcher_gone);
}

/* ---- what goes back ---- */

static void send_text(int fd, str text)
{
    // A launcher that does not read its answers is its own misfortune.
    (void)!send(fd, text.at, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_refusal(struct call *c, int fd)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_bool(&w, S("ok"), false);
    json_put_string(&w, S("error"), str_of(c->failure.text));
    json_write_end(&w);
    if (!b.failed) send_text(fd, buf_view(&b));
}

static enum err send_places(struct call *c, const struct launcher *l, int fd)
{
    struct buf         b;
    struct json_writer w;
    str                text;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_bool(&w, S("ok"), true);
    json_put_string(&w, S("resource"), l->served.place.id);
    json_put_string(&w, S("ca_pem"), l->sandbox->settings.ca_pem);
    json_write_key(&w, S("listeners"));
    served_write_places(&w, &l->served);
    json_write_end(&w);
    TRY(buf_finish(c, &b, &text));
    send_text(fd, text);
    return OK;
}

static enum err send_served(struct call *c, const struct served *served, int fd)
{
    struct buf         b;
    struct json_writer w;
    str                text;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_bool(&w, S("ok"), true);
    json_put_string(&w, S("resource"), served->place.id);
    json_write_key(&w, S("environment"));
    TRY(served_write_environment(c, &w, served));
    json_write_end(&w);
    TRY(buf_finish(c, &b, &text));
    send_text(fd, text);
    return OK;
}

/* ---- messages ---- */

struct handed {
    int    at[WORKLOAD_MAX_SOCKETS];
    size_t n;
};

static void handed_close(struct handed *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->at[i] >= 0) close(h->at[i]);
    h->n = 0;
}

// An endpoint that stays when the launcher goes: on the host, for its user.
static enum err keep(struct call *c, struct launcher *l, int fd, struct served_workload *asked)
{
    const struct served *served;
    asked->is_sandboxed = false;
    TRY(kept_get(c, &l->sandbox->kept, &l->sandbox->settings, asked, &served));
    l->stage = STAGE_TOLD;
    return send_served(c, served, fd);
}

static enum err take_question(struct call *c, struct launcher *l, int fd, const struct json *message)
{
    struct product        *p = l->sandbox->settings.product;
    struct work            w;
    str                    named = json_get_str(message, S("resource"));
    struct served_workload asked = {.is_sandboxed = json_get_bool(message, S("sandbox"), true), .user = l->user};
    asked.service_account = json_get_str(message, S("service_account"));
    if (json_get_int(message, S("version"), 0) != PROTOCOL_VERSION)
        return FAIL(c, ERR_PARAMETER_INVALID, "The server and this program are of different versions: use the same lanyard for both.");
    bool keeps = json_get_bool(message, S("keep"), false);
    TRY(work_begin(c, p, LAUNCHER_ROW, &w));
    if (keeps) kept_drop_gone(c, &l->sandbox->kept, w.world);
    enum err failed = workload_find(c, w.world, named, &asked.subject);
    if (failed == OK) failed = workload_check_account(c, &asked.subject, asked.service_account);
    if (failed == OK) asked.default_id = workload_default_client(c, w.world, &asked.subject, asked.service_account);
    work_end(&w);
    TRY(failed);
    if (keeps) return keep(c, l, fd, &asked);
    TRY(served_init(c, &l->served, &l->sandbox->settings, &asked));
    l->stage = STAGE_HANDS_OVER;
    return send_places(c, l, fd);
}

static enum err take_sockets(struct call *c, struct launcher *l, int fd, const struct json *message, struct handed *h)
{
    if (!json_get_bool(message, S("serve"), false) || h->n != l->served.row_n)
        return FAIL(c, ERR_PARAMETER_INVALID, "%zu sockets were to be handed over, and %zu came.", l->served.row_n, h->n);
    for (size_t i = 0; i < h->n; i++) {
        int socket = h->at[i];
        h->at[i] = -1;
        TRY(served_take(c, &l->served, i, socket));
    }
    l->stage = STAGE_SERVED;
    report(REPORT_INFO, "sandbox: a workload begins", "pid=%d uid=%u sandboxed=%d resource=\"%.*s\"", (int)l->pid, (unsigned)l->user,
           l->served.is_sandboxed, PSTR(l->served.place.id));
    return send_served(c, &l->served, fd);
}

static enum err take_message(struct call *c, struct launcher *l, int fd, str text, struct handed *h)
{
    const struct json *message;
    TRY(json_parse(c, text, &message));
    switch (l->stage) {
    case STAGE_ASKS: return take_question(c, l, fd, message);
    case STAGE_HANDS_OVER: return take_sockets(c, l, fd, message, h);
    case STAGE_SERVED:
    case STAGE_TOLD:
    case STAGE_GONE: break;
    }
    return FAIL(c, ERR_PARAMETER_INVALID, "The launcher sent a message after its workload had begun; none is expected.");
}

// One message with its descriptors. Fewer than 0 bytes: none now; 0: the launcher is gone, or sent too much.
static ssize_t receive(int fd, char room[MESSAGE_MAX_BYTES], struct handed *h)
{
    union {
        struct cmsghdr head;
        char           room[CMSG_SPACE(sizeof h->at)];
    } control;
    struct iovec  part = {.iov_base = room, .iov_len = MESSAGE_MAX_BYTES};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t       n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? -1 : 0;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&m); head; head = CMSG_NXTHDR(&m, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        size_t more = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(h->at + h->n, CMSG_DATA(head), more * sizeof(int)); // the room for them is the room in `control`
        h->n += more;
    }
    return m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? 0 : n;
}

static void on_message(int fd, void *context)
{
    struct launcher                    *l = context;
    struct product                     *p = l->sandbox->settings.product;
    CLEANUP(handed_close) struct handed h = {.n = 0};
    char                                room[MESSAGE_MAX_BYTES];
    struct call                         c;
    if (l->stage == STAGE_GONE) return;
    ssize_t n = receive(fd, room, &h);
    if (n < 0) return;
    if (n == 0) {
        end_launcher(l);
        return;
    }
    call_init(&c, &p->clock, p->random);
    if (take_message(&c, l, fd, (str){room, (size_t)n}, &h) != OK) {
        report_failure(REPORT_DEBUG, "sandbox: a launcher was refused", &c); // it is told itself
        send_refusal(&c, fd);
        end_launcher(l);
    }
    call_clear(&c);
}

/* ---- launchers come ---- */

static enum err add_launcher(struct call *c, struct sandbox *s, int fd, pid_t pid, uid_t user)
{
    if (s->launcher_n >= LAUNCHERS_MAX) {
        close(fd);
        return FAIL(c, ERR_BUSY, "%d workloads run already.", LAUNCHERS_MAX);
    }
    struct launcher *l = calloc(1, sizeof *l);
    if (!l) {
        close(fd);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *l = (struct launcher){.sandbox = s, .pid = pid, .user = user, .next = s->launchers, .link = &s->launchers};
    enum err failed = net_watch_new(c, s->settings.loops, fd, on_message, l, &l->watch);
    if (failed != OK) {
        free(l);
        return failed;
    }
    if (s->launchers) s->launchers->link = &l->next;
    s->launchers = l;
    s->launcher_n++;
    return OK;
}

static void on_launcher(int fd, void *context)
{
    struct sandbox *s = context;
    struct product *p = s->settings.product;
    struct call     c;
    pid_t           pid;
    uid_t           user;
    if (s->is_stopping) {
        close(fd);
        return;
    }
    call_init(&c, &p->clock, p->random);
    enum err failed = peer_read(&c, fd, &pid, &user);
    if (failed != OK) {
        send_refusal(&c, fd);
        close(fd);
    } else {
        failed = add_launcher(&c, s, fd, pid, user);
    }
    if (failed != OK) report_failure(REPORT_WARNING, "sandbox: a launcher was turned away", &c);
    call_clear(&c);
}

/* ---- from start to stop ---- */

// The data directory's lock says that no other server is here: a socket that is left is a dead server's.
static enum err open_launchers_socket(struct call *c, str data_dir, int *out)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int                n = snprintf(at.sun_path, sizeof at.sun_path, "%.*s/sandbox.sock", PSTR(data_dir));
    if (n < 0 || (size_t)n >= sizeof at.sun_path)
        return FAIL(c, ERR_IO, "%.*s is too long a name for a data directory: sockets' paths have at most %zu bytes.", PSTR(data_dir),
                    sizeof at.sun_path - 1);
    unlink(at.sun_path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    // Before bind, so that it is never open to others; umask would be every thread's.
    bool is_open = fd >= 0 && fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, BACKLOG) == 0;
    int  error = errno;
    if (!is_open && fd >= 0) close(fd);
    if (!is_open) return FAIL(c, ERR_IO, "sandbox.sock cannot be made in %.*s: %s.", PSTR(data_dir), strerror(error));
    *out = fd;
    return OK;
}

static void sandbox_gone(void *context)
{
    struct sandbox *s = context;
    s->listener = NULL;
    free_if_over(s);
}

enum err sandbox_start(struct call *c, const struct sandbox_settings *settings, struct sandbox **out)
{
    int fd = -1;
    own_directories_clear(c, settings->product->data_dir); // of a server that was killed
    TRY(open_launchers_socket(c, settings->product->data_dir, &fd));
    struct sandbox *s = calloc(1, sizeof *s);
    if (!s) {
        close(fd);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    s->settings = *settings;
    struct net_listener_settings listen = {.fd = fd, .taken = on_launcher, .context = s, .context_free = sandbox_gone};
    enum err                     failed = net_listen(c, settings->loops, &listen, &s->listener);
    if (failed != OK) {
        free(s);
        return failed;
    }
    *out = s;
    return OK;
}

void sandbox_stop(struct sandbox *s)
{
    if (!s) return;
    s->is_stopping = true;
    while (s->launchers) end_launcher(s->launchers);
    kept_clear(&s->kept);
    net_unlisten(s->listener);
}

bool sandbox_accepts_admin(int fd, void *context)
{
    struct call c;
    pid_t       pid;
    uid_t       user;
    (void)context;
    call_init(&c, NULL, NULL);
    bool accepts = peer_read(&c, fd, &pid, &user) == OK;
    if (!accepts) report_failure(REPORT_WARNING, "sandbox: the admin socket turned a caller away", &c);
    call_clear(&c);
    return accepts;
}
