#include "ops/app_access.h"

#include "ops/permission_grants.h"
#include "token/first_party.h"

enum err principal_setting(struct call *c, const struct principal *p, str name, bool fallback, bool *out)
{
    const struct json *document = NULL;
    if (!str_empty(p->document)) TRY(json_parse(c, p->document, &document));
    *out = json_get_bool(document, name, fallback);
    return OK;
}

// ---- roles ----

const struct application *app_definition(const struct world *w, client_id app)
{
    const struct application *own = first_party_application(app);
    return own ? own : applications_find_app(w->applications, app);
}

struct gathering {
    object_id                 service;
    const struct application *application;
    str                       values[APPLICATION_MAX_ROLES];
    size_t                    n;
    bool                      is_assigned;
};

static bool gather(const struct app_assignment *a, void *ctx)
{
    struct gathering      *g = ctx;
    const struct app_role *role = g->application ? application_role(g->application, a->role) : NULL;
    if (!object_id_eq(a->resource, g->service)) return true;
    g->is_assigned = true;
    if (!role || !role->is_enabled || str_empty(role->value) || str_index_nocase(g->values, g->n, role->value) != STR_NOWHERE) return true;
    if (g->n < COUNT(g->values)) g->values[g->n++] = role->value;
    return true;
}

struct group_walk {
    const struct world *world;
    struct gathering   *g;
    int64_t             now_ns;
};

static bool gather_of_group(const struct membership *m, void *ctx)
{
    struct group_walk *walk = ctx;
    if (m->counts_from_ns <= walk->now_ns) applications_each_of(walk->world->applications, m->group, NULL, gather, walk->g);
    return true;
}

enum err app_access_of(struct call *c, const struct world *w, const struct principal *who, const struct audience *at, struct app_access *out)
{
    struct gathering *g;
    str              *values;
    *out = (struct app_access){.is_assigned = true};
    const struct principal *service = at->service;
    bool                    is_enabled;
    if (!service && first_party_application(at->app)) service = directory_find_app(w->directory, at->app);
    if (!service) return OK; // the cloud's other services have no app roles here
    TRY(principal_setting(c, service, S("accountEnabled"), true, &is_enabled));
    TRY(principal_setting(c, service, S("appRoleAssignmentRequired"), false, &out->is_required));
    out->is_disabled = !is_enabled;
    TRY(NEW(c, &g, 1));
    g->service = service->id;
    g->application = app_definition(w, service->app);
    applications_each_of(w->applications, who->id, NULL, gather, g);
    struct group_walk walk = {w, g, c->now_ns};
    if (who->kind == PRINCIPAL_USER) directory_each_group_of(w->directory, who->id, NULL, gather_of_group, &walk);
    TRY(NEW(c, &values, g->n));
    for (size_t i = 0; i < g->n; i++) values[i] = g->values[i];
    out->roles = (struct token_texts){values, g->n};
    out->is_assigned = g->is_assigned;
    return OK;
}

// ---- scopes ----

#define USER_SCOPE S("user_impersonation") /* what the cloud's services call it that a client acts for a user */

static enum err document_of(struct call *c, const struct application *a, const struct json **out)
{
    *out = NULL;
    return a && !str_empty(a->document) ? json_parse(c, a->document, out) : OK;
}

static bool has_guid(const struct json *list, guid id)
{
    guid found;
    for (size_t i = 0; i < json_n(list); i++)
        if (guid_parse(json_str(json_at(list, i)), &found) && guid_eq(found, id)) return true;
    return false;
}

// The entry of a list whose `name` is that id; NULL: none.
static const struct json *entry_of(const struct json *list, str name, guid id)
{
    guid found;
    for (size_t i = 0; i < json_n(list); i++)
        if (guid_parse(json_str(json_get_nocase(json_at(list, i), name)), &found) && guid_eq(found, id)) return json_at(list, i);
    return NULL;
}

// What the client's registration asks of the resource, and what the resource has granted to the client beforehand.
struct consent {
    const struct world     *world;
    const struct json      *asked;             /* "resourceAccess" */
    const struct json      *granted;           /* "delegatedPermissionIds" */
    const struct principal *client, *resource; /* between which there may be grants; NULL: there are none */
    object_id               user;
    bool                    is_own; /* the client asks for itself */
};

// Whoever wrote what the registration asks for has consented to it: the operator for all users, a user for the client's owners.
static bool acts_for(const struct world *w, const struct application *client, object_id user)
{
    return !client || !client->for_owners_only || owners_find(w->owners, client->id.g, user);
}

static enum err read_consent(struct call *c, const struct world *w, const struct app_client *client, object_id user, const struct audience *at,
                             struct consent *out)
{
    const struct json *document = NULL, *of_resource;
    *out = (struct consent){.world = w, .client = directory_find_app(w->directory, client->app), .resource = at->service, .user = user};
    out->is_own = client_id_eq(client->app, at->app);
    if (acts_for(w, client->application, user)) TRY(document_of(c, client->application, &document));
    TRY(document_of(c, at->application, &of_resource));
    out->asked = json_get_nocase(entry_of(json_get(document, S("requiredResourceAccess")), S("resourceAppId"), at->app.g), S("resourceAccess"));
    const struct json *before = entry_of(json_get(json_get(of_resource, S("api")), S("preAuthorizedApplications")), S("appId"), client->app.g);
    out->granted = json_get_nocase(before, S("delegatedPermissionIds"));
    if (!out->granted) out->granted = json_get_nocase(before, S("permissionIds"));
    return OK;
}

