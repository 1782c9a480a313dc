/*
 * deployments.h - what the files of deployments share: a request read, its site, its plan, how it is shown.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/resources/deployments
 */
#pragma once
#include "endpoints/service.h"
#include "ops/deployments.h"
#include "template/template.h"

/* Beside a request that a deployment makes for a deployment inside of it: struct wire, origin. */
struct deploy_origin {
    str                       parent; /* the id of the outer one */
    uint64_t                  index;  /* which of its resources */
    uint64_t                  depth;
    bool                      holds_values; /* its template was evaluated outside: values of parameters may stand in it */
    const struct deploy_plan *plan;         /* made beforehand, on the runner's thread; NULL: none */
};

#define DEPLOY_MAX_CHECKED 64 /* deployments inside of others that are checked before the outer one begins; ours */

/* The body of PUT, validate and what-if. */
struct deploy_request {
    str                  scope, name;
    str                  location; /* normalised; empty: none is said */
    bool                 is_complete;
    struct template_text text; /* the body, in which `template` stands */
    const struct json *template, *parameters, *tags;
    const struct json *settings; /* whatIfSettings */
};

/* What is known of a deployment before it begins. */
struct deploy_plan {
    struct deploy_request   request;
    struct deployment       wish;
    struct deployment_input input;
    struct template_site    site;
    struct template *template;
    const struct json *parameters;  /* with the values out of vaults; NULL: none */
    size_t            *nested_left; /* deployments inside of it that may still be checked; NULL: DEPLOY_MAX_CHECKED of them */
};

/*
 * The path and body of a request. Lives: *out points into the request.
 * Errors: ERR_CONTENT_INVALID, ERR_TOO_LARGE, ERR_SCOPE_INVALID, ERR_DEPLOYMENT_NAME, ERR_DEPLOYMENT_INVALID, ERR_DEPLOYMENT_LINK
 */
FALLIBLE deploy_request_read(struct call *c, const struct wire *q, struct deploy_request *out);
/* The same of a body that is read, at a scope and under a name. */
FALLIBLE deploy_request_of(struct call *c, const struct json *body, str scope, str name, struct deploy_request *out);

/*
 * Reads the template of plan->request and checks all that can be known before anything is deployed: parameters, names,
 * dependencies, types and api-versions, and that the caller may write each resource.
 * `origin` NULL: it is asked for from outside. Nothing in the plan points into a world.
 * Errors: ERR_TEMPLATE_*, ERR_DEPLOYMENT_REFUSED - the caller may not write a resource; ERR_API_VERSION_*, those of the scope
 */
FALLIBLE deploy_plan_make(struct call *c, struct work *w, const struct deploy_origin *origin, struct deploy_plan *plan);

/*
 * The same template, read with other values in its secure parameters: what differs between the two comes of them. `r` is the request of
 * `plan`, or for a deployment inside what an outer template with marks made of it. No vault is asked again, and nothing is checked.
 * Errors: ERR_TEMPLATE_*
 */
FALLIBLE deploy_plan_mark(struct call *c, const struct deploy_plan *plan, const struct deploy_request *r, struct template **out);

/* What a client would send for a deployment inside of another one. Errors: those of deploy_request_read */
FALLIBLE deploy_nested_request(struct call *c, const struct template_resource *r, const struct template_nested *n, str location,
                               struct deploy_request *out);

/*
 * The plan of a deployment inside of another one, `r` of its template. `location` is that of the outer one.
 * Errors: those of deploy_request_read and deploy_plan_make
 */
FALLIBLE deploy_nested(struct call *c, struct work *w, const struct template_resource *r, const struct template_nested *n, str location,
                       const struct deploy_origin *origin, struct deploy_plan *out);
/*
 * Checks the deployments inside of one that has not begun: those with expressions of their own, whose parameters and scope are
 * known by now. At most *io_left of them, which counts down. Errors: as deploy_nested
 */
FALLIBLE deploy_check_nested(struct call *c, struct work *w, const struct deploy_plan *outer, size_t *io_left);

/* Ids of resources. */
struct made {
    str   *ids;
    size_t n, room;
};

/*
 * Adds what the deployment `id` made, a resource of the deployment `parent`, and what those inside of it made, at any depth.
 * What they name as existing is among it: complete mode deletes nothing that a template names.
 * Errors: ERR_DEPLOYMENT_NOT_FOUND - a later deployment has taken the name of one
 */
FALLIBLE deploy_made(struct call *c, struct work *w, str parent, str id, struct made *io);

/*
 * Where the deployment stands, and what the template's functions answer there. `template` and `parameters` are what deployment() tells
 * of; NULL: it tells of none.
 */
FALLIBLE deploy_site(struct call *c, struct work *w, const struct deployment *d, const struct json *template, const struct json *parameters,
                     struct template_site *out);

/* deployment() of it tells of no values from then on. */
FALLIBLE deploy_site_hide_values(struct call *c, const struct deployment *d, struct template_site *io);

/* Parameters whose values lie in a vault: {"reference":{"keyVault":{"id":…},"secretName":…}} become {"value":…}. */
FALLIBLE deploy_parameters(struct call *c, struct work *w, const struct json *parameters, const struct json **out);

/* "providers" and "dependencies" as a deployment shows them. */
FALLIBLE deploy_summary(struct call *c, struct template *t, struct deployment *out);

void deploy_write(struct call *c, struct json_writer *j, const struct deployment *d);
void deploy_write_operation(struct call *c, struct json_writer *j, const struct deployment *d, const struct deployment_operation *o);
/* "NotFound": the words of HTTP statuses as operations have them. */
str deploy_status_word(int status);
/* The number in the URL at which clients ask how far it is. Lives: the call. */
str deploy_status_id(struct call *c, const struct deployment *d);

/*
 * Registers the provider of a resource in its subscription, where it is not, if the caller may: as the cloud does on the way.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
 */
FALLIBLE deploy_register(struct call *c, struct work *w, str resource);

/* {"code":…,"message":…,"details":…} of the call's failure, which is forgiven. Lives: the call. */
FALLIBLE deploy_failure(struct call *c, str *out);
/* The same of what a request inside was answered. */
FALLIBLE deploy_failure_of(struct call *c, str body, str *out);

/* What a template asks for while it is carried out: as the call's caller, in `w`. `ctx` of the functions is the work. */
struct template_outside deploy_outside(struct work *w);
