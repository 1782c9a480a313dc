#include "ops/vault_resource.h"

#include "ops/cascade.h"
#include "ops/resources.h"
#include "ops/secrets.h"
#include "resources/location.h"
#include "resources/types.h"

#define POLICIES_ACTION VAULT_TYPE "/accessPolicies/write"
#define PURGE_ACTION    "Microsoft.KeyVault/locations/deletedVaults/purge/action"

struct properties {
    struct call       *c;
    const struct json *now; /* the object as composed so far */
    enum err           failed;
};

static void set(struct properties *p, str name, const struct json *value)
{
    if (p->failed == OK) p->failed = json_with(p->c, p->now, name, value, &p->now);
}

static void set_text(struct properties *p, str name, str text)
{
    set(p, name, &(struct json){.kind = JSON_IS_STRING, .u.string = text});
}

static void set_bool(struct properties *p, str name, bool v)
{
    set(p, name, &(struct json){.kind = JSON_IS_BOOL, .u.boolean = v});
}

static bool lacks(const struct properties *p, str name)
{
    const struct json *v = json_get(p->now, name);
    return !v || json_is(v, JSON_IS_NULL);
}

static enum err check_retention(struct call *c, const struct json *properties, const struct json *before)
{
    const struct json *days = json_get(properties, S("softDeleteRetentionInDays"));
    if (!days || json_is(days, JSON_IS_NULL)) return OK;
    if (!json_is(days, JSON_IS_INT) || days->u.integer < VAULT_MIN_RETENTION_DAYS || days->u.integer > VAULT_RETENTION_DAYS)
        return FAIL(c, ERR_VAULT_INVALID, "The property \"softDeleteRetentionInDays\" must be a number from %d to %d.", VAULT_MIN_RETENTION_DAYS,
                    VAULT_RETENTION_DAYS);
    if (before && json_get_int(before, S("softDeleteRetentionInDays"), days->u.integer) != days->u.integer)
        return FAIL(c, ERR_VAULT_INVALID, "The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.");
    return OK;
}

// --- the switches: booleans that say who may do what with the vault ---

struct vault_switch {
    str         name;
    bool        is_kept;   // a PUT that does not say it leaves it as it was
    bool        at_first;  // of a new vault that does not say it
    bool        is_shown;  // also while it is false and nobody has said so
    const char *no_false;  // why it cannot be set to false; NULL: it can
    bool        but_first; // ... unless the vault is new
};

enum { SWITCH_MODEL, SWITCH_PURGE_PROTECTION, SWITCH_SOFT_DELETE };

static const struct vault_switch SWITCHES[] = {
    // Roles decide by default: new vaults of the 2026 API versions do so, and a vault that nobody chose access policies for
    // should not be open to them. An existing vault keeps its model unless a request names the other one.
    [SWITCH_MODEL] = {.name = S_INIT("enableRbacAuthorization"), .is_kept = true, .at_first = true, .is_shown = true},
    [SWITCH_PURGE_PROTECTION] = {.name = S_INIT("enablePurgeProtection"), .is_kept = true,
     .no_false = "cannot be set to false. Enabling the purge protection for a vault is an irreversible action."},
    [SWITCH_SOFT_DELETE] = {.name = S_INIT("enableSoftDelete"), .is_kept = true, .at_first = true, .but_first = true,
     .no_false = "can be set to false only for creating new vault. Enabling the 'soft delete' functionality is an irreversible action."},
    {.name = S_INIT("enabledForDeployment"), .is_shown = true},
    {.name = S_INIT("enabledForDiskEncryption")},
    {.name = S_INIT("enabledForTemplateDeployment")},
};

// Null says no more than absence: it switches nothing.
static const struct json *said(const struct json *properties, str name)
{
    const struct json *v = json_get(properties, name);
    return json_is(v, JSON_IS_NULL) ? NULL : v;
}

// Before and after: the properties of the vault as it stands (NULL: it is new), and those that were sent.
struct vault_change {
    const struct json *before, *sent;
    enum identity_verb verb;
};

