// An application as Graph's JSON says it, read into the record's members.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/b64.h"
#include "ops/applications.h"
#include "ops/directory_rights.h"
#include "ops/properties.h"
#include "token/audience.h"
#include "token/client_assertion.h"

// Objects are kept as they are: what they mean is their reader's affair.
static const struct property PROPERTIES[] = {
    {S_INIT("displayName"), 1, JSON_IS_STRING, APPLICATION_MAX_NAME_BYTES, true, false, true},
    {S_INIT("identifierUris"), 1, JSON_IS_ARRAY, APPLICATION_MAX_URI_BYTES, false, false, true},
    {S_INIT("appRoles"), 1, JSON_IS_ARRAY, 0, false, false, true, true},
    {S_INIT("passwordCredentials"), 1, JSON_IS_ARRAY, 0, false, false, true, true},
    {S_INIT("keyCredentials"), 1, JSON_IS_ARRAY, 0, false, false, true, true},
    {S_INIT("isFallbackPublicClient"), 1, JSON_IS_BOOL, 0, false, false, true},
    {S_INIT("api"), 1, JSON_IS_OBJECT, 0, false, false, true},
    {S_INIT("preAuthorizedApplications"), 2, JSON_IS_ARRAY, 0, false, false, false, true},
    {S_INIT("knownClientApplications"), 2, JSON_IS_ARRAY, 36, false, false, false},
    {S_INIT("acceptMappedClaims"), 2, JSON_IS_BOOL, 0, false, false, false},
    {S_INIT("requestedAccessTokenVersion"), 2, JSON_IS_INT, 0, false, false, true},
    {S_INIT("oauth2PermissionScopes"), 2, JSON_IS_ARRAY, 0, false, false, true, true},
    {S_INIT("description"), 1, JSON_IS_STRING, 1024, false, false, false},
    {S_INIT("notes"), 1, JSON_IS_STRING, 1024, false, false, false},
    {S_INIT("signInAudience"), 1, JSON_IS_STRING, 64, false, false, false},
    {S_INIT("tags"), 1, JSON_IS_ARRAY, 256, false, false, false},
    {S_INIT("requiredResourceAccess"), 1, JSON_IS_ARRAY, 0, false, false, false, true},
    {S_INIT("web"), 1, JSON_IS_OBJECT, 0, false, false, false},
    {S_INIT("spa"), 1, JSON_IS_OBJECT, 0, false, false, false},
    {S_INIT("publicClient"), 1, JSON_IS_OBJECT, 0, false, false, false},
    {S_INIT("info"), 1, JSON_IS_OBJECT, 0, false, false, false},
    {S_INIT("optionalClaims"), 1, JSON_IS_OBJECT, 0, false, false, false},
    {S_INIT("parentalControlSettings"), 1, JSON_IS_OBJECT, 0, false, false, false},
    {S_INIT("groupMembershipClaims"), 1, JSON_IS_STRING, 64, false, false, false},
    {S_INIT("serviceManagementReference"), 1, JSON_IS_STRING, 256, false, false, false},
    {S_INIT("samlMetadataUrl"), 1, JSON_IS_STRING, 1024, false, false, false},
    {S_INIT("defaultRedirectUri"), 1, JSON_IS_STRING, 1024, false, false, false},
    {S_INIT("uniqueName"), 1, JSON_IS_STRING, 128, false, true, false},
    {S_INIT("isDeviceOnlyAuthSupported"), 1, JSON_IS_BOOL, 0, false, false, false},
    {S_INIT("addIns"), 1, JSON_IS_ARRAY, 0, false, false, false, true},
};
static const struct property_set APPLICATION = {PROPERTIES, COUNT(PROPERTIES), 1, "application", "Application"},
                                 API = {PROPERTIES, COUNT(PROPERTIES), 2, "apiApplication", "ApiApplication"};

// One application while its body is read.
struct reading {
    struct call              *c;
    const struct work        *w;
    const struct application *old; // NULL: a new one
    const struct json        *body;
    struct application       *out;
    bool                      by_operator;
};

static enum err invalid(const struct reading *r, const char *name)
{
    return property_invalid(r->c, &APPLICATION, str_of(name));
}

// A member that may be absent or null: then it is empty.
static bool get_text(const struct json *object, const char *name, str *out)
{
    const struct json *v = json_get_nocase(object, str_of(name));
    *out = json_str(v);
    return !v || json_is(v, JSON_IS_STRING) || json_is(v, JSON_IS_NULL);
}

