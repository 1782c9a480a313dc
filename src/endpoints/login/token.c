// The token endpoints. Nothing in the directory has a secret, a certificate or a password yet, so every
// request ends in the refusal that is true of it; which one, is told from the request and the directory.
#include "core/b64.h"
#include "endpoints/login/parts.h"
#include "endpoints/signins.h"

#define MAX_REQUIRED 2

struct ask;
typedef enum err grant_end(struct call *c, struct work *w, const struct ask *k, struct answer *a);
static grant_end end_client_credentials, end_password, end_without_grant, end_user_assertion;

static const struct grant {
    str        name;
    str        required[MAX_REQUIRED]; // besides grant_type and client_id
    bool       for_resource;           // needs scope, or resource in version 1
    grant_end *end;                    // for an application that the directory knows
} GRANTS[] = {
    {S_INIT("client_credentials"), {{0}}, true, end_client_credentials},
    {S_INIT("refresh_token"), {S_INIT("refresh_token")}, false, end_without_grant},
    {S_INIT("authorization_code"), {S_INIT("code")}, false, end_without_grant},
    {S_INIT("urn:ietf:params:oauth:grant-type:device_code"), {S_INIT("device_code")}, false, end_without_grant},
    {S_INIT("device_code"), {S_INIT("code")}, false, end_without_grant},
    {S_INIT("password"), {S_INIT("username"), S_INIT("password")}, true, end_password},
    {S_INIT("urn:ietf:params:oauth:grant-type:jwt-bearer"), {S_INIT("assertion")}, true, end_user_assertion},
};

// A request, as far as it has been read.
struct ask {
    const struct wire  *q;
    enum token_version  version;
    struct http_field  *fields;
    size_t              n;
    const struct grant *grant;
    str                 client; // as sent
    bool                has_basic;
};

static str field(const struct ask *k, str name)
{
    return http_field(k->fields, k->n, name);
}

static const struct http_field *find_double(const struct ask *k)
{
    for (size_t i = 0; i < k->n; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq_nocase(k->fields[i].name, k->fields[j].name)) return &k->fields[i];
    return NULL;
}

// client_secret_basic: id and secret, each form-encoded, with a colon between. Only the id is looked at.
static void read_basic(struct call *c, struct ask *k)
{
    static const str SCHEME = S_INIT("Basic ");
    str              header = http_header(k->q->http, S("Authorization")), id;
    bytes            decoded;
    if (!str_starts_nocase(header, SCHEME)) return;
    if (b64_decode(c, str_trim(str_from(header, SCHEME.n)), &decoded) == OK) {
        size_t colon = str_find(bytes_str(decoded), ':');
        if (colon != STR_NOWHERE && http_unescape(c, str_upto(bytes_str(decoded), colon), &id) == OK) {
            k->client = id;
            k->has_basic = true;
        }
    }
    call_forgive(c); // what cannot be read names nobody
}

static const struct grant *find_grant(str name)
{
    for (size_t i = 0; i < COUNT(GRANTS); i++)
        if (str_eq(GRANTS[i].name, name)) return &GRANTS[i];
    return NULL;
}

static str first_missing(const struct ask *k)
{
    str into = k->version == TOKEN_V1 ? S("resource") : S("scope");
    if (k->grant->for_resource && str_empty(field(k, into))) return into;
    for (size_t i = 0; i < MAX_REQUIRED && k->grant->required[i].n; i++)
        if (str_empty(field(k, k->grant->required[i]))) return k->grant->required[i];
    return STR_NONE;
}

// Some clients add the OpenID scopes to an application's too; they ask for nothing there.
static bool is_openid_scope(str s)
{
    static const str NAMES[] = {S_INIT("openid"), S_INIT("profile"), S_INIT("email"), S_INIT("offline_access")};
    return str_index_nocase(NAMES, COUNT(NAMES), s) != STR_NOWHERE;
}

