#include "cli/sandbox/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/sandbox/etc.h"
#include "cli/sandbox/files.h"
#include "cli/sandbox/mounts.h"
#include "cli/sandbox/places.h"
#include "cli/sandbox/refused.h"
#include "cli/sandbox/root.h"

#define BUNDLE           VIEW_DIR "/ca.pem"
#define INSIDE           VIEW_DIR "/resource"
#define INSIDE_MAX_BYTES 4096

#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static const struct root_option OPEN_TO_ALL[] = {{"mode", "1777"}}, OWNERS[] = {{"mode", "0755"}}, PRIVATE[] = {{"mode", "0700"}};
static const struct root_option KEYS[] = {{"mode", "0700"}, {"size", "256k"}, {"nr_inodes", "64"}};

// Devices that hold nothing of anybody's.
static const char *const DEVICES[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};

static const struct { const char *path, *to; } LINKS[] = {
    {"/dev/ptmx", "pts/ptmx"},      {"/dev/fd", "/proc/self/fd"},  {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"}, {"/var/run", "/run"},
};

// Parts of /proc by which root, whose files they are, changes the machine.
static const char *const MACHINES_PROC[] = {"proc/sys", "proc/sysrq-trigger", "proc/irq", "proc/bus", "proc/fs", "proc/acpi", "proc/scsi"};

static enum err put_fresh(struct call *c, int root, const char *path, const struct root_option *options, size_t n)
{
    int made;
    TRY(root_fresh(c, "tmpfs", options, n, QUIET, &made));
    return root_put(c, made, root, path, S_IFDIR);
}

static enum err put_copy(struct call *c, int root, const char *path, const char *at, unsigned attributes)
{
    struct stat st;
    int         copy;
    if (stat(path, &st) != 0) return FAIL(c, ERR_IO, "%s cannot be shown in the sandbox: %s.", path, strerror(errno));
    TRY(root_copy(c, AT_FDCWD, path, attributes, &copy));
    return root_put(c, copy, root, at, st.st_mode);
}

static enum err put_place(struct call *c, int root, const struct place *p)
{
    unsigned flags = path_is_within(str_of(p->path), S("/dev")) ? MOUNT_ATTR_NOSUID : QUIET;
    switch (p->kind) {
    case PLACE_OWN: return put_fresh(c, root, p->path, OPEN_TO_ALL, 1);
    case PLACE_HOME: return put_fresh(c, root, p->path, PRIVATE, 1);
    case PLACE_SYSTEM:
    case PLACE_READ: return put_copy(c, root, p->path, p->path, flags | MOUNT_ATTR_RDONLY);
    case PLACE_WRITE:
    case PLACE_SOCKET: return put_copy(c, root, p->path, p->path, flags);
    }
    return FAIL_PLAIN(c, ERR_INTERNAL);
}

static void close_dir(DIR **d)
{
    if (*d) closedir(*d);
}

// /bin, and where /home is elsewhere that too: names only, which lead nowhere if their end is not shown.
static enum err copy_root_links(struct call *c, int root)
{
    const struct dirent    *entry;
    CLEANUP(close_dir) DIR *d = opendir("/");
    if (!d) return FAIL(c, ERR_IO, "/ cannot be read: %s.", strerror(errno));
    while ((entry = readdir(d))) {
        char        to[PATH_MAX];
        const char *path = call_format(c, "/%s", entry->d_name).at;
        TRY(call_check_texts(c));
        ssize_t n = readlink(path, to, sizeof to - 1);
        if (n < 0) continue;
        to[n] = '\0';
        TRY(root_link(c, root, path, to));
    }
    return OK;
}

// The terminal's own name leads to the machine's terminals, which are not shown. A program finds it here, too.
static enum err put_terminal(struct call *c, int root)
{
    char name[PATH_MAX];
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (isatty(fd) && ttyname_r(fd, name, sizeof name) == 0) return put_copy(c, root, name, "/dev/console", MOUNT_ATTR_NOSUID);
    return OK;
}

static enum err put_devices(struct call *c, int root)
{
    static const struct root_option TERMINALS[] = {{"ptmxmode", "0666"}, {"mode", "0620"}};
    int                             terminals;
    for (size_t i = 0; i < COUNT(DEVICES); i++)
        if (access(DEVICES[i], F_OK) == 0) TRY(put_copy(c, root, DEVICES[i], DEVICES[i], MOUNT_ATTR_NOSUID));
    TRY(root_fresh(c, "devpts", TERMINALS, COUNT(TERMINALS), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &terminals));
    TRY(root_put(c, terminals, root, "/dev/pts", S_IFDIR));
    return put_terminal(c, root);
}

static enum err put_proc(struct call *c, int root)
{
    int proc;
    TRY(root_fresh(c, "proc", NULL, 0, QUIET | MOUNT_ATTR_NOEXEC, &proc));
    TRY(root_put(c, proc, root, "/proc", S_IFDIR));
    for (size_t i = 0; i < COUNT(MACHINES_PROC); i++) {
        struct stat st;
        int         copy;
        const char *at = call_format(c, "/%s", MACHINES_PROC[i]).at;
        if (!at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        if (fstatat(root, MACHINES_PROC[i], &st, 0) != 0) continue;
        TRY(root_copy(c, root, MACHINES_PROC[i], MOUNT_ATTR_RDONLY | QUIET | MOUNT_ATTR_NOEXEC, &copy));
        TRY(root_put(c, copy, root, at, st.st_mode));
    }
    return OK;
}

// What the user calls it, where that is another name than where it is.
static enum err link_names(struct call *c, int root, const struct place *places, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        str  name = str_of(places[i].name);
        bool is_plain = str_find_str(name, S("/.")) == STR_NOWHERE && str_find_str(name, S("//")) == STR_NOWHERE && !str_ends(name, S("/"));
        if (str_eq(name, str_of(places[i].path)) || !is_plain || root_has(root, places[i].name)) continue;
        if (root_link(c, root, places[i].name, places[i].path) != OK) call_forgive(c); // in a tree that is not to be written
    }
    return OK;
}

static enum err put_own_files(struct call *c, int root, const struct view_plan *plan)
{
    int               dir, made;
    struct mount_attr done = {.attr_set = MOUNT_ATTR_RDONLY};
    TRY(root_fresh(c, "tmpfs", OWNERS, 1, QUIET, &made));
    TRY(root_put(c, made, root, VIEW_DIR, S_IFDIR));
    TRY(root_write(c, root, BUNDLE, str_of(plan->ca_pem)));
    TRY(root_write(c, root, INSIDE, str_of(plan->resource)));
    TRY(root_dir(c, root, VIEW_DIR, 0755, &dir));
    int failed = mount_setattr(dir, "", AT_EMPTY_PATH, &done, sizeof done);
    close(dir);
    return failed ? FAIL(c, ERR_IO, "%s cannot be made read-only: %s.", VIEW_DIR, strerror(errno)) : OK;
}

static enum err build(struct call *c, int root, const struct view_plan *plan, const struct place *places, size_t n)
{
    TRY(copy_root_links(c, root));
    TRY(put_devices(c, root));
    for (size_t i = 0; i < n; i++) TRY(put_place(c, root, &places[i]));
    TRY(put_own_files(c, root, plan));
    if (plan->keys) TRY(put_fresh(c, root, plan->keys, KEYS, COUNT(KEYS)));
    TRY(etc_build(c, root, plan->nameserver, str_of(plan->ca_pem)));
    TRY(put_proc(c, root));
    for (size_t i = 0; i < COUNT(LINKS); i++) TRY(root_link(c, root, LINKS[i].path, LINKS[i].to));
    return link_names(c, root, places, n);
}

// The old root is left, with every path to what is not shown.
static enum err move_in(struct call *c, int root)
{
    struct mount_attr done = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount_setattr(root, "", AT_EMPTY_PATH, &done, sizeof done) != 0)
        return FAIL(c, ERR_IO, "The sandbox's root cannot be made read-only: %s.", strerror(errno));
    if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return sandbox_refused(c, "pivot_root", errno);
    return OK;
}