static bool get_time(const struct json *object, const char *name, int64_t fallback_ns, int64_t *out)
{
    str text;
    *out = fallback_ns;
    return get_text(object, name, &text) && (str_empty(text) || time_parse_iso(text, out));
}

static bool get_bool(const struct json *object, const char *name, bool fallback, bool *out)
{
    const struct json *v = json_get_nocase(object, str_of(name));
    *out = json_is(v, JSON_IS_BOOL) ? v->u.boolean : fallback;
    return !v || json_is(v, JSON_IS_BOOL) || json_is(v, JSON_IS_NULL);
}

// ---- App ID URIs ----

static bool is_printable(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f) return false;
    return s.n > 0;
}

// Every application answers to the URI made of its id ("api://ID"), registered or not: that one is nobody else's.
static const struct application *owner_of(const struct applications *all, str uri)
{
    static const str          API_SCHEME = S_INIT("api://");
    const struct application *owner = applications_find_uri(all, uri);
    client_id                 app;
    if (owner || !str_starts_nocase(uri, API_SCHEME) || !guid_parse(str_from(uri, API_SCHEME.n), &app.g)) return owner;
    return applications_find_app(all, app);
}

static enum err check_uri(const struct reading *r, str uri)
{
    static const str          API_SCHEME = S_INIT("api://"), HTTPS = S_INIT("https://");
    struct audience           taken;
    const struct application *other = owner_of(r->w->world->applications, uri);
    str                       domain = r->w->product->tenant_domain;
    bool                      is_api = str_starts_nocase(uri, API_SCHEME), is_https = str_starts_nocase(uri, HTTPS);
    if (!is_printable(uri) || str_find(uri, '#') != STR_NOWHERE || str_find(uri, '?') != STR_NOWHERE || (!is_api && !is_https) ||
        str_ends(uri, S("/")) || str_eq_nocase(uri, API_SCHEME))
        return invalid(r, "identifierUris");
    str host = str_from(uri, HTTPS.n);
    host = str_upto(host, str_find(host, '/'));
    bool is_ours = str_eq_nocase(host, domain) || str_ends_nocase(host, call_format(r->c, ".%.*s", PSTR(domain)));
    if (is_https && !is_ours)
        return FAIL(r->c, ERR_CONTENT_INVALID,
                    "Values of identifierUris property must use a verified domain of the organization or its subdomain: '%.*s'.", PSTR(uri));
    if (audience_find_service(r->c, &r->w->product->names, uri, &taken) || (other && (!r->old || !guid_eq(other->id.g, r->old->id.g))))
        return FAIL(r->c, ERR_OBJECT_EXISTS, "Another object with the same value for property identifierUris already exists.");
    return OK;
}

// "api://ID" or "api://ID/...", the id being the application's or the tenant's; or one that it has already.
static bool may_be_users(const struct reading *r, str uri)
{
    static const str API_SCHEME = S_INIT("api://");
    str              name = str_from(uri, API_SCHEME.n);
    guid             id;
    if (r->old && str_index_nocase(r->old->uris, r->old->uri_n, uri) != STR_NOWHERE) return true;
    if (!str_starts_nocase(uri, API_SCHEME) || !guid_parse(str_upto(name, str_find(name, '/')), &id)) return false;
    return guid_eq(id, r->w->product->tenant.g) || (r->old && guid_eq(id, r->old->app.g));
}

static enum err check_whose_uri(const struct reading *r, str uri)
{
    if (r->by_operator || may_be_users(r, uri)) return OK;
    return FAIL(r->c, ERR_CONTENT_INVALID,
                "Values of identifierUris property must use the application's or the tenant's id, as in api://ID: '%.*s'. Another name is the "
                "operator's to give.",
                PSTR(call_printable(r->c, uri, APPLICATION_MAX_URI_BYTES)));
}

