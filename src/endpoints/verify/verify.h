/*
 * verify.h - the check of a token for an API that stands behind a proxy; README.md tells the rest.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"

extern const struct service SERVICE_VERIFY;
