#include "trials_done.h"

bool is_purged(struct scene *x)
{
    return !tree_find_deleted(x->s.work.world->tree, S(VAULT));
}

bool is_attached(struct scene *x)
{
    const struct resource *r = tree_find(x->s.work.world->tree, S(MACHINE));
    return r && r->identity.user_assigned_n > 0;
}

bool machine_is_gone(struct scene *x)
{
    return !tree_find(x->s.work.world->tree, S(MACHINE));
}

bool slot_is_gone(struct scene *x)
{
    return !tree_find(x->s.work.world->tree, S(SLOT));
}

bool has_left(struct scene *x)
{
    const struct mgmt_group   *g = tree_find_mgmt_group(x->s.work.world->tree, S("moved"));
    const struct subscription *s = tree_find_subscription(x->s.work.world->tree, (subscription_id){test_product_guid(0x51)});
    return !str_eq(g->parent, S("upper")) || !str_eq(s->mgmt_group, S("moved"));
}

bool role_is_changed(struct scene *x)
{
    const struct role *role = rbac_find_role(x->s.work.world->rules, test_product_guid(0xE1));
    return !role || str_eq(role->name, S("Changed"));
}

bool group_is_another(struct scene *x)
{
    const struct principal *p = directory_find(x->s.work.world->directory, (object_id){test_product_guid(0xC1)});
    return !p || str_eq(p->name, S("other"));
}

bool is_no_member(struct scene *x)
{
    return !directory_is_member(x->s.work.world->directory, (object_id){test_product_guid(0xC1)}, x->s.caller.id);
}

static bool look_for_made(const struct principal *p, void *found)
{
    *(bool *)found |= str_eq(p->name, S("made"));
    return true;
}

bool group_is_made(struct scene *x)
{
    bool found = false;
    directory_each(x->s.work.world->directory, NULL, look_for_made, &found);
    return found;
}

bool has_backup(struct scene *x)
{
    return x->backup.n > 0;
}
