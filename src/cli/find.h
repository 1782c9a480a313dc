/*
 * find.h - resources, scopes and roles, as people name them on the command line.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"
#include "core/json.h"

#define RESOURCE_VERSION "2021-04-01"
#define ROLES_VERSION    "2022-04-01"
#define LOCKS_VERSION    "2020-05-01"

#define RESOURCE_HELP "The ARM id or the name of a resource; APP/SLOT is a slot"
#define SCOPE_HELP    "/, an ARM id, subscription, or the name of a resource group or of a resource; VAULT/secrets/NAME is one secret"
#define ROLE_HELP     "A role's name, as \"Key Vault Secrets User\", or its id"

/* The ids that a name could mean. */
struct candidates {
    struct call *c;
    str          name;
    str          below; /* only ids below this one; empty: anywhere */
    struct buf   lines; /* one id a line */
    str          first;
    size_t       n;
};

void candidates_init(struct candidates *x, struct call *c, str name);
/* For admin_each: takes the item's id. */
bool candidates_see(const struct json *item, void *ctx);
/* The only one. `what`: what was looked for. Errors: ERR_NOT_FOUND, ERR_CONFLICT with all of them, one a line */
FALLIBLE candidates_one(const struct candidates *x, const char *what, str *out);

/* What the server says of itself: `lanyard status --json`. */
FALLIBLE find_facts(struct cli *cli, const struct json **out);
/* "/subscriptions/…" of the server's own subscription. */
FALLIBLE find_subscription(struct cli *cli, str *out);

/* The ARM id of a resource group: the one of that name, or with an empty name the only one there is. Errors: ERR_NOT_FOUND, ERR_USAGE */
FALLIBLE find_group(struct cli *cli, str name, str *out);
/* The ARM id of a resource. Errors: ERR_NOT_FOUND, ERR_CONFLICT (several of that name), ERR_USAGE */
FALLIBLE find_resource(struct cli *cli, str name, str *out);
/* Adds the resources of the candidates' name. */
FALLIBLE find_resources_named(struct cli *cli, struct candidates *x);
/* The resource of an ARM id, by its type's own api-version; NULL: there is none. */
FALLIBLE find_look(struct cli *cli, str id, const struct json **out);
/* A user principal name: without "@", one of the operator's own domain. */
FALLIBLE find_user_name(struct cli *cli, str name, str *out);
/* Only characters of names: nothing that would end a filter or a path. Errors: ERR_USAGE */
FALLIBLE find_check_name(struct call *c, str name);
/* A scope's path. Errors: as find_resource */
FALLIBLE find_scope(struct cli *cli, str name, str *out);
/* A role definition's name, by its id: a GUID alone or a path. Empty: there is none. */
FALLIBLE find_role_name(struct cli *cli, str id, str *out);
/* A role definition's id and name. Errors: ERR_NOT_FOUND (with the names that come near) */
FALLIBLE find_role(struct cli *cli, str name, str *out_id, str *out_name);
