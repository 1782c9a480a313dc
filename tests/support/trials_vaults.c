#include "trials_done.h"

#include "ops/secrets.h"
#include "ops/vault_resource.h"

#define TENANT "\"tenantId\":\"00000000-0000-0000-0000-000000000010\""
#define MINE   "\"accessPolicies\":[{" TENANT ",\"objectId\":\"00000000-0000-0000-0000-0000000000a1\",\"permissions\":{\"secrets\":[\"get\"]}}]"

static void put_vault(struct scene *x, bool uses_rbac)
{
    test_product_put_vault(
        &x->s, "v1", uses_rbac ? "{\"properties\":{\"enableRbacAuthorization\":true}}" : "{\"properties\":{\"enableRbacAuthorization\":false}}");
}

void role_vault(struct scene *x)
{
    put_vault(x, true);
}

void policy_vault_of_a_user(struct scene *x)
{
    put_vault(x, false);
    test_product_assign(&x->s, x->s.caller.id, "Key Vault Secrets User", TEST_PRODUCT_SUBSCRIPTION);
}

void policy_vault_with_deny(struct scene *x)
{
    put_vault(x, false);
    trial_deny(x, "Microsoft.KeyVault/vaults/accessPolicies/write", RBAC_CONTROL, VAULT);
}

// The record as the deletion leaves it, and a deny that was kept.
void deleted_vault(struct scene *x)
{
    struct test           *t = x->s.test;
    const struct resource *before = test_product_put_vault(&x->s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    bool                   handled;
    CHECK_OK(vault_resource_remove(t->call, &x->s.work, before, &handled));
    trial_deny(x, VAULT_DELETE, RBAC_CONTROL, TEST_PRODUCT_GROUP);
}

void denied_secret_user(struct scene *x)
{
    role_vault(x);
    test_product_assign(&x->s, x->s.caller.id, "Key Vault Secrets User", TEST_PRODUCT_SUBSCRIPTION);
    trial_deny(x, GET_SECRET, RBAC_DATA, VAULT);
}

static struct vault_item_args secret_args(struct scene *x, struct call *c, const char *name, struct vault *v)
{
    struct test *t = x->s.test;
    CHECK_OK(vault_open(c, &x->s.work, S("v1"), v));
    return (struct vault_item_args){.kind = &VAULT_ITEM_SECRET, .vault = v, .name = str_of(name)};
}

static enum err run_in_vault(struct scene *x, struct call *c, const struct vault *v, const struct vault_op *op, str name, const void *args, void *out)
{
    TRY(vault_ask(c, &x->s.work, v, op, name));
    return op_run(c, &x->s.work, &op->op, &x->s.work.decided.target, args, out);
}

static enum err set_secret(struct scene *x, struct call *c, const struct vault_op *op, const char *name)
{
    CLEANUP(secret_clear) struct secret value = {0};
    struct vault                        v;
    struct vault_item                   got;
    struct vault_item_args              args = secret_args(x, c, name, &v);
    TRY(secret_init(c, &value, str_bytes(S("x"))));
    args.content = &value;
    return run_in_vault(x, c, &v, op, args.name, &args, &got);
}

void denied_secret(struct scene *x)
{
    role_vault(x);
    trial_deny(x, SET_SECRET, RBAC_DATA, SECRET);
}

void kept_secret(struct scene *x)
{
    struct test    *t = x->s.test;
    struct vault_op set = SECRETS_SET;
    role_vault(x);
    set.op.action = NULL;
    set.op.no_action = "only its effects are tried";
    memset(set.op.effects, 0, sizeof set.op.effects);
    CHECK_OK(set_secret(x, t->call, &set, "forbidden"));
}

void denied_kept_secret(struct scene *x)
{
    kept_secret(x);
    trial_deny(x, SET_SECRET, RBAC_DATA, SECRET);
}

void denied_reader_of_kept_secret(struct scene *x)
{
    kept_secret(x);
    trial_deny(x, GET_SECRET, RBAC_DATA, SECRET);
}

// A backup of a secret that is gone.
void backed_up_secret(struct scene *x)
{
    struct test    *t = x->s.test;
    struct vault    v;
    struct vault_op backup = SECRETS_BACKUP;
    kept_secret(x);
    backup.op.action = NULL;
    backup.op.no_action = "only its effects are tried";
    struct vault_item_args args = secret_args(x, t->call, "forbidden", &v);
    CHECK_OK(run_in_vault(x, t->call, &v, &backup, args.name, &args, &x->backup));
    CHECK_OK(vault_items_purge_vault(t->call, &x->s.work, v.resource->uid));
    trial_deny(x, RESTORE, RBAC_DATA, SECRET);
}

enum err to_policies(struct scene *x, struct call *c, const struct op *op)
{
    return trial_write(x, c, op, VAULT, VAULT_WRITE, IDENTITY_PUT,
                       "{\"location\":\"westus\",\"properties\":{" TENANT ",\"enableRbacAuthorization\":false," MINE "}}");
}

enum err to_roles(struct scene *x, struct call *c, const struct op *op)
{
    return trial_write(x, c, op, VAULT, VAULT_WRITE, IDENTITY_PATCH, "{\"properties\":{\"enableRbacAuthorization\":true}}");
}

enum err own_policy(struct scene *x, struct call *c, const struct op *op)
{
    return trial_write(x, c, op, VAULT, VAULT_WRITE, IDENTITY_PATCH, "{\"properties\":{" MINE "}}");
}

enum err purge(struct scene *x, struct call *c, const struct op *op)
{
    struct deleted_vault_args args = {.subscription.g = test_product_guid(0x51), .location = S("westus"), .name = S("v1")};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = S(TEST_PRODUCT_SUBSCRIPTION)}, &args, NULL);
}

