// What clients and verifiers read before anything else: the OpenID documents, the keys, the authority's other names.
// Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc, https://openid.net/specs/openid-connect-discovery-1_0.html
#include "endpoints/graph/graph.h"
#include "endpoints/login/parts.h"

#define CACHE_FOR_A_DAY S("max-age=86400, private")

// The parts of a document that depend on the version.
struct flavour {
    enum token_version version;
    const char        *oauth; // in front of authorize, token, logout
    const char        *keys;
    bool               lists_v2;
};
static const struct flavour V1 = {TOKEN_V1, "oauth2", "discovery/keys", false}, V2 = {TOKEN_V2, "oauth2/v2.0", "discovery/v2.0/keys", true};

static void put_list(struct json_writer *w, const char *name, const char *const *items, size_t n)
{
    json_write_key(w, str_of(name));
    json_write_array(w);
    for (size_t i = 0; i < n; i++) json_write_string(w, str_of(items[i]));
    json_write_end(w);
}

#define PUT_LIST(w, name, ...)                                     \
    do {                                                           \
        static const char *const items_[] = {__VA_ARGS__};         \
        put_list((w), (name), items_, COUNT(items_));              \
    } while (0)

static void put_endpoints(struct call *c, struct json_writer *w, const struct wire *q, const struct flavour *f, str tenant, str issuer)
{
    str login = names_url(c, &q->product->names, &HOST_LOGIN), graph = names_url(c, &q->product->names, &HOST_GRAPH);
    str base = call_format(c, "%.*s/%.*s", PSTR(login), PSTR(tenant));
    json_put_string(w, S("issuer"), issuer);
    json_put_string(w, S("authorization_endpoint"), call_format(c, "%.*s/%s/authorize", PSTR(base), f->oauth));
    json_put_string(w, S("token_endpoint"), call_format(c, "%.*s/%s/token", PSTR(base), f->oauth));
    json_put_string(w, S("device_authorization_endpoint"), call_format(c, "%.*s/%s/devicecode", PSTR(base), f->oauth));
    json_put_string(w, S("end_session_endpoint"), call_format(c, "%.*s/%s/logout", PSTR(base), f->oauth));
    json_put_string(w, S("userinfo_endpoint"), call_format(c, "%.*s/oidc/userinfo", PSTR(graph)));
    json_put_string(w, S("jwks_uri"), call_format(c, "%.*s/%s", PSTR(base), f->keys));
    json_put_string(w, S("kerberos_endpoint"), call_format(c, "%.*s/kerberos", PSTR(base)));
    if (f->version == TOKEN_V1) json_put_string(w, S("check_session_iframe"), call_format(c, "%.*s/%s/checksession", PSTR(base), f->oauth));
}

static void put_abilities(struct json_writer *w, const struct flavour *f)
{
    PUT_LIST(w, "token_endpoint_auth_methods_supported", "client_secret_post", "private_key_jwt", "client_secret_basic");
    PUT_LIST(w, "response_modes_supported", "query", "fragment", "form_post");
    PUT_LIST(w, "subject_types_supported", "pairwise");
    PUT_LIST(w, "id_token_signing_alg_values_supported", "RS256");
    PUT_LIST(w, "response_types_supported", "code", "id_token", "code id_token", "id_token token");
    if (f->version == TOKEN_V2) PUT_LIST(w, "scopes_supported", "openid", "profile", "email", "offline_access");
    else PUT_LIST(w, "scopes_supported", "openid");
    PUT_LIST(w, "claims_supported", "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud",
             "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email");
    json_put_bool(w, S("request_uri_parameter_supported"), false);
    json_put_bool(w, S("http_logout_supported"), true);
    json_put_bool(w, S("frontchannel_logout_supported"), true);
    if (f->version == TOKEN_V1) json_put_bool(w, S("microsoft_multi_refresh_token"), true);
}

// "microsoftonline.com": the login host without its first label.
static str cloud_name(const struct product *p)
{
    str host = names_text(&p->names, &HOST_LOGIN);
    return str_from(host, str_find(host, '.') + 1);
}

