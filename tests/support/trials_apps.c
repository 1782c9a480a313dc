#include "trials_apps.h"

#define APP     ((application_id){test_product_guid(0xF1)})
#define SERVICE ((object_id){test_product_guid(0xF3)})
#define SECRET  test_product_guid(0xF5)
#define ROLE    test_product_guid(0xF6)
#define TRUST   test_product_guid(0xF8)
#define GIVEN   test_product_guid(0xF7)
#define GRANT   test_product_guid(0xF9)
#define HOLDER  ((object_id){test_product_guid(0xC1)})

void put_application(struct scene *x)
{
    struct test         *t = x->s.test;
    struct app_role      role = {.id = ROLE, .value = S("Orders.Read"), .name = S("Read"), .for_apps = true, .for_users = true, .is_enabled = true};
    struct app_secret    secret = {.id = SECRET};
    struct app_federated trust = {.id = TRUST, .name = S("main"), .issuer = S("https://i"), .subject = S("s"), .audience = S("a")};
    struct application  *a = NULL,
                       plain = {.id = APP, .app.g = test_product_guid(0xF4), .name = S("App"), .token_version = 1, .roles = &role, .role_n = 1};
    struct app_assignment *given = NULL, assignment = {.principal = HOLDER, .id = GIVEN, .resource = SERVICE, .role = ROLE};
    plain.secrets = &secret;
    plain.secret_n = 1;
    plain.federated = &trust;
    plain.federated_n = 1;
    struct ownership *owned = NULL, ownership = {.object = APP.g, .owner = SERVICE};
    test_product_put_principal(&x->s, 0xF3, PRINCIPAL_APP);
    test_product_put_principal(&x->s, 0xC1, PRINCIPAL_GROUP);
    CHECK_OK(application_new(t->call, &plain, &a));
    CHECK_OK(app_assignment_new(t->call, &assignment, &given));
    struct permission_grant *granted = NULL, grant = {.client = SERVICE, .id = GRANT, .resource = SERVICE, .user = HOLDER, .scope = S("Orders.Read")};
    CHECK_OK(permission_grant_new(t->call, &grant, &granted));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_PERMISSION_GRANT, NULL, &granted->ref));
    CHECK_OK(ownership_new(t->call, &ownership, &owned));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_OWNERSHIP, NULL, &owned->ref));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_APPLICATION, NULL, &a->ref));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_APP_ASSIGNMENT, NULL, &given->ref));
}

static enum err write_trust(struct scene *x, struct call *c, const struct op *op)
{
    struct app_federated_args   args = {.id = APP, .credential = TRUST};
    const struct app_federated *written = NULL;
    TRY(json_parse(c, S("{\"subject\":\"other\"}"), &args.body));
    return op_run(c, &x->s.work, op, NULL, &args, &written);
}

enum err write_application(struct scene *x, struct call *c, const struct op *op)
{
    struct application_args      args = {.id = APP};
    struct application_result    made = {0};
    struct app_secret_args       secret_args = {.id = APP, .key = SECRET};
    struct app_secret_result     secret = {0};
    struct app_assignment_args   role_args = {.principal = x->s.caller.id, .resource = SERVICE, .role = ROLE};
    const struct app_assignment *given = NULL;
    str                          name = str_of(op->name);
    TRY(json_parse(c, S("{\"displayName\":\"Other\"}"), &args.body));
    if (str_starts(name, S("application_"))) return op_run(c, &x->s.work, op, NULL, &args, &made);
    if (str_eq(name, S("app_role_assign"))) return op_run(c, &x->s.work, op, NULL, &role_args, &given);
    if (str_eq(name, S("app_role_unassign")))
        return op_run(c, &x->s.work, op, NULL, &(struct app_assignment_args){.principal = HOLDER, .id = GIVEN}, NULL);
    if (str_starts(name, S("app_federated_"))) return write_trust(x, c, op);
    enum err failed = op_run(c, &x->s.work, op, NULL, &secret_args, &secret);
    secret_clear(&secret.shown);
    return failed;
}

static bool is_the_one(const struct app_assignment *a, void *others)
{
    *(bool *)others |= !guid_eq(a->id, GIVEN);
    return true;
}

bool applications_are_others(struct scene *x)
{
    const struct applications *all = x->s.work.world->applications;
    const struct application  *a = applications_find(all, APP);
    bool                       others = !applications_find_assignment(all, HOLDER, GIVEN);
    applications_each_at(all, SERVICE, NULL, is_the_one, &others);
    return others || applications_n(all) != 1 || !a || !str_eq(a->name, S("App")) || a->secret_n != 1 || !guid_eq(a->secrets[0].id, SECRET) ||
           a->federated_n != 1 || !str_eq(a->federated[0].subject, S("s"));
}

enum err write_owner(struct scene *x, struct call *c, const struct op *op)
{
    bool              adds = str_eq(str_of(op->name), S("owner_add"));
    struct owner_args args = {.object = APP.g, .owner = adds ? x->s.caller.id : SERVICE};
    return op_run(c, &x->s.work, op, NULL, &args, NULL);
}

bool owners_are_others(struct scene *x)
{
    const struct owners *owners = x->s.work.world->owners;
    return !owners_find(owners, APP.g, SERVICE) || owners_find(owners, APP.g, x->s.caller.id);
}

enum err write_grant(struct scene *x, struct call *c, const struct op *op)
{
    struct permission_grant_args   args = {.client = SERVICE, .id = GRANT, .resource = SERVICE, .scope = S("Orders.Write")};
    const struct permission_grant *written = NULL;
    return op_run(c, &x->s.work, op, NULL, &args, &written);
}

static bool see_other(const struct permission_grant *g, void *others)
{
    *(bool *)others |= !guid_eq(g->id, GRANT);
    return true;
}

bool grants_are_others(struct scene *x)
{
    const struct permission_grants *all = x->s.work.world->grants;
    const struct permission_grant  *g = permission_grants_find(all, SERVICE, GRANT);
    bool                            others = false;
    permission_grants_each(all, STR_NONE, see_other, &others);
    return others || !g || !str_eq(g->scope, S("Orders.Read"));
}
