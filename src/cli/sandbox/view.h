/*
 * view.h - what a sandboxed program sees of the machine's files.
 *
 * The root is built new. It shows what is listed here and nothing else; what is not shown cannot be reached by any
 * name, whatever is made, renamed or mounted outside later. Shown are the machine's programs and settings,
 * read-only (VIEW_SYSTEM); the working directory; what was asked for. Its own are the home directory, /tmp, /run,
 * /dev, /proc and the files of the resolver and of the certificate authorities.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include <sys/types.h>

#include "core/call.h"

/* Directories of the machine, where they exist. */
#define VIEW_SYSTEM(X)                                                                                      \
    X("/usr") X("/bin") X("/sbin") X("/lib") X("/lib32") X("/lib64") X("/libx32") X("/usr/local") X("/opt") \
    X("/nix/store") X("/gnu/store") X("/run/current-system") X("/sys/devices/system") X("/sys/fs/cgroup")

/* Empty, writable, gone with the sandbox. The home directory is one more. */
#define VIEW_OWN(X) X("/tmp") X("/var/tmp") X("/run") X("/dev/shm")

#define VIEW_MAX_ASKED 64
#define VIEW_DIR       "/run/lanyard" /* the sandbox's own files */

enum view_kind { VIEW_READ, VIEW_WRITE, VIEW_SOCKET };

struct view_place {
    const char    *path; /* as the user wrote it, or absolute */
    enum view_kind kind;
};

struct view_plan {
    const char              *data_dir; /* absolute, without links: never shown */
    const char              *here;     /* the working directory, without links */
    const char              *home;     /* NULL: none */
    const char              *resource; /* its id, for `lanyard status` inside */
    const char              *ca_pem;
    const char              *nameserver;
    const char              *keys; /* a small directory of its own, in which the server writes too; NULL: none */
    const struct view_place *asked;
    size_t                   asked_n;
};

/*
 * Builds that root and moves the process into it: in namespaces of its own, as their process 1. *out_bundle is where the
 * certificate authority stands inside. The working directory is `plan->here`.
 * Errors: ERR_PARAMETER_INVALID (a place that cannot be shown; the failure names it and the rule), ERR_IO, ERR_NOT_AUTHORIZED
 */
FALLIBLE view_enter(struct call *c, const struct view_plan *plan, const char **out_bundle);

/* What view_enter needs of the kernel, and nothing else: for those who only ask. Errors: as view_enter */
FALLIBLE view_try(struct call *c);

/* What a command says there that would speak to the server. */
#define VIEW_NO_ORDERS "This is a sandbox: the server runs outside and takes no commands from here."

/* True inside a sandbox; *out_resource is its resource's id, empty for a developer's. Lives: the call. */
bool view_is_inside(struct call *c, str *out_resource);
