#include "ops/bindings.h"

#include "trials_done.h"

void bare_machine(struct scene *x)
{
    test_product_put(&x->s, MACHINE, "{}");
}

void bound_machine(struct scene *x)
{
    struct test   *t = x->s.test;
    struct binding plain = {.kind = BINDING_UID, .name = S("uid:5"), .resource = S(MACHINE)}, *made;
    bare_machine(x);
    CHECK_OK(binding_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_BINDING, NULL, &made->ref));
}

enum err bind_machine(struct scene *x, struct call *c, const struct op *op)
{
    struct binding_result got = {0};
    struct binding_wish   wish = {.name = S("uid:5"), .resource = S(MACHINE)};
    struct op_target      target = {.scope = S(MACHINE), .action = S(MACHINE_WRITE)};
    return op_run(c, &x->s.work, op, &target, &wish, &got);
}

enum err unbind_machine(struct scene *x, struct call *c, const struct op *op)
{
    struct binding_result got = {0};
    str                   name = S("uid:5");
    return op_run(c, &x->s.work, op, NULL, &name, &got);
}

bool machine_is_bound(struct scene *x)
{
    return bindings_find(x->s.work.world->bindings, S("uid:5"));
}

bool machine_is_unbound(struct scene *x)
{
    return !machine_is_bound(x);
}
