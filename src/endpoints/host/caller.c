#include "endpoints/host/caller.h"

#include <unistd.h>

#include "core/buf.h"
#include "endpoints/host/cgroup.h"
#include "endpoints/host/socket_holders.h"

#define NAME_BYTES 64

static enum err nobody(struct call *c)
{
    return FAIL(c, ERR_PEER_UNKNOWN, "Nobody holds the other end of the connection any more, or it is not of this machine and network namespace.");
}

static enum err check_user(struct call *c, const struct process *p, const struct process_facts *f, uid_t user)
{
    for (size_t i = 0; i < PROCESS_IDS; i++)
        if (f->ids[i] != f->ids[PROCESS_REAL])
            return FAIL(c, ERR_PEER_UNKNOWN, "Process %d runs with the ids of two users (%u and %u), and gets the tokens of neither.", (int)p->pid,
                        (unsigned)f->ids[PROCESS_REAL], (unsigned)f->ids[i]);
    if (f->ids[PROCESS_REAL] == user) return OK;
    return FAIL(c, ERR_PEER_UNKNOWN, "The connection was opened by uid %u, and process %d of uid %u holds it too.", (unsigned)user, (int)p->pid,
                (unsigned)f->ids[PROCESS_REAL]);
}

static enum err describe(struct call *c, const struct process *p, const struct process_facts *f, struct host_process *out)
{
    struct cgroup g;
    TRY(cgroup_read(c, f->cgroups, &g));
    bool is_foreign = f->is_foreign || !str_empty(g.container);
    *out = (struct host_process){.pid = p->pid, .name = call_printable(c, f->name, NAME_BYTES)};
    out->known = (struct binding_caller){.uid = f->ids[PROCESS_REAL], .is_foreign = is_foreign, .container = g.container, .unit = g.unit};
    if (!is_foreign && process_exe_is_roots(p, f->exe)) out->known.exe = f->exe;
    return OK;
}

// Twice, and the second time is behind everything else: what changed in between is seen.
static enum err read_holders(struct call *c, const struct socket_holders *h, const struct diag_socket *socket, struct host_process *out)
{
    struct process_facts *first;
    TRY(NEW(c, &first, h->n));
    for (size_t i = 0; i < h->n; i++) {
        TRY(process_read(c, &h->at[i], &first[i]));
        TRY(check_user(c, &h->at[i], &first[i], socket->user));
        TRY(describe(c, &h->at[i], &first[i], &out[i]));
    }
    for (size_t i = 0; i < h->n; i++) {
        struct process_facts again;
        TRY(process_read(c, &h->at[i], &again));
        if (!process_facts_eq(&first[i], &again) || !process_holds(&h->at[i], socket->inode))
            return FAIL(c, ERR_PEER_UNKNOWN, "Process %d changed while it was asked about. Ask again.", (int)h->at[i].pid);
    }
    return OK;
}

static enum err check_view(struct call *c, const struct socket_holders *h, const struct diag_socket *socket)
{
    if (socket->user != geteuid() && (h->unseen || (h->n == 0 && geteuid() != 0)))
        return FAIL(c, ERR_PEER_UNKNOWN,
                    "This server may not look into the processes of uid %u: run it as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.",
                    (unsigned)socket->user);
    return h->n ? OK : nobody(c);
}

// Else somebody could connect, hide his own copy of the socket, and have only the one seen that he slipped to another process.
// TCP does not tell who connected.
static enum err check_connected(struct call *c, const struct diag_connection *connection, const struct socket_holders *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->at[i].pid == connection->pid) return OK;
    if (connection->family != AF_UNIX) return OK;
    return FAIL(c, ERR_PEER_UNKNOWN, "The program that opened the connection (pid %d) no longer holds it.", (int)connection->pid);
}

static enum err look(struct call *c, const struct diag_connection *connection, struct socket_holders *h, struct host_caller *out)
{
    struct diag_socket   socket, again;
    struct host_process *found;
    if (!diag_peer(connection, &socket)) return nobody(c);
    TRY(socket_holders_find(c, socket.inode, h));
    TRY(check_view(c, h, &socket));
    TRY(NEW(c, &found, h->n));
    TRY(read_holders(c, h, &socket, found));
    TRY(check_connected(c, connection, h));
    // The connection is still that one: its addresses may have been used again.
    if (!diag_peer(connection, &again) || again.inode != socket.inode || again.user != socket.user) return nobody(c);
    *out = (struct host_caller){.at = found, .n = h->n};
    return OK;
}

enum err host_caller_find(struct call *c, const struct diag_connection *connection, struct host_caller *out)
{
    struct socket_holders *h;
    TRY(NEW(c, &h, 1));
    enum err failed = look(c, connection, h, out);
    socket_holders_close(h);
    return failed;
}

static enum err missing(struct call *c, const struct host_process *p)
{
    const struct binding_caller *caller = &p->known;
    str                          bound = binding_suggestion(c, caller);
    struct buf                   b;
    buf_init(&b, &c->arena);
    buf_addf(&b, "%.*s, pid %d, uid %u", PSTR(p->name), (int)p->pid, (unsigned)caller->uid);
    if (!str_empty(caller->unit)) buf_addf(&b, ", unit %.*s", PSTR(caller->unit));
    if (str_empty(bound))
        return FAIL(c, ERR_BINDING_MISSING, "No binding for a program in a container or namespace that cannot be told for sure (%.*s).",
                    PSTR(buf_view(&b)));
    return FAIL(c, ERR_BINDING_MISSING, "No binding for %.*s (%.*s); make one: lanyard bind %.*s RES", PSTR(bound), PSTR(buf_view(&b)), PSTR(bound));
}

enum err host_caller_match(struct call *c, const struct bindings *b, const struct host_caller *caller, const struct binding **out)
{
    const struct binding *found = NULL, *one;
    for (size_t i = 0; i < caller->n; i++) {
        enum err failed = bindings_match(c, b, &caller->at[i].known, &one);
        if (failed == ERR_BINDING_MISSING) {
            call_forgive(c);
            return missing(c, &caller->at[i]);
        }
        TRY(failed);
        if (found && !(str_eq_nocase(found->resource, one->resource) && guid_eq(found->uid, one->uid)))
            return FAIL(c, ERR_BINDING_AMBIGUOUS, "Two programs share the connection: %.*s is bound to %.*s, and %.*s to %.*s.", PSTR(found->name),
                        PSTR(found->resource), PSTR(one->name), PSTR(one->resource));
        found = one;
    }
    if (!found) return FAIL_PLAIN(c, ERR_BINDING_MISSING);
    *out = found;
    return OK;
}
