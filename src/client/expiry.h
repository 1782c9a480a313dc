/*
 * expiry.h - when a token ends, in every form that token endpoints and tools have been seen to write it.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference,
 *         https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
#pragma once
#include "core/json.h"

#define EXPIRY_MAX_TEXT_BYTES 64
#define EXPIRY_MAX_S          (INT64_C(200) * 365 * S_PER_DAY) /* since 1970 or from now: what is later is no time of a token */

/*
 * Reads a point of time: seconds since 1970, "2026-11-23T04:15:00.123Z" (RFC 3339), "11/23/2026 04:15:00 +00:00",
 * "1/16/2020 5:24:12 AM +00:00", "2026-11-23 04:15:00.123456". One without an offset is UTC.
 */
MUST_USE bool expiry_parse(str text, int64_t *out_s);
/* The same; one without an offset is this machine's local time: what az writes as expiresOn. */
MUST_USE bool expiry_parse_local(str text, int64_t *out_s);

/* A JSON number or text of expiry_parse. False: absent, empty or unreadable. */
MUST_USE bool expiry_of(const struct json *v, int64_t *out_s);
/* A number of seconds, as a JSON number or a text of digits. False: absent, empty, unreadable or negative. */
MUST_USE bool expiry_seconds_of(const struct json *v, int64_t *out_s);
