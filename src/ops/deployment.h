/*
 * deployment.h - the records of deployments: what was asked for, how far it has come, what came of it.
 *
 * Three records of the store, none of them in memory:
 *
 *     deployment            its state, caller and results
 *     deployment_input      its template and parameters, sealed: parameters may be passwords. At its end the parameters
 *                           go, and the template too where values of parameters were written into it
 *     deployment_operation  one for each resource
 *
 * A deployment is in the list of those that are to be carried on from the commit that accepts it to the one that ends it,
 * so that a start of the server finds what an earlier one left.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/resources/deployments
 */
#pragma once
#include "core/secret.h"
#include "ops/gate.h"

#define DEPLOYMENT_TYPE     "Microsoft.Resources/deployments"
#define DEPLOYMENT_MAX_NAME 64 /* published, as its characters are: letters, digits, "-_.()" */
/* Published: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits */
#define DEPLOYMENTS_MAX_PER_SCOPE 800
#define DEPLOYMENT_MAX_DEPTH      20              /* of deployments in deployments; ours, no limit is published */
#define DEPLOYMENT_EXPIRES_S      (7 * S_PER_DAY) /* as the cloud says where it refuses a second one of the name */

enum deployment_state { DEPLOYMENT_ACCEPTED, DEPLOYMENT_RUNNING, DEPLOYMENT_SUCCEEDED, DEPLOYMENT_FAILED, DEPLOYMENT_CANCELED };
extern const str DEPLOYMENT_STATES[];

static inline bool deployment_is_over(enum deployment_state s)
{
    return s >= DEPLOYMENT_SUCCEEDED;
}

struct deployment {
    str                   scope; /* "/" of a tenant's */
    str                   name;
    str                   location; /* empty: a resource group's */
    enum deployment_state state;
    bool                  is_complete;    /* mode */
    bool                  is_waiting;     /* for deployments inside of it: there is nothing to carry on */
    bool                  keeps_template; /* for its export; else it may hold values of secure parameters */
    guid                  correlation_id;
    guid                  seed;         /* of newGuid(): the same whenever its template is read again */
    int64_t               started_ns;   /* also what utcNow() says */
    int64_t               changed_ns;   /* last */
    struct caller         caller;       /* with its roles of each moment */
    str                   parent;       /* the id of the deployment that this one is a resource of; empty: none */
    uint64_t              parent_index; /* which resource */
    uint64_t              depth;
    str                   hash; /* templateHash */
    /* JSON, as it is shown; empty: nothing. */
    str tags, parameters, providers, dependencies, validated, outputs, output_resources, error;
    str existing; /* the resources that its template names as existing, as output_resources; not shown */
};

struct deployment_input {
    str template;
    str parameters; /* empty: none */
};

/* What an operation is about: a resource of the template by its number, or one of these. */
#define OPERATION_OUTPUTS UINT64_C(0xffff)
#define OPERATION_DELETES UINT64_C(0x8000) /* the first of those that complete mode deletes */

struct deployment_operation {
    uint64_t              index;
    str                   kind; /* "Create", "Read", "Delete", "EvaluateDeploymentOutput" */
    enum deployment_state state;
    int64_t               started_ns, changed_ns;
    int                   status; /* of HTTP */
    str                   error;  /* JSON: {"code":…,"message":…}; empty: none */
    str                   target; /* the resource's id; empty: none */
    str                   type, name;
};

extern const struct store_own_kind KIND_DEPLOYMENT, KIND_DEPLOYMENT_INPUT, KIND_DEPLOYMENT_OPERATION;

/* "/subscriptions/S/providers/Microsoft.Resources/deployments/NAME". Lives: the call. */
str deployment_id(struct call *c, str scope, str name);
/* The scope and the name of that id. False: it is none. */
MUST_USE bool deployment_id_read(str id, str *out_scope, str *out_name);
/* The key in the store: what lists are in the order of. Lives: the call. */
str deployment_key(struct call *c, str scope, str name);
/* "3F2A…0004": in its operation's list, the same whenever it is asked. Lives: the call. */
str deployment_operation_id(struct call *c, const struct deployment *d, uint64_t index);

/* Errors: ERR_NAME_INVALID */
FALLIBLE deployment_check_name(struct call *c, str name);

/* *out_found says whether there is one. Lives: the call. */
FALLIBLE deployment_find(struct call *c, struct store_session *session, str scope, str name, struct deployment *out, bool *out_found);
FALLIBLE deployment_put(struct call *c, struct store_session *session, const struct deployment *d);
/* With its input and its operations. */
FALLIBLE deployment_remove(struct call *c, struct store_session *session, str scope, str name);
/* All of a scope, none below it: what goes with a resource group. */
FALLIBLE deployment_remove_all(struct call *c, struct store_session *session, str scope);

/*
 * Ends it: its state and error are set, its parameters go, and the deployment that it is a resource of goes on. `error`
 * may be empty. The record must be read in this work. Of one that succeeded or failed the activity log gets a second
 * record, as the call's caller and under its correlation id: that of the request says only that it was accepted.
 */
FALLIBLE deployment_end(struct call *c, struct work *w, struct deployment *d, enum deployment_state state, str error);

typedef enum err deployment_visit(struct call *c, str key, const struct deployment *d, void *context);
/* In the order of names, past the key `after`; `limit` 0: all. */
FALLIBLE deployment_each(struct call *c, struct store_session *session, str scope, str after, size_t limit, deployment_visit *visit, void *context);
/* At most `limit` that are to be carried on, past the key `after`. */
FALLIBLE deployment_each_active(struct call *c, struct store_session *session, str after, size_t limit, deployment_visit *visit, void *context);

FALLIBLE deployment_input_put(struct call *c, struct work *w, const struct deployment *d, const struct deployment_input *input);
/*
 * *out points into *out_opened, which the caller clears after it.
 * Errors: ERR_NOT_FOUND, ERR_CRYPTO
 */
FALLIBLE deployment_input_open(struct call *c, const struct work *w, const struct deployment *d, struct secret *out_opened,
                               struct deployment_input *out);

FALLIBLE deployment_operation_put(struct call *c, struct store_session *session, const struct deployment *d, const struct deployment_operation *o);
/* All, in the order of their numbers. Lives: the call. */
FALLIBLE deployment_operations(struct call *c, struct store_session *session, const struct deployment *d, struct deployment_operation **out,
                               size_t *out_n);
