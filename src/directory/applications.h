/*
 * applications.h - the tenant's applications, who has which app role at which, and users' passwords.
 *
 * Like struct directory: records that never change once made; one thread may change it, or any number may read it, at a time.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals
 */
#pragma once
#include "directory/app_assignment.h"
#include "directory/application.h"
#include "directory/password.h"

struct applications;
struct applications *applications_new(void); /* NULL: no memory */
void                 applications_free(struct applications *d);

/* Puts a record (a reference is taken), replacing the one of the same id; false: no memory, nothing changed. */
MUST_USE bool applications_put(struct applications *d, struct application *a);
void          applications_remove(struct applications *d, application_id id);
MUST_USE bool applications_put_assignment(struct applications *d, struct app_assignment *a);
void          applications_remove_assignment(struct applications *d, object_id principal, guid id);
MUST_USE bool applications_put_password(struct applications *d, struct password *p);
void          applications_remove_password(struct applications *d, object_id user);

/* Borrowed until the applications change; NULL if absent. */
const struct application *applications_find(const struct applications *d, application_id id);
const struct application *applications_find_app(const struct applications *d, client_id app);
/* By an App ID URI, in any case. */
const struct application *applications_find_uri(const struct applications *d, str uri);
size_t                    applications_n(const struct applications *d);
/* In the order of ids, from the first past `after` (NULL: from the beginning); `visit` answers false to stop. */
void applications_each(const struct applications *d, const application_id *after, bool (*visit)(const struct application *a, void *ctx), void *ctx);

const struct app_assignment *applications_find_assignment(const struct applications *d, object_id principal, guid id);
/* What a principal has been given, and who has been given a role at a resource: in the order of assignment ids, from the first past `after`
   (NULL: from the beginning). */
typedef bool app_assignment_visit(const struct app_assignment *a, void *ctx);
void         applications_each_of(const struct applications *d, object_id principal, const guid *after, app_assignment_visit *visit, void *ctx);
void         applications_each_at(const struct applications *d, object_id resource, const guid *after, app_assignment_visit *visit, void *ctx);

const struct password *applications_find_password(const struct applications *d, object_id user);
