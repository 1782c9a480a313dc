#include "endpoints/dialect/graph.h"
#include "endpoints/graph/graph.h"
#include "ops/applications.h"
#include "ops/directory_rights.h"
#include "ops/groups_members.h"
#include "ops/logs.h"
#include "ops/ownership.h"
#include "ops/permission_grants.h"
#include "ops/principals.h"

// Both versions of the API answer the same.
#define BOTH(method, path, permit, handler, op, much) \
    {method, "/v1.0" path, GUARD_BEARER, permit, handler, op, .reads_much = much}, {method, "/beta" path, GUARD_BEARER, permit, handler, op, .reads_much = much}
// `part` is what is read: users, groups, services, any object or the tenant.
#define READS(part, method, path, handler) BOTH(method, path, PERMIT_RULE(may_read_##part), handler, NULL, true)
#define WRITES(method, path, handler, op)  BOTH(method, path, PERMIT_RULE(may_write), handler, op, false)
// The handler tells which op it is.
#define WRITES_SOME(method, path, handler)                                                              \
    {method, "/v1.0" path, GUARD_BEARER, PERMIT_RULE(may_write), handler, .writes = true},              \
    {method, "/beta" path, GUARD_BEARER, PERMIT_RULE(may_write), handler, .writes = true}

// A password that is set is derived on the workers that judge passwords, not where all changes are made.
#define WRITES_PASSWORD(method, path, handler, op)                                                                                    \
    {method, "/v1.0" path, GUARD_BEARER, PERMIT_RULE(may_write), handler, op, .prepares = graph_prepare_password, .judges_passwords = true}, \
    {method, "/beta" path, GUARD_BEARER, PERMIT_RULE(may_write), handler, op, .prepares = graph_prepare_password, .judges_passwords = true}

// Who may not read the directory learns nothing of it, whatever was asked.
static enum err may_read(struct call *c, struct work *w, unsigned parts)
{
    return op_run(c, w, &OP_DIRECTORY_READ, NULL, &parts, NULL);
}

#define READ_RULE(part, parts)                                                         \
    static enum err may_read_##part(struct call *c, struct work *w, struct wire *q) \
    {                                                                                  \
        (void)q;                                                                       \
        return may_read(c, w, parts);                                                  \
    }
READ_RULE(users, DIRECTORY_USERS)
READ_RULE(groups, DIRECTORY_GROUPS)
READ_RULE(services, DIRECTORY_SERVICES)
READ_RULE(objects, DIRECTORY_OBJECTS)
READ_RULE(tenant, DIRECTORY_TENANT)

static enum err may_write(struct call *c, struct work *w, struct wire *q)
{
    TRY(may_read_objects(c, w, q));
    return directory_require_writer(c, w);
}

static enum err may_read_logs(struct call *c, struct work *w, struct wire *q)
{
    bool may;
    (void)q;
    TRY(directory_app_reads(c, w, DIRECTORY_LOGS, &may));
    return may ? OK : op_run(c, w, &OP_LOG_READ, NULL, NULL, NULL);
}

// What every object can be asked about its groups.
#define MEMBERSHIP(object)                                                     \
    READS(objects, HTTP_GET, object "/memberOf", graph_member_of),                      \
    READS(objects, HTTP_GET, object "/memberOf/{type}", graph_member_of),               \
    READS(objects, HTTP_GET, object "/transitiveMemberOf", graph_member_of_all),        \
    READS(objects, HTTP_GET, object "/transitiveMemberOf/{type}", graph_member_of_all), \
    READS(objects, HTTP_POST, object "/getMemberGroups", graph_member_groups),          \
    READS(objects, HTTP_POST, object "/getMemberObjects", graph_member_groups),         \
    READS(objects, HTTP_POST, object "/checkMemberGroups", graph_check_groups),         \
    READS(objects, HTTP_POST, object "/checkMemberObjects", graph_check_objects)

// Who owns an object.
#define OWNERS(object)                                                             \
    READS(objects, HTTP_GET, object "/owners", graph_owners_list),                          \
    READS(objects, HTTP_GET, object "/owners/{type}", graph_owners_list),                   \
    WRITES(HTTP_POST, object "/owners/$ref", graph_owner_add, &OP_OWNER_ADD),      \
    WRITES(HTTP_DELETE, object "/owners/{owner}/$ref", graph_owner_remove, &OP_OWNER_REMOVE)

// What an object owns.
#define OWNED(object)                                               \
    READS(objects, HTTP_GET, object "/ownedObjects", graph_owned_list),      \
    READS(objects, HTTP_GET, object "/ownedObjects/{type}", graph_owned_list)

// The app roles that an object has been given.
#define APP_ROLES_OF(part, object)                                                                           \
    READS(part, HTTP_GET, object "/appRoleAssignments", graph_roles_of),                                        \
    WRITES(HTTP_POST, object "/appRoleAssignments", graph_role_assign_of, &OP_APP_ROLE_ASSIGN),           \
    READS(part, HTTP_GET, object "/appRoleAssignments/{assignment}", graph_role_get),                           \
    WRITES(HTTP_DELETE, object "/appRoleAssignments/{assignment}", graph_role_unassign, &OP_APP_ROLE_UNASSIGN)

