/*
 * help.h - what the rows say, in five forms: help, man pages, Markdown pages, completion for bash and zsh.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

/* What the command's exit status says. */
const char *help_exit_status(const struct command *command);

/* The environment variables that every command reads. */
struct help_variable {
    const char *name;
    const char *help; /* one sentence without its full stop */
};
extern const struct help_variable HELP_VARIABLES[];
extern const size_t               HELP_VARIABLE_N;

/* `command` NULL: the program itself. Lives: the call. */
FALLIBLE help_text(struct call *c, const struct command *command, bool color, str *out);
FALLIBLE help_man(struct call *c, const struct command *command, str *out);
/* For the web; the pages in docs/commands are these. */
FALLIBLE help_markdown(struct call *c, const struct command *command, str *out);
FALLIBLE help_bash(struct call *c, str *out);
FALLIBLE help_zsh(struct call *c, str *out);
