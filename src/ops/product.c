#include "ops/product.h"

// The aliases are those that instance discovery lists: clients keep one cache for all of them.
// Source: https://github.com/AzureAD/microsoft-authentication-library-for-js, msal-common/src/authority/AuthorityMetadata.ts
const struct host HOST_LOGIN = {
    .key = S_INIT("login"),
    .azure = S_INIT("login.microsoftonline.com"),
    .azure_aliases = {S_INIT("login.windows.net"), S_INIT("login.microsoft.com")},
    .own = S_INIT("login"),
};
// Whoever is given an issuer asks it for its keys: on one's own domain the login host answers for both.
const struct host HOST_ISSUER = {.azure = S_INIT("sts.windows.net"), .own = S_INIT("login")};

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

void product_end_read(struct product *p, unsigned row)
{
    if (p->sessions[row]) store_end_read(p->sessions[row]);
}

int64_t product_log_ns(struct product *p, int64_t now_ns)
{
    p->last_log_ns = now_ns > p->last_log_ns ? now_ns : p->last_log_ns + 1;
    return p->last_log_ns;
}

str product_issuer(struct call *c, const struct product *p, enum token_version version)
{
    struct guid_text tenant = guid_text(p->tenant.g);
    str              url = names_url(c, &p->names, version == TOKEN_V1 ? &HOST_ISSUER : &HOST_LOGIN);
    return call_format(c, version == TOKEN_V1 ? "%.*s/%s/" : "%.*s/%s/v2.0", PSTR(url), tenant.s);
}

bool product_audience(struct call *c, const struct product *p, const struct world *w, str asked, struct audience *out)
{
    struct audience_places places = {&p->names, w->directory, w->applications};
    return audience_find(c, &places, asked, out);
}
