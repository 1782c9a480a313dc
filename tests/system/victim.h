/*
 * victim.h - a `lanyard up` of our own, to be asked over its admin socket and to be killed.
 */
#pragma once
#include <stdio.h>
#include <sys/types.h>

#include "lanyard/admin.h"

struct victim {
    const char *binary;
    char        dir[64]; /* its data directory */
    char        log[80]; /* what it says on standard error is added here */
    int         out;     /* the read end of its standard output: hung up once it is gone */
    pid_t       pid;
};

/* A directory and a log of its own in /tmp. The binary is $LANYARD, or build/lanyard. */
bool victim_init(struct victim *v);
void victim_clear(struct victim *v); /* takes both away */

bool victim_start(struct victim *v);
/* Waits until it answers GET /lanyard/status. NULL and the answer, or what went wrong; also wrong: it is gone. */
const char *victim_await(const struct victim *v, struct lanyard_reply *out);
bool        victim_is_gone(const struct victim *v, int within_ms);
/* Ends it as an operator would. NULL, or what went wrong. */
const char *victim_stop(struct victim *v);
/* Waits for one that was killed, and lets go of its output. */
void victim_bury(struct victim *v);

/* One request. False: no answer came, because it is gone (its `out` hangs up soon) or for another reason. */
bool victim_ask(const struct victim *v, const char *method, const char *host, const char *path, const char *body, struct lanyard_reply *out);
