/*
 * checks.h - requests by which it is seen whether a role counts at its target.
 *
 * A row says for one type of target which action a request needs. What a role allows that no row asks for is not checked, and told so.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets
 */
#pragma once
#include "core/call.h"

enum check_service { CHECK_MANAGEMENT, CHECK_VAULT };

struct check {
    const char        *type; /* of the target; NULL: any, and its read action is asked for */
    enum check_service service;
    const char        *action;        /* NULL: TYPE/read */
    const char        *permission;    /* the same in a vault's access policy; NULL: none is needed */
    const char        *path;          /* behind the vault's address; {name}: a secret's; NULL: the target's own */
    const char        *words;         /* what is asked: "list the secrets" */
    bool               may_be_absent; /* 404 says that the request was allowed */
};
extern const struct check CHECKS[];
extern const size_t       CHECK_N;

/* Services whose targets have no check yet: a token is all that is asked for. NULL: no such service. */
const char *check_audience_of(str type);

/* A target, as its id says. "/": an empty type. */
struct target {
    str id;
    str type;       /* "Microsoft.KeyVault/vaults/secrets" */
    str short_name; /* "my-shop/secrets/db", "shop", "subscription" */
};
/* Lives: the call and `id`. */
struct target target_of(struct call *c, str id);
/* Is `inner` the same as `outer`, or below it? */
bool target_contains(str outer, str inner);
