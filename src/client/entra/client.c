#include "client/entra/client.h"

#include "client/request_text.h"

#define TIMEOUT_MS         30000
#define CONNECT_TIMEOUT_MS 10000
#define ASSERTION_TYPE     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static const struct retry_rule RETRY = {
    .tries = 4,
    .first_delay_ms = 800,
    .max_delay_ms = 8000,
    .statuses = (const short[]){408, 429, 500, 502, 503, 504, 0},
    .after_no_reply = true,
    .obeys_retry_after = true,
};

void entra_client_init(struct lanyard_credential *self, struct entra_client *me, str tenant_id, str client_id)
{
    struct call *c = credential_call(self);
    me->tenant_id = call_text(c, tenant_id);
    me->client_id = call_text(c, client_id);
    if (!tenant_is_valid(tenant_id))
        credential_broken(
            self, "The tenant id is missing or holds other characters than letters, digits, '-' and '.': give the tenant's GUID or a domain of it.");
    if (!is_word(client_id, CLIENT_ID_MAX_BYTES))
        credential_broken(self, "The client id is missing or holds characters that no id has: give the application's (client) id, a GUID.");
    authority_init(self, &me->authority);
}

// Which tenant is asked: the request's, if this credential may ask there.
static enum err choose_tenant(struct call *c, struct trial *t, const struct entra_client *me, str *out)
{
    str asked = t->ask->tenant_id;
    *out = str_empty(asked) ? me->tenant_id : asked;
    if (str_empty(asked)) return OK;
    if (!tenant_is_valid(asked))
        return trial_refused(c, t, ERR_PARAMETER_INVALID, "Give the tenant's GUID or a domain of it.", "The tenant id of the request cannot be one.");
    if (!settings_allows_tenant(t->ask->settings, me->tenant_id, asked))
        return trial_refused(
            c, t, ERR_CREDENTIAL_UNAVAILABLE,
            "Add the tenant to additionally_allowed_tenants in the settings or to AZURE_ADDITIONALLY_ALLOWED_TENANTS; '*' allows any.",
            "The credential is not configured for the tenant %.*s.", PSTR(asked));
    return OK;
}

// What the program's challenge asks for, and that the program can answer one.
static enum err claims_of(struct call *c, struct trial *t, str *out)
{
    const struct json *claims = NULL, *able;
    *out = STR_NONE;
    if (str_empty(t->ask->claims) && !t->ask->enable_cae) return OK;
    if (!str_empty(t->ask->claims) && (json_parse(c, t->ask->claims, &claims) != OK || !json_is(claims, JSON_IS_OBJECT))) {
        return trial_refused(c, t, ERR_PARAMETER_INVALID, "Give the claims as lanyard_challenge_read decodes them.",
                             "The claims of the request are no JSON object.");
    }
    if (t->ask->enable_cae) {
        TRY(json_parse(c, S("{\"access_token\":{\"xms_cc\":{\"values\":[\"CP1\"]}}}"), &able));
        if (claims) TRY(json_merge(c, claims, able, &claims));
        else claims = able;
    }
    return json_text(c, claims, out);
}

static enum err conclude(struct call *c, struct trial *t, str endpoint, const struct transport_reply *reply, struct access_token *out)
{
    struct token_reply read;
    struct error_reply error;
    bool               is_untrusted = reply->result == LANYARD_INVALID; // asking again would not help
    if (reply->status == 0)
        return trial_refused(
            c, t, ERR_AUTHENTICATION_FAILED,
            is_untrusted ? "Check that ca_file or SSL_CERT_FILE names the authority that signed its certificate, and how the proxy is named."
                         : "Check the network, the proxy and AZURE_AUTHORITY_HOST.",
            "No reply from %.*s: %.*s.", PSTR(endpoint), PSTR(str_ends(reply->why, S(".")) ? str_upto(reply->why, reply->why.n - 1) : reply->why));
    if (reply->status == 200) {
        if (token_reply_read(c, reply->body, &read) != OK)
            return trial_failed(c, t, ERR_AUTHENTICATION_FAILED, "Check that no proxy answers in the token service's place.");
        return trial_token(c, t, &read, out);
    }
    error_reply_read(c, reply->body, t->sent_secret, &error);
    return trial_answered(c, t, ERR_AUTHENTICATION_FAILED, entra_fix(error.code), &error);
}

static enum err ask(struct call *c, struct trial *t, const struct entra_client *me, str tenant, const struct entra_proof *proof,
                    struct access_token *out)
{
    const struct token_proxy *proxy = &me->proxy;
    str                       endpoint = authority_token_endpoint(c, &me->authority, tenant), claims;
    if (!str_empty(proxy->url)) endpoint = call_format(c, "%.*s/%.*s/oauth2/v2.0/token", PSTR(proxy->url), PSTR(tenant));
    struct guid_text id = guid_text(c->correlation_id);
    const char      *headers[] = {
        "Accept: application/json",
        "Content-Type: application/x-www-form-urlencoded",
        call_zstr(c, call_format(c, "client-request-id: %s", id.s)),
        "return-client-request-id: true",
    };
    TRY(claims_of(c, t, &claims));
    bool              has_assertion = !proof->secret;
    struct form_field fields[] = {
        {S("grant_type"), S("client_credentials")},
        {S("client_id"), me->client_id},
        {S("scope"), t->ask->scope},
        {S("client_secret"), has_assertion ? STR_NONE : bytes_str(secret_reveal(proof->secret))},
        {S("client_assertion_type"), has_assertion ? S(ASSERTION_TYPE) : STR_NONE},
        {S("client_assertion"), has_assertion ? proof->assertion : STR_NONE},
        {S("claims"), claims},
    };
    str                         body = form_text(c, fields, COUNT(fields));
    struct lanyard_http_request request = {
        .method = "POST",
        .url = call_zstr(c, endpoint),
        .headers = headers,
        .header_n = COUNT(headers),
        .body = body.at,
        .body_n = body.n,
        .timeout_ms = TIMEOUT_MS,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .ca_file = proxy->ca_file ? proxy->ca_file : settings_ca_file(t->ask->settings),
        .ca_pem = proxy->ca_pem,
        .server_name = proxy->server_name,
    };
    struct transport_reply reply;
    t->sent_secret = has_assertion ? proof->assertion : bytes_str(secret_reveal(proof->secret));
    TRY(call_check_texts(c));
    TRY(trial_send(c, t, &request, &RETRY, &reply));
    return conclude(c, t, endpoint, &reply, out);
}

enum err entra_acquire(struct call *c, struct trial *t, struct entra_client *me, struct access_token *out)
{
    struct entra_proof proof = {0};
    str                tenant;
    if (!str_empty(me->lacks)) return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, me->lacks_fix, "%.*s", PSTR(me->lacks));
    TRY(choose_tenant(c, t, me, &tenant));
    if (!me->is_trusted) TRY(authority_check(c, t, &me->authority, tenant));
    TRY(me->prove(c, t, me, authority_token_endpoint(c, &me->authority, tenant), &proof));
    return ask(c, t, me, tenant, &proof, out);
}
