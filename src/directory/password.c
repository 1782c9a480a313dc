#include "directory/password.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/random.h"
#include "core/record.h"

enum { PASSWORD_VERSION = 1 };

enum err password_new(struct call *c, const struct password *plain, struct password **out)
{
    struct password *p = record_new(plain, sizeof *plain, NULL, 0, 0, NULL);
    if (!p) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = p;
    return OK;
}

void password_pack(struct buf *b, const struct password *p)
{
    pack_begin(b, PASSWORD_VERSION);
    pack_guid(b, p->user.g);
    pack_u64(b, p->cost);
    pack_str(b, (str){(const char *)p->salt, sizeof p->salt});
    pack_str(b, (str){(const char *)p->kept.b, sizeof p->kept.b});
    pack_bool(b, p->must_change);
    pack_i64(b, p->changed_ns);
}

enum err password_unpack(struct call *c, bytes record, struct password **out)
{
    struct unpack   u;
    struct password p = {0};
    unpack_begin(&u, record);
    p.user.g = unpack_guid(&u);
    p.cost = unpack_u64(&u);
    str salt = unpack_str(&u), kept = unpack_str(&u);
    p.must_change = unpack_bool(&u);
    p.changed_ns = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version != PASSWORD_VERSION || salt.n != sizeof p.salt || kept.n != sizeof p.kept.b)
        return FAIL(c, ERR_STORE_DAMAGED, "A password's record is of a form that this version does not know.");
    memcpy(p.salt, salt.at, salt.n);
    memcpy(p.kept.b, kept.at, kept.n);
    return password_new(c, &p, out);
}

static enum err derive(struct call *c, const struct secret *shown, const uint8_t salt[PASSWORD_SALT_BYTES], uint64_t cost, sha256 *out)
{
    bytes plain = secret_reveal(shown);
    if (EVP_PBE_scrypt((const char *)plain.at, plain.n, salt, PASSWORD_SALT_BYTES, cost, PASSWORD_BLOCK, 1, PASSWORD_MAX_MEMORY, out->b,
                       sizeof out->b) == 1)
        return OK;
    ERR_clear_error();
    return FAIL(c, ERR_CRYPTO, "A password could not be derived.");
}

enum err password_derive(struct call *c, const struct secret *shown, struct password *out)
{
    struct password made = *out;
    made.cost = PASSWORD_COST;
    random_fill(c->random, made.salt, sizeof made.salt);
    TRY(derive(c, shown, made.salt, made.cost, &made.kept));
    *out = made;
    return OK;
}

enum err password_match(struct call *c, const struct password *kept, const struct secret *shown, bool *out)
{
    static const struct password NOBODYS = {.cost = PASSWORD_COST}; // who has no password is not told apart by the time it takes
    const struct password       *against = kept ? kept : &NOBODYS;
    sha256                       given;
    TRY(derive(c, shown, against->salt, against->cost, &given));
    struct secret expected = {(uint8_t *)against->kept.b, sizeof against->kept.b}; // a view, for the comparison
    *out = secret_equal(&expected, (bytes){given.b, sizeof given.b}) && kept;
    return OK;
}