// What a service principal has besides: who has been given its roles; its application's secrets.
#define SERVICE(object)                                                                                          \
    READS(objects, HTTP_GET, object "/oauth2PermissionGrants", graph_grants_of),                                 \
    APP_ROLES_OF(services, object),                                                                                        \
    READS(services, HTTP_GET, object "/appRoleAssignedTo", graph_roles_at),                                                \
    WRITES(HTTP_POST, object "/appRoleAssignedTo", graph_role_assign_at, &OP_APP_ROLE_ASSIGN),                   \
    READS(services, HTTP_GET, object "/appRoleAssignedTo/{assignment}", graph_role_get),                                   \
    WRITES(HTTP_DELETE, object "/appRoleAssignedTo/{assignment}", graph_role_unassign, &OP_APP_ROLE_UNASSIGN),   \
    WRITES(HTTP_POST, object "/addPassword", graph_secret_add, &OP_APP_SECRET_ADD),                              \
    WRITES(HTTP_POST, object "/removePassword", graph_secret_remove, &OP_APP_SECRET_REMOVE)

// Whose tokens an application takes; one by its id or its name, also as federatedIdentityCredentials(name='...').
#define FEDERATED(object)                                                                                             \
    READS(services, HTTP_GET, object "/federatedIdentityCredentials", graph_federated_list),                                     \
    WRITES(HTTP_POST, object "/federatedIdentityCredentials", graph_federated_add, &OP_APP_FEDERATED_PUT),             \
    READS(services, HTTP_GET, object "/federatedIdentityCredentials/{credential}", graph_federated_get),                         \
    WRITES(HTTP_PATCH, object "/federatedIdentityCredentials/{credential}", graph_federated_patch, &OP_APP_FEDERATED_PUT), \
    WRITES(HTTP_DELETE, object "/federatedIdentityCredentials/{credential}", graph_federated_remove, &OP_APP_FEDERATED_REMOVE), \
    READS(services, HTTP_GET, object "/{named}", graph_federated_get),                                                           \
    WRITES(HTTP_PATCH, object "/{named}", graph_federated_patch, &OP_APP_FEDERATED_PUT),                               \
    WRITES(HTTP_DELETE, object "/{named}", graph_federated_remove, &OP_APP_FEDERATED_REMOVE)

