#include "ops/vault.h"

const struct host HOST_VAULT = {
    .key = S_INIT("vault"), .azure = S_INIT("vault.azure.net"), .own = S_INIT("vault"), .is_suffix = true, .in_metadata = S_INIT("keyVaultDns")};

static int64_t retention_of(const struct json *properties)
{
    int64_t days = json_get_int(properties, S("softDeleteRetentionInDays"), VAULT_RETENTION_DAYS);
    return days < VAULT_MIN_RETENTION_DAYS || days > VAULT_RETENTION_DAYS ? VAULT_RETENTION_DAYS : days;
}

enum err vault_open(struct call *c, const struct work *w, str name, struct vault *out)
{
    const struct json     *document;
    const struct resource *r = tree_find_global(w->world->tree, S(VAULT_TYPE), name, false);
    if (!r) return FAIL(c, ERR_VAULT_NOT_FOUND, "There is no vault '%.*s' here.", PSTR(name));
    TRY(resource_document(c, r, &document));
    const struct json *p = json_get(document, S("properties"));
    *out = (struct vault){
        .resource = r,
        .url = names_url_label(c, &w->product->names, &HOST_VAULT, call_lower(c, r->name)),
        .uses_rbac = json_get_bool(p, S("enableRbacAuthorization"), false),
        .policies = json_get(p, S("accessPolicies")),
        .retention_days = retention_of(p),
        .is_purge_protected = json_get_bool(p, S("enablePurgeProtection"), false),
    };
    return OK;
}

struct policy_question {
    tenant_id        tenant;
    client_id        app;
    const object_id *who;
    size_t           who_n;
    str              collection;
    str              permission;
};

static bool is_guid(str text, guid wanted)
{
    guid g;
    return guid_parse(text, &g) && guid_eq(g, wanted);
}

static bool names_one_of(str text, const object_id *who, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_guid(text, who[i].g)) return true;
    return false;
}

// An entry with an applicationId counts only for calls through that application.
static bool entry_is_for(const struct json *entry, const struct policy_question *q)
{
    const struct json *app = json_get(entry, S("applicationId"));
    return is_guid(json_get_str(entry, S("tenantId")), q->tenant.g) && names_one_of(json_get_str(entry, S("objectId")), q->who, q->who_n) &&
           (!app || json_is(app, JSON_IS_NULL) || is_guid(json_str(app), q->app.g));
}

static bool entry_gives(const struct json *entry, const struct policy_question *q)
{
    const struct json *given = json_get_nocase(json_get(entry, S("permissions")), q->collection);
    bool               all_does = !str_eq(q->permission, S("purge"));
    for (size_t i = 0; i < json_n(given); i++) {
        str one = json_str(json_at(given, i));
        if (str_eq_nocase(one, q->permission) || (all_does && str_eq_nocase(one, S("all")))) return true;
    }
    return false;
}

enum err vault_policy_allows(struct call *c, const struct work *w, const struct vault *v, str collection, str permission, bool *out)
{
    struct policy_question q = {.tenant = w->product->tenant, .collection = collection, .permission = permission};
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    TRY(work_closure(c, w, NULL, &q.who, &q.who_n));
    q.app = c->caller->app;
    bool allowed = false;
    for (size_t i = 0; i < json_n(v->policies) && !allowed; i++) {
        const struct json *entry = json_at(v->policies, i);
        allowed = entry_is_for(entry, &q) && entry_gives(entry, &q);
    }
    *out = allowed;
    return OK;
}

static enum err ask_policies(struct call *c, struct work *w, const struct vault *v, const struct vault_op *op, const struct op_target *target)
{
    bool allowed;
    TRY(vault_policy_allows(c, w, v, str_of(op->collection), str_of(op->permission), &allowed));
    if (!allowed) {
        w->refusal = (struct refusal){.plane = RBAC_DATA, .scope = target->scope};
        w->refusal.action = w->refusal.policy = call_format(c, "%s %s", op->collection, op->permission);
        return FAIL(c, ERR_POLICY_NOT_AUTHORIZED, "No access policy of the vault gives the caller '%s %s'.", op->collection, op->permission);
    }
    op_allow(w, &op->op, target);
    return OK;
}

enum err vault_object_scope(struct call *c, const struct vault *v, const char *collection, str name, str *out)
{
    *out = call_format(c, "%.*s/%s/%.*s", PSTR(v->resource->id), collection, PSTR(name));
    return str_empty(*out) ? FAIL_PLAIN(c, ERR_NO_MEMORY) : OK;
}

enum err vault_name_attributes(struct call *c, const char *collection, str name, bool nocase, const struct rbac_attributes **out)
{
    struct named {
        struct rbac_attributes all;
        struct rbac_attribute  one;
        str                    name;
    } * a;
    TRY(NEW(c, &a, 1));
    a->name = name;
    a->one = (struct rbac_attribute){.source = RBAC_RESOURCE, .values = &a->name, .value_n = 1, .nocase = nocase};
    a->one.name = call_format(c, VAULT_TYPE "/%s:name", collection);
    a->all = (struct rbac_attributes){.items = &a->one, .n = 1};
    *out = &a->all;
    return OK;
}

enum err vault_ask(struct call *c, struct work *w, const struct vault *v, const struct vault_op *op, str name)
{
    struct op_target target = {.scope = v->resource->id};
    bool             found;
    if (!str_empty(name) && v->uses_rbac) TRY(op->find_name(c, w, v, op, name, &name, &found));
    if (!str_empty(name)) TRY(vault_object_scope(c, v, op->collection, name, &target.scope));
    if (!v->uses_rbac) return ask_policies(c, w, v, op, &target);
    if (!str_empty(name)) TRY(vault_name_attributes(c, op->collection, name, false, &target.attributes));
    return op_ask(c, w, &op->op, &target);
}