static bool keeps(const struct vault_change *v, const struct vault_switch *x)
{
    return v->before && (x->is_kept || v->verb == IDENTITY_PATCH);
}

static bool switch_after(const struct vault_change *v, const struct vault_switch *x)
{
    return json_get_bool(v->sent, x->name, keeps(v, x) ? json_get_bool(v->before, x->name, false) : x->at_first);
}

static enum err check_switches(struct call *c, const struct vault_change *v)
{
    for (size_t i = 0; i < COUNT(SWITCHES); i++) {
        const struct vault_switch *x = &SWITCHES[i];
        const struct json         *sent = said(v->sent, x->name);
        if (!sent) continue;
        if (!json_is(sent, JSON_IS_BOOL)) return FAIL(c, ERR_VAULT_INVALID, "The property \"%.*s\" must be true or false.", PSTR(x->name));
        if (sent->u.boolean || !x->no_false || (!v->before && x->but_first)) continue;
        return FAIL(c, ERR_VAULT_INVALID, "The property \"%.*s\" %s", PSTR(x->name), x->no_false);
    }
    return OK;
}

static void set_switches(struct properties *p, const struct vault_change *v)
{
    for (size_t i = 0; i < COUNT(SWITCHES); i++) {
        const struct vault_switch *x = &SWITCHES[i];
        bool                       is_on = switch_after(v, x);
        bool                       is_told = x->is_shown || said(v->sent, x->name) || (keeps(v, x) && said(v->before, x->name));
        if (is_on || is_told) set_bool(p, x->name, is_on || i == SWITCH_SOFT_DELETE); // a vault without soft delete is no more
        else set(p, x->name, NULL);
    }
}

static enum err check_tenant(struct call *c, const struct work *w, const struct json *properties)
{
    const struct json *sent = json_get(properties, S("tenantId"));
    guid               tenant;
    if (!sent) return FAIL(c, ERR_VAULT_INVALID, "The property 'tenantId' of a vault is required.");
    if (!guid_parse(json_str(sent), &tenant)) return FAIL(c, ERR_VAULT_INVALID, "The tenantId of a vault must be a GUID.");
    if (guid_eq(tenant, w->product->tenant.g)) return OK;
    return FAIL(c, ERR_VAULT_INVALID, "An invalid value was provided for 'tenantId'. This vault's tenant is '%s'.",
                guid_text(w->product->tenant.g).s);
}

static enum err check_permissions(struct call *c, const struct json *kinds, size_t entry)
{
    if (json_n(kinds) > VAULT_MAX_POLICY_KINDS)
        return FAIL(c, ERR_VAULT_INVALID, "Access policy %zu has permissions of more than %d kinds of objects.", entry, VAULT_MAX_POLICY_KINDS);
    for (size_t i = 0; i < json_n(kinds); i++)
        if (json_n(json_at(kinds, i)) > VAULT_MAX_POLICY_PERMISSIONS)
            return FAIL(c, ERR_VAULT_INVALID, "Access policy %zu has more than %d permissions of one kind.", entry, VAULT_MAX_POLICY_PERMISSIONS);
    return OK;
}

static enum err check_policies(struct call *c, const struct json *policies)
{
    if (!policies || json_is(policies, JSON_IS_NULL)) return OK;
    if (!json_is(policies, JSON_IS_ARRAY)) return FAIL(c, ERR_VAULT_INVALID, "The accessPolicies of a vault must be an array.");
    if (json_n(policies) > VAULT_MAX_ACCESS_POLICIES)
        return FAIL(c, ERR_VAULT_INVALID, "A vault has at most %d access policies.", VAULT_MAX_ACCESS_POLICIES);
    for (size_t i = 0; i < json_n(policies); i++) {
        const struct json *entry = json_at(policies, i);
        guid               id;
        if (!guid_parse(json_get_str(entry, S("tenantId")), &id) || !guid_parse(json_get_str(entry, S("objectId")), &id))
            return FAIL(c, ERR_VAULT_INVALID, "Access policy %zu needs a tenantId and an objectId, both GUIDs.", i + 1);
        const struct json *app = said(entry, S("applicationId"));
        if (app && !guid_parse(json_str(app), &id))
            return FAIL(c, ERR_VAULT_INVALID, "The applicationId of access policy %zu must be a GUID.", i + 1);
        if (!json_is(json_get(entry, S("permissions")), JSON_IS_OBJECT))
            return FAIL(c, ERR_VAULT_INVALID, "Access policy %zu needs permissions.", i + 1);
        TRY(check_permissions(c, json_get(entry, S("permissions")), i + 1));
    }
    return OK;
}

