#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/server/place.h"
#include "core/json.h"
#include "lanyard/admin.h"

#define MESSAGE_MAX_BYTES (64u << 10)
#define LISTENERS_MAX     16
#define VARIABLES_MAX     64

enum asks { ASKS_IN_SANDBOX, ASKS_ON_HOST, ASKS_TO_KEEP };

struct lanyard_workload {
    struct call             call; // holds all that the views below point to
    int                     fd;
    const char             *resource;
    const char             *ca_pem;
    struct lanyard_listener listeners[LISTENERS_MAX];
    size_t                  listener_n;
    struct lanyard_variable environment[VARIABLES_MAX];
    size_t                  environment_n;
};

static enum err silent(struct call *c)
{
    return FAIL(c, ERR_BUSY, "The server did not answer within %d s: its process is stopped or hangs.", LANYARD_SILENCE_MAX_S);
}

static enum err send_message(struct call *c, int fd, str text, const int *sockets, size_t n)
{
    union {
        struct cmsghdr head;
        char           room[CMSG_SPACE(sizeof(int) * LISTENERS_MAX)];
    } control = {0};
    struct iovec  part = {.iov_base = (char *)text.at, .iov_len = text.n};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (n) {
        control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int) * n)};
        m.msg_control = control.room;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), sockets, sizeof(int) * n);
    }
    ssize_t sent;
    do sent = sendmsg(fd, &m, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EPIPE) return OK; // it closed, and why lies waiting to be read
    if (sent < 0 && errno == EAGAIN) return silent(c);
    if (sent < 0) return FAIL(c, ERR_IO, "The connection to the server failed: %s.", strerror(errno));
    return OK;
}

static enum err receive_message(struct call *c, int fd, const struct json **out)
{
    char   *room;
    ssize_t n;
    TRY(NEW(c, &room, MESSAGE_MAX_BYTES));
    // A server that closed before it read what we said reports that first, once; its last words come after.
    do n = recv(fd, room, MESSAGE_MAX_BYTES, MSG_TRUNC);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0 && errno == EAGAIN) return silent(c);
    if (n <= 0) return FAIL(c, ERR_IO, "The server closed the sandbox's connection. Its log has the reason.");
    if ((size_t)n > MESSAGE_MAX_BYTES) return FAIL(c, ERR_IO, "The server's answer is longer than %u bytes.", MESSAGE_MAX_BYTES);
    TRY(json_parse(c, (str){room, (size_t)n}, out));
    if (json_get_bool(*out, S("ok"), false)) return OK;
    str why = json_get_str(*out, S("error"));
    return FAIL(c, ERR_CONFLICT, "%.*s", PSTR(str_empty(why) ? S("The server refused, and did not say why.") : why));
}

static enum err ask(struct call *c, int fd, str text, const int *sockets, size_t n, const struct json **out)
{
    TRY(send_message(c, fd, text, sockets, n));
    enum err failed = receive_message(c, fd, out);
    if (failed != ERR_JSON_INVALID && failed != ERR_TOO_LARGE) return failed;
    call_forgive(c);
    return FAIL(c, ERR_IO, "The server's answer cannot be read. Perhaps the server has another version: use the same lanyard for both.");
}

static enum err copy_z(struct call *c, str s, const char **out)
{
    *out = call_zstr(c, s);
    return *out ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static enum err read_listeners(struct call *c, const struct json *list, struct lanyard_workload *w)
{
    if (json_n(list) > LISTENERS_MAX) return FAIL(c, ERR_IO, "The server asks for more than %d listeners.", LISTENERS_MAX);
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json       *row = json_at(list, i);
        struct lanyard_listener *l = &w->listeners[i];
        int64_t                  port = json_get_int(row, S("port"), -1);
        if (port < 0 || port > UINT16_MAX) return FAIL(c, ERR_IO, "The server asks for a listener without a port.");
        l->port = (uint16_t)port;
        TRY(copy_z(c, json_get_str(row, S("name")), &l->name));
        TRY(copy_z(c, json_get_str(row, S("transport")), &l->transport));
        TRY(copy_z(c, json_get_str(row, S("address")), &l->address));
    }
    w->listener_n = json_n(list);
    return OK;
}

static enum err read_environment(struct call *c, const struct json *object, struct lanyard_workload *w)
{
    if (!json_is(object, JSON_IS_OBJECT)) return OK;
    if (json_n(object) > VARIABLES_MAX) return FAIL(c, ERR_IO, "The server sets more than %d variables.", VARIABLES_MAX);
    for (size_t i = 0; i < json_n(object); i++) {
        TRY(copy_z(c, object->u.list.names[i], &w->environment[i].name));
        TRY(copy_z(c, json_str(json_at(object, i)), &w->environment[i].value));
    }
    w->environment_n = json_n(object);
    return OK;
}

