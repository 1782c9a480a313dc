// Which program asks, and what shows that it is the one.
#include "endpoints/login/parts.h"
#include "endpoints/signins.h"
#include "token/first_party.h"

static const str JWT_BEARER = S_INIT("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

// Of an assertion that stands alone the subject says whose it is; it is verified as that one's.
static enum err read_subject(struct call *c, struct login_ask *k)
{
    struct client_assertion a;
    if (client_assertion_read(c, login_field(k, S("client_assertion")), &a) == OK) k->client_text = a.subject;
    call_forgive(c);
    return OK;
}

// A user-assigned identity comes here with a token that one of its federated credentials trusts, and in no other way (I1).
static bool may_be_identity(const struct login_ask *k)
{
    const struct principal *p = k->service;
    return p && p->kind == PRINCIPAL_MANAGED && !p->is_system_assigned && str_eq(k->grant->name, S("client_credentials")) &&
           !str_empty(login_field(k, S("client_assertion")));
}

enum err login_client(struct call *c, struct work *w, struct login_ask *k)
{
    const struct world *world = w->world;
    bool                is_enabled = true;
    if (str_empty(k->client_text)) TRY(read_subject(c, k));
    if (!guid_parse(k->client_text, &k->app.g)) return login_refuse_ask(c, k, AADSTS_APP_UNKNOWN, k->client_text);
    k->service = directory_find_app(world->directory, k->app);
    k->application = applications_find_app(world->applications, k->app);
    bool is_first_party = !k->application && !k->service && !str_empty(first_party_name(k->app));
    if (k->service) signins_note_principal(c, k->a, k->service);
    if (is_first_party) return OK;
    if (!k->application && !may_be_identity(k)) {
        bool is_known = k->service && k->service->kind == PRINCIPAL_APP;
        return login_refuse_ask(c, k, is_known ? AADSTS_CREDENTIAL_MISSING : AADSTS_APP_UNKNOWN, k->client_text);
    }
    if (!k->service) return login_refuse_ask(c, k, AADSTS_SERVICE_MISSING, k->client_text);
    TRY(principal_setting(c, k->service, S("accountEnabled"), true, &is_enabled));
    return is_enabled ? OK : login_refuse_ask(c, k, AADSTS_APP_DISABLED, k->client_text);
}

static enum err check_secret(struct call *c, struct login_ask *k, str given)
{
    CLEANUP(secret_clear) struct secret shown = {0};
    enum app_secret_match               match;
    TRY(secret_init(c, &shown, str_bytes(given)));
    TRY(application_match_secret(c, k->application, &shown, &match, &k->a->signin.credential));
    k->a->signin.known_by = SIGNIN_KNOWN_SECRET;
    k->proof = TOKEN_PROOF_SECRET;
    if (match == APP_SECRET_RIGHT) return OK;
    return login_refuse_ask(c, k, match == APP_SECRET_EXPIRED ? AADSTS_SECRET_EXPIRED : AADSTS_SECRET_WRONG, k->client_text);
}

// The token endpoint of either version, or the tenant's issuer of version 2, by this server's name that the request went to or its own.
static bool is_for_us(struct call *c, const struct login_ask *k, const struct client_assertion *a)
{
    static const char *const TAILS[] = {"/oauth2/v2.0/token", "/oauth2/token", "/v2.0", ""};
    const struct product    *p = k->q->product;
    const str                HOSTS[] = {names_url(c, &p->names, &HOST_LOGIN), call_format(c, "https://%.*s", PSTR(k->q->http->host))},
              TENANTS[] = {guid_str(c, p->tenant.g), p->tenant_domain, wire_param(k->q, "tenant")};
    if (client_assertion_is_for(a, product_issuer(c, p, TOKEN_V1)) || client_assertion_is_for(a, product_issuer(c, p, TOKEN_V2))) return true;
    for (size_t h = 0; h < COUNT(HOSTS); h++)
        for (size_t t = 0; t < COUNT(TENANTS); t++)
            for (size_t i = 0; i < COUNT(TAILS); i++)
                if (client_assertion_is_for(a, call_format(c, "%.*s/%.*s%s", PSTR(HOSTS[h]), PSTR(TENANTS[t]), TAILS[i]))) return true;
    return false;
}

static bool is_in_time(const struct call *c, const struct client_assertion *a)
{
    return client_assertion_is_in_time(a, c->now_s) && a->expires_s <= c->now_s + ASSERTION_MAX_LIFETIME_S;
}

static enum err check_assertion(struct call *c, struct work *w, struct login_ask *k, str text)
{
    struct client_assertion       a;
    const struct app_certificate *signer = NULL;
    guid                          issuer, subject;
    k->a->signin.known_by = SIGNIN_KNOWN_CERTIFICATE;
    if (!str_eq(login_field(k, S("client_assertion_type")), JWT_BEARER) || client_assertion_read(c, text, &a) != OK) {
        call_forgive(c);
        return login_refuse_ask(c, k, AADSTS_ASSERTION_TYPE, STR_NONE);
    }
    // An application calls itself by its id; an outside issuer is a URL.
    if (!k->application || str_find_str(a.issuer, S("://")) != STR_NOWHERE) return login_check_federated(c, w, k, &a);
    TRY(client_assertion_signer(c, &a, k->application, &signer));
    if (!signer) return login_refuse_ask(c, k, AADSTS_ASSERTION_UNKNOWN, STR_NONE);
    k->a->signin.credential = signer->id;
    bool is_its = guid_parse(a.issuer, &issuer) && guid_parse(a.subject, &subject) && guid_eq(issuer, k->app.g) && guid_eq(subject, k->app.g);
    if (!is_its) return login_refuse_ask(c, k, AADSTS_ASSERTION_APP, STR_NONE);
    if (!is_for_us(c, k, &a)) return login_refuse_ask(c, k, AADSTS_ASSERTION_AUDIENCE, STR_NONE);
    if (!is_in_time(c, &a)) return login_refuse_ask(c, k, AADSTS_ASSERTION_TIME, STR_NONE);
    k->proof = TOKEN_PROOF_CERTIFICATE;
    return OK;
}

// A public client has no credential, and must not show one. Whoever asks for itself, or for a user on behalf of whom it was called, needs one.
enum err login_client_proven(struct call *c, struct work *w, struct login_ask *k)
{
    str  assertion = login_field(k, S("client_assertion")), secret = login_field(k, S("client_secret"));
    bool needs_one = str_eq(k->grant->name, S("client_credentials")) || str_starts(k->grant->name, S("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    bool is_our_own = !k->application && !k->service; // one of the cloud's own programs
    bool may_be_public = !needs_one && (is_our_own || (k->application && k->application->is_public_client));
    if (str_empty(secret) && k->basic_key.at) secret = k->basic_key;
    if (is_our_own && (!str_empty(assertion) || !str_empty(secret))) return login_refuse_ask(c, k, AADSTS_PUBLIC_ONLY, STR_NONE);
    if (!str_empty(assertion)) return check_assertion(c, w, k, assertion);
    if (!str_empty(secret)) return check_secret(c, k, secret);
    return may_be_public ? OK : login_refuse_ask(c, k, AADSTS_CREDENTIAL_MISSING, STR_NONE);
}
