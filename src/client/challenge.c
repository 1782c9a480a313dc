// What a service's 401 asks for, for the program's next request.
#include <stdio.h>

#include "client/authenticate.h"
#include "core/b64.h"
#include "core/json.h"
#include "lanyard/identity.h"

static bool is_printable(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] < 0x20 || s.at[i] > 0x7e) return false;
    return true;
}

static bool put(char *out, size_t room, str text)
{
    if (text.n >= room) return false;
    if (text.n) memcpy(out, text.at, text.n);
    out[text.n] = '\0';
    return true;
}
#define PUT(field, text) (is_printable(text) && put((field), sizeof(field), (text)))

static bool is_tenant(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = char_lower(s.at[i]);
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '.')) return false;
    }
    return !str_empty(s);
}

// "https://login.microsoftonline.com/TENANT/oauth2/authorize": the authority is what stands before the second slash of its path.
static bool read_authority(const struct auth_challenge *a, struct lanyard_challenge *out)
{
    static const str NAMES[] = {S_INIT("authorization"), S_INIT("authorization_uri"), S_INIT("authorization_url")};
    static const str ANY[] = {S_INIT("common"), S_INIT("organizations"), S_INIT("consumers")}; // no tenant's
    str              url = STR_NONE, tenant = STR_NONE, rest;
    for (size_t i = 0; i < COUNT(NAMES) && str_empty(url); i++) url = auth_param(a, NAMES[i]);
    if (str_empty(url)) return true;
    if (!str_starts_nocase(url, S("https://"))) return false;
    rest = str_from(url, 8);
    size_t host_n = str_find(rest, '/');
    if (str_find(url, ' ') != STR_NOWHERE) return false;
    if (host_n != STR_NOWHERE) {
        str path = str_from(rest, host_n + 1);
        str_cut(&path, '/', &tenant);
    }
    if (!str_empty(tenant) && !is_tenant(tenant)) return false;
    str authority = host_n == STR_NOWHERE ? url : str_upto(url, 8 + host_n + (str_empty(tenant) ? 0 : 1 + tenant.n));
    if (str_index_nocase(ANY, COUNT(ANY), tenant) != STR_NOWHERE) tenant = STR_NONE;
    return PUT(out->authority, authority) && PUT(out->tenant_id, tenant);
}

static bool read_scope(struct call *c, const struct auth_challenge *a, struct lanyard_challenge *out)
{
    str scope = auth_param(a, S("scope")), resource = auth_param(a, S("resource"));
    if (str_empty(resource)) resource = auth_param(a, S("resource_id"));
    if (str_empty(scope) && !str_empty(resource)) scope = call_format(c, "%.*s/.default", PSTR(resource));
    return call_check_texts(c) == OK && PUT(out->scope, scope);
}

// In either alphabet, padded or not.
static bool read_claims(struct call *c, const struct auth_challenge *a, struct lanyard_challenge *out)
{
    const struct json *claims;
    bytes              decoded;
    str                text = call_text(c, auth_param(a, S("claims")));
    char              *at = (char *)text.at;
    if (call_check_texts(c) != OK) return false;
    if (str_empty(text)) return true;
    while (text.n && text.at[text.n - 1] == '=') text.n--;
    for (size_t i = 0; i < text.n; i++) at[i] = at[i] == '+' ? '-' : at[i] == '/' ? '_' : at[i];
    if (b64url_decode(c, text, &decoded) != OK || json_parse(c, bytes_str(decoded), &claims) != OK) return false;
    return json_is(claims, JSON_IS_OBJECT) && put(out->claims, sizeof out->claims, bytes_str(decoded));
}

static bool is_repeated(const struct auth_challenge *a)
{
    for (size_t i = 0; i < a->param_n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq_nocase(a->params[i].name, a->params[k].name)) return true;
    return false;
}

static bool read_bearer(struct call *c, const struct auth_challenge *a, struct lanyard_challenge *out)
{
    struct lanyard_challenge read = {.scope = ""};
    if (is_repeated(a) || !read_authority(a, &read) || !read_scope(c, a, &read) || !read_claims(c, a, &read)) return false;
    if (!PUT(read.error, auth_param(a, S("error")))) return false;
    *out = read;
    return true;
}

// The first Bearer challenge, or the first that has claims: it is the one that a token that was sent has to answer.
static bool read_header(struct call *c, str header, struct lanyard_challenge *out)
{
    bool found = false;
    while (header.n) {
        struct auth_challenge    a;
        struct lanyard_challenge read;
        if (authenticate_next(c, &header, &a) != OK) return false;
        if (!str_eq_nocase(a.scheme, S("Bearer"))) continue;
        if (!read_bearer(c, &a, &read)) return false;
        if (!found || (!*out->claims && *read.claims)) *out = read;
        found = true;
    }
    return found;
}

bool lanyard_challenge_read(const char *www_authenticate, struct lanyard_challenge *out)
{
    struct call              c;
    struct lanyard_challenge read;
    size_t                   n = www_authenticate ? strnlen(www_authenticate, AUTHENTICATE_MAX_BYTES + 1) : 0;
    if (!out || n == 0 || n > AUTHENTICATE_MAX_BYTES) return false;
    call_init(&c, NULL, NULL);
    bool is_one = read_header(&c, str_trim((str){www_authenticate, n}), &read);
    call_clear(&c);
    if (is_one) *out = read;
    return is_one;
}