static bool check_scope(const struct ask *k, enum aadsts *out_refusal)
{
    size_t resources = 0;
    bool   all_default = true;
    for (str rest = field(k, S("scope")), scope; str_cut(&rest, ' ', &scope);) {
        if (str_empty(scope) || is_openid_scope(scope)) continue;
        resources++;
        all_default &= str_ends_nocase(scope, S("/.default")) && scope.n > S("/.default").n;
    }
    *out_refusal = all_default && resources != 1 ? AADSTS_SCOPE_INVALID : AADSTS_SCOPE_NOT_DEFAULT;
    return resources == 1 && all_default;
}

static enum err post_token(struct call *c, struct work *w, const struct wire *q, struct answer *a, enum token_version version)
{
    struct ask             k = {.q = q, .version = version};
    str                    segment = wire_param(q, "tenant"), missing;
    enum login_tenant_kind tenant = login_tenant(q, segment);
    enum aadsts            refusal;
    if (tenant != LOGIN_TENANT_OURS && tenant != LOGIN_TENANT_ANY) return login_refuse_tenant(c, q, a, tenant, STR_NONE, segment);
    TRY(http_read_fields(c, q->http->body, &k.fields, &k.n));
    const struct http_field *twice = find_double(&k);
    if (twice) return login_refuse(c, q, a, AADSTS_PARAMETER_TWICE, twice->name);
    str grant = field(&k, S("grant_type"));
    if (str_empty(grant)) return login_refuse(c, q, a, AADSTS_PARAMETER_MISSING, S("grant_type"));
    k.grant = find_grant(grant);
    if (!k.grant) return login_refuse(c, q, a, AADSTS_GRANT_UNKNOWN, grant);
    k.client = field(&k, S("client_id"));
    if (str_empty(k.client)) read_basic(c, &k);
    if (str_empty(k.client)) return login_refuse(c, q, a, AADSTS_PARAMETER_MISSING, S("client_id"));
    missing = first_missing(&k);
    if (!str_empty(missing)) return login_refuse(c, q, a, AADSTS_PARAMETER_MISSING, missing);
    if (k.grant->end == end_client_credentials && version == TOKEN_V2 && !check_scope(&k, &refusal))
        return login_refuse(c, q, a, refusal, field(&k, S("scope")));

    client_id               app;
    const struct principal *p = guid_parse(k.client, &app.g) ? directory_find_app(w->world->directory, app) : NULL;
    if (p) signins_note_principal(c, a, p);
    // I1: a managed identity is nobody's application; there is no secret with which it could come here.
    if (!p || p->kind != PRINCIPAL_APP) return login_refuse(c, q, a, AADSTS_APP_UNKNOWN, k.client);
    return k.grant->end(c, w, &k, a);
}

static enum err end_client_credentials(struct call *c, struct work *w, const struct ask *k, struct answer *a)
{
    static const str BEARER = S_INIT("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    (void)w;
    if (!str_empty(field(k, S("client_assertion"))))
        return login_refuse(c, k->q, a, str_eq(field(k, S("client_assertion_type")), BEARER) ? AADSTS_ASSERTION_UNKNOWN : AADSTS_ASSERTION_TYPE,
                            STR_NONE);
    if (k->has_basic || !str_empty(field(k, S("client_secret")))) return login_refuse(c, k->q, a, AADSTS_SECRET_WRONG, k->client);
    return login_refuse(c, k->q, a, AADSTS_CREDENTIAL_MISSING, STR_NONE);
}

static enum err end_password(struct call *c, struct work *w, const struct ask *k, struct answer *a)
{
    const struct principal *user = directory_find_user(w->world->directory, field(k, S("username")));
    return login_refuse(c, k->q, a, user ? AADSTS_PASSWORD_WRONG : AADSTS_USER_UNKNOWN, STR_NONE);
}

static enum err end_without_grant(struct call *c, struct work *w, const struct ask *k, struct answer *a)
{
    (void)w;
    return login_refuse(c, k->q, a, AADSTS_GRANT_INVALID, STR_NONE);
}

static enum err end_user_assertion(struct call *c, struct work *w, const struct ask *k, struct answer *a)
{
    (void)w;
    return login_refuse(c, k->q, a, AADSTS_USER_ASSERTION, STR_NONE);
}

enum err login_post_token_v2(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return post_token(c, w, q, a, TOKEN_V2);
}

enum err login_post_token_v1(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return post_token(c, w, q, a, TOKEN_V1);
}
