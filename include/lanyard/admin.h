/*
 * lanyard/admin.h - talks to a Lanyard server on this machine, as its operator.
 *
 * Two sockets in the server's data directory: the admin socket takes HTTP requests
 * (the management and Graph APIs, and the server's own /lanyard/ paths); the sandbox
 * socket takes listening sockets, on which the server then serves one workload.
 * Both know their caller from the kernel: no token is needed.
 *
 * Thread-safe as long as no two threads use the same object.
 */
#ifndef LANYARD_ADMIN_H
#define LANYARD_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanyard/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No call waits for ever: that long for a server that sends nothing, and that long for a whole answer. */
#define LANYARD_SILENCE_MAX_S 30
#define LANYARD_CALL_MAX_S    600

/* What went wrong, in one line for a person. */
struct lanyard_error {
    char text[1024];
};

/* --- the admin socket --- */

struct lanyard_request {
    const char        *method;  /* "GET" */
    const char        *host;    /* whose API: "management.azure.com"; NULL: the server's own */
    const char        *path;    /* with its query: "/subscriptions?api-version=2022-12-01" */
    const char *const *headers; /* "Name: value" each; may be NULL */
    size_t             header_n;
    const void        *body; /* may be NULL */
    size_t             body_n;
    unsigned           silence_max_s; /* 0: LANYARD_SILENCE_MAX_S */
};

struct lanyard_reply {
    int    status;
    char  *head; /* status line and headers as they came; NUL-terminated */
    char  *body; /* NUL-terminated behind body_n bytes */
    size_t body_n;
};

/* Sends one request. Whatever status the server gave is LANYARD_OK. *error may be NULL. */
LANYARD_API enum lanyard_result lanyard_admin_call(const char *data_dir, const struct lanyard_request *request, struct lanyard_reply *out,
                                                   struct lanyard_error *error);
LANYARD_API void                lanyard_reply_clear(struct lanyard_reply *reply);

/* --- the sandbox socket --- */

/* A socket that the server wants to serve: open it in the workload's network, then hand it over. */
struct lanyard_listener {
    const char *name;      /* "imds", "https", "dns" */
    const char *transport; /* "tcp", "udp", or "directory": a place that the workload reads and the server writes in */
    const char *address;   /* of a directory its path */
    uint16_t    port;      /* 0: any free one */
};

struct lanyard_variable {
    const char *name;
    const char *value;
};

struct lanyard_workload;

/*
 * Asks to run a workload of `resource` (an ARM id, or a name that only one resource has;
 * "" for a developer without a resource). `sandboxed` says whether its sockets will stand in a
 * network of their own. `service_account` is "NAMESPACE/NAME" where the resource is a Kubernetes cluster,
 * NULL or "" elsewhere.
 */
LANYARD_API enum lanyard_result lanyard_workload_open(const char *data_dir, const char *resource, const char *service_account, bool sandboxed,
                                                      struct lanyard_workload **out, struct lanyard_error *error);

LANYARD_API const char *lanyard_workload_resource(const struct lanyard_workload *w); /* its ARM id */
LANYARD_API const char *lanyard_workload_ca_pem(const struct lanyard_workload *w);
LANYARD_API size_t      lanyard_workload_listeners(const struct lanyard_workload *w, const struct lanyard_listener **out);

/* Hands the listening sockets over, one for each listener and in their order. They stay the caller's to close. */
LANYARD_API enum lanyard_result lanyard_workload_serve(struct lanyard_workload *w, const int *sockets, size_t n, struct lanyard_error *error);
/*
 * Has the server itself serve the token endpoint of `resource` on this host, for this user's processes, until it stops. The workload
 * has an environment and no listeners; closing it changes nothing.
 */
LANYARD_API enum lanyard_result lanyard_workload_keep(const char *data_dir, const char *resource, const char *service_account,
                                                      struct lanyard_workload **out, struct lanyard_error *error);

/* What to set in the workload's environment; known once it is served. */
LANYARD_API size_t lanyard_workload_environment(const struct lanyard_workload *w, const struct lanyard_variable **out);

/* Ends it: the server stops serving the sockets. The end of the process that opened it does the same. */
LANYARD_API void lanyard_workload_close(struct lanyard_workload *w);

#ifdef __cplusplus
}
#endif
#endif
