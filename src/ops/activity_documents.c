// The records of the domain as the activity log shows them.
#include "directory/application.h"
#include "ops/activities.h"
#include "ops/assignments.h"
#include "ops/permissions.h"
#include "ops/resources.h"
#include "resources/lock.h"

#define AUTHZ "/providers/Microsoft.Authorization/"

// The log is kept longer than the resource and read with another permission: what may be a secret by its name is not in it. Ours.
static bool may_be_secret(const struct json *object, str name)
{
    static const str PARTS[] = {S_INIT("secret"), S_INIT("password"), S_INIT("token"), S_INIT("connectionString")};
    for (size_t i = 0; i < COUNT(PARTS); i++)
        if (str_contains_nocase(name, PARTS[i])) return true;
    if (str_ends_nocase(name, S("key"))) return true;
    return str_eq_nocase(name, S("value")) && json_get_nocase(object, S("name")); // of a pair, as settings are
}

// `object`: what holds the value under the name; NULL: an array does.
static void put_value(struct json_writer *j, const struct json *object, str name, const struct json *v)
{
    bool is_object = json_is(v, JSON_IS_OBJECT);
    if (!is_object && !json_is(v, JSON_IS_ARRAY)) {
        bool is_hidden_value = object && json_is(v, JSON_IS_STRING) && may_be_secret(object, name);
        if (is_hidden_value) json_write_string(j, S("*******"));
        else json_write_value(j, v);
        return;
    }
    if (is_object) json_write_object(j);
    else json_write_array(j);
    for (size_t i = 0; i < json_n(v); i++) {
        if (is_object) json_write_key(j, v->u.list.names[i]);
        put_value(j, is_object ? v : NULL, is_object ? v->u.list.names[i] : STR_NONE, json_at(v, i));
    }
    json_write_end(j);
}

static void put_tree(struct json_writer *j, const struct json *tree)
{
    for (size_t i = 0; i < json_n(tree); i++) {
        str name = tree->u.list.names[i];
        if (resources_hides(name)) continue;
        json_write_key(j, name);
        if (str_eq(name, S("properties"))) put_value(j, NULL, name, json_at(tree, i));
        else json_write_value(j, json_at(tree, i));
    }
}

static enum err put_members(struct call *c, struct json_writer *j, str document)
{
    const struct json *tree = NULL;
    if (!str_empty(document)) TRY(json_parse(c, document, &tree));
    put_tree(j, tree);
    return OK;
}

static enum err put_resource(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct resource *r = record;
    const struct json     *tree;
    TRY(resource_document(c, r, &tree)); // it is read already, by the deed
    json_put_string(j, S("type"), r->type);
    if (!str_empty(r->location)) json_put_string(j, S("location"), r->location);
    resources_write_identity(j, w, r);
    put_tree(j, tree);
    return OK;
}

static str resource_path(struct call *c, const void *record)
{
    (void)c;
    return ((const struct resource *)record)->id;
}

static enum err put_group(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct resource_group *g = record;
    (void)w;
    json_put_string(j, S("location"), g->location);
    return put_members(c, j, g->document);
}

static str group_path(struct call *c, const void *record)
{
    (void)c;
    return ((const struct resource_group *)record)->id;
}

static void begin_properties(struct json_writer *j)
{
    json_write_key(j, S("properties"));
    json_write_object(j);
}

static void put_if(struct json_writer *j, str name, str text)
{
    if (!str_empty(text)) json_put_string(j, name, text);
}

// A role's id as clients compare it: below the scope's subscription, or bare above one.
static str role_path_at(struct call *c, str scope, guid role)
{
    struct scope at;
    bool         has_subscription = scope_parse(c, scope, &at) == OK && !str_empty(at.subscription);
    call_forgive(c);
    str holder = has_subscription ? call_format(c, "/subscriptions/%.*s", PSTR(at.subscription)) : STR_NONE;
    return call_format(c, "%.*s" AUTHZ "roleDefinitions/%s", PSTR(holder), guid_text(role).s);
}

