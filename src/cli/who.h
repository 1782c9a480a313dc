/*
 * who.h - a principal, as people name it on the command line.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

#define WHO_HELP                                                                                                                  \
    "A principal: its object id; a user's name, as dev@lanyard.localhost or dev; a security group's name; the ARM id or the name " \
    "of an identity, or of a resource that has a system-assigned one; an application's name or App ID URI; or me, the operator"

/* Its object id. Errors: ERR_NOT_FOUND, ERR_CONFLICT (several of that name, one a line), ERR_USAGE */
FALLIBLE who_find(struct cli *cli, str who, str *out);
