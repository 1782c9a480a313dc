/*
 * arm.h - how the management API words its failures, and the headers of its answers.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://github.com/cloud-and-ai-microsoft/resource-provider-contract (error envelope, headers)
 */
#pragma once
#include "endpoints/service.h"

extern const struct dialect DIALECT_ARM;

/* The code that goes over the wire for a kind of failure. */
str arm_error_code(enum err kind);
