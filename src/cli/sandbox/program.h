/*
 * program.h - the files that a command needs to start, and whether the sandbox shows them.
 *
 * A program under the home directory (nvm, pyenv, ~/.local/bin) is not shown unless it is asked for. What exec
 * would say of it, "not found", is not what the user sees outside.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"

#define PROGRAM_MAX_PARTS 8

struct program {
    const char *command;                  /* as typed */
    const char *parts[PROGRAM_MAX_PARTS]; /* the file, what it is a link to, and the same for its interpreter */
    size_t      n;                        /* 0: there is no such command */
    const char *data_dir, *home;
};

/* Outside: looks the command up, as exec does. `path` is the variable's value, or NULL. Lives: the call and the arguments. */
FALLIBLE program_find(struct call *c, const char *command, const char *path, const char *data_dir, const char *home, struct program *out);

/* Inside. Errors: ERR_NOT_FOUND - the failure names the file that is not shown, and the option that shows it */
FALLIBLE program_check(struct call *c, const struct program *p);
