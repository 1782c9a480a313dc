/*
 * workload.h - whose workload a launcher may run, and which sockets serve one.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/socket.h"
#include "ops/world.h"

#define WORKLOAD_MAX_SOCKETS    16
#define WORKLOAD_MAX_CANDIDATES 8 /* named in an error */

/* What a program is to run as. */
struct workload_subject {
    struct workload_place       place; /* without an id: nobody's */
    const struct resource_type *type;  /* NULL: nobody's */
};

/*
 * The resource that `named` means: an ARM id, or a name that only one resource has of those that can carry
 * identities. Nobody's workload for an empty name. Lives: the call.
 * Errors: ERR_RESOURCE_NOT_FOUND, ERR_CONFLICT (several; the failure lists them), ERR_SCOPE_INVALID,
 *         ERR_IDENTITY_OPERATION (its type can carry none)
 */
FALLIBLE workload_find(struct call *c, const struct world *world, str named, struct workload_subject *out);

/*
 * The service account that its programs run under: in a cluster there must be one, and nowhere else may be.
 * Errors: ERR_PARAMETER_INVALID, ERR_NAME_INVALID (it is not "NAMESPACE/NAME")
 */
FALLIBLE workload_check_account(struct call *c, const struct workload_subject *s, str account);
/*
 * The client id of the identity that its programs mean where they name none; none if that means none. In a cluster it is the
 * one that trusts the service account.
 */
client_id workload_default_client(struct call *c, const struct world *world, const struct workload_subject *s, str account);

/* What serves every sandbox, and no service's own: the https services, and the resolver. */
extern const struct socket_row WORKLOAD_HTTPS;
extern const struct socket_row WORKLOAD_DNS;

/* The sockets of a workload in a sandbox, or of one on the host: those of the services, and these two. At most WORKLOAD_MAX_SOCKETS. */
size_t workload_sockets(bool is_sandboxed, const struct resource_type *type, const struct socket_row *out[WORKLOAD_MAX_SOCKETS]);

/*
 * Is `fd` what the row asks for: a listening stream, a datagram socket (on the host only of this machine's own), or a directory
 * that only its owner writes in.
 */
bool workload_takes(const struct socket_row *row, bool is_sandboxed, int fd);
