// A token of somebody else's as the client's credential: an outside issuer's, or a managed identity's of this tenant.
#include "endpoints/login/parts.h"
#include "endpoints/login/issuers.h"
#include "endpoints/signins.h"
#include "ops/applications.h"
#include "ops/cluster.h"
#include "ops/identities.h"
#include "token/discovery.h"
#include "token/service_account.h"

// Whose token it says to be.
enum issued_by { BY_OUTSIDER, BY_US, BY_US_AS_V1, BY_US_FOR_ANOTHER_TENANT };

// "https://login.microsoftonline.com/TENANT/v2.0" and "https://sts.windows.net/TENANT/", whichever tenant.
static bool names_tenant(str issuer, str host_url, str tail)
{
    guid tenant;
    if (!str_starts_nocase(issuer, host_url) || !str_ends_nocase(issuer, tail) || issuer.n < host_url.n + 1 + tail.n) return false;
    return issuer.at[host_url.n] == '/' && guid_parse((str){issuer.at + host_url.n + 1, issuer.n - host_url.n - 1 - tail.n}, &tenant);
}

static enum issued_by issued_by(struct call *c, const struct product *p, str issuer)
{
    str login = names_url(c, &p->names, &HOST_LOGIN), v1 = names_url(c, &p->names, &HOST_ISSUER);
    if (str_eq(issuer, product_issuer(c, p, TOKEN_V2))) return BY_US;
    if (str_eq(issuer, product_issuer(c, p, TOKEN_V1))) return BY_US_AS_V1;
    bool is_ours = names_tenant(issuer, login, S("/v2.0")) || names_tenant(issuer, v1, S("/")) || names_tenant(issuer, v1, STR_NONE);
    return is_ours ? BY_US_FOR_ANOTHER_TENANT : BY_OUTSIDER;
}

// "typ" may be left out; one that says another kind of token is no assertion (RFC 8725, section 3.11).
static bool has_form(const struct client_assertion *a)
{
    static const str   TYPES[] = {S_INIT("JWT"), S_INIT("JOSE"), S_INIT("at+jwt"), S_INIT("application/at+jwt")};
    const struct json *type = json_get(a->header, S("typ"));
    return str_eq(json_get_str(a->header, S("alg")), S("RS256")) && !str_empty(json_get_str(a->header, S("kid"))) &&
           (!type || str_index_nocase(TYPES, COUNT(TYPES), json_str(type)) != STR_NOWHERE);
}

static enum err refuse_match(struct call *c, struct login_ask *k, enum federated_match match, const struct client_assertion *a)
{
    switch (match) {
    case FEDERATED_MATCHES: return OK;
    case FEDERATED_NONE: return login_refuse_ask(c, k, AADSTS_FEDERATED_NONE, k->client_text);
    case FEDERATED_OTHER_ISSUER: return login_refuse_ask(c, k, AADSTS_FEDERATED_ISSUER, a->issuer);
    case FEDERATED_OTHER_SUBJECT: return login_refuse_ask(c, k, AADSTS_FEDERATED_SUBJECT, a->subject);
    case FEDERATED_OTHER_CASE: return login_refuse_ask(c, k, AADSTS_FEDERATED_CASE, a->subject);
    case FEDERATED_OTHER_AUDIENCE: return login_refuse_ask(c, k, AADSTS_FEDERATED_AUDIENCE, a->audiences[0]);
    }
    return FAIL_PLAIN(c, ERR_INTERNAL);
}

// *out: how to refuse it; AADSTS_N: its signature is right.
static enum err check_outsider(struct call *c, struct work *w, struct login_ask *k, const struct client_assertion *a, enum aadsts *out)
{
    CLEANUP(jwks_dropp) struct jwks *set = NULL;
    const struct jwk                *key;
    str                              kid = json_get_str(a->header, S("kid")), url;
    *out = AADSTS_FEDERATED_FETCH;
    enum err unreachable = discovery_url(c, a->issuer, &url);
    call_forgive(c);
    if (unreachable != OK) return OK;
    enum issuer_keys known = issuers_find(c, w->product->issuers, a->issuer, kid, !k->a->is_again, &set, &key);
    if (known == ISSUER_FAILED) return OK;
    if (known == ISSUER_LATER) {
        k->must_wait = true;
        k->issuer = a->issuer;
        k->kid = kid;
        return OK;
    }
    bool is_signed = known == ISSUER_HAS_KEY && jwk_verify(c, key, a->signed_text, a->signature) == OK;
    call_forgive(c);
    *out = is_signed ? AADSTS_N : AADSTS_FEDERATED_SIGNATURE;
    return OK;
}

// A cluster of this tenant is asked in memory, and one that has gone nowhere else.
static enum err check_foreign(struct call *c, struct work *w, struct login_ask *k, const struct client_assertion *a, enum aadsts *out)
{
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(w->product);
    const struct resource                 *cluster;
    bool                                   is_ours;
    TRY(cluster_find(c, w, a->issuer, &is_ours, &cluster));
    if (!is_ours) return check_outsider(c, w, k, a, out);
    *out = AADSTS_FEDERATED_FETCH;
    if (!cluster) return OK;
    *out = service_account_verify(c, keys, a) == OK ? AADSTS_N : AADSTS_FEDERATED_SIGNATURE;
    call_forgive(c);
    return OK;
}

