#include "token/discovery.h"

#define MEMORY_TO_PARSE ((size_t)4 << 20)

static const str SCHEME = S_INIT("https://");

// What stands between the scheme and the path, without the default port. Empty: the URL is none that is taken.
static str authority(str url)
{
    static const str DEFAULT_PORT = S_INIT(":443");
    if (url.n > DISCOVERY_MAX_URL_BYTES || !str_starts_nocase(url, SCHEME)) return STR_NONE;
    for (size_t i = 0; i < url.n; i++)
        if (url.at[i] <= ' ' || url.at[i] >= 0x7f || url.at[i] == '\\') return STR_NONE; // readers of URLs differ about these
    str rest = str_from(url, SCHEME.n);
    for (size_t i = 0; i < rest.n; i++)
        if (rest.at[i] == '/' || rest.at[i] == '?' || rest.at[i] == '#') rest = str_upto(rest, i);
    if (str_find(rest, '@') != STR_NOWHERE) return STR_NONE;
    return str_ends(rest, DEFAULT_PORT) ? str_upto(rest, rest.n - DEFAULT_PORT.n) : rest;
}

bool discovery_is_same_host(str a, str b)
{
    return !str_empty(authority(a)) && str_eq_nocase(authority(a), authority(b));
}

enum err discovery_url(struct call *c, str issuer, str *out)
{
    if (str_empty(authority(issuer)) || str_find(issuer, '?') != STR_NOWHERE || str_find(issuer, '#') != STR_NOWHERE)
        return FAIL(c, ERR_URL_INVALID, "An issuer is an https URL without user, query and fragment.");
    str base = str_ends(issuer, S("/")) ? str_upto(issuer, issuer.n - 1) : issuer;
    *out = call_format(c, "%.*s/.well-known/openid-configuration", PSTR(base));
    return call_check_texts(c);
}

static enum err invalid(struct call *c, const char *what)
{
    call_forgive(c);
    return FAIL(c, ERR_ISSUER_UNUSABLE, "The issuer's discovery document is not usable: %s.", what);
}

enum err discovery_read(struct call *c, str text, str issuer, str *out_keys_url)
{
    const struct json *document;
    if (text.n > DISCOVERY_MAX_BYTES) return invalid(c, "it is too long");
    if (json_parse_within(c, text, MEMORY_TO_PARSE, &document) != OK || !json_is(document, JSON_IS_OBJECT)) return invalid(c, "it is no JSON object");
    if (!str_eq(json_get_str(document, S("issuer")), issuer)) return invalid(c, "it names another issuer");
    str url = json_get_str(document, S("jwks_uri"));
    if (str_empty(authority(url))) return invalid(c, "its jwks_uri is no https URL");
    return call_copy_str(c, url, out_keys_url);
}
