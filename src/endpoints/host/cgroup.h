/*
 * cgroup.h - the systemd unit and the container of a process, read from /proc/PID/cgroup.
 *
 * What counts is who could have put the process there. Root makes the upper part of the tree; below a unit
 * that is delegated (a user's own manager, a service with Delegate=yes) its user makes groups of any name, among them
 * "web.service" and "docker-0123….scope". So only the outermost unit counts, and a container only where root's own slices
 * or a runtime's own top folder hold it:
 *
 *     /system.slice/web.service/…                        unit web.service
 *     /user.slice/user-1001.slice/user@1001.service/…    unit user@1001.service, whatever stands below
 *     /system.slice/docker-ID.scope                      container (docker, and likewise libpod-, cri-containerd-, crio-, nerdctl-)
 *     /kubepods.slice/…/cri-containerd-ID.scope          container
 *     /docker/ID  /kubepods/…/podUID/ID  /libpod_parent/libpod-ID    container, where the runtime manages groups by itself
 *
 * The containers of a user without root lie below that user's own manager: they are known by their user alone.
 *
 * Layer:  endpoints (uses core)
 * Source: https://man7.org/linux/man-pages/man7/cgroups.7.html, https://systemd.io/CGROUP_DELEGATION/,
 *         https://github.com/opencontainers/runc/blob/main/docs/systemd.md; the names of scopes: docker's and podman's
 *         --cgroup-manager, cri-o's and containerd's SystemdCgroup settings
 */
#pragma once
#include "core/call.h"

#define CGROUP_MAX_BYTES 16384 /* of the file: some 16 lines of at most 4096 bytes; a longer one is not read */
#define CGROUP_MAX_LINES 64
#define CGROUP_MAX_DEPTH 64 /* segments of a path */

struct cgroup {
    str unit;      /* "web.service"; empty: none */
    str container; /* 64 hexadecimal digits; empty: none */
};

/*
 * Reads the lines of versions 1 and 2. Two lines that name different units, or different containers, name none: the process
 * is in doubt. Lives: *out points into `text`. Errors: ERR_PEER_UNKNOWN - the text is none of the kernel's, or past a limit
 */
FALLIBLE cgroup_read(struct call *c, str text, struct cgroup *out);
