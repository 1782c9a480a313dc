/*
 * first_party.h - the cloud's own programs, which every tenant knows without a registration.
 *
 * Client programs are public clients: they have no credential, and act for a user who signs in. Microsoft Graph is a service, with
 * app roles that applications and managed identities are given; the ids of the roles are published. Its service principal is in every
 * tenant. In the cloud each tenant's has an id of its own; here all have the same.
 *
 * Layer:  token (uses core, directory)
 * Source: https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in,
 *         https://learn.microsoft.com/graph/permissions-reference
 */
#pragma once
#include "directory/application.h"
#include "directory/directory.h"

/* The client program's name; empty: it is none of them. */
str first_party_name(client_id app);

/* The app roles of Microsoft Graph that something here asks for. */
#define GRAPH_USER_READ        "User.Read.All"
#define GRAPH_GROUP_READ       "Group.Read.All"
#define GRAPH_MEMBER_READ      "GroupMember.Read.All"
#define GRAPH_APPLICATION_READ "Application.Read.All"
#define GRAPH_DIRECTORY_READ   "Directory.Read.All"
#define GRAPH_LOG_READ         "AuditLog.Read.All"

/* What defines a service's app roles; NULL: it is none of the cloud's that has any. */
const struct application *first_party_application(client_id app);
/* Microsoft Graph. */
client_id first_party_graph(void);
/* Puts the services' principals into a new directory; false: no memory. */
MUST_USE bool first_party_put(struct directory *d);
