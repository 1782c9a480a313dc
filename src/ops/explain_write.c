// An explanation as JSON, and what a scope tells to conditions.
#include "ops/assignments.h"
#include "ops/explain.h"
#include "ops/secrets.h"

// The spelling that the vault keeps, if it is there and roles decide in it.
static enum err kept_name(struct call *c, const struct work *w, str vault, str name, str *out)
{
    const struct resource *r = tree_find(w->world->tree, vault);
    struct vault           v;
    bool                   found;
    *out = name;
    if (!r || !str_eq_nocase(r->type, S(VAULT_TYPE))) return OK;
    TRY(vault_open(c, w, r->name, &v));
    return v.uses_rbac ? SECRETS_GET.find_name(c, w, &v, &SECRETS_GET, name, out, &found) : OK;
}

// "VAULT/secrets/NAME", perhaps with a version behind it: secrets are what a name is published for.
enum err explain_attributes(struct call *c, const struct work *w, const struct scope *at, struct rbac_attributes *out)
{
    static const str              VAULTS = S_INIT("/providers/microsoft.keyvault/vaults/");
    const struct rbac_attributes *named;
    str                           name, kind, ignored;
    size_t                        vault = str_find_str(call_lower(c, at->path), VAULTS);
    *out = (struct rbac_attributes){0};
    if (vault == STR_NOWHERE) return OK;
    str inside = str_from(at->path, vault + VAULTS.n);
    str_cut(&inside, '/', &ignored);
    if (!inside.at) return OK;
    str id = str_upto(at->path, (size_t)(inside.at - 1 - at->path.at));
    if (!str_cut(&inside, '/', &kind) || str_empty(inside) || !str_eq_nocase(kind, S("secrets"))) return OK;
    str_cut(&inside, '/', &name);
    TRY(kept_name(c, w, id, name, &name));
    TRY(vault_name_attributes(c, "secrets", name, false, &named));
    *out = *named;
    return OK;
}

static str kind_of(const struct principal *p)
{
    return p ? principal_type_text(principal_type_of(p)) : S("Unknown");
}

static void write_principal(const struct work *w, struct json_writer *j, const char *name, object_id id)
{
    const struct principal *p = directory_find(w->world->directory, id);
    json_write_key(j, str_of(name));
    json_write_object(j);
    json_put_guid(j, S("id"), id.g);
    if (p) json_put_string(j, S("name"), p->name);
    json_put_string(j, S("type"), guid_is_none(id.g) ? S("Everyone") : kind_of(p));
    json_write_end(j);
}

static void write_causes(struct json_writer *j, unsigned causes)
{
    json_write_key(j, S("causes"));
    json_write_array(j);
    for (int m = RBAC_MISS_N - 1; m > RBAC_MISS_GRANTS; m--)
        if (causes & rbac_cause((enum rbac_miss)m)) json_write_string(j, str_of(rbac_miss_name((enum rbac_miss)m)));
    json_write_end(j);
}

static void write_item(struct call *c, const struct work *w, struct json_writer *j, const struct explain_item *x)
{
    str at = str_eq(x->scope, S("/")) ? S("") : x->scope;
    json_write_object(j);
    json_put_string(j, S("kind"), x->is_deny ? S("DenyAssignment") : S("RoleAssignment"));
    json_put_string(j, S("id"),
                    call_format(c, "%.*s/providers/Microsoft.Authorization/%s/%s", PSTR(at), x->is_deny ? "denyAssignments" : "roleAssignments",
                                guid_text(x->id).s));
    json_put_string(j, S("name"), x->name);
    if (!x->is_deny) json_put_guid(j, S("roleDefinition"), x->role);
    json_put_string(j, S("scope"), x->scope);
    write_principal(w, j, "principal", x->holder);
    json_put_string(j, S("outcome"), str_of(x->outcome));
    if (!x->is_deny) write_causes(j, x->causes);
    json_put_string(j, S("detail"), x->detail);
    json_write_end(j);
}

static void write_question(const struct work *w, struct json_writer *j, const struct explain_question *q)
{
    write_principal(w, j, "principal", q->who);
    json_put_string(j, S("action"), q->action);
    json_put_bool(j, S("isDataAction"), q->plane == RBAC_DATA);
    json_put_string(j, S("scope"), q->scope);
}

// A role that would do, and what it allows beyond the need.
static void write_proposal(struct call *c, struct json_writer *j, const struct rbac_proposal *p, str at)
{
    json_write_object(j);
    json_put_string(j, S("roleName"), p->role->name);
    json_put_guid(j, S("roleDefinition"), p->role->id);
    json_put_string(j, S("scope"), at);
    json_write_key(j, S("beyond"));
    json_write_object(j);
    json_put_int(j, S("operations"), p->more);
    json_put_int(j, S("changes"), p->more_changes);
    json_put_int(j, S("dataOperations"), p->more_data);
    json_put_int(j, S("values"), p->more_values);
    json_write_end(j);
    json_put_string(j, S("detail"), rbac_proposal_text(c, p));
    json_write_end(j);
}

void explain_write(struct call *c, const struct work *w, struct json_writer *j, const struct explanation *e)
{
    json_write_object(j);
    json_put_bool(j, S("allowed"), e->allowed);
    json_put_string(j, S("reason"), str_of(e->reason));
    json_put_string(j, S("summary"), e->summary);
    write_question(w, j, &e->asked);
    json_put_string(j, S("time"), str_of(time_iso(c->now_ns).s));
    json_write_key(j, S("considered"));
    json_write_array(j);
    for (size_t i = 0; i < e->item_n; i++) write_item(c, w, j, &e->items[i]);
    json_write_end(j);
    json_write_key(j, S("suggestions"));
    json_write_array(j);
    for (size_t i = 0; i < e->proposal_n; i++) write_proposal(c, j, &e->proposals[i], e->propose_at);
    json_write_end(j);
    json_write_end(j);
}
