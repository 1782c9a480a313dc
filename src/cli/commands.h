/*
 * commands.h - the rows of all commands; main.c puts them in order.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

extern const struct command COMMAND_UP;
extern const struct command COMMAND_STATUS;
extern const struct command COMMAND_DOWN;
extern const struct command COMMAND_RUN;
extern const struct command COMMAND_SHELL;
extern const struct command COMMAND_API;
extern const struct command COMMAND_CHECK;
extern const struct command COMMAND_WHY;
extern const struct command COMMAND_ACCESS;
extern const struct command COMMAND_ORPHANS;
extern const struct command COMMAND_CLOCK;
extern const struct command COMMAND_CREATE;
extern const struct command COMMAND_LIST;
extern const struct command COMMAND_SHOW;
extern const struct command COMMAND_DELETE;
extern const struct command COMMAND_GRANT;
extern const struct command COMMAND_REVOKE;
extern const struct command COMMAND_ATTACH;
extern const struct command COMMAND_DETACH;
extern const struct command COMMAND_SEED;
