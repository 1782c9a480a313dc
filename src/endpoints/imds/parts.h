/*
 * parts.h - what the files of this folder share.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include <stdatomic.h>

#include "endpoints/imds/imds.h"
#include "endpoints/router.h"

/* How many requests came in the current second; shared by all loops. */
struct imds_rate {
    _Atomic uint64_t state; /* the second, and in the low 16 bits the count */
};

struct imds {
    struct router    router;   /* the listener's context; what is asked there has come from the workload */
    str              resource; /* on the heap, behind this */
    guid             uid;
    bool             published_limits;
    struct imds_rate tokens, others;
    atomic_uint      tokens_at_once; /* that wait for a signature */
};

/* The resource whose workload asks; NULL if it is gone, whatever has its id now. Lives: while the world is held. */
const struct resource *imds_host(const struct imds *s, const struct world *world);

/* Whose request it is. */
static inline struct imds *imds_of(const struct wire *q)
{
    return CONTAINER_OF(q->router, struct imds, router);
}

/* Errors: ERR_PARAMETER_INVALID - a name of the query stands twice */
FALLIBLE imds_check_query(struct call *c, const struct wire *q);

/* Newest first. */
extern const str    IMDS_VERSIONS[];
extern const size_t IMDS_VERSION_N;
/* Errors: ERR_API_VERSION_MISSING, ERR_API_VERSION_INVALID - not in the list, or before `oldest` */
FALLIBLE imds_check_version(struct call *c, str version, str oldest);

/* Errors: ERR_BUSY - this second's requests are used up */
FALLIBLE imds_rate_take(struct call *c, struct imds_rate *r, unsigned limit);

route_handler imds_get_token, imds_get_instance, imds_get_versions, imds_unknown_source;

extern const struct dialect DIALECT_IMDS;
extern const struct service SERVICE_IMDS;