static const struct json *standard_sku(void)
{
    static str               NAMES[] = {S_INIT("family"), S_INIT("name")};
    static struct json       VALUES[] = {{.kind = JSON_IS_STRING, .u.string = S_INIT("A")}, {.kind = JSON_IS_STRING, .u.string = S_INIT("standard")}};
    static const struct json SKU = {.kind = JSON_IS_OBJECT, .u.list = {.items = VALUES, .names = NAMES, .n = 2}};
    return &SKU;
}

// What a vault says of itself, and what it has when nobody says otherwise.
static enum err complete(struct call *c, const struct work *w, const struct resource_change *change, const struct vault_change *v,
                         const struct json *properties, const struct json **out)
{
    static const struct json EMPTY_LIST = {.kind = JSON_IS_ARRAY};
    struct properties        p = {.c = c, .now = properties};
    str                      url = names_url_label(c, &w->product->names, &HOST_VAULT, call_lower(c, change->next->name));
    set_text(&p, S("vaultUri"), call_format(c, "%.*s/", PSTR(url)));
    set_text(&p, S("tenantId"), guid_str(c, w->product->tenant.g));
    set_text(&p, S("provisioningState"), S("Succeeded"));
    set(&p, S("createMode"), NULL);
    set_switches(&p, v);
    if (lacks(&p, S("sku"))) set(&p, S("sku"), standard_sku());
    if (lacks(&p, S("accessPolicies"))) set(&p, S("accessPolicies"), &EMPTY_LIST);
    if (lacks(&p, S("publicNetworkAccess"))) set_text(&p, S("publicNetworkAccess"), S("Enabled"));
    if (lacks(&p, S("softDeleteRetentionInDays")))
        set(&p, S("softDeleteRetentionInDays"), &(struct json){.kind = JSON_IS_INT, .u.integer = VAULT_RETENTION_DAYS});
    *out = p.now;
    return p.failed;
}

// The days of retention are set once: a request that does not say them leaves them as they were.
static enum err keep_retention(struct call *c, const struct json *before, const struct json **properties)
{
    static const str   DAYS = S_INIT("softDeleteRetentionInDays");
    const struct json *old = json_get(before, DAYS);
    return old && !said(*properties, DAYS) ? json_with(c, *properties, DAYS, old, properties) : OK;
}

// createMode "recover": the deleted vault comes back with its secrets; what else the body says does not count.
static enum err recover(struct call *c, struct work *w, struct resource_change *change, const struct resource *deleted)
{
    change->next->uid = deleted->uid;
    change->next->created_ns = deleted->created_ns;
    change->next->location = deleted->location;
    TRY(json_parse(c, deleted->document, &change->document));
    return work_change(c, w, STORE_RESOURCE, &deleted->ref, NULL);
}

static enum err meet_deleted(struct call *c, struct work *w, struct resource_change *change, bool *out_recovered)
{
    bool                   wants = str_eq_nocase(json_str(json_path(change->body, "properties.createMode")), S("recover"));
    const struct resource *deleted = change->before ? NULL : tree_find_global(w->world->tree, S(VAULT_TYPE), change->next->name, true);
    *out_recovered = false;
    if (!deleted && wants && !change->before) return FAIL_PLAIN(c, ERR_VAULT_NOT_DELETED);
    if (!deleted) return OK;
    if (!wants || !str_eq_nocase(deleted->id, change->next->id))
        return FAIL(c, ERR_CONFLICT,
                    "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this "
                    "link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.");
    *out_recovered = true;
    return recover(c, w, change, deleted);
}