static void put_cloud(struct json_writer *w, const struct product *p)
{
    json_put_string(w, S("tenant_region_scope"), S("NA"));
    json_put_string(w, S("cloud_instance_name"), cloud_name(p));
    json_put_string(w, S("cloud_graph_host_name"), S("graph.windows.net"));
    json_put_string(w, S("msgraph_host"), names_text(&p->names, &HOST_GRAPH));
    json_put_string(w, S("rbac_url"), S("https://pas.windows.net"));
}

// The issuer of a tenant that is not named yet: clients put the real one in its place.
static str open_issuer(struct call *c, const struct product *p, enum token_version version)
{
    str url = names_url(c, &p->names, version == TOKEN_V1 ? &HOST_ISSUER : &HOST_LOGIN);
    return call_format(c, version == TOKEN_V1 ? "%.*s/{tenantid}/" : "%.*s/{tenantid}/v2.0", PSTR(url));
}

static enum err get_openid(struct call *c, const struct wire *q, struct answer *a, const struct flavour *f)
{
    const struct product  *p = q->product;
    str                    segment = wire_param(q, "tenant");
    enum login_tenant_kind kind = login_tenant(q, segment);
    if (kind != LOGIN_TENANT_OURS && kind != LOGIN_TENANT_ANY) return login_refuse_tenant(c, q, a, kind, S("invalid_tenant"), segment);
    bool is_ours = kind == LOGIN_TENANT_OURS;
    str  tenant = is_ours ? guid_str(c, p->tenant.g) : call_lower(c, segment);
    str  issuer = is_ours ? product_issuer(c, p, f->version) : open_issuer(c, p, f->version);
    answer_header(a, "Cache-Control", CACHE_FOR_A_DAY);
    struct json_writer *w = answer_json(a, 200);
    json_write_object(w);
    put_endpoints(c, w, q, f, tenant, issuer);
    put_abilities(w, f);
    put_cloud(w, p);
    json_write_end(w);
    return OK;
}

enum err login_get_openid_v2(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return get_openid(c, q, a, &V2);
}

enum err login_get_openid_v1(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return get_openid(c, q, a, &V1);
}

static enum err get_keys(struct call *c, const struct wire *q, struct answer *a, str issuer)
{
    str                    segment = wire_param(q, "tenant"), document;
    enum login_tenant_kind kind = login_tenant(q, segment);
    if (kind != LOGIN_TENANT_OURS && kind != LOGIN_TENANT_ANY) return login_refuse_tenant(c, q, a, kind, S("invalid_tenant"), segment);
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(q->product);
    // Verifiers keep the set for a day: they must not keep an empty one.
    if (keyring_n(keys) == 0) return FAIL(c, ERR_STORE_UNAVAILABLE, "The first signing key is being made; try again shortly.");
    TRY(keyring_jwks(c, keys, issuer, &document));
    answer_header(a, "Cache-Control", CACHE_FOR_A_DAY);
    json_write_raw(answer_json(a, 200), document);
    return OK;
}

enum err login_get_keys_v2(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return get_keys(c, q, a, open_issuer(c, q->product, TOKEN_V2));
}

enum err login_get_keys_v1(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w;
    return get_keys(c, q, a, STR_NONE);
}

// "https://HOST/TENANT/rest": the authority whose other names are asked for.
static bool read_authority(str url, str *out_host, str *out_tenant, str *out_rest)
{
    static const str SCHEME = S_INIT("https://");
    str              rest = str_from(url, SCHEME.n);
    if (!str_starts_nocase(url, SCHEME) || !str_cut(&rest, '/', out_host) || !str_cut(&rest, '/', out_tenant)) return false;
    *out_rest = rest;
    return !str_empty(*out_host) && !str_empty(*out_tenant);
}

