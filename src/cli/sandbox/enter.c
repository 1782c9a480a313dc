#include "cli/sandbox/enter.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/sandbox/files.h"
#include "cli/sandbox/refused.h"

enum err sandbox_fork(struct call *c, pid_t *out)
{
    unsigned long flags = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | SIGCHLD;
    long          child = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (child < 0) return sandbox_refused(c, "clone", errno);
    *out = (pid_t)child;
    return OK;
}

enum err sandbox_map_user(struct call *c, uid_t user, gid_t group)
{
    str uid_map = call_format(c, "%u %u 1\n", (unsigned)user, (unsigned)user);
    str gid_map = call_format(c, "%u %u 1\n", (unsigned)group, (unsigned)group);
    if (!uid_map.at || !gid_map.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    // The group's map may be written only once groups can no longer be dropped: a group can also deny.
    enum err failed = file_write(c, "/proc/self/setgroups", S("deny"));
    if (failed == OK) failed = file_write(c, "/proc/self/uid_map", uid_map);
    if (failed == OK) failed = file_write(c, "/proc/self/gid_map", gid_map);
    if (failed == OK) return OK;
    call_forgive(c);
    return sandbox_refused(c, "uid_map", EPERM);
}
