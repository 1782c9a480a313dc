/*
 * hide.h - what a sandbox's file system shows otherwise than the machine's.
 *
 * Path-based unix sockets cross network namespaces: those that look names up, and those that start
 * programs elsewhere, are covered. So is the server's data directory, wherever it can be seen: its
 * sockets obey the operator and its keys are the keys. The resolver's files are replaced by ours,
 * and the lists of certificate authorities by the local one.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"

/* Who answers for names, and who starts programs outside the sandbox. UID, at most once, is the user's number. */
#define HIDE_PLACES(X)                                                                                           \
    X("/run/nscd") X("/var/run/nscd") X("/run/systemd/resolve")                                                  \
    X("/run/dbus") X("/run/systemd/private") X("/run/user/UID/bus") X("/run/user/UID/systemd")                     \
    X("/run/docker.sock") X("/run/user/UID/docker.sock") X("/run/podman") X("/run/user/UID/podman")                \
    X("/run/containerd") X("/run/crio") X("/run/libvirt") X("/run/snapd.socket") X("/var/lib/incus/unix.socket") \
    X("/var/lib/lxd/unix.socket") X("/tmp/tmux-UID") X("/run/screen")

struct hide_plan {
    const char *data_dir;   /* absolute, without links */
    const char *ca_pem;
    const char *nameserver; /* an address; NULL: name lookup stays as it is */
};

/*
 * In a mount namespace of our own. *out_bundle is where the certificate authority stands inside.
 * Errors: ERR_IO - a place that cannot be covered is a failure, not a gap
 */
FALLIBLE hide_and_place(struct call *c, const struct hide_plan *plan, const char **out_bundle);
