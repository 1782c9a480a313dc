/*
 * password.h - what is kept of a user's password: its derivation by scrypt, never the password.
 *
 * It is a record of its own, so that what shows a user to others never holds it.
 *
 * Layer:  directory (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc7914; the costs are those that its authors propose for interactive sign-in. They stand in
 *         each record: raising them leaves older passwords valid.
 */
#pragma once
#include "core/digest.h"
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"

#define PASSWORD_MIN_CHARS  8
#define PASSWORD_MAX_BYTES  256
#define PASSWORD_SALT_BYTES 16
#define PASSWORD_COST       (1u << 14) /* N; with PASSWORD_BLOCK 16 MiB and some 40 ms */
#define PASSWORD_BLOCK      8          /* r */
#define PASSWORD_MAX_MEMORY (64u << 20)

struct password {
    struct ref ref;
    object_id  user;
    uint64_t   cost;
    uint8_t    salt[PASSWORD_SALT_BYTES];
    sha256     kept;
    bool       must_change; /* at the next sign-in: it signs nobody in before */
    int64_t    changed_ns;
};

FALLIBLE password_new(struct call *c, const struct password *plain, struct password **out);
void     password_pack(struct buf *b, const struct password *p);
FALLIBLE password_unpack(struct call *c, bytes record, struct password **out);

/* Derives what is kept of a password, under a fresh salt: into `out`, whose user and times are the caller's. Slow. Errors: ERR_CRYPTO */
FALLIBLE password_derive(struct call *c, const struct secret *shown, struct password *out);
/* Is it that password? `kept` NULL: no, after as long a time. Slow. Errors: ERR_CRYPTO */
FALLIBLE password_match(struct call *c, const struct password *kept, const struct secret *shown, bool *out);
