#include "ops/permission_grants.h"

#include "ops/effects.h"
#include "ops/groups_members.h"
#include "ops/principals.h"

static bool names_scope(str scopes, str wanted)
{
    for (str rest = scopes, word; str_cut(&rest, ' ', &word);)
        if (str_eq_nocase(word, wanted)) return true;
    return false;
}

struct question {
    object_id resource, user;
    str       scope;
    bool      is_granted;
};

static bool see_granted(const struct permission_grant *g, void *ctx)
{
    struct question *q = ctx;
    bool             is_for = guid_is_none(g->user.g) || object_id_eq(g->user, q->user);
    q->is_granted = is_for && object_id_eq(g->resource, q->resource) && names_scope(g->scope, q->scope);
    return !q->is_granted;
}

bool permission_is_granted(const struct world *w, object_id client, object_id resource, object_id user, str scope)
{
    struct question q = {resource, user, scope, false};
    if (!str_empty(scope)) permission_grants_each_of(w->grants, client, see_granted, &q);
    return q.is_granted;
}

static enum err check_scope(struct call *c, str scope)
{
    if (str_empty(str_trim(scope)))
        return FAIL(c, ERR_CONTENT_INVALID, "A value is required for property 'scope' of resource 'OAuth2PermissionGrant'.");
    if (scope.n <= PERMISSION_GRANT_MAX_SCOPE_BYTES && str_eq(call_printable(c, scope, scope.n), scope)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.");
}

static enum err need(struct call *c, const struct work *w, object_id id, enum principal_kind kind)
{
    const struct principal *p = directory_find(w->world->directory, id);
    return p && p->kind == kind ? OK : directory_absent(c, guid_str(c, id.g));
}

static bool see_same(const struct permission_grant *g, void *ctx)
{
    const struct permission_grant_args **wanted = ctx;
    bool                                 is_same = object_id_eq(g->resource, (*wanted)->resource) && object_id_eq(g->user, (*wanted)->user);
    if (is_same) *wanted = NULL;
    return !is_same;
}

static enum err put(struct call *c, struct work *w, const struct permission_grant *before, const struct permission_grant *plain, void *out)
{
    struct permission_grant *record;
    TRY(directory_log_as(c, w, "servicePrincipals", "oAuth2PermissionGrants/allProperties/update", plain->client.g));
    TRY(permission_grant_new(c, plain, &record));
    TRY(work_change(c, w, STORE_PERMISSION_GRANT, before ? &before->ref : NULL, &record->ref));
    *(const struct permission_grant **)out = permission_grants_find(w->world->grants, plain->client, plain->id);
    return OK;
}

static enum err add(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct permission_grant_args *args = args_, *same = args;
    TRY(check_scope(c, args->scope));
    TRY(need(c, w, args->client, PRINCIPAL_APP));
    TRY(need(c, w, args->resource, PRINCIPAL_APP));
    if (!guid_is_none(args->user.g)) TRY(need(c, w, args->user, PRINCIPAL_USER));
    permission_grants_each_of(w->world->grants, args->client, see_same, &same);
    if (!same) return FAIL(c, ERR_CONFLICT, "Permission entry already exists.");
    struct permission_grant plain = {
        .client = args->client, .id = guid_new(c), .resource = args->resource, .user = args->user, .scope = args->scope, .created_ns = c->now_ns};
    return put(c, w, NULL, &plain, out);
}

static enum err find(struct call *c, const struct work *w, const struct permission_grant_args *args, const struct permission_grant **out)
{
    *out = permission_grants_find(w->world->grants, args->client, args->id);
    return *out ? OK : directory_absent(c, guid_str(c, args->id));
}

static enum err update(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct permission_grant_args *args = args_;
    const struct permission_grant      *before = NULL;
    TRY(find(c, w, args, &before));
    TRY(check_scope(c, args->scope));
    struct permission_grant plain = *before;
    plain.scope = args->scope;
    return put(c, w, before, &plain, out);
}

static enum err remove_grant(struct call *c, struct work *w, const void *args, void *out)
{
    const struct permission_grant *before = NULL;
    (void)out;
    TRY(find(c, w, args, &before));
    TRY(directory_log_as(c, w, "servicePrincipals", "oAuth2PermissionGrants/allProperties/update", before->client.g));
    return work_change(c, w, STORE_PERMISSION_GRANT, &before->ref, NULL);
}

// The first that is met: walking while it changes is not allowed.
struct search {
    object_id                      id;
    const struct permission_grant *found;
};

static bool see_end(const struct permission_grant *g, void *ctx)
{
    struct search *s = ctx;
    if (object_id_eq(g->client, s->id) || object_id_eq(g->resource, s->id) || object_id_eq(g->user, s->id)) s->found = g;
    return !s->found;
}

enum err permission_grants_drop(struct call *c, struct work *w, object_id id)
{
    for (;;) {
        struct search s = {.id = id};
        permission_grants_each(w->world->grants, STR_NONE, see_end, &s);
        if (!s.found) return OK;
        TRY(work_change(c, w, STORE_PERMISSION_GRANT, &s.found->ref, NULL));
    }
}

static enum err find_operator(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    (void)w, (void)e, (void)args;
    return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OPERATOR});
}

static const struct effect EFFECT = {.name = "directory_grant", .rule = EFFECT_DIRECTORY, .find = find_operator};

const struct op OP_PERMISSION_GRANT_ADD = {.name = "permission_grant_add", .writes = true, .effects = {&EFFECT}, .run = add};
const struct op OP_PERMISSION_GRANT_UPDATE = {.name = "permission_grant_update", .writes = true, .effects = {&EFFECT}, .run = update};
const struct op OP_PERMISSION_GRANT_REMOVE = {.name = "permission_grant_remove", .writes = true, .effects = {&EFFECT}, .run = remove_grant};
