// The token endpoints: one form, several grants, each a row of steps.
#include "core/b64.h"
#include "endpoints/login/parts.h"
#include "endpoints/signins.h"

static const struct login_grant GRANTS[] = {
    {S_INIT("client_credentials"), {{0}}, true, {login_scope_default, login_client, login_client_proven, login_resource, login_app_rights, login_answer}},
    {S_INIT("refresh_token"), {S_INIT("refresh_token")}, false, {login_client, login_client_proven, login_user_refresh, login_scope, login_resource, login_user_rights, login_answer}},
    {S_INIT("urn:ietf:params:oauth:grant-type:device_code"), {S_INIT("device_code")}, false, {login_client, login_client_proven, login_user_device, login_scope, login_resource, login_user_rights, login_answer}},
    {S_INIT("device_code"), {{0}}, false, {login_client, login_client_proven, login_user_device, login_scope, login_resource, login_user_rights, login_answer}},
    {S_INIT("password"), {S_INIT("username"), S_INIT("password")}, true, {login_scope, login_client, login_client_proven, login_resource, login_user_password, login_user_rights, login_answer}},
    {S_INIT("urn:ietf:params:oauth:grant-type:jwt-bearer"), {S_INIT("assertion"), S_INIT("requested_token_use")}, true, {login_scope, login_client, login_client_proven, login_user_assertion, login_resource, login_user_rights, login_answer}},
};

str login_field(const struct login_ask *k, str name)
{
    return http_field(k->fields, k->n, name);
}

enum err login_refuse_ask(struct call *c, struct login_ask *k, enum aadsts kind, str about)
{
    k->is_refused = true;
    return login_refuse(c, k->q, k->a, kind, about);
}

static const struct http_field *find_double(const struct login_ask *k)
{
    for (size_t i = 0; i < k->n; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq_nocase(k->fields[i].name, k->fields[j].name)) return &k->fields[i];
    return NULL;
}

// client_secret_basic: id and secret, each form-encoded, with a colon between.
static void read_basic(struct call *c, struct login_ask *k)
{
    static const str SCHEME = S_INIT("Basic ");
    str              header = http_header(k->q->http, S("Authorization"));
    bytes            decoded;
    if (!str_starts_nocase(header, SCHEME)) return;
    if (b64_decode(c, str_trim(str_from(header, SCHEME.n)), &decoded) == OK) {
        size_t colon = str_find(bytes_str(decoded), ':');
        if (colon != STR_NOWHERE && http_unescape(c, str_upto(bytes_str(decoded), colon), &k->basic_id) == OK &&
            http_unescape(c, str_from(bytes_str(decoded), colon + 1), &k->basic_key) != OK)
            k->basic_key = k->basic_id = STR_NONE;
    }
    call_forgive(c); // what cannot be read names nobody
}

enum err login_read_form(struct call *c, struct login_ask *k)
{
    str                    segment = wire_param(k->q, "tenant");
    enum login_tenant_kind tenant = login_tenant(k->q, segment);
    if (tenant != LOGIN_TENANT_OURS && tenant != LOGIN_TENANT_ANY) {
        k->is_refused = true;
        return login_refuse_tenant(c, k->q, k->a, tenant, STR_NONE, segment);
    }
    TRY(http_read_fields(c, k->q->http->body, &k->fields, &k->n));
    const struct http_field *twice = find_double(k);
    if (twice) return login_refuse_ask(c, k, AADSTS_PARAMETER_TWICE, twice->name);
    read_basic(c, k);
    k->client_text = login_field(k, S("client_id"));
    if (str_empty(k->client_text)) k->client_text = k->basic_id;
    return OK;
}

static const struct login_grant *find_grant(str name)
{
    for (size_t i = 0; i < COUNT(GRANTS); i++)
        if (str_eq(GRANTS[i].name, name)) return &GRANTS[i];
    return NULL;
}

static str first_missing(const struct login_ask *k)
{
    str into = k->version == TOKEN_V1 ? S("resource") : S("scope");
    if (k->grant->for_resource && str_empty(login_field(k, into))) return into;
    for (size_t i = 0; i < LOGIN_MAX_REQUIRED && k->grant->required[i].n; i++)
        if (str_empty(login_field(k, k->grant->required[i]))) return k->grant->required[i];
    return STR_NONE;
}

static enum err read_grant(struct call *c, struct login_ask *k)
{
    str grant = login_field(k, S("grant_type")), missing;
    if (str_empty(grant)) return login_refuse_ask(c, k, AADSTS_PARAMETER_MISSING, S("grant_type"));
    k->grant = find_grant(grant);
    if (!k->grant) return login_refuse_ask(c, k, AADSTS_GRANT_UNKNOWN, grant);
    if (str_empty(k->client_text) && str_empty(login_field(k, S("client_assertion"))))
        return login_refuse_ask(c, k, AADSTS_PARAMETER_MISSING, S("client_id"));
    missing = first_missing(k);
    return str_empty(missing) ? OK : login_refuse_ask(c, k, AADSTS_PARAMETER_MISSING, missing);
}

static enum err post_token(struct call *c, struct work *w, const struct wire *q, struct answer *a, enum token_version version)
{
    struct login_ask *k; // in the call: the last step may answer later
    TRY(NEW(c, &k, 1));
    *k = (struct login_ask){.q = q, .a = a, .version = version};
    TRY(login_read_form(c, k));
    if (!k->is_refused) TRY(read_grant(c, k));
    if (k->is_refused) return OK;
    login_step *const *step = k->grant->steps;
    for (; step[1]; step++) {
        TRY((*step)(c, w, k));
        if (k->is_refused) return OK;
        if (k->must_wait) return login_wait_for_issuer(c, k);
    }
    return (*step)(c, w, k); // it may answer on another thread, and `k` be gone when it returns
}

enum err login_post_token_v2(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return post_token(c, w, q, a, TOKEN_V2);
}

enum err login_post_token_v1(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return post_token(c, w, q, a, TOKEN_V1);
}
