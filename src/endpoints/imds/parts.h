/*
 * parts.h - what the files of this folder share.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/imds/imds.h"
#include "endpoints/workload/token.h"

/* Newest first. */
extern const str    IMDS_VERSIONS[];
extern const size_t IMDS_VERSION_N;
/* Errors: ERR_API_VERSION_MISSING, ERR_API_VERSION_INVALID - not in the list, or before `oldest` */
FALLIBLE imds_check_version(struct call *c, str version, str oldest);

/* For what is no token. Errors: ERR_BUSY - this second's requests are used up */
FALLIBLE imds_take_other(struct call *c, const struct workload_caller *caller);

route_handler imds_get_instance, imds_get_versions, imds_unknown_source;

extern const struct token_protocol PROTOCOL_IMDS;
extern const struct dialect        DIALECT_IMDS;
extern const struct service        SERVICE_IMDS;