enum err set_as_new_name(struct scene *x, struct call *c, const struct op *op)
{
    struct vault_op set = SECRETS_SET;
    set.op = *op;
    return set_secret(x, c, &set, "FORBIDDEN");
}

enum err restore(struct scene *x, struct call *c, const struct op *op)
{
    struct vault           v;
    struct vault_item      got;
    struct vault_op        as = SECRETS_RESTORE;
    struct vault_item_args args = secret_args(x, c, "", &v);
    as.op = *op;
    args.name = STR_NONE;
    args.backup = x->backup;
    return run_in_vault(x, c, &v, &as, STR_NONE, &args, &got);
}

enum err take_backup(struct scene *x, struct call *c, const struct op *op)
{
    struct vault           v;
    struct vault_op        as = SECRETS_BACKUP;
    struct vault_item_args args = secret_args(x, c, "FORBIDDEN", &v);
    as.op = *op;
    x->backup = (bytes){0};
    return run_in_vault(x, c, &v, &as, args.name, &args, &x->backup);
}

enum err set_by_template(struct scene *x, struct call *c, const struct op *op)
{
    CLEANUP(secret_clear) struct secret value = {0};
    struct vault                        v;
    struct vault_item                   got;
    struct vault_item_args              args = secret_args(x, c, "FORBIDDEN", &v);
    TRY(secret_init(c, &value, str_bytes(S("x"))));
    args.content = &value;
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = S(SECRET)}, &args, &got);
}

enum err disable_by_template(struct scene *x, struct call *c, const struct op *op)
{
    struct vault           v;
    struct vault_item      got;
    struct vault_item_args args = secret_args(x, c, "FORBIDDEN", &v);
    args.wish.gives_enabled = true;
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = S(SECRET)}, &args, &got);
}

static struct vault_item_page secrets(struct scene *x)
{
    struct test           *t = x->s.test;
    struct vault           v;
    struct vault_item_page page = {0};
    struct vault_op        list = SECRETS_LIST;
    struct vault_item_args args = secret_args(x, t->call, "", &v);
    list.op.action = NULL;
    list.op.no_action = "only its effects are tried";
    args.name = STR_NONE;
    args.limit = 1;
    CHECK_OK(run_in_vault(x, t->call, &v, &list, STR_NONE, &args, &page));
    return page;
}

bool has_secret(struct scene *x)
{
    return secrets(x).n > 0;
}

bool secret_is_disabled(struct scene *x)
{
    return !secrets(x).items[0].is_enabled;
}
