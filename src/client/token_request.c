// What a program asks: checked, and brought into the form in which credentials are asked.
#include "client/token_request.h"

#include "client/credential.h"
#include "client/settings.h"
#include "core/json.h"

#define DEFAULT S("/.default")

str token_request_resource(str scope)
{
    return str_ends(scope, DEFAULT) ? str_upto(scope, scope.n - DEFAULT.n) : scope;
}

// A program that was built with another version of the header has fewer fields, or more.
bool token_request_take(const struct lanyard_token_request *given, struct lanyard_token_request *out)
{
    struct lanyard_token_request r = {0};
    const unsigned char         *at = (const unsigned char *)given;
    if (!given || given->size < sizeof given->size || given->size > 4096) return false;
    if (given->size == sizeof r) { // nearly always; a copy of a length that the compiler knows
        *out = *given;
        return true;
    }
    memcpy(&r, given, given->size < sizeof r ? given->size : sizeof r);
    for (size_t i = sizeof r; i < given->size; i++)
        if (at[i]) return false;
    *out = r;
    return true;
}

static bool is_printable(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] <= 0x20 || s.at[i] > 0x7e) return false;
    return true;
}

static str limited(const char *z, size_t most)
{
    return (str){z, z ? strnlen(z, most + 1) : 0};
}

static enum err check(struct call *c, const struct token_ask *ask)
{
    const struct json *claims;
    if (str_empty(ask->scope) || str_empty(ask->resource))
        return FAIL(c, ERR_PARAMETER_INVALID, "No scope was given: name one, such as https://vault.azure.net/.default.");
    if (ask->scope.n > SCOPE_MAX_BYTES || !is_printable(ask->scope))
        return FAIL(c, ERR_PARAMETER_INVALID, "The scope must be one name without blanks, of at most %d bytes.", SCOPE_MAX_BYTES);
    if (ask->tenant_id.n > TENANT_MAX_BYTES || !is_printable(ask->tenant_id))
        return FAIL(c, ERR_PARAMETER_INVALID, "The tenant must be a GUID or a domain, of at most %d bytes.", TENANT_MAX_BYTES);
    if (str_empty(ask->claims)) return OK;
    if (ask->claims.n > CLAIMS_MAX_BYTES) return FAIL(c, ERR_PARAMETER_INVALID, "The claims have more than %d bytes.", CLAIMS_MAX_BYTES);
    if (json_parse(c, ask->claims, &claims) == OK && json_is(claims, JSON_IS_OBJECT)) return OK;
    if (c->failure.kind == ERR_NO_MEMORY) return ERR_NO_MEMORY;
    call_forgive(c);
    return FAIL(c, ERR_PARAMETER_INVALID, "The claims must be a JSON object, as a challenge has it once its base64 is decoded.");
}

static struct token_ask ask_of(const struct lanyard_token_request *r)
{
    str scope = limited(r->scope, SCOPE_MAX_BYTES);
    return (struct token_ask){.scope = scope,
                              .resource = token_request_resource(scope),
                              .tenant_id = limited(r->tenant_id, TENANT_MAX_BYTES),
                              .claims = limited(r->claims, CLAIMS_MAX_BYTES),
                              .enable_cae = r->enable_cae};
}

// A request that no credential is asked with.
static struct lanyard_token *refuse(struct call *c, struct lanyard_credential *k, struct token_ask *ask, enum err refused, str why)
{
    if (NEW(c, &ask->attempts, 1) != OK) return NULL;
    enum err kind = ask_refused(c, ask, lanyard_credential_name(k), &(struct refusal){.kind = refused}, why);
    return call_check_texts(c) == OK ? token_new(ask, 0, kind, lanyard_credential_name(k), NULL, moment_now()) : NULL;
}

static struct lanyard_token *ask_with(struct call *c, struct lanyard_credential *k, struct token_ask *ask)
{
    enum err failed = check(c, ask);
    if (failed == OK && !str_ends(ask->scope, DEFAULT)) {
        ask->scope = call_format(c, "%.*s/.default", PSTR(ask->scope));
        failed = call_check_texts(c);
    }
    if (failed == ERR_PARAMETER_INVALID) return refuse(c, k, ask, failed, call_text(c, str_of(c->failure.text)));
    return failed == OK ? credential_token(k, ask) : NULL;
}

struct lanyard_token *token_request_refused(struct lanyard_credential *k, const struct lanyard_token_request *r, enum err kind, str why)
{
    struct call      c;
    struct token_ask ask = ask_of(r);
    ask.settings = credential_settings(k);
    settings_call_init(ask.settings, &c);
    struct lanyard_token *token = refuse(&c, k, &ask, kind, why);
    call_clear(&c);
    return token;
}

struct lanyard_token *token_request_kept(struct lanyard_credential *k, const struct lanyard_token_request *request)
{
    struct lanyard_token_request r;
    if (!k || !token_request_take(request, &r) || (r.claims && *r.claims)) return NULL;
    struct token_ask ask = ask_of(&r);
    return credential_kept(k, ask.resource, ask.tenant_id, ask.enable_cae);
}

struct lanyard_token *lanyard_token_ask(struct lanyard_credential *k, const struct lanyard_token_request *request)
{
    struct call                  c;
    struct lanyard_token_request r = {0};
    if (!k) return NULL;
    struct lanyard_token *token = token_request_kept(k, request);
    if (token) return token;
    if (!token_request_take(request, &r))
        return token_request_refused(k, &r, ERR_PARAMETER_INVALID, S("The request's size is not sizeof(struct lanyard_token_request)."));
    struct token_ask ask = ask_of(&r);
    ask.settings = credential_settings(k);
    ask.patience = patience_of(r.timeout_ms, r.cancel);
    lanyard_credential_ref(k); // another thread may give up its reference meanwhile
    settings_call_init(ask.settings, &c);
    token = ask_with(&c, k, &ask);
    call_clear(&c);
    lanyard_credential_free(k);
    return token;
}

struct lanyard_token *lanyard_token_get(struct lanyard_credential *k, const char *scope)
{
    return lanyard_token_ask(k, &(struct lanyard_token_request){.size = sizeof(struct lanyard_token_request), .scope = scope});
}