static enum err read_change(struct call *c, const struct resource *before, const struct json *body, enum identity_verb verb, struct vault_change *out)
{
    const struct json *document = NULL;
    if (before) TRY(json_parse(c, before->document, &document));
    *out = (struct vault_change){.before = json_get(document, S("properties")), .sent = json_get(body, S("properties")), .verb = verb};
    return OK;
}

static enum err spell_policies(struct call *c, const struct json *sent, const struct json **out)
{
    static const str ENTRY[] = {S_INIT("tenantId"), S_INIT("objectId"), S_INIT("applicationId"), S_INIT("permissions")};
    struct json     *list;
    *out = sent;
    if (!json_is(sent, JSON_IS_ARRAY)) return OK;
    TRY(NEW(c, &list, 1));
    list->kind = JSON_IS_ARRAY;
    TRY(NEW(c, &list->u.list.items, json_n(sent)));
    for (size_t i = 0; i < json_n(sent); i++) {
        const struct json *entry;
        TRY(json_spell(c, json_at(sent, i), ENTRY, COUNT(ENTRY), &entry));
        list->u.list.items[list->u.list.n++] = *entry;
    }
    *out = list;
    return OK;
}

enum err vault_resource_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str   OTHERS[] = {S_INIT("accessPolicies"),
                                   S_INIT("createMode"),
                                   S_INIT("networkAcls"),
                                   S_INIT("provisioningState"),
                                   S_INIT("publicNetworkAccess"),
                                   S_INIT("sku"),
                                   S_INIT("softDeleteRetentionInDays"),
                                   S_INIT("tenantId"),
                                   S_INIT("vaultUri")};
    str                names[COUNT(OTHERS) + COUNT(SWITCHES)];
    const struct json *policies;
    for (size_t i = 0; i < COUNT(OTHERS); i++) names[i] = OTHERS[i];
    for (size_t i = 0; i < COUNT(SWITCHES); i++) names[COUNT(OTHERS) + i] = SWITCHES[i].name;
    TRY(json_spell(c, properties, names, COUNT(names), out));
    TRY(spell_policies(c, json_get(*out, S("accessPolicies")), &policies));
    return policies ? json_with(c, *out, S("accessPolicies"), policies, out) : OK;
}

enum err vault_resource_write(struct call *c, struct work *w, struct resource_change *change)
{
    const struct json  *properties = json_get(change->document, S("properties"));
    struct vault_change v;
    bool                recovered;
    TRY(meet_deleted(c, w, change, &recovered));
    if (recovered) return OK;
    if (!json_is(properties, JSON_IS_OBJECT)) return FAIL(c, ERR_VAULT_INVALID, "A vault needs properties.");
    TRY(read_change(c, change->before, change->body, change->verb, &v));
    TRY(check_retention(c, properties, v.before));
    TRY(check_switches(c, &v));
    if (!change->before) TRY(check_tenant(c, w, properties));
    TRY(check_policies(c, json_get(properties, S("accessPolicies"))));
    TRY(keep_retention(c, v.before, &properties));
    TRY(complete(c, w, change, &v, properties, &properties));
    return json_with(c, change->document, S("properties"), properties, &change->document);
}

// --- what a write of a vault changes besides ---

static bool is_vault(struct call *c, const struct resource_args *args)
{
    struct resource_id id;
    str                type;
    bool               is = resource_id_parse(c, args->id, &id) == OK && resource_id_type(c, &id, &type) == OK && str_eq_nocase(type, S(VAULT_TYPE));
    call_forgive(c);
    return is;
}

