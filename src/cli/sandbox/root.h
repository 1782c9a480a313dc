/*
 * root.h - what the sandbox's root is built of: mounts, directories, files, links.
 *
 * A mount is made apart, has all its flags, and is then put in its place. Places are named below an open directory,
 * and no link on the way is followed: a link in a tree that the user owns cannot lead out of the root.
 *
 * Layer:  cli (uses core)
 * Source: https://man7.org/linux/man-pages/man2/mount_setattr.2.html, https://man7.org/linux/man-pages/man2/move_mount.2.html
 */
#pragma once
#include <sys/stat.h>

#include "core/call.h"

/* Every failure here is ERR_IO; where the kernel forbids mounts to ordinary users, ERR_NOT_AUTHORIZED with the cause. */

struct root_option {
    const char *name, *value;
};

/* A new file system of the type, not yet at any place. `attributes`: MOUNT_ATTR_*. */
FALLIBLE root_fresh(struct call *c, const char *type, const struct root_option *options, size_t n, unsigned attributes, int *out);

/*
 * A copy of what `path` shows, with all that is mounted below it; from `dir`, or AT_FDCWD. The attributes are set
 * on every mount of it. No mount made later outside appears in it.
 */
FALLIBLE root_copy(struct call *c, int dir, const char *path, unsigned attributes, int *out);

/*
 * Puts a mount at `path` (absolute) below `root`; makes the directories to it, and at its end a directory or a
 * file, as `type` (S_IFDIR or else) says. The descriptor is closed.
 */
FALLIBLE root_put(struct call *c, int mount, int root, const char *path, mode_t type);

/* The directory `path` below `root`, made if need be, as an O_PATH descriptor. */
FALLIBLE root_dir(struct call *c, int root, const char *path, mode_t mode, int *out);
/* A file with that text. It must not exist. */
FALLIBLE root_write(struct call *c, int root, const char *path, str text);
/* A symbolic link, unless something stands there. */
FALLIBLE root_link(struct call *c, int root, const char *path, const char *to);
/* True if `path` leads to something, its links followed as in a process whose root is `root`. */
bool root_has(int root, const char *path);
