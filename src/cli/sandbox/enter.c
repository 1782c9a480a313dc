#include "cli/sandbox/enter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/sandbox/files.h"

#define ELSE_NO_SANDBOX "or use --no-sandbox"

// The switches that forbid user namespaces, as distributions set them.
static const struct { const char *path, *name, *forbids, *allows; } SWITCHES[] = {
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns", "1", "0"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "0", "1"},
    {"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "0", "15000"},
    {"/proc/sys/user/max_net_namespaces", "user.max_net_namespaces", "0", "15000"},
    {"/proc/sys/user/max_mnt_namespaces", "user.max_mnt_namespaces", "0", "15000"},
};

static bool is_set_to(struct call *c, const char *path, const char *value)
{
    str  text;
    bool is = file_read(c, path, 64, &text) == OK && str_eq(str_upto(text, str_find(text, '\n')), str_of(value));
    call_forgive(c);
    return is;
}

enum err sandbox_refused(struct call *c, const char *what, int error)
{
    bool is_permission = error == EPERM || error == EACCES || error == ENOSPC || error == EUSERS;
    for (size_t i = 0; is_permission && i < COUNT(SWITCHES); i++)
        if (is_set_to(c, SWITCHES[i].path, SWITCHES[i].forbids))
            return FAIL(c, ERR_NOT_AUTHORIZED,
                        "This kernel forbids sandboxes (%s=%s): have it allowed with `sudo sysctl %s=%s`, " ELSE_NO_SANDBOX ".",
                        SWITCHES[i].name, SWITCHES[i].forbids, SWITCHES[i].name, SWITCHES[i].allows);
    if (error == EPERM)
        return FAIL(c, ERR_NOT_AUTHORIZED,
                    "Sandboxes are forbidden here (%s: %s), as in most containers: allow user namespaces, " ELSE_NO_SANDBOX ".", what,
                    strerror(error));
    return FAIL(c, ERR_NOT_AUTHORIZED, "The sandbox cannot be made (%s: %s); --no-sandbox does without.", what, strerror(error));
}

enum err sandbox_enter(struct call *c)
{
    str uid_map = call_format(c, "%u %u 1\n", (unsigned)geteuid(), (unsigned)geteuid());
    str gid_map = call_format(c, "%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());
    if (!uid_map.at || !gid_map.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return sandbox_refused(c, "unshare", errno);
    // The group's map may be written only once groups can no longer be dropped: a group can also deny.
    enum err failed = file_write(c, "/proc/self/setgroups", S("deny"));
    if (failed == OK) failed = file_write(c, "/proc/self/uid_map", uid_map);
    if (failed == OK) failed = file_write(c, "/proc/self/gid_map", gid_map);
    if (failed == OK) return OK;
    call_forgive(c);
    return sandbox_refused(c, "uid_map", EPERM);
}

static enum err refuse(struct call *c, const char *what)
{
    return FAIL(c, ERR_IO, "The sandbox cannot be sealed (%s): %s.", what, strerror(errno));
}

#if defined(__x86_64__)
#define ARCH        AUDIT_ARCH_X86_64
#define ARCH_32     AUDIT_ARCH_I386
#define X32_CALLS   0x40000000 /* x32's numbers have this bit */
#define IOCTL_32    54
#elif defined(__aarch64__)
#define ARCH        AUDIT_ARCH_AARCH64
#define ARCH_32     AUDIT_ARCH_ARM
#define X32_CALLS   0x40000000
#define IOCTL_32    54
#endif

// Two ioctls put characters into the terminal as if they had been typed: the shell outside would run them.
static enum err forbid_typing(struct call *c)
{
#ifdef ARCH
    struct sock_filter steps[] = {
        [0] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        [1] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 2, 0),
        [2] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_32, 4, 0),
        [3] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        [4] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        [5] = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_CALLS, 7, 0),
        [6] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 2, 5),
        [7] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        [8] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IOCTL_32, 0, 3),
        [9] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])), // the kernel, too, looks at 32 bits of it
        [10] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 2, 0),
        [11] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 1, 0),
        [12] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        [13] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {.len = COUNT(steps), .filter = steps};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return refuse(c, "the terminal");
#else
    (void)c;
#endif
    return OK;
}

static enum err drop_capabilities(struct call *c)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct   none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap) != 0) return refuse(c, "the bounding set");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return refuse(c, "the ambient set");
    if (syscall(SYS_capset, &head, none) != 0) return refuse(c, "the capabilities");
    return OK;
}

enum err sandbox_seal(struct call *c, int parent)
{
    TRY(drop_capabilities(c));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refuse(c, "no_new_privs");
    TRY(forbid_typing(c));
    // Last, for a change of credentials clears it. The parent may be gone already.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return refuse(c, "its end");
    if (getppid() != parent) return FAIL(c, ERR_IO, "The launcher is gone.");
    return OK;
}