// The members that clients look for: az reads who was given what from them.
static enum err put_assignment(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct assignment *a = record;
    struct assignment_notes  notes = assignment_notes_of(a);
    (void)w;
    begin_properties(j);
    json_put_string(j, S("roleDefinitionId"), role_path_at(c, a->scope, a->role));
    json_put_guid(j, S("principalId"), a->principal.g);
    json_put_string(j, S("principalType"), principal_type_text(a->principal_type));
    json_put_string(j, S("scope"), a->scope);
    put_if(j, S("condition"), notes.condition);
    put_if(j, S("description"), notes.description);
    put_if(j, S("delegatedManagedIdentityResourceId"), notes.delegated_identity);
    json_write_end(j);
    return OK;
}

static str path_of_assignment(struct call *c, const void *record)
{
    const struct assignment *a = record;
    return assignment_path(c, a->scope, a->id);
}

static enum err put_role(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct role *r = record;
    (void)c, (void)w;
    begin_properties(j);
    json_put_string(j, S("roleName"), r->name);
    permissions_write_texts(j, "assignableScopes", r->scopes, r->scope_n);
    permissions_write(j, r->permissions, r->permission_n);
    json_write_end(j);
    return OK;
}

static str role_path(struct call *c, const void *record)
{
    const struct role *r = record;
    return role_path_at(c, r->scope_n ? r->scopes[0] : S("/"), r->id);
}

// It has no place in the resource tree: the log names the scope at which it was written.
static str no_path(struct call *c, const void *record)
{
    (void)c, (void)record;
    return STR_NONE;
}

static enum err put_deny(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct deny_assignment *d = record;
    (void)c, (void)w;
    begin_properties(j);
    json_put_string(j, S("denyAssignmentName"), d->name);
    json_put_string(j, S("scope"), d->scope);
    json_put_bool(j, S("doNotApplyToChildScopes"), d->not_below);
    permissions_write(j, d->permissions, d->permission_n);
    json_write_end(j);
    return OK;
}

static str deny_path(struct call *c, const void *record)
{
    const struct deny_assignment *d = record;
    return call_format(c, "%.*s" AUTHZ "denyAssignments/%s", PSTR(str_eq(d->scope, S("/")) ? STR_NONE : d->scope), guid_text(d->id).s);
}

static enum err put_lock(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct lock *l = record;
    (void)c, (void)w;
    begin_properties(j);
    json_put_string(j, S("level"), lock_level_text(l->level));
    put_if(j, S("notes"), l->notes);
    json_write_end(j);
    return OK;
}

static str lock_path(struct call *c, const void *record)
{
    (void)c;
    return ((const struct lock *)record)->id;
}

static enum err put_mgmt_group(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct mgmt_group *g = record;
    (void)c, (void)w;
    begin_properties(j);
    json_put_string(j, S("displayName"), g->display_name);
    put_if(j, S("parent"), g->parent);
    json_write_end(j);
    return OK;
}

static str mgmt_group_path(struct call *c, const void *record)
{
    return call_format(c, "/providers/Microsoft.Management/managementGroups/%.*s", PSTR(((const struct mgmt_group *)record)->name));
}

static enum err put_subscription(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct subscription *s = record;
    (void)c, (void)w;
    json_put_string(j, S("displayName"), s->name);
    put_if(j, S("managementGroup"), s->mgmt_group);
    return OK;
}

static str subscription_path(struct call *c, const void *record)
{
    return call_format(c, "/subscriptions/%s", guid_text(((const struct subscription *)record)->id.g).s);
}

static enum err put_principal(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct principal *p = record;
    (void)w;
    json_put_guid(j, S("id"), p->id.g);
    if (!guid_is_none(p->app.g)) json_put_guid(j, S("appId"), p->app.g);
    json_put_string(j, S("displayName"), p->name);
    put_if(j, S("userPrincipalName"), p->user_name);
    return put_members(c, j, p->document);
}

