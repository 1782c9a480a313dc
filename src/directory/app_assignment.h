/*
 * app_assignment.h - an app role that a principal has been given at an application.
 *
 * The resource is the application's service principal: the one that defines the role.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/graph/api/resources/approleassignment
 */
#pragma once
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"

struct app_assignment {
    struct ref ref;
    object_id  principal; /* who has the role: a user, a group, an application or a managed identity */
    guid       id;        /* unique with the principal */
    object_id  resource;
    guid       role; /* GUID_NONE: access without a role, of an application that defines none */
    int64_t    created_ns;
};

FALLIBLE app_assignment_new(struct call *c, const struct app_assignment *plain, struct app_assignment **out);
void     app_assignment_pack(struct buf *b, const struct app_assignment *a);
FALLIBLE app_assignment_unpack(struct call *c, bytes record, struct app_assignment **out);
