#include "endpoints/dialect/keyvault.h"

#include "endpoints/dialect/claims_challenge.h"
#include "ops/vault.h"
#include "token/jwt.h"

#define SERVICE_VERSION "1.9.2203.1" /* the one whose answers were recorded */
#define RETRY_AFTER_S   "1"

// A failure's words. What has no row goes out as its status says.
struct words {
    enum err    kind;
    int         status;
    const char *code;
    const char *inner; // NULL: none
};

static const struct words WORDS[] = {
    {ERR_NOT_AUTHORIZED, 403, "Forbidden", "ForbiddenByRbac"},
    {ERR_DENIED, 403, "Forbidden", "ForbiddenByRbac"},
    {ERR_POLICY_NOT_AUTHORIZED, 403, "Forbidden", "AccessDenied"},
    {ERR_SECRET_DISABLED, 403, "Forbidden", "SecretDisabled"},
    {ERR_PURGE_PROTECTED, 403, "Forbidden", NULL},
    {ERR_SECRET_NOT_FOUND, 404, "SecretNotFound", NULL},
    {ERR_VAULT_NOT_FOUND, 404, "VaultNotFound", NULL},
    {ERR_METHOD_NOT_ALLOWED, 405, "MethodNotAllowed", NULL},
    {ERR_SECRET_DELETED, 409, "Conflict", "ObjectIsDeletedButRecoverable"},
    {ERR_SECRET_EXISTS, 409, "Conflict", NULL},
    {ERR_SECRET_TOO_LARGE, 400, "BadParameter", "SecretTooLarge"},
    {ERR_TOO_LARGE, 400, "BadParameter", NULL},
    {ERR_BACKUP_MALFORMED, 400, "Malformed backup blob", NULL},
    {ERR_BUSY, 429, "Throttled", NULL},
    {ERR_STORE_UNAVAILABLE, 503, "ServiceUnavailable", NULL},
};

static struct words words_for(enum err kind)
{
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (WORDS[i].kind == kind) return WORDS[i];
    int status = err_status(kind);
    if (status >= 500) return (struct words){kind, status, "InternalServerError", NULL};
    if (status == 401) return (struct words){kind, status, "Unauthorized", NULL};
    if (status == 404) return (struct words){kind, status, "NotFound", NULL};
    return (struct words){kind, 400, "BadParameter", NULL};
}

str keyvault_audience(struct call *c, const struct product *p)
{
    return call_format(c, "https://%.*s", PSTR(names_text(&p->names, &HOST_VAULT)));
}

// A claim of the token that was refused. It is read once more, for the words only.
static str claim_of(struct call *c, const struct wire *q, str name)
{
    struct jwt jwt;
    str        header = http_header(q->http, S("Authorization"));
    size_t     blank = str_find(header, ' ');
    if (blank == STR_NOWHERE || jwt_read(c, str_trim(str_from(header, blank)), &jwt) != OK) return STR_NONE;
    return json_get_str(jwt.claims, name);
}

static str issuer_words(struct call *c, const struct wire *q)
{
    str ours = product_issuer(c, q->product, TOKEN_V1), found = claim_of(c, q, S("iss"));
    return call_format(c, "AKV10032: Invalid issuer. Expected one of %.*s, found %.*s.", PSTR(ours), PSTR(found));
}

static str audience_words(struct call *c, const struct wire *q)
{
    str ours = keyvault_audience(c, q->product), found = claim_of(c, q, S("aud"));
    return call_format(c, "AKV10022: Invalid audience. Expected %.*s, found: %.*s.", PSTR(ours), PSTR(found));
}

static str caller_words(struct call *c, const struct product *p)
{
    const struct caller *who = c->caller;
    if (!who) return STR_NONE;
    str              issuer = str_empty(who->issuer) ? product_issuer(c, p, TOKEN_V1) : who->issuer;
    struct guid_text id = guid_text(who->id.g);
    if (guid_is_none(who->app.g)) return call_format(c, "name=%.*s;oid=%s;iss=%.*s", PSTR(who->name), id.s, PSTR(issuer));
    return call_format(c, "appid=%s;oid=%s;iss=%.*s", guid_text(who->app.g).s, id.s, PSTR(issuer));
}

static str vault_words(struct call *c, const struct work *w, const struct wire *q)
{
    const struct resource *vault = tree_find_global(w->world->tree, S(VAULT_TYPE), q->label, false);
    return vault ? call_format(c, "%.*s;location=%.*s", PSTR(vault->name), PSTR(vault->location)) : q->label;
}

// Named are the assignment whose condition was false, or the deny that forbids it. One that does not count yet is as good as none.
static str rbac_words(struct call *c, const struct work *w, const struct wire *q)
{
    const struct refusal *r = &w->refusal;
    str                   scope = call_lower(c, r->scope), caller = caller_words(c, w->product), vault = vault_words(c, w, q);
    str                   by = call_format(c, "'%s'", guid_text(r->answer.decided_by).s);
    str                   assignment = r->answer.reason == RBAC_CONDITION_FALSE ? by : S("(not found)");
    str                   deny = r->answer.reason == RBAC_DENIED ? by : S("null");
    return call_format(c,
                       "Caller is not authorized to perform action on resource.\r\n"
                       "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n"
                       "Caller: %.*s\r\nAction: '%.*s'\r\nResource: '%.*s'\r\nAssignment: %.*s\r\nDenyAssignmentId: %.*s\r\n"
                       "DecisionReason: null \r\nVault: %.*s\r\n",
                       PSTR(caller), PSTR(r->action), PSTR(scope), PSTR(assignment), PSTR(deny), PSTR(vault));
}