static enum err read_uris(struct reading *r)
{
    const struct json *list = json_get_nocase(r->body, S("identifierUris"));
    str               *uris;
    if (!list) return OK;
    if (json_n(list) > APPLICATION_MAX_URIS) return invalid(r, "identifierUris");
    TRY(NEW(r->c, &uris, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) {
        uris[i] = json_str(json_at(list, i));
        TRY(check_uri(r, uris[i]));
        TRY(check_whose_uri(r, uris[i]));
        if (str_index_nocase(uris, i, uris[i]) != STR_NOWHERE) return invalid(r, "identifierUris");
    }
    r->out->uris = uris;
    r->out->uri_n = json_n(list);
    return OK;
}

// ---- roles and scopes ----

// What may stand in the roles and scp claims.
static bool is_claim_value(str s)
{
    static const str SIGNS = S_INIT(":!#$%&'()*+,-./;<=>?@[]^_`{|}~");
    for (size_t i = 0; i < s.n; i++) {
        char lower = char_lower(s.at[i]);
        if (!((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || str_find(SIGNS, s.at[i]) != STR_NOWHERE)) return false;
    }
    return s.n == 0 || s.at[0] != '.';
}

static enum err read_id(const struct reading *r, const struct json *item, const char *name, guid *out)
{
    return guid_parse(json_str(json_get_nocase(item, S("id"))), out) && !guid_is_none(*out) ? OK : invalid(r, name);
}

static enum err must_be_disabled(const struct reading *r)
{
    return FAIL(r->c, ERR_CONTENT_INVALID,
                "Permission (scope or role) cannot be deleted or updated unless disabled first: set isEnabled to false in a request of its own.");
}

static enum err read_member_types(const struct reading *r, const struct json *item, struct app_role *out)
{
    const struct json *types = json_get_nocase(item, S("allowedMemberTypes"));
    for (size_t i = 0; i < json_n(types); i++) {
        str type = json_str(json_at(types, i));
        if (str_eq_nocase(type, S("User"))) out->for_users = true;
        else if (str_eq_nocase(type, S("Application"))) out->for_apps = true;
        else return invalid(r, "appRoles");
    }
    return out->for_users || out->for_apps ? OK : invalid(r, "appRoles");
}

static enum err read_role(const struct reading *r, const struct json *item, struct app_role *out)
{
    if (!json_is(item, JSON_IS_OBJECT)) return invalid(r, "appRoles");
    TRY(read_id(r, item, "appRoles", &out->id));
    TRY(read_member_types(r, item, out));
    bool fits = get_text(item, "value", &out->value) && get_text(item, "displayName", &out->name) &&
                get_text(item, "description", &out->description) && get_bool(item, "isEnabled", true, &out->is_enabled);
    return fits && !str_empty(out->name) && is_claim_value(out->value) ? OK : invalid(r, "appRoles");
}

static enum err read_roles(struct reading *r)
{
    const struct json *list = json_get_nocase(r->body, S("appRoles"));
    struct app_role   *roles;
    size_t             n = json_n(list);
    if (!list) return OK;
    if (n > APPLICATION_MAX_ROLES) return invalid(r, "appRoles");
    TRY(NEW(r->c, &roles, n));
    for (size_t i = 0; i < n; i++) {
        TRY(read_role(r, json_at(list, i), &roles[i]));
        for (size_t k = 0; k < i; k++)
            if (guid_eq(roles[k].id, roles[i].id) || (!str_empty(roles[i].value) && str_eq_nocase(roles[k].value, roles[i].value)))
                return invalid(r, "appRoles");
    }
    struct application next = {.roles = roles, .role_n = n};
    for (size_t i = 0; r->old && i < r->old->role_n; i++)
        if (r->old->roles[i].is_enabled && !application_role(&next, r->old->roles[i].id)) return must_be_disabled(r);
    r->out->roles = roles;
    r->out->role_n = n;
    return OK;
}

static enum err read_scope(const struct reading *r, const struct json *item, struct app_scope *out)
{
    str type = STR_NONE;
    if (!json_is(item, JSON_IS_OBJECT)) return invalid(r, "oauth2PermissionScopes");
    TRY(read_id(r, item, "oauth2PermissionScopes", &out->id));
    bool fits = get_text(item, "value", &out->value) && get_text(item, "adminConsentDisplayName", &out->admin_name) &&
                get_text(item, "adminConsentDescription", &out->admin_description) && get_text(item, "userConsentDisplayName", &out->user_name) &&
                get_text(item, "userConsentDescription", &out->user_description) && get_text(item, "type", &type) &&
                get_bool(item, "isEnabled", true, &out->is_enabled);
    out->for_admins = str_eq_nocase(type, S("Admin"));
    bool type_fits = out->for_admins || str_empty(type) || str_eq_nocase(type, S("User"));
    return fits && type_fits && !str_empty(out->value) && is_claim_value(out->value) ? OK : invalid(r, "oauth2PermissionScopes");
}

static bool has_scope(const struct app_scope *scopes, size_t n, const struct app_scope *wanted, bool by_value)
{
    for (size_t i = 0; i < n; i++)
        if (guid_eq(scopes[i].id, wanted->id) || (by_value && str_eq_nocase(scopes[i].value, wanted->value))) return true;
    return false;
}

static enum err read_scopes(struct reading *r, const struct json *api)
{
    const struct json *list = json_get_nocase(api, S("oauth2PermissionScopes"));
    struct app_scope  *scopes;
    size_t             n = json_n(list);
    if (!list) return OK;
    if (n > APPLICATION_MAX_ROLES) return invalid(r, "oauth2PermissionScopes");
    TRY(NEW(r->c, &scopes, n));
    for (size_t i = 0; i < n; i++) {
        TRY(read_scope(r, json_at(list, i), &scopes[i]));
        if (has_scope(scopes, i, &scopes[i], true)) return invalid(r, "oauth2PermissionScopes");
    }
    for (size_t i = 0; r->old && i < r->old->scope_n; i++)
        if (r->old->scopes[i].is_enabled && !has_scope(scopes, n, &r->old->scopes[i], false)) return must_be_disabled(r);
    r->out->scopes = scopes;
    r->out->scope_n = n;
    return OK;
}

static enum err read_api(struct reading *r)
{
    const struct json *api = json_get_nocase(r->body, S("api"));
    const struct json *version = json_get_nocase(api, S("requestedAccessTokenVersion"));
    if (!json_is(api, JSON_IS_OBJECT)) return OK;
    TRY(properties_check(r->c, &API, api, false));
    if (version && !json_is(version, JSON_IS_NULL) && version->u.integer != 1 && version->u.integer != 2)
        return invalid(r, "requestedAccessTokenVersion");
    if (version) r->out->token_version = json_is(version, JSON_IS_INT) ? (unsigned)version->u.integer : 1;
    return read_scopes(r, api);
}

// ---- credentials ----

// Secrets are made by an op of their own: a body can only keep those that are there, by their ids, and leave others out.
static enum err read_secrets(struct reading *r)
{
    const struct json *list = json_get_nocase(r->body, S("passwordCredentials"));
    struct app_secret *kept;
    if (!list) return OK;
    if (json_n(list) > APPLICATION_MAX_CREDENTIALS) return invalid(r, "passwordCredentials");
    TRY(NEW(r->c, &kept, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) {
        guid   id;
        size_t at = 0;
        if (!guid_parse(json_str(json_get_nocase(json_at(list, i), S("keyId"))), &id)) return invalid(r, "passwordCredentials");
        while (r->old && at < r->old->secret_n && !guid_eq(r->old->secrets[at].id, id)) at++;
        if (!r->old || at == r->old->secret_n)
            return FAIL(r->c, ERR_CONTENT_INVALID, "New password credentials must be generated by addPassword; '%s' is none that is there.",
                        guid_text(id).s);
        for (size_t k = 0; k < i; k++)
            if (guid_eq(kept[k].id, id)) return invalid(r, "passwordCredentials");
        kept[i] = r->old->secrets[at];
    }
    r->out->secrets = kept;
    r->out->secret_n = json_n(list);
    return OK;
}

static void free_certificate(X509 **x)
{
    X509_free(*x);
}

static int64_t certificate_time_ns(const ASN1_TIME *t)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(t, &parts) != 1) return 0;
    int64_t at_s = timegm(&parts), most_s = INT64_MAX / NS_PER_S;
    return (at_s < 0 ? 0 : at_s > most_s ? most_s : at_s) * NS_PER_S;
}

// A public certificate with a key that assertions are signed with.
static bool read_certificate(str der, struct app_certificate *out)
{
    const uint8_t                  *at = (const uint8_t *)der.at;
    CLEANUP(free_certificate) X509 *x = der.n <= APPLICATION_MAX_DER_BYTES ? d2i_X509(NULL, &at, (long)der.n) : NULL;
    EVP_PKEY                       *key = x ? X509_get0_pubkey(x) : NULL;
    ERR_clear_error();
    if (!key || at != (const uint8_t *)der.at + der.n) return false;
    out->der = der;
    out->from_ns = certificate_time_ns(X509_get0_notBefore(x));
    out->until_ns = certificate_time_ns(X509_get0_notAfter(x));
    return client_assertion_takes_key(key);
}

static const struct app_certificate *old_certificate(const struct reading *r, guid id)
{
    for (size_t i = 0; r->old && i < r->old->certificate_n; i++)
        if (guid_eq(r->old->certificates[i].id, id)) return &r->old->certificates[i];
    return NULL;
}

// "key" is the certificate, as DER in base64. One that is there already may come back without it.
static enum err read_certificate_item(const struct reading *r, const struct json *item, struct app_certificate *out)
{
    str     type, usage, key, name, id;
    bytes   der;
    int64_t from_ns, until_ns;
    if (!json_is(item, JSON_IS_OBJECT) || !get_text(item, "type", &type) || !get_text(item, "usage", &usage) || !get_text(item, "key", &key) ||
        !get_text(item, "displayName", &name) || !get_text(item, "keyId", &id))
        return invalid(r, "keyCredentials");
    if (!str_eq_nocase(type, S("AsymmetricX509Cert")) || !str_eq_nocase(usage, S("Verify"))) return invalid(r, "keyCredentials");
    if (!guid_parse(id, &out->id)) out->id = guid_new(r->c);
    const struct app_certificate *there = old_certificate(r, out->id);
    if (str_empty(key) && there) {
        *out = *there;
        return OK;
    }
    if (b64_decode(r->c, key, &der) != OK) call_forgive(r->c), der = (bytes){0};
    if (der.n == 0 || !read_certificate(bytes_str(der), out))
        return FAIL(r->c, ERR_CONTENT_INVALID,
                    "Key credential's key is not a certificate with an RSA key of %d bits or more, or one of ES256's curve.", ASSERTION_RSA_MIN_BITS);
    out->name = name;
    // Its own dates bound those that are asked for.
    if (!get_time(item, "startDateTime", out->from_ns, &from_ns) || !get_time(item, "endDateTime", out->until_ns, &until_ns))
        return invalid(r, "keyCredentials");
    if (from_ns > out->from_ns) out->from_ns = from_ns;
    if (until_ns > out->until_ns)
        return FAIL(r->c, ERR_CONTENT_INVALID, "Key credential end date is invalid: the certificate ends at %s.",
                    time_iso_s(out->until_ns / NS_PER_S).s);
    out->until_ns = until_ns;
    return OK;
}

static enum err read_certificates(struct reading *r)
{
    const struct json      *list = json_get_nocase(r->body, S("keyCredentials"));
    struct app_certificate *items;
    if (!list) return OK;
    if (json_n(list) > APPLICATION_MAX_CREDENTIALS) return invalid(r, "keyCredentials");
    TRY(NEW(r->c, &items, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) {
        TRY(read_certificate_item(r, json_at(list, i), &items[i]));
        for (size_t k = 0; k < i; k++)
            if (guid_eq(items[k].id, items[i].id)) return invalid(r, "keyCredentials");
    }
    r->out->certificates = items;
    r->out->certificate_n = json_n(list);
    return OK;
}

// ---- the whole ----

// "api" holds what is apart and what is not: the document keeps an object of the latter.
static enum err read_document(struct reading *r)
{
    str                before = r->old ? r->old->document : STR_NONE, text, api_text;
    const struct json *api = json_get_nocase(r->body, S("api")), *document = NULL, *was = NULL, *is;
    TRY(properties_document(r->c, &APPLICATION, before, r->body, &text));
    if (!str_empty(before)) TRY(json_parse(r->c, before, &document));
    if (json_get(document, S("api"))) TRY(json_text(r->c, json_get(document, S("api")), &api_text));
    else api_text = STR_NONE;
    (void)was;
    TRY(properties_document(r->c, &API, api_text, api, &api_text));
    TRY(json_parse(r->c, text, &document));
    TRY(json_parse(r->c, api_text, &is));
    TRY(json_with(r->c, document, S("api"), json_n(is) ? is : NULL, &document));
    return json_text(r->c, document, &r->out->document);
}

enum err application_read(struct call *c, const struct work *w, const struct application *old, const struct json *body, struct application *out)
{
    struct application next = old ? *old : (struct application){.token_version = 1};
    struct reading     r = {c, w, old, body, &next};
    const struct json *name = json_get_nocase(body, S("displayName"));
    TRY(properties_check(c, &APPLICATION, body, !old));
    TRY(directory_is_operator(c, w, &r.by_operator));
    // What the registration asks of others counts as consent for every user only where the operator wrote it.
    if (!old || json_get_nocase(body, S("requiredResourceAccess"))) next.for_owners_only = !r.by_operator;
    if (name) next.name = json_str(name);
    (void)(get_bool(body, "isFallbackPublicClient", next.is_public_client, &next.is_public_client)); // its kind is checked above
    TRY(read_uris(&r));
    TRY(read_roles(&r));
    TRY(read_api(&r));
    TRY(read_secrets(&r));
    TRY(read_certificates(&r));
    TRY(read_document(&r));
    *out = next;
    return OK;
}
