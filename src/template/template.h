/*
 * template.h - a template: read, its parameters resolved, its resources in the order in which they are deployed.
 *
 * The room is pure: it asks nobody but `template_outside`, and for the same inputs it gives the same results, so that a
 * deployment that was interrupted goes on by reading its template again. An expression that needs a resource's state -
 * reference(), list*() - is evaluated when the body of the resource that holds it is asked for.
 *
 * Every failure of a template has the published words, with line and column where template_site.text knows them and with
 * the path in the template otherwise. What is said about secure parameters never holds their values.
 *
 * Layer:  template (uses core, resources)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax,
 *         https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
 */
#pragma once
#include "template/text.h"

/* Published limits of a template. */
#define TEMPLATE_MAX_RESOURCES        800 /* also the most turns of a copy loop */
#define TEMPLATE_MAX_PARAMETERS       256
#define TEMPLATE_MAX_VARIABLES        512
#define TEMPLATE_MAX_OUTPUTS          64
#define TEMPLATE_MAX_EXPRESSION_BYTES 24576
/* Ours: what one reading, body or list of outputs may take. */
#define TEMPLATE_MAX_STEPS      5000000             /* values looked at and functions called */
#define TEMPLATE_SPARE_BYTES    ((size_t)16 << 20)  /* of the call's arena, which the template must leave: what one function may take */
#define TEMPLATE_MAX_TEXT_BYTES ((size_t)1 << 20)   /* of one text that a function makes */
#define TEMPLATE_MAX_VALUES     JSON_MAX_VALUES     /* in one value */
#define TEMPLATE_MAX_DEPTH      JSON_MAX_KEPT_DEPTH /* of a value: outputs are stored */

enum template_level { TEMPLATE_AT_GROUP, TEMPLATE_AT_SUBSCRIPTION, TEMPLATE_AT_MGMT_GROUP, TEMPLATE_AT_TENANT };

/* Where it is deployed, and what its functions answer. */
struct template_site {
    enum template_level level;
    str scope;        /* "/subscriptions/S/resourceGroups/rg", "/subscriptions/S", "/providers/Microsoft.Management/managementGroups/m", "/" */
    str subscription; /* empty where there is none */
    str group;        /* empty where there is none */
    /* What resourceGroup(), subscription(), tenant(), managementGroup(), deployment(), environment() and deployer() answer;
       NULL: that function is refused here. */
    const struct json *resource_group, *subscription_object, *tenant, *management_group, *deployment, *environment, *deployer;
    guid               seed;          /* newGuid() is made of it: the same seed gives the same GUIDs */
    int64_t            now_s;         /* utcNow() */
    bool               marks_secure;  /* texts, numbers and booleans of secure parameters are replaced by others: what comes of them differs */
    const struct template_text *text; /* where the values of the document stand; NULL: not known */
};

/*
 * Asked while the deployment runs. Where a function is NULL its answer is not available yet: see template_body.
 * What they give must live as long as the results of the call that they are asked in.
 */
struct template_outside {
    /* The whole resource as GET answers it. Errors: ERR_RESOURCE_NOT_FOUND and the caller's own */
    enum err (*get)(struct call *c, void *ctx, str id, str api_version, const struct json **out);
    /* The answer of POST id/function: listKeys and the like. `body` may be NULL. */
    enum err (*list)(struct call *c, void *ctx, str id, str function, str api_version, const struct json *body, const struct json **out);
    void *ctx;
};

/* One resource, after copy loops were expanded. */
struct template_resource {
    str           symbol;     /* its name in a template of language version 2.0; "name[3]" in a loop; else empty */
    str           id;         /* absolute */
    str           type, name; /* "Microsoft.Web/sites/slots", "site/slot": as written, a child's joined to its parent's */
    str           own_type;   /* of what is made: "Microsoft.Authorization/locks" where `type` is "Microsoft.Web/sites/providers/locks" */
    str           api_version;
    str           path;        /* in the template: "resources[3]", "resources.web", "resources[0].resources[1]" */
    bool          is_existing; /* only read */
    bool          is_skipped;  /* its condition is false */
    bool          is_deployment;
    const size_t *depends; /* which stand before it: by dependsOn, by reference() and list*(), by the loop's serial mode */
    size_t        depends_n;
};

struct template;

/*
 * Reads a template with the values of its parameters ({"name": {"value": ...}}; may be NULL), expands the copy loops and
 * finds each resource's name, id, condition and dependencies. Every expression that needs no running deployment is
 * evaluated, so that what is wrong in it is said here.
 * Lives:  *out points into `document`, `parameters` and `site`, and lives in `c`.
 * Errors: ERR_TEMPLATE_INVALID, ERR_TEMPLATE_PARAMETER_VALUE, ERR_NO_MEMORY
 */
FALLIBLE template_read(struct call *c, const struct json *document, const struct json *parameters, const struct template_site *site,
                       struct template **out);

/* The resources, each behind all that it depends on; those skipped and existing are among them. */
size_t                          template_count(const struct template *t);
const struct template_resource *template_at(const struct template *t, size_t i);

/*
 * What is PUT for resource `i`: all that the template says of it but type, apiVersion, name, dependsOn, condition, copy,
 * comments, scope, metadata and children. `outside` NULL, or a function in it: an expression that needs it stays in the
 * body as it is written, which is how validation and what-if show it.
 * Errors: ERR_TEMPLATE_INVALID, those of `outside`, ERR_NO_MEMORY
 */
FALLIBLE template_body(struct call *c, struct template *t, size_t i, const struct template_outside *outside, const struct json **out);

/* A nested deployment: what its own template_read and record are made of. */
struct template_nested {
    enum template_level level;
    str                 scope, subscription, group; /* as in template_site */
    str                 location;                   /* empty: none is said */
    str                 mode;                       /* "Incremental" where nothing is said */
    bool                is_inner;                   /* its expressions are its own; else they were evaluated here */
    const struct json  *document;                   /* its template; NULL where it has a link */
    const struct json  *link;                       /* templateLink; NULL where it has a template */
    const struct json  *parameters;                 /* {"name": {"value": ...}} or {"reference": ...}; NULL: none */
};
/* Of resource `i`, which is_deployment. Errors: as template_body */
FALLIBLE template_nested(struct call *c, struct template *t, size_t i, const struct template_outside *outside, struct template_nested *out);

/*
 * The outputs: {"name": {"type": "String", "value": ...}}, secure ones without value. `outside` as in template_body.
 * Errors: ERR_TEMPLATE_OUTPUT_INVALID and those of `outside`
 */
FALLIBLE template_outputs(struct call *c, struct template *t, const struct template_outside *outside, const struct json **out);

/*
 * Takes the values of secure parameters, and what begins like them, out of the words of the call's failure and out of every
 * string of its details but their codes. Failures of this room have none in their words; it is for failures of what is done
 * with a name or a body, which may quote it. Where memory is lacking, or more is secure than is looked for, the failure is
 * told by its kind alone.
 */
void template_hide_secrets(struct call *c, const struct template *t);

/* The parameters as a deployment shows them: {"name": {"type": "Int", "value": 1}}, secure ones without value. */
FALLIBLE template_parameters_shown(struct call *c, const struct template *t, const struct json **out);

/*
 * A number for the content of a template, in decimal. How the cloud makes its templateHash is not published; ours is
 * made of SHA-256 over the document with its members in order of name.
 */
FALLIBLE template_hash(struct call *c, const struct json *document, str *out);
