/*
 * rule.h - what an API demands of a token, as its proxy's configuration says it.
 *
 * A rule is a text of name=value with "&" between, as in a query: audience, role, any-role, scope, each any number of times.
 * A name that is not known is refused: a misspelt demand would demand nothing.
 *
 * An audience that names a registered application stands for that application: a token of version 2 has the client id in
 * aud whatever it was asked for by, one of version 1 what was asked for. So a URI takes the client id too, and the client id takes
 * every URI of the application. That the same API is meant is inferred: both names lead to one service principal with one set of roles.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#payload-claims (aud, roles, scp)
 */
#pragma once
#include "directory/applications.h"
#include "token/token.h"

#define RULE_MAX_DEMANDS 16 /* of each kind */

struct http_field;

struct rule_texts {
    str    at[RULE_MAX_DEMANDS];
    size_t n;
};

struct rule {
    struct rule_texts audiences; /* at least one */
    struct rule_texts roles;     /* all of them */
    struct rule_texts any_roles; /* at least one of them, if there are any */
    struct rule_texts scopes;    /* all of them: of users' tokens */
};

/*
 * Reads a rule from its fields.
 * Lives:  *out points into the fields.
 * Errors: ERR_PARAMETER_INVALID - a name that is not known, an empty value, too many, or no audience
 */
FALLIBLE rule_read(struct call *c, const struct http_field *fields, size_t n, struct rule *out);

/* What its audiences stand for. Lives: the call, the applications and the rule. */
FALLIBLE rule_audiences(struct call *c, const struct rule *r, const struct applications *known, const str **out, size_t *out_n);

/* Has the token the roles and scopes? They are compared to the letter. Errors: ERR_ROLE_MISSING */
FALLIBLE rule_check(struct call *c, const struct rule *r, const struct token_claims *claims);
