#include "ops/product.h"

struct keyring *product_keyring_take(struct product *p)
{
    pthread_mutex_lock(&p->keyring_lock);
    struct keyring *ring = p->keyring;
    if (ring) keyring_take(ring);
    pthread_mutex_unlock(&p->keyring_lock);
    return ring;
}

void product_keyring_put(struct product *p, struct keyring *ring)
{
    pthread_mutex_lock(&p->keyring_lock);
    struct keyring *before = p->keyring;
    p->keyring = ring;
    pthread_mutex_unlock(&p->keyring_lock);
    keyring_drop(before);
}

str product_issuer(struct call *c, const struct product *p, enum token_version version)
{
    struct guid_text tenant = guid_text(p->tenant.g);
    str              url = names_url(c, &p->names, version == TOKEN_V1 ? NAME_ISSUER : NAME_LOGIN);
    return call_format(c, version == TOKEN_V1 ? "%.*s/%s/" : "%.*s/%s/v2.0", PSTR(url), tenant.s);
}
