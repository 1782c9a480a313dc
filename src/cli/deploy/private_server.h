/*
 * private_server.h - a server of this command alone, on a new data directory, that is gone with the command.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include <sys/types.h>

#include "cli/command.h"

struct private_server {
    char *dir; /* NULL: none */
    pid_t pid;
};

/*
 * Starts one and leads the command to it: cli->data_dir. It ends, too, when this process is killed; the directory stays then.
 * Errors: ERR_IO, with what the server said
 */
FALLIBLE private_server_start(struct cli *cli, struct private_server *out);
/* Stops it and removes the directory. Of zeros: nothing. */
void private_server_stop(struct private_server *s);
