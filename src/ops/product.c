#include "ops/product.h"

str product_issuer(struct call *c, const struct product *p, enum token_version version)
{
    struct guid_text tenant = guid_text(p->tenant.g);
    str              url = names_url(c, &p->names, version == TOKEN_V1 ? NAME_ISSUER : NAME_LOGIN);
    return call_format(c, version == TOKEN_V1 ? "%.*s/%s/" : "%.*s/%s/v2.0", PSTR(url), tenant.s);
}
