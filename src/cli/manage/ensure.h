/*
 * ensure.h - makes things that are not there yet and leaves alone what is.
 *
 * Everything here may be asked for twice: the second time nothing changes. Nothing is ever
 * taken away: an identity or a secret that is there and was not asked for stays.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"
#include "cli/manage/kinds.h"
#include "core/secret.h"

#define IDENTITY_IS_SYSTEM "system" /* the word for a resource's own identity */
#define DEFAULT_LOCATION   "westus"

enum ensured { ENSURE_UNCHANGED, ENSURE_CREATED, ENSURE_CHANGED };

struct ensure_result {
    enum ensured       what;
    str                id;
    const struct json *now; /* as the server shows it */
};

FALLIBLE ensure_group(struct cli *cli, str name, str location, struct ensure_result *out);

struct ensure_resource {
    const struct kind *kind;
    str                name;
    str                group;      /* ARM id of a resource group */
    str                location;   /* empty: DEFAULT_LOCATION */
    const str         *identities; /* IDENTITY_IS_SYSTEM, names, or ARM ids */
    size_t             identity_n;
};
FALLIBLE ensure_resource(struct cli *cli, const struct ensure_resource *wish, struct ensure_result *out);

/* Attaches identities to a resource, or (`detach`) takes them off. `id`: the resource's ARM id. */
FALLIBLE ensure_identities(struct cli *cli, str id, const str *identities, size_t n, bool detach, struct ensure_result *out);

struct ensure_grant {
    str principal; /* object id */
    str role;      /* the definition's id */
    str scope;
    str condition; /* empty: none */
};
FALLIBLE ensure_grant(struct cli *cli, const struct ensure_grant *wish, struct ensure_result *out);
/* Removes the assignments of that role at exactly that scope; *out_n: how many there were. */
FALLIBLE ensure_no_grant(struct cli *cli, const struct ensure_grant *wish, size_t *out_n);

/* Sets a secret of a vault if there is none of that name. `vault`: its ARM id. */
FALLIBLE ensure_secret(struct cli *cli, str vault, str name, const struct secret *value, struct ensure_result *out);

/* A random password that the directory takes. Errors: ERR_NO_MEMORY */
FALLIBLE user_password_make(struct call *c, struct secret *out);
/* A user by its user principal name; without "@", one of the operator's own domain. `password`: of one that is made; of one that is there it is left. */
FALLIBLE ensure_user(struct cli *cli, str name, const struct secret *password, struct ensure_result *out);
/* Gives the user that *io_user is about that password. */
FALLIBLE ensure_user_password(struct cli *cli, const struct secret *password, struct ensure_result *io_user);
/* A security group by its display name. Errors: ERR_CONFLICT - several have it */
FALLIBLE ensure_usergroup(struct cli *cli, str name, struct ensure_result *out);
/* Puts somebody, by a name as who_find takes it, into the security group that *io_group is about, which is changed then. */
FALLIBLE ensure_member(struct cli *cli, str who, struct ensure_result *io_group);