// The first that fits is taken: what is named stands before what any id fits.
static const struct route ROUTES[] = {
    READS(users, HTTP_GET, "/users", graph_list_all),
    WRITES_PASSWORD(HTTP_POST, "/users", graph_create, &OP_PRINCIPAL_CREATE),
    READS(users, HTTP_GET, "/users/$count", graph_count),
    READS(users, HTTP_GET, "/users/{id}", graph_get),
    WRITES_PASSWORD(HTTP_PATCH, "/users/{id}", graph_patch, &OP_PRINCIPAL_UPDATE),
    WRITES(HTTP_DELETE, "/users/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    READS(objects, HTTP_GET, "/users/{id}/oauth2PermissionGrants", graph_grants_of),
    APP_ROLES_OF(objects, "/users/{id}"),
    MEMBERSHIP("/users/{id}"),
    OWNED("/users/{id}"),

    READS(users, HTTP_GET, "/me", graph_get),
    READS(objects, HTTP_GET, "/me/oauth2PermissionGrants", graph_grants_of),
    APP_ROLES_OF(objects, "/me"),
    MEMBERSHIP("/me"),
    OWNED("/me"),

    READS(groups, HTTP_GET, "/groups", graph_list_all),
    WRITES(HTTP_POST, "/groups", graph_create, &OP_PRINCIPAL_CREATE),
    READS(groups, HTTP_GET, "/groups/$count", graph_count),
    READS(groups, HTTP_GET, "/groups/{id}", graph_get),
    WRITES(HTTP_PATCH, "/groups/{id}", graph_patch, &OP_PRINCIPAL_UPDATE),
    WRITES(HTTP_DELETE, "/groups/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    READS(objects, HTTP_GET, "/groups/{id}/members", graph_members_list),
    READS(objects, HTTP_GET, "/groups/{id}/members/{type}", graph_members_list),
    READS(objects, HTTP_GET, "/groups/{id}/transitiveMembers", graph_members_all),
    READS(objects, HTTP_GET, "/groups/{id}/transitiveMembers/{type}", graph_members_all),
    WRITES(HTTP_POST, "/groups/{id}/members/$ref", graph_member_add, &OP_MEMBER_ADD),
    WRITES(HTTP_DELETE, "/groups/{id}/members/{member}/$ref", graph_member_remove, &OP_MEMBER_REMOVE),
    OWNERS("/groups/{id}"),
    APP_ROLES_OF(objects, "/groups/{id}"),
    MEMBERSHIP("/groups/{id}"),

    READS(services, HTTP_GET, "/servicePrincipals", graph_list_all),
    WRITES(HTTP_POST, "/servicePrincipals", graph_create, &OP_PRINCIPAL_CREATE),
    READS(services, HTTP_GET, "/servicePrincipals/$count", graph_count),
    READS(services, HTTP_GET, "/servicePrincipals/{id}", graph_get),
    WRITES(HTTP_PATCH, "/servicePrincipals/{id}", graph_patch, &OP_PRINCIPAL_UPDATE),
    WRITES(HTTP_DELETE, "/servicePrincipals/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    OWNERS("/servicePrincipals/{id}"),
    SERVICE("/servicePrincipals/{id}"),
    MEMBERSHIP("/servicePrincipals/{id}"),
    OWNED("/servicePrincipals/{id}"),

    READS(services, HTTP_GET, "/applications", graph_list_all),
    WRITES(HTTP_POST, "/applications", graph_app_create, &OP_APPLICATION_CREATE),
    READS(services, HTTP_GET, "/applications/$count", graph_count),
    READS(services, HTTP_GET, "/applications/{id}", graph_get),
    WRITES(HTTP_PATCH, "/applications/{id}", graph_app_patch, &OP_APPLICATION_UPDATE),
    WRITES(HTTP_DELETE, "/applications/{id}", graph_app_delete, &OP_APPLICATION_DELETE),
    OWNERS("/applications/{id}"),
    WRITES(HTTP_POST, "/applications/{id}/addPassword", graph_secret_add, &OP_APP_SECRET_ADD),
    WRITES(HTTP_POST, "/applications/{id}/removePassword", graph_secret_remove, &OP_APP_SECRET_REMOVE),
    FEDERATED("/applications/{id}"),

    READS(objects, HTTP_POST, "/directoryObjects/getByIds", graph_get_by_ids),
    READS(objects, HTTP_GET, "/directoryObjects/{id}", graph_get),
    WRITES(HTTP_DELETE, "/directoryObjects/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    MEMBERSHIP("/directoryObjects/{id}"),

    READS(objects, HTTP_GET, "/oauth2PermissionGrants", graph_grants_list),
    WRITES(HTTP_POST, "/oauth2PermissionGrants", graph_grant_add, &OP_PERMISSION_GRANT_ADD),
    READS(objects, HTTP_GET, "/oauth2PermissionGrants/{grant}", graph_grant_get),
    WRITES(HTTP_PATCH, "/oauth2PermissionGrants/{grant}", graph_grant_patch, &OP_PERMISSION_GRANT_UPDATE),
    WRITES(HTTP_DELETE, "/oauth2PermissionGrants/{grant}", graph_grant_remove, &OP_PERMISSION_GRANT_REMOVE),

    READS(tenant, HTTP_GET, "/organization", graph_organizations_list),
    READS(tenant, HTTP_GET, "/organization/{id}", graph_organization_get),
    READS(tenant, HTTP_GET, "/domains", graph_domains_list),
    READS(tenant, HTTP_GET, "/domains/{id}", graph_domain_get),

    BOTH(HTTP_GET, "/auditLogs/signIns", PERMIT_RULE(may_read_logs), graph_signins_list, NULL, true),
    BOTH(HTTP_GET, "/auditLogs/signIns/{id}", PERMIT_RULE(may_read_logs), graph_signin_get, NULL, true),

    // "applications(appId='...')" and "servicePrincipals(appId='...')"
    READS(services, HTTP_GET, "/{key}", graph_get),
    WRITES_SOME(HTTP_PATCH, "/{key}", graph_patch_keyed),
    WRITES_SOME(HTTP_DELETE, "/{key}", graph_delete_keyed),
    OWNERS("/{key}"),
    OWNED("/{key}"),
    MEMBERSHIP("/{key}"),
    SERVICE("/{key}"),
    FEDERATED("/{key}"),
};

// "me" is a user, whatever the caller may do.
static enum err before(struct call *c, struct work *w, const struct wire *q)
{
    const struct principal *caller = directory_find(w->world->directory, c->caller->id);
    return graph_is_me(q) && (!caller || caller->kind != PRINCIPAL_USER) ? FAIL_PLAIN(c, ERR_USER_NEEDED) : OK;
}

const struct host HOST_GRAPH = {.key = S_INIT("graph"), .azure = S_INIT("graph.microsoft.com"), .own = S_INIT("graph")};

const struct service SERVICE_GRAPH = {
    .name = "graph",
    .hosts = HOSTS(&HOST_GRAPH),
    .dialect = &DIALECT_GRAPH,
    .correlation = "client-request-id",
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.ignores_case = true,
    .audience =
        {
            .app = S_INIT("00000003-0000-0000-c000-000000000000"),
            .name = S_INIT("Microsoft Graph"),
            .uris = {S_INIT("https://graph.microsoft.com")},
            .host = &HOST_GRAPH,
            .app_is_taken = true,
        },
    .local = LOCAL_BY_PATH,
    .jobs = JOBS(memberships_drop_ended),
    .before = before,
};
