/*
 * deployment.h - sends a template as a deployment and follows it to its end.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/rest/api/resources/deployments
 */
#pragma once
#include "cli/deploy/template_file.h"

/* The options of a command that deploys a template; `--group` and others are apply's own. */
#define DEPLOY_PARAMETERS_OPTION                                                                                                              \
    {"parameters", 'p', VALUE_WORD, "PARAMETERS",                                                                                             \
     "Values of the template's parameters: NAME=VALUE, NAME=@FILE, or @FILE in the form of parameter files, without @ if it ends with .json; a later one wins", true}

struct deployment {
    struct cli          *cli;
    struct template_file file;
    str                  scope; /* empty: the tenant */
    str                  name;
    str                  location; /* empty at a group */
    str                  mode;
    bool                 makes_group; /* if it is not there */
    bool                 made_group;  /* deployment_place made it */
    bool                 is_quiet;    /* prints nothing but failures */
};

/* Reads the template and --parameters. Errors: as template_file.h */
FALLIBLE deployment_read(struct cli *cli, const char *template, struct deployment *out);

/*
 * Where its template's schema says, by the command's options --group, --management-group and --location. `group`: what it goes to without --group; empty: the only one.
 * Errors: ERR_USAGE, ERR_NOT_FOUND
 */
FALLIBLE deployment_place(struct deployment *d, str group);

/*
 * Deploys, and prints a line for each resource that is done. False in *out_done: it failed, and stderr says why.
 * *out_result is the deployment at its end; NULL: it was refused.
 */
FALLIBLE deployment_run(struct deployment *d, bool *out_done, const struct json **out_result);

/* What would change: *out is NULL if that was refused, and stderr says why. */
FALLIBLE deployment_what_if(struct deployment *d, const struct json **out);

/* The resources that the template names, [{"id"}, ...], and nothing is changed: *out is NULL if that was refused, and stderr says why. */
FALLIBLE deployment_resources(struct deployment *d, const struct json **out);

/* "vm web": the kind's word where there is one, else the type. Lives: the call. */
str deployment_words(struct call *c, str id);

/* What what-if says differs: "tags.color: "red" -> "blue"", a property a line. */
void deployment_print_delta(struct cli *cli, const struct json *delta, size_t depth);

/* The members of a deployment's outputs, one a line. */
void deployment_print_outputs(struct cli *cli, const struct json *outputs);