// The new root stands on the data directory until the old one is left: that is there in any case, and not shown.
static enum err put_root(struct call *c, const struct view_plan *plan, int *out)
{
    int made;
    TRY(root_fresh(c, "tmpfs", OWNERS, 1, QUIET, &made));
    bool put = move_mount(made, "", AT_FDCWD, plan->data_dir, MOVE_MOUNT_F_EMPTY_PATH) == 0;
    if (!put) {
        int error = errno;
        close(made);
        return sandbox_refused(c, "move_mount", error);
    }
    *out = made;
    return OK;
}

enum err view_enter(struct call *c, const struct view_plan *plan, const char **out_bundle)
{
    const struct place *places;
    size_t              n;
    str                 mountinfo;
    int                 root = -1;
    // Nothing that is done here may reach the machine, and nothing that the machine mounts from now on may arrive.
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return sandbox_refused(c, "mount", errno);
    TRY(file_read(c, "/proc/self/mountinfo", MOUNTS_MAX_BYTES, &mountinfo));
    TRY(places_of(c, plan, mountinfo, &places, &n));
    TRY(put_root(c, plan, &root));
    enum err failed = build(c, root, plan, places, n);
    if (failed == OK) failed = move_in(c, root);
    close(root);
    TRY(failed);
    if (chdir(plan->here) != 0) return FAIL(c, ERR_IO, "The working directory %s cannot be shown in the sandbox: %s.", plan->here, strerror(errno));
    *out_bundle = BUNDLE;
    return OK;
}

enum err view_try(struct call *c)
{
    static const struct {
        const char *type;
        unsigned    attributes;
    } NEEDED[] = {{"tmpfs", QUIET}, {"devpts", MOUNT_ATTR_NOSUID}, {"proc", QUIET}};
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return sandbox_refused(c, "mount", errno);
    for (size_t i = 0; i < COUNT(NEEDED); i++) {
        int made;
        TRY(root_fresh(c, NEEDED[i].type, NULL, 0, NEEDED[i].attributes, &made));
        close(made);
    }
    return OK;
}

bool view_is_inside(struct call *c, str *out_resource)
{
    if (file_read(c, INSIDE, INSIDE_MAX_BYTES, out_resource) == OK) return true;
    call_forgive(c);
    return false;
}
