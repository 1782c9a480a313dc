/*
 * trials_apps.h - the trials about applications: an application with a secret and an owner, of whose roles one is assigned.
 */
#pragma once
#include "ops/applications.h"
#include "ops/ownership.h"
#include "ops/permission_grants.h"
#include "trials.h"

void     put_application(struct scene *x);
enum err write_application(struct scene *x, struct call *c, const struct op *op); /* what the op is for, whichever it is */
bool     applications_are_others(struct scene *x);
enum err write_owner(struct scene *x, struct call *c, const struct op *op);
bool     owners_are_others(struct scene *x);
enum err write_grant(struct scene *x, struct call *c, const struct op *op);
bool     grants_are_others(struct scene *x);
