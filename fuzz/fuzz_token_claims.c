// Claims come of every JWT whose middle is a JSON object, and of nothing else; texts are the claims' own.
#include "cli/token/claims.h"
#include "core/b64.h"
#include "fuzz.h"

static str jwt_of(struct call *c, str claims)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("e30."));
    b64url_add(&b, str_bytes(claims));
    buf_add(&b, S(".c2ln"));
    return buf_text(c, &b);
}

FUZZ(token_claims)
{
    const struct json *v = NULL;
    struct claims      claims = {.kind = CLAIMS_UNKNOWN};
    str                in = fuzz_str(c, data, n);
    if (claims_read(c, in, &claims) == OK) ASSERT(str_find(in, '.') != str_find_last(in, '.'));
    call_forgive(c);
    bool is_object = json_parse(c, in, &v) == OK && json_is(v, JSON_IS_OBJECT);
    call_forgive(c);
    str token = jwt_of(c, in);
    if (token.n > CLAIMS_TOKEN_MAX_BYTES) return 0;
    ASSERT((claims_read(c, token, &claims) == OK) == is_object);
    call_forgive(c);
    if (!is_object) return 0;
    ASSERT(str_eq(claims.tenant_id, json_get_str(v, S("tid"))) && str_eq(claims.audience, json_get_str(v, S("aud"))));
    ASSERT((claims.kind == CLAIMS_MANAGED_IDENTITY) == !str_empty(json_get_str(v, S("xms_mirid"))));
    ASSERT(*claims_kind_name(claims.kind));
    return 0;
}
