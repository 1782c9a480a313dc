/*
 * arc.h - the challenge of a machine that Azure Arc manages.
 *
 * The agent answers 401 and names a file that only it and its group can read; who can read it may have a token. Nothing but a file of the
 * one directory is ever read, so that no other program at the agent's port learns a file's contents.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
#pragma once
#include "core/secret.h"

#define ARC_DIRECTORY      "/var/opt/azcmagent/tokens"
#define ARC_KEY_MAX_BYTES  4096
#define ARC_NAME_MAX_BYTES 255

/*
 * Reads `Basic realm=/var/opt/azcmagent/tokens/NAME.key`, as the agent writes it: one "=", no quotes, nothing behind. *out_name is a view into it.
 * Errors: ERR_CONTENT_INVALID - what else
 */
FALLIBLE arc_challenge_read(struct call *c, str www_authenticate, const char *directory, str *out_name);

/* Reads the file, which must be a regular one, no link, and of at most ARC_KEY_MAX_BYTES. Errors: ERR_IO, ERR_TOO_LARGE, ERR_CONTENT_INVALID */
FALLIBLE arc_key_read(struct call *c, const char *directory, str name, struct secret *out);
