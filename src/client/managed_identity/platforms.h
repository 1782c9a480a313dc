/*
 * platforms.h - what the platforms other than virtual machines share.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/managed_identity/source.h"

/* Four tries, a second apart, as in the SDK for JavaScript. */
extern const struct retry_rule PLATFORM_RETRY;
