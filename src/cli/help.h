/*
 * help.h - what the rows say, in four forms: help, man pages, completion for bash and zsh.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

/* What the command's exit status says. */
const char *help_exit_status(const struct command *command);

/* `command` NULL: the program itself. Lives: the call. */
FALLIBLE help_text(struct call *c, const struct command *command, bool color, str *out);
FALLIBLE help_man(struct call *c, const struct command *command, str *out);
FALLIBLE help_bash(struct call *c, str *out);
FALLIBLE help_zsh(struct call *c, str *out);
