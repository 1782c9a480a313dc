#include "endpoints/guard.h"

#include "endpoints/activities.h"

// The credentials of "Authorization: Bearer x", without the scheme; empty if there are none.
static str bearer_of(const struct http_request *http)
{
    str value = http_header(http, S("Authorization"));
    if (!str_starts_nocase(value, S("Bearer "))) return STR_NONE;
    return str_trim(str_from(value, sizeof "Bearer " - 1));
}

static enum err add(struct call *c, str *list, size_t *n, const char *scheme, str host)
{
    str url = call_format(c, "%s%.*s", scheme, PSTR(host));
    if (str_empty(host)) return OK;
    if (!url.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    list[(*n)++] = url;
    return OK;
}

enum err guard_audiences(struct call *c, const struct product *p, const struct service *s, const str **out, size_t *out_n)
{
    const struct name *name = names_of(&p->names, s->audience.host);
    str               *list;
    size_t             n = 0;
    TRY(NEW(c, &list, 4 + NAME_MAX_ALIASES));
    TRY(add(c, list, &n, "", names_url(c, &p->names, s->audience.host)));
    TRY(add(c, list, &n, "https://", name->text));
    for (size_t i = 0; i < NAME_MAX_ALIASES; i++) TRY(add(c, list, &n, "https://", name->aliases[i]));
    if (s->audience.app_is_taken) TRY(add(c, list, &n, "", s->audience.app));
    if (s->local == LOCAL_REST) TRY(add(c, list, &n, "https://localhost:", call_format(c, "%u", p->https_port)));
    *out = list;
    *out_n = n;
    return OK;
}

static enum err policy_for(struct call *c, const struct product *p, const struct wire *q, struct token_policy *out)
{
    str *issuers;
    TRY(NEW(c, &issuers, 2));
    issuers[0] = product_issuer(c, p, TOKEN_V1);
    issuers[1] = product_issuer(c, p, TOKEN_V2);
    *out = (struct token_policy){.issuers = issuers, .issuer_n = 2};
    return guard_audiences(c, p, q->service, &out->audiences, &out->audience_n);
}

// Names and tenant are those that the server started with: a policy never changes, and is made only for a token that is new.
static enum err verify(struct call *c, struct product *p, struct known_tokens *known, str text, const struct wire *q, struct token_claims *out)
{
    sha256              digest;
    struct token_policy policy;
    TRY(digest_sha256(c, str_bytes(text), &digest));
    const struct token_claims *seen = known ? known_find(known, &digest, q->service) : NULL;
    if (seen) {
        *out = *seen;
        return token_check_times(c, out);
    }
    TRY(policy_for(c, p, q, &policy));
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(p);
    TRY(token_verify(c, keys, text, &policy, out));
    if (known) known_put(known, &digest, q->service, out);
    return OK;
}

enum err guard_check_not_revoked(struct call *c, const struct world *world, const struct token_claims *claims)
{
    const struct revocation *r = directory_find_revocation(world->directory, claims->subject);
    if (!r || token_issued_s(claims) > r->at_s) return OK;
    return FAIL(c, claims->meets_challenges ? ERR_CLAIMS_NEEDED : ERR_TOKEN_EXPIRED,
                "The token was revoked: its principal's tokens up to then are refused. Get a new one.");
}

// As refusals name callers: users by their sign-in name, all others by their application.
static enum err name_of(struct call *c, const struct world *world, const struct token_claims *claims, str *out)
{
    const struct principal *p = directory_find(world->directory, claims->subject);
    if (p && p->kind == PRINCIPAL_USER && !str_empty(p->user_name)) return call_copy_str(c, p->user_name, out);
    *out = guid_str(c, claims->app.g);
    return OK;
}

static enum err check_in_world(struct call *c, struct product *p, unsigned row, const struct token_claims *claims, str *out_name)
{
    const struct world *world = world_enter(p->worlds, row);
    enum err            failed = guard_check_not_revoked(c, world, claims);
    if (failed == OK) failed = name_of(c, world, claims, out_name);
    world_leave(p->worlds, row);
    return failed;
}

// A token's time of issue is in whole seconds. A membership that changed in the same second counts for the token.
static int64_t groups_at_ns(const struct product *p, const struct token_claims *claims)
{
    return p->propagation.groups_from_token ? (token_issued_s(claims) + 1) * NS_PER_S - 1 : 0;
}

enum err guard_read_bearer(struct call *c, const struct http_request *http, str *out)
{
    str text = bearer_of(http);
    if (str_empty(text)) return FAIL_PLAIN(c, ERR_TOKEN_MISSING);
    if (text.n > TOKEN_MAX_BYTES) return FAIL(c, ERR_TOKEN_MALFORMED, "The token is longer than %u bytes.", TOKEN_MAX_BYTES);
    *out = text;
    return OK;
}

// For the activity log; texts of what is remembered may be replaced by the next request on this thread.
static enum err keep_claims(struct call *c, const struct token_claims *claims, struct caller *out)
{
    struct token_claims *kept;
    TRY(NEW(c, &kept, 1));
    *kept = *claims;
    TRY(call_copy_str(c, claims->audience, &kept->audience));
    TRY(call_copy_str(c, claims->issuer, &kept->issuer));
    TRY(call_copy_str(c, claims->unique_id, &kept->unique_id));
    TRY(call_copy_str(c, claims->identity_resource, &kept->identity_resource));
    TRY(call_copy_str(c, claims->scopes, &kept->scopes));
    kept->roles = (struct token_texts){0};
    out->claims = kept;
    return OK;
}

static enum err keep_roles(struct call *c, const struct token_texts *roles, struct caller *out)
{
    str *kept;
    if (roles->n == 0) return OK;
    TRY(NEW(c, &kept, roles->n));
    for (size_t i = 0; i < roles->n; i++) TRY(call_copy_str(c, roles->at[i], &kept[i]));
    out->roles = (struct token_texts){kept, roles->n};
    return OK;
}

enum err guard_bearer(struct call *c, struct product *p, struct known_tokens *known, const struct wire *q, struct caller *out)
{
    struct token_claims claims;
    str                 text, name;
    TRY(guard_read_bearer(c, q->http, &text));
    TRY(verify(c, p, known, text, q, &claims));
    TRY(check_in_world(c, p, q->row, &claims, &name));
    struct caller caller = {.id = claims.subject, .app = claims.app, .name = name, .groups_at_ns = groups_at_ns(p, &claims)};
    TRY(call_copy_str(c, claims.issuer, &caller.issuer));
    TRY(keep_roles(c, &claims.roles, &caller));
    if (activities_has(q->route)) TRY(keep_claims(c, &claims, &caller));
    *out = caller;
    return OK;
}

enum err guard_operator(struct call *c, struct product *p, struct caller *out)
{
    *out = (struct caller){.id = p->operator_id, .is_local_operator = true};
    out->name = call_format(c, "operator@%.*s", PSTR(p->tenant_domain));
    return OK;
}
