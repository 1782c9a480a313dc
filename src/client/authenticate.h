/*
 * authenticate.h - reads a WWW-Authenticate header: several challenges, each with its parameters.
 *
 * More is taken than the grammar has, because services send it: parameters parted by blanks alone, and values that stand
 * without quotes though they hold "/" or ":".
 *
 * Layer:  client (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
 */
#pragma once
#include "core/call.h"

#define AUTHENTICATE_MAX_BYTES  16384
#define AUTHENTICATE_MAX_PARAMS 32 /* of one challenge */

struct auth_param {
    str name, value; /* the value without its quotes */
};
struct auth_challenge {
    str               scheme;
    str               token68; /* "Negotiate YII=": empty with parameters */
    struct auth_param params[AUTHENTICATE_MAX_PARAMS];
    size_t            param_n;
};

/*
 * Takes the next challenge off *rest, which is the header's value at first and has a NULL `at` behind the last one.
 * Lives:  views of the text, and of the call where a value held a backslash.
 * Errors: ERR_CONTENT_INVALID, ERR_TOO_LARGE, ERR_NO_MEMORY
 */
FALLIBLE authenticate_next(struct call *c, str *rest, struct auth_challenge *out);

str auth_param(const struct auth_challenge *challenge, str name); /* the name in any case; NULL `at`: absent */