// An entry of type "Role" asks for an app role, for the application itself: it consents to nothing for users.
static bool asks_for_scope(const struct json *entries, guid id)
{
    guid found;
    for (size_t i = 0; i < json_n(entries); i++) {
        const struct json *e = json_at(entries, i);
        if (guid_parse(json_str(json_get_nocase(e, S("id"))), &found) && guid_eq(found, id) &&
            str_eq_nocase(json_str(json_get_nocase(e, S("type"))), S("Scope")))
            return true;
    }
    return false;
}

static bool is_granted(const struct consent *consent, const struct app_scope *s)
{
    return consent->client && consent->resource &&
           permission_is_granted(consent->world, consent->client->id, consent->resource->id, consent->user, s->value);
}

static bool is_consented(const struct consent *consent, const struct app_scope *s)
{
    return consent->is_own || has_guid(consent->granted, s->id) || asks_for_scope(consent->asked, s->id) || is_granted(consent, s);
}

static const struct app_scope *scope_of(const struct application *a, str value)
{
    for (size_t i = 0; i < a->scope_n; i++)
        if (a->scopes[i].is_enabled && str_eq_nocase(a->scopes[i].value, value)) return &a->scopes[i];
    return NULL;
}

static void add_word(struct buf *b, str word)
{
    if (b->n) buf_add_char(b, ' ');
    buf_add(b, word);
}

enum err app_scopes_of(struct call *c, const struct world *w, const struct app_client *client, object_id user, const struct audience *at, str asked,
                       enum app_scope_answer *out, str *out_scopes, str *out_about)
{
    struct consent consent;
    struct buf     b;
    *out = APP_SCOPES_GRANTED;
    *out_scopes = str_empty(asked) ? USER_SCOPE : asked;
    *out_about = STR_NONE;
    if (!at->service || !at->application) {
        if (!acts_for(w, client->application, user)) *out = APP_SCOPES_NOT_CONSENTED;
        return OK;
    }
    TRY(read_consent(c, w, client, user, at, &consent));
    buf_init(&b, &c->arena);
    for (str rest = asked, word; !str_empty(asked) && str_cut(&rest, ' ', &word);) {
        const struct app_scope *s = scope_of(at->application, word);
        *out_about = word;
        *out = !s ? APP_SCOPE_UNKNOWN : is_consented(&consent, s) ? APP_SCOPES_GRANTED : APP_SCOPES_NOT_CONSENTED;
        if (*out != APP_SCOPES_GRANTED) return OK;
        add_word(&b, s->value);
    }
    for (size_t i = 0; str_empty(asked) && i < at->application->scope_n; i++)
        if (at->application->scopes[i].is_enabled && is_consented(&consent, &at->application->scopes[i]))
            add_word(&b, at->application->scopes[i].value);
    if (!b.n && !consent.is_own) *out = APP_SCOPES_NOT_CONSENTED;
    return buf_finish(c, &b, out_scopes);
}

// ---- groups ----

static bool asks_for(str list, str word)
{
    for (str rest = list, item; str_cut(&rest, ',', &item);)
        if (str_eq_nocase(str_trim(item), word)) return true;
    return false;
}

struct assigned {
    object_id service;
    bool      is_found;
};

static bool see_assigned(const struct app_assignment *a, void *ctx)
{
    struct assigned *s = ctx;
    s->is_found = object_id_eq(a->resource, s->service);
    return !s->is_found;
}

static bool is_assigned_at(const struct world *w, object_id group, const struct audience *at)
{
    struct assigned s = {.service = at->service->id};
    applications_each_of(w->applications, group, NULL, see_assigned, &s);
    return s.is_found;
}

enum err app_groups_of(struct call *c, const struct world *w, object_id user, const struct audience *at, struct token_texts *out)
{
    const struct json *document;
    const object_id   *who;
    size_t             n, shown = 0;
    str               *ids;
    *out = (struct token_texts){0};
    if (!at->service) return OK;
    TRY(document_of(c, at->application, &document));
    str  asked = json_get_str(document, S("groupMembershipClaims"));
    bool all = asks_for(asked, S("SecurityGroup")) || asks_for(asked, S("All"));
    if (!all && !asks_for(asked, S("ApplicationGroup"))) return OK;
    TRY(directory_closure(c, w->directory, user, c->now_ns, &who, &n));
    TRY(NEW(c, &ids, n));
    for (size_t i = 1; i < n; i++) // the first is the user
        if (all || is_assigned_at(w, who[i], at)) ids[shown++] = guid_str(c, who[i].g);
    *out = (struct token_texts){ids, shown};
    return OK;
}
