/*
 * discovery.h - where an outside issuer publishes its keys: its discovery document.
 *
 * Only https counts. The document must name the very issuer that it was asked of, to the letter.
 *
 * Layer:  token (uses core)
 * Source: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig, sections 4.1 to 4.3
 */
#pragma once
#include "core/json.h"

#define DISCOVERY_MAX_BYTES     ((size_t)64 << 10)
#define DISCOVERY_MAX_URL_BYTES 1024

/*
 * The document's URL: the issuer without a slash at its end, and /.well-known/openid-configuration. Lives: the call.
 * Errors: ERR_URL_INVALID - the issuer is no https URL without user, query and fragment
 */
FALLIBLE discovery_url(struct call *c, str issuer, str *out);

/* From the document of that issuer: where its keys are. Lives: the call. Errors: ERR_ISSUER_UNUSABLE */
FALLIBLE discovery_read(struct call *c, str text, str issuer, str *out_keys_url);

/* Do two https URLs name the same host and port? False too for what is none. */
bool discovery_is_same_host(str a, str b);
