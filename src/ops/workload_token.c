#include "ops/workload_token.h"

#include "core/pack.h"
#include "ops/app_access.h"

static enum err not_found(struct call *c)
{
    return FAIL_PLAIN(c, ERR_IDENTITY_NOT_FOUND);
}

static bool is_attached(const struct resource *host, const struct principal *p)
{
    const struct resource_identity *has = &host->identity;
    if (p->kind != PRINCIPAL_MANAGED) return false;
    if (p->is_system_assigned) return has->has_system && object_id_eq(has->system_principal, p->id);
    // By principal, not by id: an identity that was made anew under the same name is another one (I3), and nobody
    // was asked whether this resource may use it (I7).
    for (size_t i = 0; has->attached && i < has->user_assigned_n; i++)
        if (object_id_eq(has->attached[i], p->id)) return true;
    return false;
}

static const struct principal *user_assigned(const struct world *world, const struct resource *host, size_t i)
{
    return directory_find_managed(world->directory, host->identity.user_assigned[i], false);
}

static enum err find_default(struct call *c, const struct world *world, const struct resource *host, bool system_only, const struct principal **out)
{
    const struct resource_identity *has = &host->identity;
    *out = NULL;
    if (has->has_system) *out = directory_find(world->directory, has->system_principal);
    else if (system_only) return OK;
    else if (has->user_assigned_n > 1) return FAIL_PLAIN(c, ERR_IDENTITY_AMBIGUOUS); // counted as attached, whether they still exist or not
    else if (has->user_assigned_n == 1) *out = user_assigned(world, host, 0);
    return OK;
}

static const struct principal *find_named(const struct world *world, const struct identity_choice *choice)
{
    client_id app;
    object_id id;
    str       resource = choice->resource_id;
    if (choice->client_id.at) return guid_parse(choice->client_id, &app.g) ? directory_find_app(world->directory, app) : NULL;
    if (choice->object_id.at) return guid_parse(choice->object_id, &id.g) ? directory_find(world->directory, id) : NULL;
    if (str_ends(resource, S("/"))) resource.n--;
    return directory_find_managed(world->directory, resource, false);
}

enum err workload_identity(struct call *c, const struct world *world, const struct resource *host, const struct identity_choice *choice,
                           struct workload_identity *out)
{
    const struct principal *p;
    int                     named = (choice->client_id.at != NULL) + (choice->object_id.at != NULL) + (choice->resource_id.at != NULL);
    if (named > 1) return FAIL_PLAIN(c, ERR_IDENTITY_SELECTORS);
    if (!host) return not_found(c);
    if (named == 1) p = find_named(world, choice);
    else TRY(find_default(c, world, host, choice->system_by_default, &p));
    if (!p || !is_attached(host, p)) return not_found(c);
    const struct revocation *revoked = directory_find_revocation(world->directory, p->id);
    *out = (struct workload_identity){.host = host, .principal = p, .revoked_s = revoked ? revoked->at_s : 0};
    return OK;
}

// Most audiences are services of the cloud: their names are told apart from applications' without reading on.
static bool may_be_application(const struct world *world, str audience)
{
    guid id;
    str  bare = str_ends(audience, S("/")) ? str_upto(audience, audience.n - 1) : audience;
    if (applications_n(world->applications) == 0) return false;
    return str_starts_nocase(audience, S("api://")) || guid_parse(bare, &id) || applications_find_uri(world->applications, bare);
}

static bool see_any(const struct app_assignment *a, void *ctx)
{
    (void)a;
    *(bool *)ctx = true;
    return false;
}

static bool has_app_roles(const struct world *world, object_id who)
{
    bool has = false;
    applications_each_of(world->applications, who, NULL, see_any, &has);
    return has;
}

static enum err digest_access(struct call *c, const struct audience *at, const struct token_texts *roles, sha256 *out)
{
    struct buf b;
    str        text;
    buf_init(&b, &c->arena);
    pack_guid(&b, at->app.g);
    pack_u64(&b, at->version);
    for (size_t i = 0; i < roles->n; i++) pack_str(&b, roles->at[i]);
    TRY(buf_finish(c, &b, &text));
    return digest_sha256(c, str_bytes(text), out);
}

enum err workload_access(struct call *c, const struct product *p, const struct world *world, str audience, struct workload_identity *w)
{
    struct audience   known;
    struct app_access access;
    if (!may_be_application(world, audience) && !has_app_roles(world, w->principal->id)) return OK;
    if (!product_audience(c, p, world, audience, &known)) return OK;
    TRY(app_access_of(c, world, w->principal, &known, &access));
    if (access.is_disabled)
        return FAIL(c, ERR_AUDIENCE_DISABLED, "The service principal for resource '%.*s' is disabled.",
                    PSTR(call_printable(c, audience, AUDIENCE_MAX_BYTES)));
    if (access.is_required && !access.is_assigned)
        return FAIL(c, ERR_APP_NOT_ASSIGNED, "Application '%s'(%.*s) is not assigned to a role for the application '%.*s'(%.*s).",
                    guid_text(w->principal->app.g).s, PSTR(w->principal->name), PSTR(call_printable(c, audience, AUDIENCE_MAX_BYTES)),
                    PSTR(known.name));
    if (!known.service && access.roles.n == 0) return OK;
    w->roles = access.roles;
    w->at_application = true;
    return digest_access(c, &known, &w->roles, &w->access);
}

void workload_key(const struct workload_identity *w, str audience, struct mint_key *out)
{
    mint_key_begin(out, TOKEN_OF_IDENTITY);
    mint_key_add_guid(out, w->principal->id.g);
    mint_key_add_guid(out, w->host->uid); // the token names the resource; another one of that name has another uid
    mint_key_add_i64(out, w->revoked_s);  // another time, another token
    mint_key_add_text(out, audience);
    if (w->at_application) mint_key_add_text(out, (str){(const char *)w->access.b, sizeof w->access.b});
}

enum err workload_order(struct call *c, const struct product *p, const struct world *world, const struct workload_identity *w, str audience,
                        const struct mint_key *key, struct mint_order *out)
{
    struct audience known;
    if (!product_audience(c, p, world, audience, &known))
        return FAIL(c, ERR_AUDIENCE_UNKNOWN, "The resource principal named %.*s was not found in the tenant named %.*s.",
                    PSTR(call_printable(c, audience, AUDIENCE_MAX_BYTES)), PSTR(p->tenant_name));
    *out = (struct mint_order){.key = key, .asked = audience};
    out->token = (struct token_request){
        .kind = TOKEN_OF_IDENTITY,
        .version = known.version,
        .subject = w->principal->id,
        .app = w->principal->app,
        .audience = known.claim,
        .after_s = w->revoked_s,
        .identity_resource = w->principal->resource,
        .host_resource = w->host->id,
        .roles = w->roles,
    };
    return call_check_texts(c);
}