static bool is_this_machine(str host)
{
    static const str NAMES[] = {S_INIT("localhost"), S_INIT("127.0.0.1")};
    return str_index_nocase(NAMES, COUNT(NAMES), str_upto(host, str_find(host, ':'))) != STR_NOWHERE;
}

static void put_instance(struct json_writer *w, str network, str cache, const str *aliases, size_t n)
{
    json_write_object(w);
    json_put_string(w, S("preferred_network"), network);
    json_put_string(w, S("preferred_cache"), cache);
    json_write_key(w, S("aliases"));
    json_write_array(w);
    for (size_t i = 0; i < n; i++)
        if (!str_empty(aliases[i])) json_write_string(w, aliases[i]);
    json_write_end(w);
    json_write_end(w);
}

static str without_scheme(str url)
{
    return str_from(url, S("https://").n);
}

enum err login_get_instance(struct call *c, struct work *work, const struct wire *q, struct answer *a)
{
    const struct names *names = &q->product->names;
    str                 url = wire_query(q, "authorization_endpoint"), host, tenant, rest, label;
    (void)work;
    if (str_empty(url)) return login_refuse(c, q, a, AADSTS_FIELD_MISSING, S("authorization_endpoint"));
    if (!read_authority(url, &host, &tenant, &rest)) return login_refuse(c, q, a, AADSTS_INSTANCE_UNKNOWN, STR_NONE);
    const struct host *found = names_find(names, host, &label);
    bool               by_name = found == &HOST_LOGIN || found == &HOST_ISSUER;
    if ((!by_name && !is_this_machine(host)) || login_tenant(q, tenant) == LOGIN_TENANT_MALFORMED)
        return login_refuse(c, q, a, AADSTS_INSTANCE_UNKNOWN, STR_NONE);

    str        login = without_scheme(names_url(c, names, &HOST_LOGIN)), issuer = without_scheme(names_url(c, names, &HOST_ISSUER));
    const str *others = names_of(names, &HOST_LOGIN)->aliases;
    str        other = others[0], aliases[NAME_MAX_ALIASES + 2] = {login};
    for (size_t i = 0; i < NAME_MAX_ALIASES; i++) aliases[1 + i] = others[i];
    if (!str_eq(issuer, login)) aliases[1 + NAME_MAX_ALIASES] = issuer;
    answer_header(a, "Cache-Control", CACHE_FOR_A_DAY);
    struct json_writer *w = answer_json(a, 200);
    json_write_object(w);
    json_put_string(w, S("tenant_discovery_endpoint"),
                    call_format(c, "https://%.*s/%.*s%s/.well-known/openid-configuration", PSTR(host), PSTR(tenant),
                                str_starts_nocase(rest, S("oauth2/v2.0/")) ? "/v2.0" : ""));
    json_put_string(w, S("api-version"), S("1.1"));
    json_write_key(w, S("metadata"));
    json_write_array(w);
    put_instance(w, login, str_empty(other) ? login : other, aliases, COUNT(aliases));
    if (!by_name) put_instance(w, host, host, &host, 1);
    json_write_end(w);
    json_write_end(w);
    return OK;
}

enum err login_get_realm(struct call *c, struct work *work, const struct wire *q, struct answer *a)
{
    const struct product *p = q->product;
    str                   user = wire_param(q, "user"), domain = STR_NONE;
    size_t                at = str_find_last(user, '@');
    (void)c, (void)work;
    if (at != STR_NOWHERE) domain = str_from(user, at + 1);
    bool                is_ours = str_eq_nocase(domain, p->tenant_domain);
    struct json_writer *w = answer_json(a, 200);
    json_write_object(w);
    json_put_string(w, S("ver"), S("1.0"));
    json_put_string(w, S("account_type"), is_ours ? S("Managed") : S("Unknown"));
    if (is_ours) json_put_string(w, S("domain_name"), p->tenant_domain);
    json_put_string(w, S("cloud_instance_name"), cloud_name(p));
    json_put_string(w, S("cloud_audience_urn"), S("urn:federation:MicrosoftOnline"));
    json_write_end(w);
    return OK;
}
