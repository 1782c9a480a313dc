#include "cli/sandbox/refused.h"

#include <errno.h>
#include <sys/stat.h>

#include "cli/sandbox/files.h"
#include "cli/sandbox/mounts.h"
#include "cli/sandbox/view.h"

#define OR_ELSE          "or use --no-sandbox"
#define ENTER_CHROOT     "enter it with a tool that mounts it as the root (bwrap, systemd-nspawn, podman)"
#define STATUS_MAX_BYTES 16384

// The switches that forbid namespaces, as distributions set them.
static const struct { const char *path, *name, *forbids, *allows; } SWITCHES[] = {
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns", "1", "0"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "0", "1"},
    {"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "0", "15000"},
    {"/proc/sys/user/max_net_namespaces", "user.max_net_namespaces", "0", "15000"},
    {"/proc/sys/user/max_mnt_namespaces", "user.max_mnt_namespaces", "0", "15000"},
    {"/proc/sys/user/max_pid_namespaces", "user.max_pid_namespaces", "0", "15000"},
    {"/proc/sys/user/max_ipc_namespaces", "user.max_ipc_namespaces", "0", "15000"},
};

static str first_line(struct call *c, const char *path)
{
    str text;
    if (file_read(c, path, STATUS_MAX_BYTES, &text) == OK) return str_upto(text, str_find(text, '\n'));
    call_forgive(c);
    return STR_NONE;
}

static str list_of_mounts(struct call *c)
{
    str text;
    if (file_read(c, "/proc/self/mountinfo", MOUNTS_MAX_BYTES, &text) == OK) return text;
    call_forgive(c);
    return STR_NONE;
}

static bool is_same(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// No mount is our root, or process 1, which has our mounts, has another root. An ordinary user does not see the latter.
static bool is_chrooted(struct call *c)
{
    bool has_root = true;
    if (is_same("/proc/1/ns/mnt", "/proc/self/ns/mnt") && !is_same("/proc/1/root/.", "/")) return true;
    if (mounts_has(c, list_of_mounts(c), S("/"), &has_root) != OK) call_forgive(c);
    return !has_root;
}

// The kernel mounts no /proc that would show more than the one that is there. Where binfmt_misc belongs is no such place.
static str covered_in_proc(struct call *c)
{
    str point = STR_NONE;
    if (mounts_below(c, list_of_mounts(c), S("/proc"), S("/proc/sys/fs/binfmt_misc"), &point) != OK) call_forgive(c);
    return point;
}

static bool has_filter(struct call *c)
{
    str text;
    if (file_read(c, "/proc/self/status", STATUS_MAX_BYTES, &text) == OK) return str_find_str(text, S("\nSeccomp:\t2")) != STR_NOWHERE;
    call_forgive(c);
    return false;
}

static str profile(struct call *c)
{
    str text = first_line(c, "/proc/self/attr/current");
    return str_contains_nocase(text, S("unconfined")) || str_eq(text, S("kernel")) ? STR_NONE : text;
}

enum err sandbox_refused(struct call *c, const char *what, int error)
{
    bool is_permission = error == EPERM || error == EACCES || error == ENOSPC || error == EUSERS;
    if (!is_permission) return FAIL(c, ERR_NOT_AUTHORIZED, "The sandbox cannot be made (%s: %s); --no-sandbox does without.", what, strerror(error));
    str resource;
    if (view_is_inside(c, &resource)) return FAIL(c, ERR_NOT_AUTHORIZED, "This is in a sandbox already: no other can be made in it.");
    for (size_t i = 0; i < COUNT(SWITCHES); i++)
        if (str_eq(first_line(c, SWITCHES[i].path), str_of(SWITCHES[i].forbids)))
            return FAIL(c, ERR_NOT_AUTHORIZED, "This kernel forbids sandboxes (%s=%s): have it allowed with `sudo sysctl %s=%s`, " OR_ELSE ".",
                        SWITCHES[i].name, SWITCHES[i].forbids, SWITCHES[i].name, SWITCHES[i].allows);
    if (is_chrooted(c))
        return FAIL(c, ERR_NOT_AUTHORIZED, "The kernel makes no user namespaces in a chroot, as this is: " ENTER_CHROOT ", " OR_ELSE ".");
    str covered = str_eq(str_of(what), S("proc")) ? covered_in_proc(c) : STR_NONE;
    if (!str_empty(covered))
        return FAIL(c, ERR_NOT_AUTHORIZED,
                    "A container covers %.*s, so the kernel mounts no /proc of the sandbox's own: start the container with "
                    "`--security-opt systempaths=unconfined`, " OR_ELSE ".",
                    PSTR(covered));
    if (has_filter(c) && !str_eq(str_of(what), S("uid_map"))) // what is written to a file no filter sees
        return FAIL(c, ERR_NOT_AUTHORIZED,
                    "A seccomp filter forbids sandboxes here (%s: %s), as in most containers: start the container with "
                    "`--security-opt seccomp=unconfined`, " OR_ELSE ".",
                    what, strerror(error));
    str confined = profile(c);
    if (!str_empty(confined))
        return FAIL(c, ERR_NOT_AUTHORIZED,
                    "The security profile \"%.*s\" forbids sandboxes (%s: %s): have it allow user namespaces and mounts, " OR_ELSE ".",
                    PSTR(call_printable(c, confined, 64)), what, strerror(error));
    if (str_eq(str_of(what), S("clone")) && error == EPERM) // all that is left
        return FAIL(c, ERR_NOT_AUTHORIZED, "The kernel makes no user namespaces here, as in a chroot: " ENTER_CHROOT ", " OR_ELSE ".");
    return FAIL(c, ERR_NOT_AUTHORIZED, "The kernel forbids sandboxes here and does not say why (%s: %s); --no-sandbox does without.", what,
                strerror(error));
}
