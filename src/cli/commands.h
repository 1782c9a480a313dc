/*
 * commands.h - the rows of all commands, from commands.inc.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

#define COMMAND(row, name) extern const struct command COMMAND_##row;
#define HIDDEN(row, name)  extern const struct command COMMAND_##row;
#include "cli/commands.inc"
#undef COMMAND
#undef HIDDEN
