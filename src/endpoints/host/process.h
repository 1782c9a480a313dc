/*
 * process.h - what /proc says of one process that holds a socket.
 *
 * A process is opened once, as its directory below /proc. The kernel binds that descriptor to the process and not to
 * its number: when the process has ended nothing can be read through it any more, whoever has the number by then.
 *
 * Layer:  endpoints (uses core)
 * Source: https://man7.org/linux/man-pages/man5/proc.5.html (proc_pid_status, proc_pid_exe, proc_pid_ns, proc_pid_fd)
 */
#pragma once
#include <sys/types.h>

#include "core/call.h"

#define PROCESS_STATUS_BYTES 8192 /* of /proc/PID/status; the kernel writes some 1500 */
#define PROCESS_PATH_BYTES   4096

struct process {
    pid_t pid;
    int   proc; /* "/proc/PID"; -1: closed */
    int   held; /* the number of its descriptor for the socket */
};

void process_close(struct process *p);

/* Its descriptor is still that socket. False also when the process has ended. */
bool process_holds(const struct process *p, uint32_t inode);

enum { PROCESS_REAL, PROCESS_EFFECTIVE, PROCESS_SAVED, PROCESS_FILES, PROCESS_IDS };

struct process_facts {
    str   name; /* as `ps` shows it; it says what it likes */
    uid_t ids[PROCESS_IDS];
    str   cgroups;    /* see cgroup.h */
    str   exe;        /* the path of its file; empty: it has none */
    bool  is_foreign; /* in another process or user namespace than this server */
};

/* Name and ids alone, which everybody may read. Lives: the call. Errors: ERR_PEER_UNKNOWN - it has ended */
FALLIBLE process_read_user(struct call *c, const struct process *p, struct process_facts *out);
/* All of it. Lives: the call. Errors: ERR_PEER_UNKNOWN - it has ended, or may not be looked into */
FALLIBLE process_read(struct call *c, const struct process *p, struct process_facts *out);
/* Real, effective, saved and for files: are they all `user`? */
bool process_is_users(const struct process_facts *f, uid_t user);
bool process_facts_eq(const struct process_facts *a, const struct process_facts *b);

/*
 * Is its file one that only root can have put there: the one that `exe` names here too, root's, and neither it nor a directory
 * above it writable by anybody else?
 */
bool process_exe_is_roots(const struct process *p, str exe);

/* The lines of /proc/PID/status that count. Lives: *out points into `text`. Errors: ERR_PEER_UNKNOWN */
FALLIBLE process_read_status(struct call *c, str text, struct process_facts *out);
