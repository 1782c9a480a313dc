/*
 * bindings.h - gives the callers on the host their resources, and takes them away.
 *
 * A binding hands the identities of a resource to programs of this machine. So it is the operator's to make, and he needs
 * write permission on the resource besides: an operator to whom that is denied cannot get round it by a binding.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

#define BINDING_WRITE_ACTION  "Lanyard/bindings/write" /* what the activity log calls them */
#define BINDING_DELETE_ACTION "Lanyard/bindings/delete"

struct binding_wish {
    str name;     /* "uid:1001" */
    str resource; /* an ARM id, of a resource that can carry identities */
};

struct binding_result {
    const struct binding *binding; /* borrowed; after a removal what stood there, or NULL */
    bool                  was_created;
};

/*
 * struct binding_wish -> struct binding_result; the target names the resource and TYPE/write. What is bound already to that very
 * resource stays as it is; a binding to a resource that has gone is replaced.
 * Errors: ERR_BINDING_INVALID, ERR_RESOURCE_NOT_FOUND, ERR_IDENTITY_OPERATION, ERR_CONFLICT (bound to another resource, or
 *         BINDINGS_MAX are there)
 */
extern const struct op OP_BINDING_WRITE;
/* str name -> struct binding_result. Errors: ERR_BINDING_INVALID */
extern const struct op OP_BINDING_DELETE;

/* Is the binding to the resource that has its id now? */
bool binding_is_live(const struct world *world, const struct binding *b);