static enum err put_membership(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct membership *m = record;
    (void)c, (void)w;
    json_put_guid(j, S("groupId"), m->group.g);
    json_put_guid(j, S("memberId"), m->member.g);
    return OK;
}

static enum err put_app_assignment(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct app_assignment *a = record;
    (void)c, (void)w;
    json_put_guid(j, S("principalId"), a->principal.g);
    json_put_guid(j, S("resourceId"), a->resource.g);
    json_put_guid(j, S("appRoleId"), a->role);
    return OK;
}

static enum err put_permission_grant(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct permission_grant *g = record;
    (void)c, (void)w;
    json_put_guid(j, S("clientId"), g->client.g);
    json_put_guid(j, S("resourceId"), g->resource.g);
    if (!guid_is_none(g->user.g)) json_put_guid(j, S("principalId"), g->user.g);
    json_put_string(j, S("scope"), g->scope);
    return OK;
}

// Which credentials it has, and none of them.
static enum err put_application(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct application *a = record;
    (void)c, (void)w;
    json_put_guid(j, S("id"), a->id.g);
    json_put_guid(j, S("appId"), a->app.g);
    json_put_string(j, S("displayName"), a->name);
    permissions_write_texts(j, "identifierUris", a->uris, a->uri_n);
    json_put_int(j, S("passwordCredentials"), (int64_t)a->secret_n);
    json_put_int(j, S("keyCredentials"), (int64_t)a->certificate_n);
    json_put_int(j, S("federatedIdentityCredentials"), (int64_t)a->federated_n);
    return OK;
}

static enum err put_binding(struct call *c, const struct work *w, struct json_writer *j, const void *record)
{
    const struct binding *b = record;
    (void)c, (void)w;
    json_put_string(j, S("name"), b->name);
    json_put_string(j, S("resource"), b->resource);
    return OK;
}

static const struct form {
    enum store_kind kind;
    enum err (*put)(struct call *c, const struct work *w, struct json_writer *j, const void *record); // its members
    str (*path)(struct call *c, const void *record);
} FORMS[] = {
    {STORE_RESOURCE, put_resource, resource_path},
    {STORE_GROUP, put_group, group_path},
    {STORE_ASSIGNMENT, put_assignment, path_of_assignment},
    {STORE_ROLE, put_role, role_path},
    {STORE_DENY, put_deny, deny_path},
    {STORE_LOCK, put_lock, lock_path},
    {STORE_MGMT_GROUP, put_mgmt_group, mgmt_group_path},
    {STORE_SUBSCRIPTION, put_subscription, subscription_path},
    {STORE_PRINCIPAL, put_principal, no_path},
    {STORE_MEMBERSHIP, put_membership, no_path},
    {STORE_APP_ASSIGNMENT, put_app_assignment, no_path},
    {STORE_PERMISSION_GRANT, put_permission_grant, no_path},
    {STORE_APPLICATION, put_application, no_path},
    {STORE_BINDING, put_binding, no_path},
};

static const struct form *form_of(enum store_kind kind)
{
    for (size_t i = 0; i < COUNT(FORMS); i++)
        if (FORMS[i].kind == kind) return &FORMS[i];
    return NULL;
}

enum err activity_document(struct call *c, const struct work *w, enum store_kind kind, const struct ref *record, str *out)
{
    const struct form *form = form_of(kind);
    struct json_writer j;
    struct buf         b;
    *out = kind == STORE_RESOURCE ? ((const struct resource *)record)->document : STR_NONE;
    if (out->n > ACTIVITY_MAX_DOCUMENT_BYTES) return OK; // the record leaves it out by its length; writing it anew would cost the writer a second
    *out = STR_NONE;
    if (!form) return OK;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    str path = form->path(c, record);
    if (!str_empty(path)) json_put_string(&j, S("id"), path);
    TRY(form->put(c, w, &j, record));
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

str activity_resource(struct call *c, enum store_kind kind, const struct ref *record)
{
    const struct form *form = form_of(kind);
    return form ? form->path(c, record) : STR_NONE;
}
