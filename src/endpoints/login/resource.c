// What the token is for, and what there is in it.
#include "endpoints/login/parts.h"
#include "endpoints/signins.h"

static const str DEFAULT = S_INIT("/.default");

// Some clients add the OpenID scopes to an application's too; they ask for nothing there.
static bool is_openid_scope(str s)
{
    static const str NAMES[] = {S_INIT("openid"), S_INIT("profile"), S_INIT("email"), S_INIT("offline_access")};
    return str_index_nocase(NAMES, COUNT(NAMES), s) != STR_NOWHERE;
}

// "{"access_token":{"xms_cc":{"values":["CP1"]}}}": what the client can do. A demand for a fresher token is always met: none is kept.
static enum err read_claims(struct call *c, struct login_ask *k)
{
    str                text = login_field(k, S("claims"));
    const struct json *claims;
    str               *values;
    if (str_empty(text)) return OK;
    if (json_parse(c, text, &claims) != OK || !json_is(claims, JSON_IS_OBJECT)) {
        call_forgive(c);
        return login_refuse_ask(c, k, AADSTS_CLAIMS_INVALID, STR_NONE);
    }
    const struct json *list = json_path(claims, "access_token.xms_cc.values");
    TRY(NEW(c, &values, LOGIN_MAX_CAPABILITIES));
    for (size_t i = 0; i < json_n(list) && k->capabilities.n < LOGIN_MAX_CAPABILITIES; i++)
        if (str_eq_nocase(json_str(json_at(list, i)), S("cp1"))) values[k->capabilities.n++] = S("cp1");
    k->capabilities.at = values;
    return OK;
}

enum err login_scope_default(struct call *c, struct work *w, struct login_ask *k)
{
    size_t resources = 0;
    bool   all_default = true;
    (void)w;
    TRY(read_claims(c, k));
    k->asked_scopes = login_field(k, S("scope"));
    k->resource_text = login_field(k, S("resource"));
    if (k->is_refused || k->version == TOKEN_V1) return OK;
    for (str rest = k->asked_scopes, scope; str_cut(&rest, ' ', &scope);) {
        if (str_empty(scope) || is_openid_scope(scope)) continue;
        resources++;
        all_default &= str_ends_nocase(scope, DEFAULT) && scope.n > DEFAULT.n;
        k->resource_text = str_upto(scope, scope.n - DEFAULT.n);
    }
    if (resources == 1 && all_default) return OK;
    return login_refuse_ask(c, k, all_default ? AADSTS_SCOPE_INVALID : AADSTS_SCOPE_NOT_DEFAULT, k->asked_scopes);
}

// "api://orders/Orders.Read": a scope is behind the last slash of its resource. Without one it is the directory's, "User.Read".
static void split_scope(str scope, str *out_resource, str *out_scope)
{
    size_t slash = str_find_last(scope, '/');
    *out_scope = slash == STR_NOWHERE ? scope : str_from(scope, slash + 1);
    *out_resource = slash == STR_NOWHERE ? S("https://graph.microsoft.com") : str_upto(scope, slash);
}

static enum err read_user_scopes(struct call *c, struct login_ask *k)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (str rest = k->asked_scopes, scope; str_cut(&rest, ' ', &scope);) {
        str  resource, name;
        bool is_default = str_ends_nocase(scope, DEFAULT);
        if (str_empty(scope)) continue;
        if (str_eq_nocase(scope, S("openid"))) k->wants_id = true;
        if (str_eq_nocase(scope, S("offline_access"))) k->wants_refresh = true;
        if (is_openid_scope(scope)) continue;
        split_scope(scope, &resource, &name);
        if (is_default) resource = str_upto(scope, scope.n - DEFAULT.n);
        if (k->resource_text.n && !str_eq_nocase(resource, k->resource_text)) return login_refuse_ask(c, k, AADSTS_SCOPE_INVALID, k->asked_scopes);
        k->resource_text = resource;
        if (!is_default) buf_addf(&b, "%s%.*s", b.n ? " " : "", PSTR(name));
    }
    // Who asks for the user alone gets a token for the directory, where it may read about itself.
    if (str_empty(k->resource_text)) {
        k->resource_text = S("https://graph.microsoft.com");
        if (!b.n) buf_add(&b, S("User.Read"));
    }
    return buf_finish(c, &b, &k->scopes);
}

enum err login_scope(struct call *c, struct work *w, struct login_ask *k)
{
    str asked = login_field(k, S("scope"));
    (void)w;
    TRY(read_claims(c, k));
    if (asked.n > LOGIN_MAX_SCOPE_BYTES) return login_refuse_ask(c, k, AADSTS_SCOPE_INVALID, str_upto(asked, 64));
    if (!str_empty(asked)) k->asked_scopes = asked; // else what the user signed in for
    if (k->is_refused) return OK;
    if (k->version == TOKEN_V2) return read_user_scopes(c, k);
    str resource = login_field(k, S("resource"));
    k->resource_text = str_empty(resource) ? S("https://graph.windows.net") : resource;
    k->wants_id = k->wants_refresh = true;
    return OK;
}

enum err login_resource(struct call *c, struct work *w, struct login_ask *k)
{
    signins_note_target(c, w, k->a, k->resource_text);
    if (product_audience(c, w->product, w->world, k->resource_text, &k->resource)) return OK;
    return login_refuse_ask(c, k, AADSTS_RESOURCE_UNKNOWN, k->resource_text);
}

enum err login_app_rights(struct call *c, struct work *w, struct login_ask *k)
{
    struct app_access access;
    TRY(app_access_of(c, w->world, k->service, &k->resource, &access));
    if (access.is_disabled) return login_refuse_ask(c, k, AADSTS_RESOURCE_DISABLED, k->resource_text);
    if (access.is_required && !access.is_assigned) return login_refuse_ask(c, k, AADSTS_APP_NOT_ASSIGNED, k->client_text);
    k->kind = k->application ? TOKEN_OF_APP : TOKEN_OF_IDENTITY;
    k->roles = access.roles;
    return OK;
}

enum err login_user_rights(struct call *c, struct work *w, struct login_ask *k)
{
    struct app_access     access;
    enum app_scope_answer answer;
    str                   about;
    TRY(app_access_of(c, w->world, k->user, &k->resource, &access));
    if (access.is_disabled) return login_refuse_ask(c, k, AADSTS_RESOURCE_DISABLED, k->resource_text);
    if (access.is_required && !access.is_assigned) return login_refuse_ask(c, k, AADSTS_USER_NOT_ASSIGNED, guid_str(c, k->resource.app.g));
    const struct app_client client = {k->application, k->app};
    TRY(app_scopes_of(c, w->world, &client, k->user->id, &k->resource, k->scopes, &answer, &k->scp, &about));
    if (answer == APP_SCOPE_UNKNOWN) return login_refuse_ask(c, k, AADSTS_SCOPE_UNKNOWN, about);
    if (answer == APP_SCOPES_NOT_CONSENTED) return login_refuse_ask(c, k, AADSTS_CONSENT_MISSING, k->client_text);
    k->roles = access.roles;
    return app_groups_of(c, w->world, k->user->id, &k->resource, &k->groups);
}
