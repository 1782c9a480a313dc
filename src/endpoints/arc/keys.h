/*
 * keys.h - short-lived keys in files that only the workload can read.
 *
 * Thread-safe.
 *
 * Layer:  endpoints (uses core)
 * Source: https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
#pragma once
#include "core/secret.h"

#define ARC_KEYS_DIRECTORY  "/var/opt/azcmagent/tokens" /* where clients insist on finding them */
#define ARC_KEYS_MAX        16
#define ARC_KEYS_LIFETIME_S 60

struct arc_keys;

/*
 * Keys in that directory, which stays the caller's to close.
 * Errors: ERR_NOT_AUTHORIZED (this server cannot write there), ERR_NO_MEMORY, ERR_IO
 */
FALLIBLE arc_keys_new(struct call *c, int directory, struct arc_keys **out);
/* Removes all of them. NULL is fine. */
void arc_keys_free(struct arc_keys *keys);

/* Writes a new key; *out_path is where the workload finds it. Lives: the call. Errors: ERR_IO, ERR_NO_MEMORY */
FALLIBLE arc_keys_issue(struct call *c, struct arc_keys *keys, str *out_path);
/* Is that the content of a key that is still good? It is used up then. */
MUST_USE bool arc_keys_use(struct call *c, struct arc_keys *keys, str shown);
