/*
 * server_process.h - a `lanyard up` that a test starts, asks over its admin socket, and kills.
 */
#pragma once
#include <stdio.h>
#include <sys/types.h>

#include "lanyard/admin.h"

struct server_process {
    const char *binary;
    char        dir[64]; /* its data directory */
    char        log[80]; /* its standard error is appended here */
    int         out;     /* the read end of its standard output: hung up once it is gone */
    pid_t       pid;
};

/* A directory and a log of its own in /tmp. The binary is $LANYARD, or build/lanyard. */
bool server_process_init(struct server_process *v);
void server_process_clear(struct server_process *v); /* removes both */

bool server_process_start(struct server_process *v);
/* Waits until it answers GET /lanyard/status. NULL and the answer, or what went wrong; also wrong: it is gone. */
const char *server_process_wait(const struct server_process *v, struct lanyard_reply *out);
bool        server_process_is_gone(const struct server_process *v, int within_ms);
/* Ends it as an operator would. NULL, or what went wrong. */
const char *server_process_stop(struct server_process *v);
/* Waits for the end of one that was killed, and closes its output. */
void server_process_reap(struct server_process *v);

/* One request. False: no answer came, because it is gone (its `out` hangs up soon) or for another reason. */
bool server_process_ask(const struct server_process *v, const char *method, const char *host, const char *path, const char *body,
                        struct lanyard_reply *out);
