#include "endpoints/host/socket_holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define ENTRIES_BYTES 16384 // of a directory, read at once

enum { HELD_NOT = -1, HELD_UNSEEN = -2 }; // of process.held

struct search {
    struct call           *c;
    struct socket_holders *found;
    char                   link[64]; // "socket:[4711]"
    size_t                 link_n;
    size_t                 looked_at;
};

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

void socket_holders_close(struct socket_holders *h)
{
    for (size_t i = 0; i < h->n; i++) process_close(&h->at[i]);
    h->n = 0;
}

// Of a process, or a descriptor; -1: another entry.
static int number_of(const char *name)
{
    uint64_t number;
    return str_to_u64(str_of(name), &number) && number <= INT_MAX ? (int)number : -1;
}

// Calls `see` for each entry that is a number. Read with the system call: opendir would make room for each of thousands.
static enum err each_number(struct search *s, int directory, enum err (*see)(struct search *s, int directory, const char *name, void *context),
                            void *context)
{
    _Alignas(struct dirent64) char entries[ENTRIES_BYTES];
    for (;;) {
        ssize_t n = getdents64(directory, entries, sizeof entries);
        if (n < 0 && errno != ENOENT && errno != ESRCH) return FAIL(s->c, ERR_IO, "/proc cannot be read: %s.", strerror(errno));
        if (n <= 0) return OK; // at the end, or the process has ended
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *e = (const struct dirent64 *)(entries + at);
            at += e->d_reclen;
            if (number_of(e->d_name) >= 0) TRY(see(s, directory, e->d_name, context));
        }
    }
}

static enum err see_descriptor(struct search *s, int directory, const char *name, void *context)
{
    struct process *p = context;
    char            link[sizeof s->link];
    if (++s->looked_at > SOCKET_HOLDERS_MAX_DESCRIPTORS)
        return FAIL(s->c, ERR_PEER_UNKNOWN, "The programs of this machine have more than %u files open: they are not searched.",
                    SOCKET_HOLDERS_MAX_DESCRIPTORS);
    if (p->held != HELD_NOT) return OK;
    ssize_t n = readlinkat(directory, name, link, sizeof link);
    if (n < 0 && (errno == EACCES || errno == EPERM)) p->held = HELD_UNSEEN; // a list of descriptors, and not what they are
    if (n == (ssize_t)s->link_n && memcmp(link, s->link, s->link_n) == 0) p->held = number_of(name);
    return OK;
}

static enum err keep(struct search *s, struct process *p)
{
    if (s->found->n == SOCKET_HOLDERS_MAX) return FAIL(s->c, ERR_PEER_UNKNOWN, "More than %d processes share the connection.", SOCKET_HOLDERS_MAX);
    s->found->at[s->found->n++] = *p;
    p->proc = -1;
    return OK;
}

static bool may_be_a_strangers(struct call *c, const struct process *p)
{
    struct process_facts f;
    bool                 is_roots = process_read_user(c, p, &f) == OK && process_is_users(&f, 0);
    call_forgive(c);
    return !is_roots;
}

static enum err see_process(struct search *s, int directory, const char *name, void *context)
{
    CLEANUP(process_close)
    struct process        p = {.pid = number_of(name), .proc = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .held = HELD_NOT};
    CLEANUP(close_fd) int fds = p.proc < 0 ? -1 : openat(p.proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)context;
    if (fds < 0 && (errno == EACCES || errno == EPERM)) {
        s->found->unseen += may_be_a_strangers(s->c, &p);
        return OK;
    }
    if (fds < 0) return errno == ENOENT || errno == ESRCH ? OK : FAIL(s->c, ERR_IO, "/proc/%s cannot be read: %s.", name, strerror(errno));
    TRY(each_number(s, fds, see_descriptor, &p));
    if (p.held == HELD_UNSEEN) s->found->unseen += may_be_a_strangers(s->c, &p);
    return p.held >= 0 ? keep(s, &p) : OK;
}

enum err socket_holders_find(struct call *c, uint32_t inode, struct socket_holders *out)
{
    struct search         s = {.c = c, .found = out};
    CLEANUP(close_fd) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return FAIL(c, ERR_IO, "/proc cannot be read: %s.", strerror(errno));
    out->n = out->unseen = 0;
    s.link_n = (size_t)snprintf(s.link, sizeof s.link, "socket:[%u]", inode);
    enum err failed = each_number(&s, proc, see_process, NULL);
    if (failed != OK) socket_holders_close(out);
    return failed;
}
