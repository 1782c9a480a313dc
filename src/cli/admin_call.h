/*
 * admin_call.h - asking the server that runs on the command's data directory.
 *
 * Layer:  cli (uses core, the client's installed header)
 */
#pragma once
#include "cli/command.h"
#include "core/json.h"
#include "lanyard/admin.h"

struct admin_reply {
    int status;
    str head;
    str body;
};

/* Lives: the command's call. Errors: the client's, in its words */
FALLIBLE admin_call(struct cli *cli, const struct lanyard_request *request, struct admin_reply *out);

/* One request with a body (empty: none) and the answer's JSON; NULL where the answer has no body. Errors: also ERR_CONFLICT with what the server says */
FALLIBLE admin_json(struct cli *cli, const char *method, str path, str body, const struct json **out);
/* GET of something that may not be there: then *out is NULL. */
FALLIBLE admin_find(struct cli *cli, str path, const struct json **out);
/* GET of a list, page by page: `see` gets each item and says whether it wants more. */
FALLIBLE admin_each(struct cli *cli, str path, bool (*see)(const struct json *item, void *ctx), void *ctx);

/* The path of the next page that a list's answer links to; empty: it was the last. Lives: the call. */
FALLIBLE admin_next(struct cli *cli, const struct json *page, str *out);

/* Appends `text` for use in a path or a query: all is escaped but letters, digits and -._~ */
void admin_escape(struct buf *b, str text);

/* The code and message of an error body of any of our services; empty where it says none. */
void admin_error(const struct json *body, str *out_code, str *out_message);
