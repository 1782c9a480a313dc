/*
 * ask.h - what the commands share that ask about permissions.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"
#include "core/json.h"

#define ASK_PLANE_OPTION(default_)                                                                                            \
    {"plane", 0, VALUE_WORD, "PLANE", "control: what the management API does; data: what the resource itself does (default: " default_ ")", false}
#define ASK_ACTION_HELP "Microsoft.KeyVault/vaults/secrets/getSecret/action"

/* Writes "NAME": whether --plane says data; nothing if there is no --plane. Errors: ERR_USAGE */
FALLIBLE ask_write_plane(struct cli *cli, struct json_writer *to, const char *name);

/*
 * Do the principal, the action (empty: none is asked about) and the scope exist? The server knows.
 * Errors: in the server's words, with what comes near
 */
FALLIBLE ask_validate(struct cli *cli, str principal, str action, str scope);
/* The path of a scope before "/providers/…": the root is "". */
str ask_path(str scope);
