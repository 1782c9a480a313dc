// A challenge that is read can be written, and reads the same.
#include "client/authenticate.h"
#include "core/b64.h"
#include "core/json.h"
#include "fuzz.h"
#include "lanyard/identity.h"

static void add_quoted(struct buf *b, const char *name, const char *value)
{
    if (!*value) return;
    buf_addf(b, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\') buf_add_char(b, '\\');
        buf_add_char(b, *value);
    }
    buf_add(b, S("\", "));
}

static void add_claims(struct buf *b, const char *claims)
{
    if (!*claims) return;
    buf_add(b, S("claims=\""));
    b64url_add(b, str_bytes(str_of(claims)));
    buf_add(b, S("\", "));
}

FUZZ(challenge)
{
    struct lanyard_challenge read, again;
    const struct json       *claims;
    const char              *header = call_zstr(c, fuzz_str(c, data, n));
    struct buf               b;
    str                      text;
    if (!lanyard_challenge_read(header, &read)) return 0;
    ASSERT(!*read.claims || json_parse(c, str_of(read.claims), &claims) == OK);
    ASSERT(!*read.authority || str_starts_nocase(str_of(read.authority), S("https://")));
    ASSERT(str_ends(str_of(read.authority), str_of(read.tenant_id)));
    buf_init(&b, &c->arena);
    buf_add(&b, S("Bearer "));
    add_quoted(&b, "authorization_uri", read.authority);
    add_quoted(&b, "scope", read.scope);
    add_quoted(&b, "error", read.error);
    add_claims(&b, read.claims);
    ASSERT(buf_finish(c, &b, &text) == OK && lanyard_challenge_read(call_zstr(c, text), &again));
    ASSERT(memcmp(&read, &again, sizeof read) == 0);
    return 0;
}
