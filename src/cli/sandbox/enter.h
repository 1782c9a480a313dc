/*
 * enter.h - a process in namespaces of its own.
 *
 * No root is needed. The user stays who he is: his id is mapped to itself.
 *
 * Layer:  cli (uses core)
 * Source: https://man7.org/linux/man-pages/man7/user_namespaces.7.html, https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 */
#pragma once
#include <sys/types.h>

#include "core/call.h"

/*
 * fork() into new user, network, mount, IPC and process namespaces. The child is their process 1 and has all rights
 * over them, and over nothing else. The caller must have one thread.
 * Errors: ERR_NOT_AUTHORIZED - the kernel does not let us; the failure says why and what to do
 */
FALLIBLE sandbox_fork(struct call *c, pid_t *out);

/* The child's first step: it becomes this user again, who it was before. Errors: ERR_NOT_AUTHORIZED */
FALLIBLE sandbox_map_user(struct call *c, uid_t user, gid_t group);
