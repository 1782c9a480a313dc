/*
 * parts.h - what the files of this folder share.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include <stdatomic.h>

#include "endpoints/imds/imds.h"
#include "ops/world.h"

/* How many requests came in the current second; shared by all loops. */
struct imds_rate {
    _Atomic uint64_t state; /* the second, and in the low 16 bits the count */
};

struct imds {
    struct product  *product;
    str              resource; /* on the heap, behind this */
    guid             uid;
    bool             published_limits;
    struct imds_rate tokens, others;
    atomic_uint      tokens_at_once; /* that wait for a signature */
};

/* The resource whose workload asks; NULL if it is gone, whatever has its id now. Lives: while the world is held. */
const struct resource *imds_host(const struct imds *s, const struct world *world);

/* The query, once it is known to be well formed. */
struct imds_query {
    struct http_field *fields;
    size_t             n;
    str                api_version; /* NULL `at`: none given */
};

/* Errors: ERR_URL_INVALID, ERR_TOO_LARGE, ERR_PARAMETER_INVALID (a name stands twice) */
FALLIBLE imds_read_query(struct call *c, const struct http_request *http, struct imds_query *out);

/* Newest first. */
extern const str    IMDS_VERSIONS[];
extern const size_t IMDS_VERSION_N;
/* Errors: ERR_API_VERSION_MISSING, ERR_API_VERSION_INVALID - not in the list, or before `oldest` */
FALLIBLE imds_check_version(struct call *c, str version, str oldest);

/* Errors: ERR_BUSY - this second's requests are used up */
FALLIBLE imds_rate_take(struct call *c, struct imds_rate *r, unsigned limit);

/* Each answers the request, at once or later; a failure is for imds_refuse. `rest` is the path below the handler's. */
typedef enum err imds_handler(struct http_exchange *x, struct imds *s, str rest);
imds_handler imds_get_token, imds_get_instance, imds_get_versions, imds_unknown_source;

/* Answers with x->call's failure in the service's words. */
void imds_refuse(struct http_exchange *x);
void imds_reply_json(struct http_exchange *x, int status, const struct buf *body);
