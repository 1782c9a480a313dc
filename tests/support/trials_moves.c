#include "ops/resource_move.h"

#include "trials_done.h"

#define FAR_MACHINE FAR "/providers/Microsoft.Compute/virtualMachines/web"
#define FAR_VAULT   FAR "/providers/Microsoft.KeyVault/vaults/v1"

static void contributes(struct scene *x, const char *group)
{
    test_product_assign(&x->s, x->s.caller.id, "Contributor", group);
}

void machine_for_far(struct scene *x)
{
    test_product_put(&x->s, MACHINE, "{}");
    contributes(x, FAR);
}

void machine_from_here(struct scene *x)
{
    test_product_put(&x->s, MACHINE, "{}");
    contributes(x, TEST_PRODUCT_GROUP);
}

void site_for_far(struct scene *x)
{
    test_product_put(&x->s, SITE, "{}");
    test_product_put(&x->s, SLOT, "{}");
    trial_deny(x, "Microsoft.Web/sites/slots/delete", RBAC_CONTROL, TEST_PRODUCT_SUBSCRIPTION);
    contributes(x, FAR);
}

void site_from_here(struct scene *x)
{
    test_product_put(&x->s, SITE, "{}");
    test_product_put(&x->s, SLOT, "{}");
    trial_deny(x, "Microsoft.Web/sites/slots/write", RBAC_CONTROL, FAR);
    contributes(x, FAR);
}

void vault_for_far(struct scene *x)
{
    test_product_put_vault(&x->s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    trial_deny(x, "Microsoft.KeyVault/vaults/secrets/getSecret/action", RBAC_DATA, TEST_PRODUCT_GROUP);
    contributes(x, FAR);
}

static enum err move_to_far(struct scene *x, struct call *c, const struct op *op, str id)
{
    struct move_args args = {.source = S(TEST_PRODUCT_GROUP), .target = S(FAR), .resources = &id, .n = 1};
    struct op_target target = {.scope = args.source};
    return op_run(c, &x->s.work, op, &target, &args, NULL);
}

enum err move_machine(struct scene *x, struct call *c, const struct op *op)
{
    return move_to_far(x, c, op, S(MACHINE));
}

enum err move_site(struct scene *x, struct call *c, const struct op *op)
{
    return move_to_far(x, c, op, S(SITE));
}

enum err move_vault(struct scene *x, struct call *c, const struct op *op)
{
    return move_to_far(x, c, op, S(VAULT));
}

bool machine_is_far(struct scene *x)
{
    return tree_find(x->s.work.world->tree, S(FAR_MACHINE)) && machine_is_gone(x);
}

bool vault_is_far(struct scene *x)
{
    return tree_find(x->s.work.world->tree, S(FAR_VAULT));
}

bool is_told(struct scene *x)
{
    (void)x;
    return true;
}
