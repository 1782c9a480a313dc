/*
 * permissions.h - the permission blocks of roles and denies, between JSON and records.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/role-definitions
 */
#pragma once
#include "core/json.h"
#include "rbac/role.h"

/*
 * Reads an array of {actions, notActions, dataActions, notDataActions, condition, conditionVersion}; names in any
 * case, a list that is missing is empty. Conditions are checked, what the actions say is not.
 * Lives: the call. Errors: ERR_CONTENT_INVALID, ERR_CONDITION_INVALID
 */
FALLIBLE permissions_read(struct call *c, const struct json *list, const struct role_permission **out, size_t *out_n);

/* An array of texts; NULL is an empty one. Lives: the call. Errors: ERR_CONTENT_INVALID, in which `name` is named */
FALLIBLE permissions_read_texts(struct call *c, const struct json *list, const char *name, const str **out, size_t *out_n);

/* A member "permissions", or any list of texts. */
void permissions_write(struct json_writer *j, const struct role_permission *permissions, size_t n);
void permissions_write_texts(struct json_writer *j, const char *name, const str *texts, size_t n);
/* The four lists of one block, inside an object. */
void permissions_write_lists(struct json_writer *j, const struct role_permission *p);
