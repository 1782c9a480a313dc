/*
 * tool.h - a command line tool that a person has signed in to, and that gives tokens: az, azd.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/cli/azure/account#az-account-get-access-token,
 *         https://learn.microsoft.com/azure/developer/azure-developer-cli/reference#azd-auth-token
 */
#pragma once
#include "client/credential.h"
#include "client/settings.h"
#include "client/trial.h"

#define TOOL_MAX_ARGUMENTS 16

struct tool {
    const char *program;    /* "az" */
    str         token_name; /* the member of its output that is the token */
    const char *install_fix, *login_fix;
    const char *login_signs[4]; /* what it writes when nobody is signed in; NULL-terminated */
    const char *other_signs[2]; /* what it writes when somebody is, although one of those stands there too */
};

/* What both know of their person. Texts live in the credential's call. */
struct tool_owner {
    str tenant_id; /* empty: the tool's own */
    str path;      /* PATH when the credential was made */
};
/* A tenant that cannot be one makes the credential broken. */
void tool_owner_init(struct lanyard_credential *self, struct tool_owner *out, str tenant_id);

/* The tenant to ask for; empty: the tool's own. Errors: as ask_refused - recorded */
FALLIBLE tool_tenant(struct call *c, struct trial *t, const struct tool_owner *owner, str *out);
/* Refuses a scope that cannot be an argument. */
FALLIBLE tool_check_scope(struct call *c, struct trial *t);

/*
 * Runs the tool with the arguments behind its name (NULL-terminated) and concludes. A program with more rights than its caller runs none.
 * Errors: as ask_refused - recorded
 */
FALLIBLE tool_ask(struct call *c, struct trial *t, const struct tool *tool, const struct tool_owner *owner, const char *const *arguments,
                  struct access_token *out);

/*
 * Reads a tool's output: the token, and its end as expires_on (seconds since 1970) or expiresOn (RFC 3339, or local time as az writes it).
 * Errors: ERR_JSON_INVALID, ERR_CONTENT_INVALID; the words never repeat the output
 */
FALLIBLE tool_output_read(struct call *c, const struct tool *tool, str output, struct token_reply *out);

/*
 * What a tool says on its standard error, for a message: the text of azd's JSON lines, else the last lines without their "ERROR: ".
 * Lives: in the call.
 */
str tool_words(struct call *c, str errors);

/* Of a subscription's name or id: letters, digits, "-", ".", "_", space. */
bool subscription_is_valid(str s);

extern const struct tool TOOL_AZ, TOOL_AZD;
