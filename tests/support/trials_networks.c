#include "trials_done.h"

#define SUBNET_DELETE "Microsoft.Network/virtualNetworks/subnets/delete"

void denied_subnet(struct scene *x)
{
    test_product_put(&x->s, NETWORK, "{}");
    test_product_put(&x->s, SUBNET, "{}");
    trial_deny(x, SUBNET_DELETE, RBAC_CONTROL, SUBNET);
}

void denied_in_subnet(struct scene *x)
{
    test_product_put(&x->s, NETWORK, "{}");
    test_product_put(&x->s, SUBNET, "{}");
    test_product_put(&x->s, INSIDE, "{}");
    trial_deny(x, "Microsoft.Compute/virtualMachines/delete", RBAC_CONTROL, INSIDE);
}

enum err leave_subnet_out(struct scene *x, struct call *c, const struct op *op)
{
    return trial_write(x, c, op, NETWORK, NETWORK_WRITE, IDENTITY_PUT, "{\"location\":\"westus\",\"properties\":{\"subnets\":[]}}");
}

bool subnet_is_gone(struct scene *x)
{
    return !tree_find(x->s.work.world->tree, S(SUBNET));
}

void network_of_others(struct scene *x)
{
    test_product_put(&x->s, FAR_NETWORK, "{}");
    test_product_put(&x->s, FAR_SUBNET, "{}");
}

enum err join_subnet(struct scene *x, struct call *c, const struct op *op)
{
    return trial_write(x, c, op, CARD, CARD_WRITE, IDENTITY_PUT,
                       "{\"location\":\"westus\",\"properties\":{\"ipConfigurations\":[{\"properties\":{\"subnet\":{\"id\":\"" FAR_SUBNET "\"}}}]}}");
}

bool card_is_joined(struct scene *x)
{
    return tree_find(x->s.work.world->tree, S(CARD)) != NULL;
}
