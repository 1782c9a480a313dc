// What key vaults have beyond other resources: access policies, and the deleted ones.
#include "endpoints/arm/arm.h"
#include "ops/vault.h"
#include "ops/vault_resource.h"

enum err arm_at_vault(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    static const str    KINDS[] = {[POLICY_ADD] = S_INIT("add"), [POLICY_REPLACE] = S_INIT("replace"), [POLICY_REMOVE] = S_INIT("remove")};
    size_t              kind = str_index_nocase(KINDS, COUNT(KINDS), wire_param(q, "kind"));
    struct policy_args *args;
    (void)w;
    if (kind == STR_NOWHERE) return FAIL(c, ERR_PARAMETER_INVALID, "The operation on access policies must be add, replace or remove.");
    TRY(wire_read_body(c, q));
    TRY(resource_spell(c, S(VAULT_TYPE), q->body, &q->body));
    TRY(NEW(c, &args, 1));
    *args = (struct policy_args){.body = q->body, .kind = (enum policy_change)kind};
    args->vault = call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s/providers/" VAULT_TYPE "/%.*s", PSTR(wire_param(q, "subscription")),
                              PSTR(wire_param(q, "group")), PSTR(wire_param(q, "vault")));
    q->object = args;
    out->scope = args->vault;
    return OK;
}

enum err arm_vault_policies(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *vault = NULL;
    TRY(wire_run(c, w, q, q->object, &vault));
    const struct json *document;
    TRY(json_parse(c, vault->document, &document));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/accessPolicies/", PSTR(vault->id)));
    json_put_string(j, S("type"), S(VAULT_TYPE "/accessPolicies"));
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_value(j, S("accessPolicies"), json_path(document, "properties.accessPolicies"));
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static void put_time(struct json_writer *j, const char *name, int64_t ns)
{
    json_put_string(j, str_of(name), str_of(time_iso_s(ns / NS_PER_S).s));
}

static enum err write_deleted(struct call *c, struct json_writer *j, const struct resource *r)
{
    struct resource_id id;
    const struct json *document;
    TRY(resource_id_parse(c, r->id, &id));
    TRY(json_parse(c, r->document, &document));
    json_write_object(j);
    json_put_string(j, S("id"),
                    call_format(c, "/subscriptions/%.*s/providers/Microsoft.KeyVault/locations/%.*s/deletedVaults/%.*s", PSTR(id.subscription),
                                PSTR(r->location), PSTR(r->name)));
    json_put_string(j, S("name"), r->name);
    json_put_string(j, S("type"), S("Microsoft.KeyVault/deletedVaults"));
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("vaultId"), r->id);
    json_put_string(j, S("location"), r->location);
    put_time(j, "deletionDate", r->deleted_ns);
    put_time(j, "scheduledPurgeDate", r->purge_due_ns);
    if (json_get(document, S("tags"))) json_put_value(j, S("tags"), json_get(document, S("tags")));
    const struct json *protection = json_path(document, "properties.enablePurgeProtection");
    if (protection) json_put_value(j, S("purgeProtectionEnabled"), protection);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

struct deleted_vault_list {
    struct call    *c;
    struct arm_page page;
    enum err        failed;
};

static bool offer(const struct resource *r, void *ctx)
{
    struct deleted_vault_list *l = ctx;
    if (arm_page_takes(&l->page, r->id, str_eq_nocase(r->type, S(VAULT_TYPE)))) l->failed = write_deleted(l->c, l->page.json, r);
    return l->failed == OK && arm_page_goes_on(&l->page);
}

enum err arm_deleted_vaults_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deleted_vault_list l = {.c = c};
    str                       under = call_format(c, "/subscriptions/%.*s", PSTR(wire_param(q, "subscription")));
    TRY(arm_page_begin(c, q, a, &l.page));
    tree_each_deleted(w->world->tree, under, l.page.p.after, offer, &l);
    TRY(l.failed);
    return arm_page_end(c, q, &l.page);
}

// Decided at the subscription: the vault's resource group may be gone too.
enum err arm_at_deleted_vault(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct deleted_vault_args *args;
    TRY(NEW(c, &args, 1));
    *args = (struct deleted_vault_args){.location = wire_param(q, "location"), .name = wire_param(q, "name")};
    if (!guid_parse(wire_param(q, "subscription"), &args->subscription.g)) return FAIL_PLAIN(c, ERR_SUBSCRIPTION_INVALID);
    q->object = args;
    return arm_at_subscription(c, w, q, out);
}

enum err arm_deleted_vault_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *vault = NULL;
    TRY(wire_run(c, w, q, q->object, &vault));
    return write_deleted(c, answer_json(a, 200), vault);
}

enum err arm_deleted_vault_purge(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    TRY(wire_run(c, w, q, q->object, NULL));
    a->status = 200;
    return OK;
}
