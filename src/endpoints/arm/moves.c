// Resources moved from one group to another.
#include "endpoints/arm/arm.h"
#include "endpoints/arm/operations.h"
#include "ops/resource_move.h"

enum err arm_at_move(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct move_args *args;
    TRY(wire_read_body(c, q));
    TRY(NEW(c, &args, 1));
    TRY(arm_at_holder(c, w, q, out));
    args->source = out->scope;
    q->object = args;
    return move_read(c, q->body, args);
}

// It is done when this goes out; the answer is the cloud's, which takes its time.
enum err arm_move(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct move_args      *args = q->object;
    const struct resource_group *source = tree_find_group(w->world->tree, args->source);
    TRY(wire_run(c, w, q, args, NULL));
    return operation_accept(c, q, wire_param(q, "subscription"), source->location, 204, a); // it was found: the group is there
}

enum err arm_move_check(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    a->status = 204;
    return wire_run(c, w, q, q->object, NULL);
}
