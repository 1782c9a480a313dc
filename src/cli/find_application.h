/*
 * find_application.h - application registrations, as people name them on the command line.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"
#include "core/json.h"

#define APPLICATION_HELP "an application by its App ID URI, its client id or its name"

/* Can the word be nothing but an application: an App ID URI, "api://…", or a GUID? */
bool application_is_meant(str name);
/* Its registration. By name, URI, client id or object id; NULL: there is none. Errors: ERR_CONFLICT - several have that name */
FALLIBLE application_find(struct cli *cli, str name, const struct json **out);
/* The same, and none is a failure: ERR_NOT_FOUND. */
FALLIBLE application_get(struct cli *cli, str name, const struct json **out);
/* Its service principal; NULL: it has none yet. */
FALLIBLE application_service(struct cli *cli, const struct json *application, const struct json **out);
/* The service principal of one of the cloud's own services, which have no registration here, by a URI or its client id; NULL: there is none. */
FALLIBLE application_cloud_service(struct cli *cli, str name, const struct json **out);
