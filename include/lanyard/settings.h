/*
 * lanyard/settings.h - what a program may choose for its credentials: cloud, memory, network, log.
 *
 * A program that runs with more rights than its caller (set-user-id, set-group-id, file capabilities) gets nothing from the environment,
 * and no credential runs a command in it.
 *
 * `ignore_environment` is about what this library reads. libcurl, OpenSSL and the resolver read variables of their own, in every program
 * that uses them: OPENSSL_CONF, OPENSSL_MODULES, SSLKEYLOGFILE, RES_OPTIONS, LOCALDOMAIN, HOSTALIASES and others. Who does not trust the environment
 * clears it before the first use of the library.
 *
 * Every field but `size` may be zero. Everything is copied when a credential is made, but the contexts and what they point to,
 * which must outlive it.
 */
#ifndef LANYARD_SETTINGS_H
#define LANYARD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanyard/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Memory for what the library itself keeps. libcurl, OpenSSL and jansson have allocators of their own, which are the
 * whole program's. What the library keeps is wiped before it is released. Of a reply that is JSON, what jansson copied is wiped too; of one
 * that is none, or that breaks off, pieces stay in the heap until they are used again, and so do the buffers of libcurl and OpenSSL, which hold
 * requests and replies. `allocate` gives memory that is aligned for any type, or NULL.
 */
struct lanyard_allocator {
    void *(*allocate)(size_t size, void *context);
    void (*release)(void *at, void *context); /* never called with NULL */
    void *context;
};

enum lanyard_log_level { LANYARD_LOG_ERROR, LANYARD_LOG_WARNING, LANYARD_LOG_INFO, LANYARD_LOG_DEBUG };

/* One line, without a line feed; never a token, key or password. May be called by any thread, and by several at once. */
typedef void lanyard_log_function(enum lanyard_log_level level, const char *line, void *context);

struct lanyard_transport; /* lanyard/transport.h */

struct lanyard_settings {
    size_t                          size;      /* sizeof(struct lanyard_settings): a newer library then knows what an older program means */
    const struct lanyard_allocator *allocator; /* NULL: malloc and free */
    const struct lanyard_transport *transport; /* NULL: libcurl */
    lanyard_log_function           *log;       /* NULL: nothing is logged */
    void                           *log_context;
    const char                     *authority_host; /* "https://login.microsoftonline.us"; NULL: AZURE_AUTHORITY_HOST, else the public cloud */
    const char                     *ca_file; /* PEM file of the authorities that are trusted; NULL: the system's (SSL_CERT_FILE, SSL_CERT_DIR) */
    const char *const              *additionally_allowed_tenants; /* "*": any; beside the credential's own and AZURE_ADDITIONALLY_ALLOWED_TENANTS */
    size_t                          additionally_allowed_tenant_n;
    bool                            disable_instance_discovery; /* an authority that is not known as Microsoft's is not asked about */
    bool                            ignore_environment;         /* the library reads no variable, proxies' included; see above */
    unsigned                        process_timeout_ms;         /* of az and azd; 0: 13000 */
};

#ifdef __cplusplus
}
#endif
#endif
