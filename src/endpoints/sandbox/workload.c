#include "endpoints/sandbox/workload.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "endpoints/service.h"
#include "ops/workload_token.h"
#include "resources/types.h"

static bool can_carry_identities(const struct resource *r)
{
    const struct resource_type *t = types_of(r->type);
    return t->takes_system || t->takes_user;
}

static enum err subject_of(struct call *c, const struct resource *r, struct workload_subject *out)
{
    struct workload_subject s = {.place.uid = r->uid, .type = types_of(r->type)};
    TRY(call_copy_str(c, r->id, &s.place.id));
    *out = s;
    return OK;
}

// A program on another one would look for an endpoint that is not there, and perhaps find one that is not its own.
static bool has_endpoint(const struct resource *r)
{
    unsigned bit = TOKEN_ENDPOINT_BIT(types_of(r->type)->endpoint);
    for (size_t i = 0; i < SERVICE_N; i++)
        for (size_t k = 0; k < SERVICES[i]->sockets.n; k++)
            if (SERVICES[i]->sockets.at[k].endpoints & bit) return true;
    return false;
}

static enum err refuse_endpoint(struct call *c, const struct resource *r)
{
    return FAIL(
        c, ERR_IDENTITY_OPERATION,
        "No program can run as %.*s yet: the token endpoint of %.*s is not served here. Give its identity to a virtual machine, and run as that one.",
        PSTR(r->id), PSTR(token_endpoint_owner(types_of(r->type)->endpoint)));
}

static enum err by_id(struct call *c, const struct world *world, str id, struct workload_subject *out)
{
    struct resource_id     parts;
    const struct resource *r;
    TRY(resource_id_parse(c, id, &parts));
    r = tree_find(world->tree, parts.text);
    if (!r) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "There is no resource %.*s.", PSTR(id));
    if (!can_carry_identities(r)) return FAIL(c, ERR_IDENTITY_OPERATION, "No program runs as %.*s: its type carries no identity.", PSTR(id));
    if (!has_endpoint(r)) return refuse_endpoint(c, r);
    return subject_of(c, r, out);
}

struct search {
    struct call           *c;
    str                    name;
    size_t                 n;
    struct buf             list;
    bool                   failed;
    const struct resource *unserved; // of the name, but with an endpoint that is not served

    struct workload_subject first;
};

static bool look_at(const struct resource *r, void *context)
{
    struct search *s = context;
    if (!str_eq_nocase(r->name, s->name) || !can_carry_identities(r)) return true;
    if (!has_endpoint(r)) {
        s->unserved = r;
        return true;
    }
    if (s->n++ == 0) s->failed = subject_of(s->c, r, &s->first) != OK;
    if (s->n <= WORKLOAD_MAX_CANDIDATES) buf_addf(&s->list, "\n  %.*s", PSTR(r->id));
    return !s->failed;
}

static enum err by_name(struct call *c, const struct world *world, str name, struct workload_subject *out)
{
    struct search s = {.c = c, .name = name};
    buf_init(&s.list, &c->arena);
    tree_each_resource(world->tree, STR_NONE, STR_NONE, look_at, &s);
    if (s.failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (s.n == 0 && s.unserved) return refuse_endpoint(c, s.unserved);
    if (s.n == 0) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "There is no resource called %.*s that a program could run as.", PSTR(str_upto(name, 128)));
    if (s.n > 1)
        return FAIL(c, ERR_CONFLICT, "\"%.*s\" may mean %zu things; give the id of one:%.*s%s", PSTR(str_upto(name, 128)), s.n,
                    PSTR(buf_view(&s.list)), s.n > WORKLOAD_MAX_CANDIDATES ? "\n  ..." : "");
    *out = s.first;
    return OK;
}

enum err workload_find(struct call *c, const struct world *world, str named, struct workload_subject *out)
{
    if (str_empty(named)) {
        *out = (struct workload_subject){.place.id = S("")};
        return OK;
    }
    return str_starts(named, S("/")) ? by_id(c, world, named, out) : by_name(c, world, named, out);
}

client_id workload_default_client(struct call *c, const struct world *world, const struct workload_place *place)
{
    struct workload_identity who;
    struct identity_choice   none = {0};
    const struct resource   *host = tree_find(world->tree, place->id);
    if (workload_identity(c, world, host, &none, &who) == OK) return who.principal->app;
    call_forgive(c);
    return (client_id){GUID_NONE};
}

#define ADDRESS S_INIT("169.254.169.254")

const struct socket_row WORKLOAD_HTTPS = {.name = S_INIT("https"), .address = ADDRESS, .port = 443};
const struct socket_row WORKLOAD_DNS = {.name = S_INIT("dns"), .kind = SOCKET_UDP, .address = ADDRESS, .port = 53};

static bool has_socket(const struct socket_row *row, bool is_sandboxed, const struct resource_type *type)
{
    bool is_its = row->endpoints == 0 || (type && row->endpoints & TOKEN_ENDPOINT_BIT(type->endpoint));
    return is_its && (type || !row->needs_resource) && (is_sandboxed || row->is_on_host);
}

size_t workload_sockets(bool is_sandboxed, const struct resource_type *type, const struct socket_row *out[WORKLOAD_MAX_SOCKETS])
{
    size_t n = 0, room = WORKLOAD_MAX_SOCKETS - 2;
    for (size_t i = 0; i < SERVICE_N; i++)
        for (size_t k = 0; k < SERVICES[i]->sockets.n; k++) {
            const struct socket_row *row = &SERVICES[i]->sockets.at[k];
            if (has_socket(row, is_sandboxed, type) && n < room) out[n++] = row;
        }
    if (!is_sandboxed) return n;
    out[n++] = &WORKLOAD_HTTPS;
    out[n++] = &WORKLOAD_DNS;
    return n;
}

static int option_of(int fd, int option)
{
    int       value = -1;
    socklen_t n = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 ? value : -1;
}

static bool is_directory(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool workload_takes(const struct socket_row *row, bool is_sandboxed, int fd)
{
    struct sockaddr_in at;
    socklen_t          n = sizeof at;
    bool               is_udp = row->kind == SOCKET_UDP;
    if (row->kind == SOCKET_DIRECTORY) return is_directory(fd);
    if (option_of(fd, SO_DOMAIN) != AF_INET || option_of(fd, SO_TYPE) != (is_udp ? SOCK_DGRAM : SOCK_STREAM)) return false;
    if (!is_udp && option_of(fd, SO_ACCEPTCONN) != 1) return false;
    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0) return false;
    return is_sandboxed || ntohl(at.sin_addr.s_addr) == INADDR_LOOPBACK; // never to be reached from elsewhere
}
