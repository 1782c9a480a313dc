/*
 * app_access.h - what somebody may do at an application that tokens are asked for: its roles, and its scopes.
 *
 * Roles are those of the app-role assignments at the application. A user also has those of the groups that it is a direct member
 * of: groups in groups do not count, and an application or an identity gets none by a group. Both are published. A role that is
 * disabled, or gone, is in no token.
 *
 * A client may use a scope of another application if its registration asks for it (requiredResourceAccess), the other one
 * names it (preAuthorizedApplications) or the operator has granted it (ops/permission_grants.h). There is no consent besides: that the operator who registers a client thereby consents is our
 * choice, for the operator could also consent. A user can consent for that user alone: a client whose registration a user wrote acts for its
 * owners, and for other users only where the other application names it or the operator has granted it. Services of the cloud decide by
 * the user's own roles: grants of their scopes are kept, and change nothing.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps,
 *         https://learn.microsoft.com/entra/identity/enterprise-apps/assign-user-or-group-access-portal,
 *         https://learn.microsoft.com/entra/identity-platform/scopes-oidc
 */
#pragma once
#include "ops/product.h"

/* What defines the roles of a service: its registration, or what the cloud's own has. NULL: it has none. */
const struct application *app_definition(const struct world *w, client_id app);

struct app_access {
    struct token_texts roles;       /* the values of the roles */
    bool               is_assigned; /* has a role there, or access without one */
    bool               is_required; /* the application lets nobody in who is not assigned */
    bool               is_disabled; /* its service principal is: there are no tokens for it */
};
/* At a service of the cloud nobody needs to be assigned. Lives: *out points into the world and the call. */
FALLIBLE app_access_of(struct call *c, const struct world *w, const struct principal *who, const struct audience *at, struct app_access *out);

enum app_scope_answer { APP_SCOPES_GRANTED, APP_SCOPE_UNKNOWN, APP_SCOPES_NOT_CONSENTED };
/*
 * The scopes of `at` that the client may use for the user: all of them, or those that `asked` names, with blanks between (empty: all). No application:
 * one of the cloud's own. *out_scopes is for the scp claim; *out_about says which was unknown.
 */
struct app_client {
    const struct application *application;
    client_id                 app;
};
FALLIBLE app_scopes_of(struct call *c, const struct world *w, const struct app_client *client, object_id user, const struct audience *at, str asked,
                       enum app_scope_answer *out, str *out_scopes, str *out_about);

/*
 * The ids of a user's groups, if the application asks for them in its tokens (groupMembershipClaims): with "SecurityGroup" or "All" every
 * group that the user is in, directly or through groups; with "ApplicationGroup" those of them that are assigned to the application.
 * "DirectoryRole" gives none, for there are no directory roles. Lives: the call.
 * Source: https://learn.microsoft.com/entra/identity-platform/optional-claims#configure-groups-optional-claims
 */
FALLIBLE app_groups_of(struct call *c, const struct world *w, object_id user, const struct audience *at, struct token_texts *out);

/* A setting of a principal's document, "accountEnabled"; absent: the fallback. Errors: ERR_JSON_INVALID - it is damaged */
FALLIBLE principal_setting(struct call *c, const struct principal *p, str name, bool fallback, bool *out);
