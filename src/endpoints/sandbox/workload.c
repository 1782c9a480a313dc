#include "endpoints/sandbox/workload.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "endpoints/service.h"
#include "ops/cluster.h"
#include "ops/workload_token.h"
#include "resources/scope.h"
#include "resources/types.h"
#include "token/service_account.h"

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

static enum err by_id(struct call *c, const struct world *world, str id, struct workload_subject *out)
{
    struct resource_id     parts;
    const struct resource *r;
    TRY(resource_id_parse(c, id, &parts));
    r = tree_find(world->tree, parts.text);
    if (!r) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "There is no resource %.*s.", PSTR(id));
    if (!can_carry_identities(r)) return FAIL(c, ERR_IDENTITY_OPERATION, "No program runs as %.*s: its type carries no identity.", PSTR(id));
    return subject_of(c, r, out);
}

struct search {
    struct call            *c;
    str                     name;
    size_t                  n;
    struct buf              list;
    bool                    failed;
    struct workload_subject first;
};

// By its name, or as answers name a part of another resource: "shop/staging".
static bool is_called(const struct resource *r, str name)
{
    size_t slash = str_find_last(name, '/');
    str    above;
    if (slash == STR_NOWHERE) return str_eq_nocase(r->name, name);
    if (!types_of(r->type)->has_joined_name || !str_eq_nocase(r->name, str_from(name, slash + 1)) || !scope_parent(r->id, &above)) return false;
    return str_eq_nocase(str_from(above, str_find_last(above, '/') + 1), str_upto(name, slash));
}

static bool look_at(const struct resource *r, void *context)
{
    struct search *s = context;
    if (!is_called(r, s->name) || !can_carry_identities(r)) return true;
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

static bool is_cluster(const struct workload_subject *s)
{
    return s->type && s->type->endpoint == ENDPOINT_KUBERNETES;
}

enum err workload_check_account(struct call *c, const struct workload_subject *s, str account)
{
    struct service_account read;
    if (!is_cluster(s) && str_empty(account)) return OK;
    if (!is_cluster(s)) return FAIL(c, ERR_PARAMETER_INVALID, "%.*s is no cluster: only there programs have a service account.", PSTR(s->place.id));
    if (str_empty(account))
        return FAIL(c, ERR_PARAMETER_INVALID, "In a cluster a program runs under a service account: say --service-account NAMESPACE/NAME.");
    return service_account_parse(c, account, &read);
}

static enum err client_of_account(struct call *c, const struct world *world, const struct resource *cluster, str text, client_id *out)
{
    struct service_account account;
    str                    issuer;
    TRY(service_account_parse(c, text, &account));
    TRY(cluster_issuer(c, cluster, &issuer));
    return cluster_client(c, world, issuer, service_account_subject(c, &account), out);
}

client_id workload_default_client(struct call *c, const struct world *world, const struct workload_subject *s, str account)
{
    struct workload_identity who;
    struct identity_choice   none = {0};
    client_id                client;
    const struct resource   *host = tree_find(world->tree, s->place.id);
    if (host && is_cluster(s)) {
        if (client_of_account(c, world, host, account, &client) == OK) return client;
        call_forgive(c);
        return (client_id){GUID_NONE};
    }
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
