#include "endpoints/dialect/claims_challenge.h"

#include "core/b64.h"

str claims_challenge(struct call *c)
{
    struct buf b;
    str        claims = call_format(c, "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"%lld\"}}}", (long long)c->now_s);
    buf_init(&b, &c->arena);
    buf_add(&b, S(", error=\"insufficient_claims\", claims=\""));
    b64_add(&b, str_bytes(claims));
    buf_add_char(&b, '"');
    return b.failed ? STR_NONE : buf_view(&b);
}