static enum err find_model_switch(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct resource_args *args = args_;
    const struct resource      *before = is_vault(c, args) ? tree_find(w->world->tree, args->id) : NULL;
    struct vault_change         v;
    (void)e;
    if (!before) return OK; // in a new vault there is nothing yet
    TRY(read_change(c, before, args->body, args->verb, &v));
    if (switch_after(&v, &SWITCHES[SWITCH_MODEL]) == json_get_bool(v.before, SWITCHES[SWITCH_MODEL].name, false)) return OK;
    return effect_site_add(c, out, (struct effect_site){.scope = before->id});
}

static enum err find_policies_in_body(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    static const struct json    NONE = {.kind = JSON_IS_ARRAY};
    const struct resource_args *args = args_;
    struct vault_change         v;
    str                         old, next;
    (void)e;
    if (!is_vault(c, args)) return OK;
    TRY(read_change(c, tree_find(w->world->tree, args->id), args->body, args->verb, &v));
    const struct json *had = said(v.before, S("accessPolicies")), *sent = json_get(v.sent, S("accessPolicies"));
    if (!sent && args->verb == IDENTITY_PATCH) return OK;
    TRY(json_text(c, had ? had : &NONE, &old));
    TRY(json_text(c, !sent || json_is(sent, JSON_IS_NULL) ? &NONE : sent, &next));
    return str_eq(old, next) ? OK : effect_site_add(c, out, (struct effect_site){.scope = args->id});
}

enum err vault_resource_remove(struct call *c, struct work *w, const struct resource *before, bool *out_handled)
{
    const struct json *document;
    struct resource    deleted = *before, *record;
    TRY(json_parse(c, before->document, &document));
    int64_t days = json_get_int(json_get(document, S("properties")), S("softDeleteRetentionInDays"), VAULT_RETENTION_DAYS);
    deleted.deleted_ns = c->now_ns;
    deleted.purge_due_ns = c->now_ns + days * S_PER_DAY * NS_PER_S;
    TRY(resource_new(c, &deleted, &record));
    enum err failed = work_change(c, w, STORE_RESOURCE, &before->ref, NULL);
    if (failed != OK) {
        ref_drop(&record->ref);
        return failed;
    }
    TRY(work_change(c, w, STORE_RESOURCE, NULL, &record->ref));
    *out_handled = true;
    return OK;
}

static bool same_holder(const struct json *a, const struct json *b)
{
    return str_eq_nocase(json_get_str(a, S("objectId")), json_get_str(b, S("objectId"))) &&
           str_eq_nocase(json_get_str(a, S("applicationId")), json_get_str(b, S("applicationId")));
}

static const struct json *policy_of(const struct json *list, const struct json *like)
{
    for (size_t i = 0; i < json_n(list); i++)
        if (same_holder(json_at(list, i), like)) return json_at(list, i);
    return NULL;
}

static bool has_text(const struct json *list, size_t n, str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(json_str(&list->u.list.items[i]), text)) return true;
    return false;
}

// One kind of permissions ("secrets") after adding or taking away those of `sent`.
static enum err mix_kind(struct call *c, enum policy_change kind, const struct json *old, const struct json *sent, const struct json **out)
{
    struct json *mixed;
    TRY(NEW(c, &mixed, 1));
    mixed->kind = JSON_IS_ARRAY;
    TRY(NEW(c, &mixed->u.list.items, json_n(old) + json_n(sent)));
    for (size_t i = 0; i < json_n(old); i++)
        if (kind == POLICY_ADD || !has_text(sent, json_n(sent), json_str(json_at(old, i)))) mixed->u.list.items[mixed->u.list.n++] = *json_at(old, i);
    for (size_t i = 0; kind == POLICY_ADD && i < json_n(sent); i++)
        if (!has_text(mixed, mixed->u.list.n, json_str(json_at(sent, i)))) mixed->u.list.items[mixed->u.list.n++] = *json_at(sent, i);
    *out = mixed;
    return OK;
}

