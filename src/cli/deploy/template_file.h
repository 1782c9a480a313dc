/*
 * template_file.h - a template's file and the values of its parameters, as the request for a deployment.
 *
 * The template goes to the server as it is written, comments and all, so that the server's words name the file's lines. It is read here
 * only for its level and for the types of its parameters.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax, .../templates/parameter-files
 */
#pragma once
#include "cli/command.h"
#include "core/json.h"

#define TEMPLATE_FILE_MAX_BYTES  ((size_t)8 << 20) /* more than the server takes: it says so itself */
#define TEMPLATE_FILE_MAX_VALUES 256

enum deploy_level { DEPLOY_AT_GROUP, DEPLOY_AT_SUBSCRIPTION, DEPLOY_AT_MGMT_GROUP, DEPLOY_AT_TENANT };

struct template_value {
    str name;
    str json; /* {"value":...} or {"reference":...} */
};

struct template_file {
    const char           *path;
    str                   text;
    const struct json    *document; /* NULL: it cannot be read here, and the server will say why */
    enum deploy_level     level;
    str                   name; /* of a deployment: the file's without its end */
    struct template_value values[TEMPLATE_FILE_MAX_VALUES];
    size_t                value_n;
};

/* Lives: the command's call. Errors: ERR_USAGE (Bicep's own language), ERR_IO, ERR_TOO_LARGE */
FALLIBLE template_file_read(struct cli *cli, const char *path, struct template_file *out);

/*
 * What one --parameters says: NAME=VALUE, NAME=@FILE, @FILE, or FILE that ends with .json. A later value of a name takes an earlier one's place. VALUE is a
 * text where the template says so, and JSON elsewhere.
 * Errors: ERR_USAGE, ERR_IO, ERR_JSON_INVALID
 */
FALLIBLE template_file_say(struct cli *cli, struct template_file *f, const char *said);

/* The body of a deployment. `location`: empty at a group. */
FALLIBLE template_file_body(struct cli *cli, const struct template_file *f, str mode, str location, str *out);

/* Where in the file a message of the server points to. */
struct template_place {
    size_t line, column; /* from 1 */
    size_t mark;         /* how many characters stand before that column in the excerpt */
};
/*
 * The place that a message names - "line '4' and column '9'", "line 4, position 9" - and what stands around it in that line. False: it names
 * none that the file has; of the first line the server counts otherwise, and a line
 * with the default of a secure parameter is not shown. Lives: the call.
 */
MUST_USE bool template_file_place(struct call *c, const struct template_file *f, str message, struct template_place *out, str *out_excerpt);

/* JSON with comments: read as if they were blanks. Errors: ERR_JSON_INVALID, ERR_TOO_LARGE */
FALLIBLE template_file_parse(struct call *c, str text, const struct json **out);
