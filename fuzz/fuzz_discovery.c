// An issuer and its discovery document, with a line break between: the keys of an issuer that is taken are at an https URL.
#include "fuzz.h"
#include "token/discovery.h"

FUZZ(discovery)
{
    str text = fuzz_str(c, data, n), issuer, url, keys;
    if (!str_cut(&text, '\n', &issuer) || discovery_url(c, issuer, &url) != OK) return 0;
    ASSERT(str_starts_nocase(url, S("https://")) && discovery_is_same_host(issuer, url));
    call_forgive(c);
    if (discovery_read(c, text, issuer, &keys) != OK) return 0;
    ASSERT(str_starts_nocase(keys, S("https://")) && discovery_is_same_host(keys, keys));
    return 0;
}
