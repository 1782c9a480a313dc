/*
 * launch.h - runs a program as a workload and is its parent until it ends.
 *
 * Layer:  cli (uses core, the client's installed header)
 */
#pragma once
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/sandbox/view.h"
#include "lanyard/admin.h"

struct launch {
    struct lanyard_workload *workload;
    const char              *data_dir; /* without links */
    const char              *here;     /* the working directory, without links */
    const struct view_place *asked;    /* what the sandbox shows besides */
    size_t                   asked_n;
    bool                     sandboxed;
    struct environment      *environment;
    const struct variable   *chosen; /* what the user sets with --env: last, so that it wins */
    size_t                   chosen_n;
    char                   **args; /* the program and its arguments, NULL behind the last */
};

/*
 * Answers the program's exit status; 128 and the signal's number if one ended it; 127 if it was not found, 126
 * if it cannot be run, STATUS_LAUNCH for failures before that, which are told on stderr.
 */
int launch_run(struct cli *cli, const struct launch *l);

/* Opens the listeners that the server asks for, where this process is, and hands them over. Errors: ERR_IO */
FALLIBLE launch_hand_over(struct call *c, struct lanyard_workload *workload);

#define SERVICE_ACCOUNT_HELP "In a Kubernetes cluster: the service account that the program runs under, with its namespace"

#define TOKEN_FILE_VARIABLE "AZURE_FEDERATED_TOKEN_FILE"
/* Waits for the file of a service account's token: a server that has just begun makes a key first. NULL is fine. Errors: ERR_IO */
FALLIBLE launch_await_token_file(struct call *c, const char *path);

/* Tries whether sandboxes can be made here and says so; STATUS_LAUNCH, with the cause on stderr, if they cannot. */
int launch_check(struct cli *cli);