static enum err mix_entry(struct call *c, enum policy_change kind, const struct json *old, const struct json *sent, const struct json **out)
{
    const struct json *was = json_get(old, S("permissions")), *wish = json_get(sent, S("permissions")), *permissions = was;
    for (size_t i = 0; i < json_n(wish); i++) {
        const struct json *mixed;
        TRY(mix_kind(c, kind, json_get(was, wish->u.list.names[i]), json_at(wish, i), &mixed));
        TRY(json_with(c, permissions, wish->u.list.names[i], mixed, &permissions));
    }
    return json_with(c, old, S("permissions"), permissions, out);
}

static bool has_permissions(const struct json *entry)
{
    const struct json *permissions = json_get(entry, S("permissions"));
    for (size_t i = 0; i < json_n(permissions); i++)
        if (json_n(json_at(permissions, i)) > 0) return true;
    return false;
}

static enum err mix_policies(struct call *c, enum policy_change kind, const struct json *old, const struct json *sent, const struct json **out)
{
    struct json *mixed;
    if (kind == POLICY_REPLACE) {
        *out = sent;
        return OK;
    }
    TRY(NEW(c, &mixed, 1));
    mixed->kind = JSON_IS_ARRAY;
    TRY(NEW(c, &mixed->u.list.items, json_n(old) + json_n(sent)));
    for (size_t i = 0; i < json_n(old); i++) {
        const struct json *entry = json_at(old, i), *change = policy_of(sent, entry);
        if (change) TRY(mix_entry(c, kind, entry, change, &entry));
        if (kind == POLICY_ADD || has_permissions(entry)) mixed->u.list.items[mixed->u.list.n++] = *entry;
    }
    for (size_t i = 0; kind == POLICY_ADD && i < json_n(sent); i++)
        if (!policy_of(old, json_at(sent, i))) mixed->u.list.items[mixed->u.list.n++] = *json_at(sent, i);
    *out = mixed;
    return OK;
}

static enum err change_policies(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct policy_args *args = args_;
    const struct resource   **out = out_, *vault;
    const struct json        *sent = json_path(args->body, "properties.accessPolicies"), *document, *policies, *properties;
    struct resource           next, *record;
    TRY(resources_require(c, w, args->vault, &vault));
    if (!json_is(sent, JSON_IS_ARRAY)) return FAIL(c, ERR_VAULT_INVALID, "properties.accessPolicies must be an array.");
    TRY(check_policies(c, sent));
    TRY(json_parse(c, vault->document, &document));
    properties = json_get(document, S("properties"));
    TRY(mix_policies(c, args->kind, json_get(properties, S("accessPolicies")), sent, &policies));
    TRY(check_policies(c, policies));
    TRY(json_with(c, properties, S("accessPolicies"), policies, &properties));
    TRY(json_with(c, document, S("properties"), properties, &document));
    next = *vault;
    next.changed_ns = c->now_ns;
    TRY(resources_document(c, document, &next.document));
    TRY(resource_new(c, &next, &record));
    TRY(work_change(c, w, STORE_RESOURCE, &vault->ref, &record->ref));
    return resources_require(c, w, args->vault, out);
}

static enum err find_deleted(struct call *c, const struct work *w, const struct deleted_vault_args *args, const struct resource **out)
{
    struct resource_id     id;
    guid                   subscription;
    const struct resource *r = tree_find_global(w->world->tree, S(VAULT_TYPE), args->name, true);
    bool                   here = r && location_eq(args->location, r->location) && resource_id_parse(c, r->id, &id) == OK &&
                guid_parse(id.subscription, &subscription) && guid_eq(subscription, args->subscription.g);
    if (!here) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "The specified deleted vault '%.*s' does not exist.", PSTR(args->name));
    *out = r;
    return OK;
}

static enum err read_deleted(struct call *c, struct work *w, const void *args, void *out)
{
    return find_deleted(c, w, args, out);
}

