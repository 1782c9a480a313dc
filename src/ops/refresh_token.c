#include "ops/refresh_token.h"

#include "core/b64.h"
#include "core/pack.h"

enum { REFRESH_TOKEN_VERSION = 3 };
#define BOUND S("refresh token")

int64_t revoked_until_s(const struct world *w, object_id who)
{
    const struct revocation *r = directory_find_revocation(w->directory, who);
    return r ? r->at_s : 0;
}

struct sign_in_epoch sign_in_epoch_of(const struct world *w, object_id user)
{
    const struct password *p = applications_find_password(w->applications, user);
    return (struct sign_in_epoch){revoked_until_s(w, user), p ? p->changed_ns : 0};
}

// An earlier revocation than the one that was known is none: that one was forgotten, since nothing of its time is left.
bool sign_in_counts(const struct world *w, object_id user, const struct sign_in_epoch *then)
{
    struct sign_in_epoch now = sign_in_epoch_of(w, user);
    return now.revoked_s <= then->revoked_s && now.password_ns == then->password_ns;
}

enum err refresh_token_make(struct call *c, const struct product *p, const struct world *w, const struct refresh_token *t, str *out)
{
    struct buf           b;
    str                  plain;
    bytes                sealed;
    struct sign_in_epoch epoch = sign_in_epoch_of(w, t->user);
    if (t->scopes.n > REFRESH_TOKEN_MAX_SCOPES) return FAIL(c, ERR_TOO_LARGE, "The scopes are longer than %d bytes.", REFRESH_TOKEN_MAX_SCOPES);
    buf_init(&b, &c->arena);
    pack_begin(&b, REFRESH_TOKEN_VERSION);
    pack_guid(&b, t->user.g);
    pack_guid(&b, t->client.g);
    pack_i64(&b, c->now_ns);
    pack_i64(&b, epoch.revoked_s);
    pack_i64(&b, epoch.password_ns);
    pack_str(&b, t->scopes);
    pack_bool(&b, t->by_operator);
    TRY(buf_finish(c, &b, &plain));
    TRY(seal_close(c, &p->seal_key, str_bytes(plain), BOUND, &sealed));
    buf_init(&b, &c->arena);
    buf_add(&b, S("1."));
    b64url_add(&b, sealed);
    return buf_finish(c, &b, out);
}

// Anything that was not made by refresh_token_make: false.
static bool open_token(struct call *c, const struct product *p, str text, struct refresh_token *out)
{
    CLEANUP(secret_clear) struct secret plain = {0};
    struct unpack                       u;
    bytes                               sealed;
    bool opened = text.n <= REFRESH_TOKEN_MAX_BYTES && str_starts(text, S("1.")) && b64url_decode(c, str_from(text, 2), &sealed) == OK &&
                  seal_open(c, &p->seal_key, sealed, BOUND, &plain) == OK;
    call_forgive(c);
    if (!opened) return false;
    unpack_begin(&u, secret_reveal(&plain));
    out->user.g = unpack_guid(&u);
    out->client.g = unpack_guid(&u);
    out->issued_ns = unpack_i64(&u);
    out->epoch.revoked_s = unpack_i64(&u);
    out->epoch.password_ns = unpack_i64(&u);
    bool copied = call_copy_str(c, unpack_str(&u), &out->scopes) == OK;
    if (u.version > 2) out->by_operator = unpack_bool(&u);
    bool whole = unpack_end(c, &u) == OK && u.version >= 2 && u.version <= REFRESH_TOKEN_VERSION;
    call_forgive(c);
    return copied && whole;
}

enum err refresh_token_read(struct call *c, const struct product *p, const struct world *w, str text, enum refresh_answer *out,
                            struct refresh_token *out_token, const struct principal **out_user)
{
    struct refresh_token t = {0};
    *out = REFRESH_INVALID;
    if (!open_token(c, p, text, &t)) return OK;
    const struct principal *user = directory_find(w->directory, t.user);
    *out = REFRESH_EXPIRED;
    if (c->now_s >= t.issued_ns / NS_PER_S + REFRESH_TOKEN_LIFETIME_S) return OK;
    *out = REFRESH_REVOKED;
    if (!user || user->kind != PRINCIPAL_USER || !sign_in_counts(w, t.user, &t.epoch)) return OK;
    *out = REFRESH_GOOD;
    *out_token = t;
    *out_user = user;
    return OK;
}
