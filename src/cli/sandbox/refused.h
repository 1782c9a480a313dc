/*
 * refused.h - why a sandbox cannot be made here.
 *
 * The kernel answers EPERM to many different things. This names the one that is in the way and what lifts it.
 *
 * Layer:  cli (uses core)
 * Source: https://man7.org/linux/man-pages/man7/user_namespaces.7.html, https://man7.org/linux/man-pages/man2/unshare.2.html
 */
#pragma once
#include "core/call.h"

/*
 * Fails with one line for what failed (`what`: "clone", "proc", ...) with this error number. The causes are looked
 * for in this order: a sandbox around this one; a sysctl that forbids namespaces; a root directory that is no mount (chroot), where no user
 * namespace can be made; parts of /proc that are covered, where no other /proc can be mounted; a seccomp filter; a
 * security module's profile. If none is seen, the error itself is told.
 */
enum err sandbox_refused(struct call *c, const char *what, int error);
