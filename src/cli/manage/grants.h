/*
 * grants.h - a grant as people say it: who, which role, on what. On a scope it is a role assignment, on an application an app role.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/manage/applications.h"

struct grant {
    bool                   is_app_role;
    struct ensure_grant    assignment; /* this ... */
    struct ensure_app_role app_role;   /* ... or this */
    str                    words;      /* what a report calls it */
};

/* `on`: as find_scope takes it, or an application's URI or client id. Errors: those of who_find, find_role, find_scope, app_role_find */
FALLIBLE grant_read(struct cli *cli, str who, str role, str on, str condition, struct grant *out);
FALLIBLE grant_ensure(struct cli *cli, const struct grant *g, struct ensure_result *out);
/* *out_n: how many there were. */
FALLIBLE grant_remove(struct cli *cli, const struct grant *g, size_t *out_n);
