/*
 * parts.h - what the files of this folder share.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/workload/token.h"

extern const struct dialect DIALECT_APP_SERVICE;
extern const struct service SERVICE_APP_SERVICE;
