/*
 * policies.h - which vaults' access policies name a principal, or a group that it is in.
 *
 * A vault without enableRbacAuthorization lets these alone decide; roles do not count there.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/azure/key-vault/general/assign-access-policy
 */
#pragma once
#include "cli/command.h"

struct policy_grant {
    str                vault;       /* its ARM id */
    const struct json *permissions; /* of one policy: {"secrets": ["get", ...]} */
};

/* Each policy of each vault in the subscription that names it: `see` says whether it wants more. Lives: the command's call. */
FALLIBLE policies_each(struct cli *cli, str principal, bool (*see)(const struct policy_grant *g, void *ctx), void *ctx);

/* Does it give that permission for secrets ("get")? */
bool policy_gives(const struct policy_grant *g, str permission);
