#include "ops/identities.h"

#include "ops/identity_reach.h"
#include "ops/system_identity.h"

static const str MEMBERS[] = {S_INIT("isolationScope"), S_INIT("assignmentRestrictions")};

enum err identity_resource_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str   NAMES[] = {S_INIT("providers")};
    const struct json *restrictions;
    TRY(json_spell(c, properties, MEMBERS, COUNT(MEMBERS), out));
    restrictions = json_get(*out, MEMBERS[1]);
    TRY(json_spell(c, restrictions, NAMES, COUNT(NAMES), &restrictions));
    return restrictions ? json_with(c, *out, MEMBERS[1], restrictions, out) : OK;
}

// The document with those properties alone that count: a member that is not read must not look as if it counted.
static enum err keep_members(struct call *c, struct resource_change *change, const str *names, size_t n)
{
    const struct json *sent = json_get(change->document, S("properties")), *properties = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct json *value = json_get(sent, names[i]);
        if (value && !json_is(value, JSON_IS_NULL)) TRY(json_with(c, properties, names[i], value, &properties));
    }
    return json_with(c, change->document, S("properties"), properties, &change->document);
}

enum err identity_resource_write(struct call *c, struct work *w, struct resource_change *change)
{
    object_id id;
    client_id app;
    TRY(keep_members(c, change, MEMBERS, COUNT(MEMBERS))); // a client may echo the ids: the service says them of itself
    TRY(identity_reach_check(c, w, change));
    if (change->before) return OK; // the principal is the same for the resource's whole life
    return managed_principal_new(c, w, change->next->name, change->next->id, false, &id, &app);
}

enum err identity_resource_remove(struct call *c, struct work *w, const struct resource *before, bool *out_handled)
{
    const struct principal *p = directory_find_managed(w->world->directory, before->id, false);
    *out_handled = false;
    return p ? managed_principal_delete(c, w, p->id) : OK;
}

// ---- federated credentials ----

#define FEDERATED_TYPE S("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")

// What an identity has, as it is met in the tree.
struct listing {
    struct call                 *c;
    const struct resource       *but; // not this one; may be NULL
    struct federated_credential *at;
    size_t                       n, read_n; // those of an earlier version, which kept anything, may not be readable: they match no token
    enum err                     failed;
};

static bool list_credential(const struct resource *r, void *context)
{
    struct listing             *l = context;
    const struct json          *document = NULL;
    struct federated_credential credential;
    if (r == l->but || !str_eq_nocase(r->type, FEDERATED_TYPE)) return true;
    if (l->n == FEDERATED_MAX_CREDENTIALS) return false;
    l->n++;
    l->failed = resource_document(l->c, r, &document);
    if (l->failed == ERR_NO_MEMORY) return false;
    bool is_read = l->failed == OK && federated_credential_read(l->c, json_get(document, S("properties")), true, &credential) == OK;
    l->failed = OK;
    call_forgive(l->c);
    credential.id = r->uid;
    if (is_read) l->at[l->read_n++] = credential;
    return true;
}

static enum err list_credentials(struct call *c, const struct world *world, str identity, const struct resource *but, struct listing *out)
{
    *out = (struct listing){.c = c, .but = but};
    TRY(NEW(c, &out->at, FEDERATED_MAX_CREDENTIALS));
    tree_each_resource(world->tree, identity, STR_NONE, list_credential, out);
    return out->failed;
}

enum err identity_federated_list(struct call *c, const struct world *world, str identity, const struct federated_credential **out, size_t *out_n)
{
    struct listing l;
    TRY(list_credentials(c, world, identity, NULL, &l));
    *out = l.at;
    *out_n = l.read_n;
    return OK;
}

static enum err check_siblings(struct call *c, const struct work *w, const struct resource_change *change,
                               const struct federated_credential *credential)
{
    struct listing l;
    str            identity = STR_NONE;
    if (!scope_parent(change->next->id, &identity)) return FAIL_PLAIN(c, ERR_INTERNAL);
    TRY(list_credentials(c, w->world, identity, change->before, &l));
    for (size_t i = 0; i < l.read_n; i++)
        if (federated_credential_is_twin(&l.at[i], credential))
            return FAIL(c, ERR_FEDERATED_INVALID, "The issuer and subject combination already exists for this Managed Identity.");
    if (l.n < FEDERATED_MAX_CREDENTIALS) return OK;
    return FAIL(c, ERR_FEDERATED_INVALID, "A managed identity has at most %d federated identity credentials.", FEDERATED_MAX_CREDENTIALS);
}

static const str FEDERATED_MEMBERS[] = {S_INIT("issuer"), S_INIT("subject"), S_INIT("audiences"), S_INIT("claimsMatchingExpression")};

enum err identity_federated_spell(struct call *c, const struct json *properties, const struct json **out)
{
    return json_spell(c, properties, FEDERATED_MEMBERS, COUNT(FEDERATED_MEMBERS), out);
}

enum err identity_federated_write(struct call *c, struct work *w, struct resource_change *change)
{
    struct federated_credential credential;
    TRY(keep_members(c, change, FEDERATED_MEMBERS, COUNT(FEDERATED_MEMBERS)));
    const struct json *properties = json_get(change->document, S("properties"));
    TRY(federated_credential_read(c, properties, true, &credential));
    TRY(check_siblings(c, w, change, &credential));
    return json_with(c, NULL, S("properties"), properties, &change->document); // neither tags nor the like
}