// The purge is asked for at the subscription; denies may stand nearer to the vault.
static enum err find_purge(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct resource *vault;
    (void)e;
    if (find_deleted(c, w, args, &vault) != OK) { // the deed says so
        call_forgive(c);
        return OK;
    }
    TRY(effect_site_add(c, out, (struct effect_site){.scope = vault->id, .action = S(PURGE_ACTION)}));
    return effect_site_add(c, out, (struct effect_site){.scope = vault->id, .action = S(VAULT_TYPE "/delete")});
}

static enum err remove_for_good(struct call *c, struct work *w, const struct resource *vault)
{
    str id;
    TRY(call_copy_str(c, vault->id, &id));
    TRY(vault_items_purge_vault(c, w, vault->uid));
    TRY(work_change(c, w, STORE_RESOURCE, &vault->ref, NULL));
    return cascade_denies_purged(c, w, id);
}

static enum err purge_deleted(struct call *c, struct work *w, const void *args, void *out)
{
    const struct resource *vault;
    const struct json     *document;
    (void)out;
    TRY(find_deleted(c, w, args, &vault));
    TRY(json_parse(c, vault->document, &document));
    if (json_get_bool(json_get(document, S("properties")), S("enablePurgeProtection"), false))
        return FAIL(c, ERR_PURGE_PROTECTED, "Operation 'DeletedVaultPurge' is not allowed.");
    return remove_for_good(c, w, vault);
}

struct due_vaults {
    const struct resource **items;
    size_t                  n, limit;
    int64_t                 now_ns;
};

static bool gather_due(const struct resource *r, void *context)
{
    struct due_vaults *due = context;
    if (str_eq_nocase(r->type, S(VAULT_TYPE)) && r->purge_due_ns <= due->now_ns) due->items[due->n++] = r;
    return due->n < due->limit;
}

enum err vault_resource_purge_due(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct due_vaults due = {.limit = limit, .now_ns = c->now_ns};
    TRY(NEW(c, &due.items, limit));
    tree_each_deleted(w->world->tree, STR_NONE, STR_NONE, gather_due, &due);
    for (size_t i = 0; i < due.n && w->writes; i++) TRY(remove_for_good(c, w, due.items[i]));
    *out_n = due.n;
    return OK;
}

/*
 * Who may write roles at the vault could give himself what either model gives. The published page on the two models says
 * that roles leave permission management to Owner and User Access Administrator.
 * Source: https://learn.microsoft.com/azure/key-vault/general/rbac-guide
 */
const struct effect EFFECT_VAULT_MODEL = {
    .name = "vault_model", .rule = EFFECT_NEEDS, .action = "Microsoft.Authorization/roleAssignments/write", .find = find_model_switch};
/*
 * Policies stand in the vault's body too, and vaults/write is enough to change them there, as published. That a deny of the
 * policies' own permission holds there as well is inferred.
 * Source: https://learn.microsoft.com/azure/key-vault/general/rbac-guide
 */
const struct effect EFFECT_VAULT_BODY_POLICIES = {
    .name = "vault_body_policies", .rule = EFFECT_NOT_DENIED, .action = POLICIES_ACTION, .find = find_policies_in_body};
/* Inferred: what forbids deleting the vault, or purging it, forbids the purge wherever it stands. */
static const struct effect EFFECT_VAULT_PURGE = {.name = "vault_purge", .rule = EFFECT_NOT_DENIED, .find = find_purge};

const struct op OP_VAULT_POLICIES = {.name = "vault_policies",
                                     .action = POLICIES_ACTION,
                                     .writes = true,
                                     .run = change_policies,
                                     .no_effects = "its permission names what it changes"};
const struct op OP_DELETED_VAULT_READ = {
    .name = "deleted_vault_read", .action = "Microsoft.KeyVault/locations/deletedVaults/read", .run = read_deleted};
const struct op OP_DELETED_VAULT_PURGE = {
    .name = "deleted_vault_purge", .action = PURGE_ACTION, .effects = {&EFFECT_VAULT_PURGE}, .writes = true, .run = purge_deleted};
