#include "endpoints/host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoints/host/cgroup.h"

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

void process_close(struct process *p)
{
    close_fd(&p->proc);
    p->proc = -1;
}

bool process_holds(const struct process *p, uint32_t inode)
{
    char    name[32], link[64], want[64];
    int     want_n = snprintf(want, sizeof want, "socket:[%u]", inode);
    ssize_t n;
    snprintf(name, sizeof name, "fd/%d", p->held);
    n = readlinkat(p->proc, name, link, sizeof link);
    return n == want_n && memcmp(link, want, (size_t)n) == 0;
}

static enum err gone(struct call *c, const struct process *p)
{
    if (errno == EACCES || errno == EPERM)
        return FAIL(c, ERR_PEER_UNKNOWN, "This server may not look into process %d: run it as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.",
                    (int)p->pid);
    return FAIL(c, ERR_PEER_UNKNOWN, "The program that asked (pid %d) has ended.", (int)p->pid);
}

// A file of the kernel's, whole; longer than `most` is a failure.
static enum err read_file(struct call *c, const struct process *p, const char *name, size_t most, str *out)
{
    char                 *room;
    size_t                n = 0;
    CLEANUP(close_fd) int fd = openat(p->proc, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return gone(c, p);
    TRY(NEW(c, &room, most + 1));
    for (ssize_t got; n <= most; n += (size_t)got) {
        got = read(fd, room + n, most + 1 - n);
        if (got < 0) return gone(c, p);
        if (got == 0) break;
    }
    if (n > most) return FAIL(c, ERR_PEER_UNKNOWN, "/proc/%d/%s is longer than %zu bytes.", (int)p->pid, name, most);
    *out = (str){room, n};
    return OK;
}

static bool read_ids(str line, uid_t out[PROCESS_IDS])
{
    str      rest = str_trim(line), part;
    uint64_t id;
    for (size_t i = 0; i < PROCESS_IDS; i++) {
        if (!str_cut(&rest, '\t', &part) || !str_to_u64(part, &id) || id >= UINT32_MAX) return false;
        out[i] = (uid_t)id;
    }
    return !rest.at; // four, and no more
}

enum err process_read_status(struct call *c, str text, struct process_facts *out)
{
    bool has_ids = false;
    str  name = STR_NONE;
    for (str line; text.n && str_cut(&text, '\n', &line);) {
        if (str_starts(line, S("Name:\t"))) name = str_from(line, S("Name:\t").n);
        if (!str_starts(line, S("Uid:\t"))) continue;
        // The kernel writes a line break in a name as two characters: this line is its own, and there is one.
        if (has_ids || !read_ids(str_from(line, S("Uid:\t").n), out->ids))
            return FAIL(c, ERR_PEER_UNKNOWN, "The status of the program is in no form that the kernel writes.");
        has_ids = true;
    }
    if (!has_ids) return FAIL(c, ERR_PEER_UNKNOWN, "The status of the program says no user.");
    out->name = name;
    return OK;
}

static enum err is_elsewhere(struct call *c, const struct process *p, const char *name, bool *out)
{
    struct stat own, other;
    char        path[64];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    if (stat(path, &own) != 0) return FAIL(c, ERR_PEER_UNKNOWN, "%s: %s.", path, strerror(errno));
    if (fstatat(p->proc, name, &other, 0) != 0) return gone(c, p);
    *out = *out || own.st_dev != other.st_dev || own.st_ino != other.st_ino;
    return OK;
}

enum err process_read_user(struct call *c, const struct process *p, struct process_facts *out)
{
    str status;
    TRY(read_file(c, p, "status", PROCESS_STATUS_BYTES, &status));
    return process_read_status(c, status, out);
}

enum err process_read(struct call *c, const struct process *p, struct process_facts *out)
{
    struct process_facts f = {0};
    char                *path;
    TRY(process_read_user(c, p, &f));
    TRY(read_file(c, p, "cgroup", CGROUP_MAX_BYTES, &f.cgroups));
    TRY(is_elsewhere(c, p, "ns/pid", &f.is_foreign));
    TRY(is_elsewhere(c, p, "ns/user", &f.is_foreign));
    TRY(NEW(c, &path, PROCESS_PATH_BYTES));
    ssize_t n = readlinkat(p->proc, "exe", path, PROCESS_PATH_BYTES);
    if (n > 0 && n < PROCESS_PATH_BYTES) f.exe = (str){path, (size_t)n};
    *out = f;
    return OK;
}

bool process_is_users(const struct process_facts *f, uid_t user)
{
    bool is = true;
    for (size_t i = 0; i < PROCESS_IDS; i++) is = is && f->ids[i] == user;
    return is;
}

bool process_facts_eq(const struct process_facts *a, const struct process_facts *b)
{
    return str_eq(a->name, b->name) && memcmp(a->ids, b->ids, sizeof a->ids) == 0 && str_eq(a->cgroups, b->cgroups) && str_eq(a->exe, b->exe) &&
           a->is_foreign == b->is_foreign;
}

static bool is_roots(const struct stat *s)
{
    return s->st_uid == 0 && !(s->st_mode & (S_IWGRP | S_IWOTH));
}

bool process_exe_is_roots(const struct process *p, str exe)
{
    char        path[PROCESS_PATH_BYTES];
    struct stat runs, here;
    if (exe.n < 2 || exe.n >= sizeof path || *exe.at != '/') return false;
    memcpy(path, exe.at, exe.n);
    path[exe.n] = '\0';
    if (fstatat(p->proc, "exe", &runs, 0) != 0 || lstat(path, &here) != 0) return false;
    if (runs.st_dev != here.st_dev || runs.st_ino != here.st_ino || !S_ISREG(here.st_mode) || !is_roots(&here)) return false;
    for (char *slash = path + exe.n; (slash = memrchr(path, '/', (size_t)(slash - path)));) {
        *slash = '\0';
        if (lstat(slash == path ? "/" : path, &here) != 0 || !S_ISDIR(here.st_mode) || !is_roots(&here)) return false;
    }
    return true;
}
