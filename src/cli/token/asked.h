/*
 * asked.h - the token that `lanyard token` and `lanyard whoami` ask for: their common options, and what is said when there is none.
 *
 * The token comes from the installed library (lanyard/identity.h), as any program gets one: no server of Lanyard need run.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"
#include "lanyard/identity.h"

/* How the two commands end, beside STATUS_OK, STATUS_REFUSED and STATUS_USAGE. */
#define STATUS_UNAVAILABLE 3 /* no credential is there, or its endpoint is not */
#define STATUS_TIMED_OUT   4

#define ASKED_EXIT_STATUS \
    "0 if there is a token, 1 if one was refused or a reply could not be read, 2 if the command line or the environment is wrong, 3 if no credential is available here, 4 if the time was over."

/* Rows of an option table. */
#define ASKED_OPTIONS                                                                                                                     \
    {"resource", 'r', VALUE_WORD, "RESOURCE", "Whom the token is for: https://vault.azure.net, api://orders", false},                     \
    {"scope", 's', VALUE_WORD, "SCOPE", "The same as a scope: https://vault.azure.net/.default", false},                                   \
    {"client-id", 0, VALUE_WORD, "GUID", "The user-assigned identity with this client id", false},                                        \
    {"object-id", 0, VALUE_WORD, "GUID", "The identity with this principal id", false},                                                   \
    {"resource-id", 0, VALUE_WORD, "ID", "The user-assigned identity with this ARM id", false},                                           \
    {"credential", 'c', VALUE_WORD, "NAME", "Only this one: " ASKED_CREDENTIALS " (default: default, the first of them that is there)", false}, \
    {"tenant", 't', VALUE_WORD, "TENANT", "A token of this tenant, in place of the credential's own; a managed identity has one tenant only", false},                             \
    {"claims", 0, VALUE_WORD, "JSON", "Claims that a service's challenge asks for", false}

#define ASKED_PATIENCE                                                                                                                                  \
    {"How long it takes",                                                                                                                              \
     "--timeout is for all of it: the command ends then, whatever was still to be tried. Without it the rules of each source count: the managed "       \
     "identity alone is asked for some 25 s, in the default chain for a second; az and azd may take 13 s each."}

#define ASKED_CREDENTIALS "environment, workload-identity, managed-identity, azure-cli, azure-developer-cli"

/*
 * Asks for the token that the options describe. `fallback` is the resource where none is given; NULL: one must be.
 * Returns STATUS_OK and the token object, to be freed; any other status after it was said what failed, which credentials were tried, and what each lacked.
 */
int asked_token(struct cli *cli, const char *fallback, struct lanyard_token **out);