// F1: this tenant's own issuer is asked in memory. Only a user-assigned identity that still is there, and was not revoked since.
static enum err check_ours(struct call *c, struct work *w, const struct client_assertion *a, str text, enum aadsts *out)
{
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(w->product);
    struct token_claims                    claims;
    const struct token_policy              policy = {.issuers = &a->issuer, .issuer_n = 1, .audiences = a->audiences, .audience_n = a->audience_n};
    bool                                   is_enabled = true;
    *out = AADSTS_FEDERATED_SIGNATURE;
    enum err failed = keys ? token_verify(c, keys, text, &policy, &claims) : ERR_TOKEN_SIGNATURE;
    if (failed == ERR_NO_MEMORY) return failed;
    call_forgive(c);
    if (failed == ERR_TOKEN_EXPIRED || failed == ERR_TOKEN_NOT_YET_VALID) *out = AADSTS_ASSERTION_TIME;
    if (failed != OK) return OK;
    const struct principal *p = directory_find(w->world->directory, claims.subject);
    *out = AADSTS_FEDERATED_NO_IDENTITY;
    if (!p || p->kind != PRINCIPAL_MANAGED || p->is_system_assigned || claims.kind != TOKEN_OF_IDENTITY) return OK;
    TRY(principal_setting(c, p, S("accountEnabled"), true, &is_enabled));
    if (!is_enabled) return OK;
    *out = token_issued_s(&claims) <= revoked_until_s(w->world, p->id) ? AADSTS_ASSERTION_TIME : AADSTS_N;
    return OK;
}

static enum err list_credentials(struct call *c, const struct work *w, const struct login_ask *k, const struct federated_credential **out,
                                 size_t *out_n)
{
    struct federated_credential *list;
    if (!k->application) return identity_federated_list(c, w->world, k->service->resource, out, out_n);
    TRY(NEW(c, &list, k->application->federated_n));
    for (size_t i = 0; i < k->application->federated_n; i++) list[i] = app_federated_credential(&k->application->federated[i]);
    *out = list;
    *out_n = k->application->federated_n;
    return OK;
}

// The first rule that fails is the one that is named. Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
enum err login_check_federated(struct call *c, struct work *w, struct login_ask *k, const struct client_assertion *a)
{
    const struct federated_credential *list, *trusted;
    size_t                             n;
    enum aadsts                        refusal;
    enum issued_by                     by = issued_by(c, w->product, a->issuer);
    k->a->signin.known_by = SIGNIN_KNOWN_FEDERATED;
    if (!k->application) k->a->signin.type = SIGNIN_MANAGED_IDENTITY;
    if (!has_form(a)) return login_refuse_ask(c, k, AADSTS_ASSERTION_TYPE, STR_NONE);
    TRY(list_credentials(c, w, k, &list, &n));
    enum federated_match match = federated_credential_match(list, n, a, by == BY_US, &trusted);
    if (match != FEDERATED_NONE && by == BY_US_FOR_ANOTHER_TENANT) return login_refuse_ask(c, k, AADSTS_FEDERATED_TENANT, a->issuer);
    // That an identity takes no token of this service is inferred: only an application is published to.
    if (match != FEDERATED_NONE && (by == BY_US_AS_V1 || (by == BY_US && !k->application)))
        return login_refuse_ask(c, k, AADSTS_FEDERATED_OURS, a->issuer);
    if (match != FEDERATED_MATCHES) return refuse_match(c, k, match, a);
    k->a->signin.credential = trusted->id;
    if (by == BY_US) TRY(check_ours(c, w, a, login_field(k, S("client_assertion")), &refusal));
    else TRY(check_foreign(c, w, k, a, &refusal));
    if (k->must_wait) return OK;
    if (refusal != AADSTS_N) return login_refuse_ask(c, k, refusal, a->issuer);
    if (!client_assertion_is_in_time(a, c->now_s)) return login_refuse_ask(c, k, AADSTS_ASSERTION_TIME, STR_NONE);
    k->proof = TOKEN_PROOF_CERTIFICATE;
    return OK;
}

// ---- waiting for an issuer's keys ----

// Lives in its call.
struct key_wait {
    struct issuer_waiter waiter;
    struct answer       *a;
};

static void on_keys(struct issuer_waiter *waiter, bool again)
{
    struct answer *a = CONTAINER_OF(waiter, struct key_wait, waiter)->a;
    if (again) answer_again(a);
    else answer_finish(a, FAIL(&a->x->call, ERR_BUSY, "The server stops."));
}

enum err login_wait_for_issuer(struct call *c, struct login_ask *k)
{
    struct key_wait *x;
    struct answer   *a = k->a;
    TRY(NEW(c, &x, 1));
    *x = (struct key_wait){.waiter.done = on_keys, .a = a};
    answer_later(a); // before: another thread may have the keys at once
    enum err failed = issuers_wait(c, k->q->product->issuers, k->issuer, k->kid, a->x->loop, &x->waiter);
    if (failed != OK) answer_now(a);
    return failed;
}
