#include "cli/sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/sandbox/refused.h"

static enum err not_mounted(struct call *c, const char *what)
{
    int error = errno;
    if (error == EPERM || error == EACCES) return sandbox_refused(c, what, error);
    if (error == ENOSYS) return FAIL(c, ERR_IO, "This kernel is too old for sandboxes: Linux 5.12 is the first that can; --no-sandbox does without.");
    return FAIL(c, ERR_IO, "The sandbox's %s cannot be mounted: %s.", what, strerror(error));
}

enum err root_fresh(struct call *c, const char *type, const struct root_option *options, size_t n, unsigned attributes, int *out)
{
    int fs = fsopen(type, FSOPEN_CLOEXEC), failed = fs < 0;
    for (size_t i = 0; !failed && i < n; i++) failed = fsconfig(fs, FSCONFIG_SET_STRING, options[i].name, options[i].value, 0);
    if (!failed) failed = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    int made = failed ? -1 : fsmount(fs, FSMOUNT_CLOEXEC, attributes);
    int error = errno;
    if (fs >= 0) close(fs);
    errno = error;
    if (made < 0) return not_mounted(c, type);
    *out = made;
    return OK;
}

enum err root_copy(struct call *c, int dir, const char *path, unsigned attributes, int *out)
{
    struct mount_attr set = {.attr_set = attributes};
    int               copy = open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (copy < 0) return not_mounted(c, path);
    if (mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &set, sizeof set) != 0) {
        int error = errno;
        close(copy);
        errno = error;
        return not_mounted(c, path);
    }
    *out = copy;
    return OK;
}

static enum err not_made(struct call *c, const char *path)
{
    return FAIL(c, ERR_IO, "The sandbox's %s cannot be made: %s.", path, strerror(errno));
}

// One step down. What is there already stays as it is.
static int step(int dir, const char *name, mode_t mode)
{
    int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if (str_eq(str_of(name), S("..")) || str_eq(str_of(name), S("."))) {
        errno = EINVAL;
        return -1;
    }
    int next = openat(dir, name, flags);
    if (next >= 0 || errno != ENOENT) return next;
    return mkdirat(dir, name, mode) == 0 || errno == EEXIST ? openat(dir, name, flags) : -1;
}

static enum err walk(struct call *c, int root, str path, mode_t mode, int *out)
{
    int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
    for (str rest = path, name; at >= 0 && str_cut(&rest, '/', &name);) {
        const char *z = call_zstr(c, name);
        if (str_empty(name)) continue;
        int next = z ? step(at, z, mode) : -1, error = errno;
        close(at);
        errno = error;
        at = next;
    }
    if (at < 0) return not_made(c, call_format(c, "%.*s", PSTR(path)).at);
    *out = at;
    return OK;
}

enum err root_dir(struct call *c, int root, const char *path, mode_t mode, int *out)
{
    return walk(c, root, str_of(path), mode, out);
}

// The directory that holds `path`, and the name in it.
static enum err walk_to(struct call *c, int root, const char *path, int *out_dir, const char **out_name)
{
    str all = str_of(path);
    *out_name = path + str_find_last(all, '/') + 1;
    return walk(c, root, str_upto(all, str_find_last(all, '/')), 0755, out_dir);
}

enum err root_put(struct call *c, int mount, int root, const char *path, mode_t type)
{
    const char *name;
    int         dir, at = -1;
    enum err    failed = walk_to(c, root, path, &dir, &name);
    if (failed != OK) {
        close(mount);
        return failed;
    }
    if (S_ISDIR(type)) at = step(dir, name, 0755);
    else {
        int made = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644); // there already: then it is covered
        if (made >= 0) close(made);
        at = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    int put = at < 0 ? -1 : move_mount(mount, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    int error = errno;
    if (at >= 0) close(at);
    close(dir);
    close(mount);
    errno = error;
    return put == 0 ? OK : not_mounted(c, path);
}

enum err root_write(struct call *c, int root, const char *path, str text)
{
    const char *name;
    int         dir;
    if (!text.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(walk_to(c, root, path, &dir, &name));
    int  fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    bool written = fd >= 0 && write(fd, text.at, text.n) == (ssize_t)text.n;
    int  error = errno;
    if (fd >= 0) close(fd);
    close(dir);
    errno = error;
    return written ? OK : not_made(c, path);
}

enum err root_link(struct call *c, int root, const char *path, const char *to)
{
    const char *name;
    int         dir;
    TRY(walk_to(c, root, path, &dir, &name));
    bool made = symlinkat(to, dir, name) == 0 || errno == EEXIST;
    int  error = errno;
    close(dir);
    errno = error;
    return made ? OK : not_made(c, path);
}

bool root_has(int root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    int             fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) close(fd);
    return fd >= 0;
}