static str policy_words(struct call *c, const struct work *w, const struct wire *q)
{
    str caller = caller_words(c, w->product), vault = vault_words(c, w, q);
    return call_format(c,
                       "The user, group or application '%.*s' does not have %.*s permission on key vault '%.*s'. For help resolving this "
                       "issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
                       PSTR(caller), PSTR(w->refusal.action), PSTR(vault));
}

// How to have a recorded refusal explained: a line more of what is for people anyway.
static str with_record(struct call *c, const struct work *w, str message)
{
    if (guid_is_none(w->refusal.record)) return message;
    const char *line_end = str_ends(message, S("\r\n")) ? "" : "\r\n";
    return call_format(c, "%.*s%sExplain: lanyard why %s\r\n", PSTR(message), line_end, guid_text(w->refusal.record).s);
}

static str message_for(struct call *c, const struct work *w, const struct wire *q)
{
    enum err kind = c->failure.kind;
    if (kind == ERR_TOKEN_MISSING) return S("AKV10000: Request is missing a Bearer or PoP token.");
    if (kind == ERR_TOKEN_AUDIENCE) return audience_words(c, q);
    if (kind == ERR_TOKEN_ISSUER) return issuer_words(c, q);
    if (kind == ERR_TOKEN_EXPIRED) return S("[TokenExpired] Error validating token: 'S2S12086'.");
    if (kind == ERR_TOKEN_SIGNATURE) return S("AKV10046: Unable to resolve the key used for signature validation.");
    if (err_status(kind) == 401) return call_format(c, "[BearerReadAccessTokenFailed] Error validating token: '%s'.", c->failure.text);
    if (kind == ERR_METHOD_NOT_ALLOWED) return call_format(c, "HTTP %.*s not allowed", PSTR(q->http->method_text));
    if (kind == ERR_API_VERSION_MISSING) return S("api-version must be specified");
    if (w && (kind == ERR_NOT_AUTHORIZED || kind == ERR_DENIED)) return with_record(c, w, rbac_words(c, w, q));
    if (w && kind == ERR_POLICY_NOT_AUTHORIZED) return with_record(c, w, policy_words(c, w, q));
    return str_of(c->failure.text);
}

// Clients read exactly this form: values in double quotes, a blank behind the comma, the tenant as the whole path.
static void challenge(struct call *c, const struct wire *q, struct answer *a)
{
    str              login = names_url(c, &q->product->names, &HOST_LOGIN), resource = keyvault_audience(c, q->product);
    struct guid_text tenant = guid_text(q->product->tenant.g);
    // With a resource in it clients would take it for the first challenge, and ask for a token without the claims.
    if (c->failure.kind == ERR_CLAIMS_NEEDED)
        answer_header(a, "WWW-Authenticate",
                      call_format(c, "Bearer realm=\"\", authorization_uri=\"%.*s/%s/oauth2/v2.0/authorize\"%.*s", PSTR(login), tenant.s,
                                  PSTR(claims_challenge(c))));
    else
        answer_header(a, "WWW-Authenticate",
                      call_format(c, "Bearer authorization=\"%.*s/%s\", resource=\"%.*s\"", PSTR(login), tenant.s, PSTR(resource)));
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct words        words = words_for(c->failure.kind);
    str                 message = message_for(c, w, q);
    struct json_writer *j = answer_json(a, words.status);
    if (words.status == 401) challenge(c, q, a);
    if (words.status == 429) answer_header(a, "Retry-After", S(RETRY_AFTER_S));
    json_write_object(j);
    json_write_key(j, S("error"));
    json_write_object(j);
    json_put_string(j, S("code"), str_of(words.code));
    json_put_string(j, S("message"), message);
    if (words.inner) {
        json_write_key(j, S("innererror"));
        json_write_object(j);
        json_put_string(j, S("code"), str_of(words.inner));
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
}

static str region_of(struct call *c, const struct wire *q)
{
    const struct world    *world = world_enter(q->product->worlds, q->row);
    const struct resource *vault = tree_find_global(world->tree, S(VAULT_TYPE), q->label, false);
    str                    region = vault ? call_format(c, "%.*s", PSTR(vault->location)) : STR_NONE;
    world_leave(q->product->worlds, q->row);
    return region;
}

// A sandbox's programs are on this machine, and so they are told.
static const str SAME_IN_ALL_ANSWERS = S_INIT("Cache-Control: no-cache\r\n"
                                              "Pragma: no-cache\r\n"
                                              "Expires: -1\r\n"
                                              "x-ms-keyvault-service-version: " SERVICE_VERSION "\r\n"
                                              "x-ms-keyvault-network-info: conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;\r\n"
                                              "X-Content-Type-Options: nosniff\r\n"
                                              "Strict-Transport-Security: max-age=31536000;includeSubDomains\r\n");

static void headers(struct call *c, const struct wire *q, struct answer *a)
{
    str region = region_of(c, q), asked = wire_client_request_id(c, q, "x-ms-client-request-id");
    buf_add(&a->x->response.head, SAME_IN_ALL_ANSWERS);
    if (!str_empty(region)) answer_header(a, "x-ms-keyvault-region", region);
    if (!str_empty(asked)) answer_header(a, "x-ms-client-request-id", asked);
    answer_header(a, "x-ms-request-id", guid_str(c, c->correlation_id));
}

const struct dialect DIALECT_KEYVAULT = {.name = "keyvault", .error = error, .headers = headers};