static enum err ask_for(struct lanyard_workload *w, const char *data_dir, const char *resource, const char *account, enum asks asks,
                        const struct json **out)
{
    struct call       *c = &w->call;
    struct buf         b;
    struct json_writer j;
    str                text;
    TRY(place_connect(c, data_dir, "sandbox.sock", SOCK_SEQPACKET, &w->fd));
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_int(&j, S("version"), 1);
    json_put_string(&j, S("resource"), str_of(resource));
    if (account && *account) json_put_string(&j, S("service_account"), str_of(account));
    json_put_bool(&j, S("sandbox"), asks == ASKS_IN_SANDBOX);
    if (asks == ASKS_TO_KEEP) json_put_bool(&j, S("keep"), true);
    json_write_end(&j);
    TRY(buf_finish(c, &b, &text));
    if (text.n > MESSAGE_MAX_BYTES) return FAIL(c, ERR_PARAMETER_INVALID, "The name of the resource or of its service account is too long.");
    TRY(ask(c, w->fd, text, NULL, 0, out));
    return copy_z(c, json_get_str(*out, S("resource")), &w->resource);
}

static enum err open_workload(struct lanyard_workload *w, const char *data_dir, const char *resource, const char *account, enum asks asks)
{
    struct call       *c = &w->call;
    const struct json *reply;
    TRY(ask_for(w, data_dir, resource, account, asks, &reply));
    TRY(copy_z(c, json_get_str(reply, S("ca_pem")), &w->ca_pem));
    if (asks == ASKS_TO_KEEP) return read_environment(c, json_get(reply, S("environment")), w);
    return read_listeners(c, json_get(reply, S("listeners")), w);
}

static enum lanyard_result open_new(const char *data_dir, const char *resource, const char *account, enum asks asks, struct lanyard_workload **out,
                                    struct lanyard_error *error)
{
    struct lanyard_workload *w = calloc(1, sizeof *w);
    if (!w) return LANYARD_NO_MEMORY;
    w->fd = -1;
    call_init(&w->call, NULL, NULL);
    enum lanyard_result result = place_result(&w->call, open_workload(w, data_dir, resource, account, asks), error);
    if (result == LANYARD_OK) *out = TAKE(w);
    lanyard_workload_close(w);
    return result;
}

enum lanyard_result lanyard_workload_open(const char *data_dir, const char *resource, const char *service_account, bool sandboxed,
                                          struct lanyard_workload **out, struct lanyard_error *error)
{
    return open_new(data_dir, resource, service_account, sandboxed ? ASKS_IN_SANDBOX : ASKS_ON_HOST, out, error);
}

enum lanyard_result lanyard_workload_keep(const char *data_dir, const char *resource, const char *service_account, struct lanyard_workload **out,
                                          struct lanyard_error *error)
{
    return open_new(data_dir, resource, service_account, ASKS_TO_KEEP, out, error);
}

const char *lanyard_workload_resource(const struct lanyard_workload *w)
{
    return w->resource;
}

const char *lanyard_workload_ca_pem(const struct lanyard_workload *w)
{
    return w->ca_pem;
}

size_t lanyard_workload_listeners(const struct lanyard_workload *w, const struct lanyard_listener **out)
{
    *out = w->listeners;
    return w->listener_n;
}

static enum err serve(struct lanyard_workload *w, const int *sockets, size_t n)
{
    struct call       *c = &w->call;
    const struct json *reply;
    if (n != w->listener_n) return FAIL(c, ERR_PARAMETER_INVALID, "The server expects %zu sockets, not %zu.", w->listener_n, n);
    TRY(ask(c, w->fd, S("{\"serve\":true}"), sockets, n, &reply));
    return read_environment(c, json_get(reply, S("environment")), w);
}

enum lanyard_result lanyard_workload_serve(struct lanyard_workload *w, const int *sockets, size_t n, struct lanyard_error *error)
{
    call_forgive(&w->call);
    return place_result(&w->call, serve(w, sockets, n), error);
}

size_t lanyard_workload_environment(const struct lanyard_workload *w, const struct lanyard_variable **out)
{
    *out = w->environment;
    return w->environment_n;
}

void lanyard_workload_close(struct lanyard_workload *w)
{
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    call_clear(&w->call);
    free(w);
}
