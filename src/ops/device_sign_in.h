/*
 * device_sign_in.h - the operator ends a sign-in by device code in place of its user.
 *
 * A program shows a code (device_codes.h), and its user signs in elsewhere. The operator may let it act as any user, without that
 * user's password: the operator can set every password. The tokens then do not say that a password was used.
 *
 * Layer:  ops (uses all above)
 * Source: none, this is our own; the flow is https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
 */
#pragma once
#include "ops/gate.h"

#define DEVICE_SIGN_IN_ACTION "Lanyard/deviceCodes/end/action" /* what the activity log calls it */

struct device_sign_in {
    str       user_code; /* in any case */
    object_id user;
    bool      approved; /* or declined */
};

/*
 * struct device_sign_in -> struct device_wish: the program that began it. For routes of the operator: it asks for no permission.
 * Errors: ERR_NOT_FOUND - no such code waits for a user; ERR_OBJECT_NOT_FOUND - no such user; ERR_CONFLICT - the user is disabled
 */
extern const struct op OP_DEVICE_SIGN_IN;

/* The program that waits with that code, and what for. Errors: ERR_NOT_FOUND */
FALLIBLE device_sign_in_look(struct call *c, struct work *w, str user_code, struct device_wish *out);
/* What a program is called, for the user to see: nothing of it is to be believed. Lives: the call. */
str device_program_name(struct call *c, const struct world *w, client_id client);
