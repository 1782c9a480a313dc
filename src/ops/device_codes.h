/*
 * device_codes.h - sign-ins that a program has begun and that a user ends elsewhere: the device-code flow.
 *
 * The program gets two codes. It asks with the long one again and again; the user types the short one at the page and
 * signs in there. A code is good for one sign-in and ends after DEVICE_CODE_LIFETIME_S, approved or not. They are kept in memory
 * only: after a restart the program begins anew. Any thread.
 *
 * Anybody may begin one. A source (sign_in_source) has at most DEVICE_CODES_EACH under way. When all places are taken, those that have
 * expired go first, and then the oldest of the source that has most, if that has more than who asks: nobody keeps others out.
 *
 * Layer:  ops (uses core, directory)
 * Source: https://www.rfc-editor.org/rfc/rfc8628, https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
 */
#pragma once
#include <pthread.h>

#include "core/call.h"
#include "core/digest.h"
#include "directory/ids.h"

#define DEVICE_CODE_LIFETIME_S  900
#define DEVICE_CODE_INTERVAL_S  5
#define DEVICE_CODES_MAX        256 /* at once */
#define DEVICE_CODES_EACH       64  /* of one source */
#define DEVICE_USER_CODE_CHARS  9   /* of 20 letters: 39 bits, for a quarter of an hour */
#define DEVICE_CODE_CHARS       43
#define DEVICE_MAX_SCOPES_BYTES 2048 /* more are refused */

enum device_state { DEVICE_UNKNOWN, DEVICE_PENDING, DEVICE_APPROVED, DEVICE_DECLINED, DEVICE_EXPIRED };

/* What the user's sign-ins of a time hang on: they end with the next revocation and with the next password. */
struct sign_in_epoch {
    int64_t revoked_s;   /* up to when tokens had been revoked; 0: never */
    int64_t password_ns; /* when the password was made; 0: there was none */
};

struct device_code {
    enum device_state    state; /* DEVICE_UNKNOWN: the place is free */
    client_id            client;
    object_id            user; /* this and the next: once it is approved */
    struct sign_in_epoch epoch;
    bool                 by_operator; /* approved by the operator, without the user's password */
    int64_t              expires_s;
    sha256               source; /* who began it */
    char                 user_code[DEVICE_USER_CODE_CHARS + 1];
    char                 code[DEVICE_CODE_CHARS + 1];
    char                 scopes[DEVICE_MAX_SCOPES_BYTES + 1];
};

struct device_codes {
    pthread_mutex_t    lock;
    struct device_code items[DEVICE_CODES_MAX];
};

/* Begins a sign-in. Errors: ERR_BUSY - too many are under way; ERR_TOO_LARGE - the scopes */
FALLIBLE device_code_begin(struct call *c, struct device_codes *d, client_id client, str scopes, str source, struct device_code *out);
/* What has become of it; approved or declined, it is over with this answer. Only the client that began it may ask. */
enum device_state device_code_take(struct call *c, struct device_codes *d, client_id client, str code, struct device_code *out);
/* Who began a sign-in, and what for: for the user to see. Lives: the call. */
struct device_wish {
    client_id client;
    str       scopes; /* as the client gave them, made printable */
};
/* What stands there by the short code in any case. Changes nothing. */
enum device_state device_code_look(struct call *c, struct device_codes *d, str user_code, struct device_wish *out);
/* How a user ends it. */
struct device_ending {
    bool                 approved;
    object_id            user;
    struct sign_in_epoch epoch;
    bool                 by_operator; /* in place of the user */
};
/* The user's part, by the short code in any case. Gives DEVICE_PENDING if it could be done; else what stands there. */
enum device_state device_code_end(struct call *c, struct device_codes *d, str user_code, const struct device_ending *ending);
