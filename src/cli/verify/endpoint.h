/*
 * endpoint.h - gets tokens as a resource's program does: at the token endpoint of the resource's platform.
 *
 * The server serves the endpoint on a port of 127.0.0.1, for this user's processes, as for `lanyard run --no-sandbox`; what it says of the
 * environment tells the platform and how it is asked.
 *
 * Layer:  cli (uses core, the client's installed headers)
 */
#pragma once
#include "cli/command.h"
#include "core/secret.h"
#include "lanyard/admin.h"

struct endpoint_platform;

struct endpoint {
    struct cli                     *cli;
    struct lanyard_workload        *workload;
    const struct endpoint_platform *platform;
};

/* Errors: in the server's words, if it serves no endpoint for that resource here; ERR_NOT_FOUND - none of the platforms that are known here */
FALLIBLE endpoint_open(struct cli *cli, str resource, struct endpoint *out);
void     endpoint_clear(struct endpoint *e); /* of zeros: nothing */

/* "App Service" */
const char *endpoint_name(const struct endpoint *e);

struct endpoint_answer {
    int           status; /* 200: there is a token */
    struct secret token;
    str           why; /* what the endpoint said otherwise. Lives: the command's call */
};
/* A token of the identity with that client id; with an empty one of the system-assigned identity. The caller clears out->token. */
FALLIBLE endpoint_token(const struct endpoint *e, str client_id, str audience, struct endpoint_answer *out);
