#include "ops/applications.h"

#include "ops/app_access.h"
#include "ops/effects.h"
#include "ops/groups_members.h"
#include "ops/ownership.h"
#include "ops/principals.h"
#include "token/first_party.h"

static enum err find(struct call *c, const struct work *w, application_id id, const struct application **out)
{
    *out = applications_find(w->world->applications, id);
    return *out ? OK : directory_absent(c, guid_str(c, id.g));
}

static enum err put(struct call *c, struct work *w, const struct application *before, const struct application *plain)
{
    struct application *record;
    TRY(application_new(c, plain, &record));
    return work_change(c, w, STORE_APPLICATION, before ? &before->ref : NULL, &record->ref);
}

static enum err create(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct application_args *args = args_;
    struct application_result     *out = out_;
    struct application             plain;
    TRY(application_read(c, w, NULL, args->body, &plain));
    plain.id.g = guid_new(c);
    plain.app.g = guid_new(c);
    plain.created_ns = c->now_ns;
    TRY(directory_log_as(c, w, "applications", "create", plain.id.g));
    TRY(put(c, w, NULL, &plain));
    out->application = applications_find(w->world->applications, plain.id);
    return owners_begin(c, w, plain.id.g, args->owners, args->owner_n);
}

static enum err update(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct application_args *args = args_;
    struct application_result     *out = out_;
    const struct application      *before = NULL;
    struct application             plain;
    TRY(find(c, w, args->id, &before));
    TRY(application_read(c, w, before, args->body, &plain));
    TRY(directory_log_as(c, w, "applications", "basic/update", before->id.g));
    TRY(put(c, w, before, &plain));
    out->application = applications_find(w->world->applications, args->id);
    return service_rename(c, w, out->application->app, out->application->name);
}

static enum err delete_application(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct application_args *args = args_;
    const struct application      *a = NULL;
    (void)out;
    TRY(find(c, w, args->id, &a));
    TRY(directory_log_as(c, w, "applications", "delete", a->id.g));
    const struct principal *p = directory_find_app(w->world->directory, a->app);
    if (p) TRY(principal_drop(c, w, p));
    TRY(owners_drop(c, w, a->id.g));
    return work_change(c, w, STORE_APPLICATION, &a->ref, NULL);
}

// ---- secrets ----

static enum err put_secrets(struct call *c, struct work *w, const struct application *before, const struct app_secret *secrets, size_t n)
{
    struct application plain = *before;
    plain.secrets = secrets;
    plain.secret_n = n;
    TRY(directory_log_as(c, w, "applications", "credentials/update", before->id.g));
    return put(c, w, before, &plain);
}

// At the latest when time ends: the start is the caller's.
static int64_t years_later_ns(int64_t from_ns, int64_t years)
{
    int64_t later_ns;
    return __builtin_add_overflow(from_ns, years * 365 * S_PER_DAY * NS_PER_S, &later_ns) ? INT64_MAX : later_ns;
}

static enum err add_secret(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct app_secret_args       *args = args_;
    struct app_secret_result           *out = out_;
    const struct application           *before = NULL;
    struct app_secret                  *secrets, made = {.name = args->name, .from_ns = args->from_ns ? args->from_ns : c->now_ns};
    CLEANUP(secret_clear) struct secret shown = {0};
    TRY(find(c, w, args->id, &before));
    made.id = guid_new(c);
    made.until_ns = args->until_ns ? args->until_ns : years_later_ns(made.from_ns, APP_SECRET_YEARS);
    if (made.until_ns <= made.from_ns || made.until_ns <= c->now_ns)
        return FAIL(c, ERR_CONTENT_INVALID, "Password credential end date is invalid: it is not after its start and now.");
    TRY(app_secret_make(c, &made, &shown));
    TRY(NEW(c, &secrets, before->secret_n + 1));
    for (size_t i = 0; i < before->secret_n; i++) secrets[i] = before->secrets[i];
    secrets[before->secret_n] = made;
    TRY(put_secrets(c, w, before, secrets, before->secret_n + 1));
    out->secret = made;
    out->shown = shown;
    shown = (struct secret){0};
    return OK;
}

static enum err remove_secret(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct app_secret_args *args = args_;
    const struct application     *before = NULL;
    struct app_secret            *kept;
    size_t                        n = 0;
    (void)out;
    TRY(find(c, w, args->id, &before));
    TRY(NEW(c, &kept, before->secret_n));
    for (size_t i = 0; i < before->secret_n; i++)
        if (!guid_eq(before->secrets[i].id, args->key)) kept[n++] = before->secrets[i];
    if (n == before->secret_n) return FAIL(c, ERR_CONTENT_INVALID, "No password credential found with keyId '%s'.", guid_text(args->key).s);
    return put_secrets(c, w, before, kept, n);
}

// ---- app roles ----

// The resource's application; a service that is a principal without one defines no roles.
static enum err find_resource(struct call *c, const struct work *w, object_id id, const struct principal **out,
                              const struct application **out_application)
{
    *out = directory_find(w->world->directory, id);
    if (!*out || (*out)->kind != PRINCIPAL_APP) return directory_absent(c, guid_str(c, id.g));
    *out_application = app_definition(w->world, (*out)->app);
    return OK;
}

static enum err check_role(struct call *c, const struct app_assignment_args *args, const struct principal *who, const struct principal *resource,
                           const struct application *application)
{
    const struct app_role *role = application ? application_role(application, args->role) : NULL;
    bool                   is_app = who->kind == PRINCIPAL_APP || who->kind == PRINCIPAL_MANAGED;
    // Access without a role is there for users and groups, of an application without a role for them.
    if (guid_is_none(args->role)) return OK;
    if (!role) return FAIL(c, ERR_CONTENT_INVALID, "Permission being assigned was not found on application '%s'.", guid_text(resource->app.g).s);
    if (!role->is_enabled)
        return FAIL(c, ERR_CONTENT_INVALID, "Permission being assigned is disabled on application '%s'.", guid_text(resource->app.g).s);
    if (is_app ? role->for_apps : role->for_users) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "Permission being assigned cannot be assigned to %s: its allowedMemberTypes do not name them.",
                is_app ? "applications" : "users and groups");
}

struct search {
    const struct app_assignment_args *args;
    bool                              found;
};

static bool see_same(const struct app_assignment *a, void *ctx)
{
    struct search *s = ctx;
    s->found = object_id_eq(a->resource, s->args->resource) && guid_eq(a->role, s->args->role);
    return !s->found;
}

static enum err assign(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct app_assignment_args *args = args_;
    const struct principal           *who = directory_find(w->world->directory, args->principal), *resource = NULL;
    const struct application         *application = NULL;
    struct search                     same = {.args = args};
    struct app_assignment *record, plain = {.principal = args->principal, .resource = args->resource, .role = args->role, .created_ns = c->now_ns};
    if (!who) return directory_absent(c, guid_str(c, args->principal.g));
    TRY(find_resource(c, w, args->resource, &resource, &application));
    TRY(check_role(c, args, who, resource, application));
    applications_each_of(w->world->applications, args->principal, NULL, see_same, &same);
    if (same.found) return FAIL(c, ERR_OBJECT_EXISTS, "Permission being assigned already exists on the object");
    plain.id = guid_new(c);
    TRY(directory_log_as(c, w, "servicePrincipals", "appRoleAssignedTo/update", args->resource.g));
    TRY(app_assignment_new(c, &plain, &record));
    TRY(work_change(c, w, STORE_APP_ASSIGNMENT, NULL, &record->ref));
    *(const struct app_assignment **)out = applications_find_assignment(w->world->applications, plain.principal, plain.id);
    return OK;
}

static enum err unassign(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct app_assignment_args *args = args_;
    const struct app_assignment      *a = applications_find_assignment(w->world->applications, args->principal, args->id);
    (void)out;
    if (!a) return directory_absent(c, guid_str(c, args->id));
    TRY(directory_log_as(c, w, "servicePrincipals", "appRoleAssignedTo/update", a->resource.g));
    return work_change(c, w, STORE_APP_ASSIGNMENT, &a->ref, NULL);
}

// The first that is met: walking while it changes is not allowed.
static bool see_first(const struct app_assignment *a, void *ctx)
{
    *(const struct app_assignment **)ctx = a;
    return false;
}

enum err app_assignments_drop(struct call *c, struct work *w, object_id id)
{
    for (;;) {
        const struct app_assignment *a = NULL;
        applications_each_of(w->world->applications, id, NULL, see_first, &a);
        if (!a) applications_each_at(w->world->applications, id, NULL, see_first, &a);
        if (!a) return OK;
        TRY(work_change(c, w, STORE_APP_ASSIGNMENT, &a->ref, NULL));
    }
}

// A new one is a user's to make; one that is there is its owners'.
static enum err find_application(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const application_id *id = args;
    (void)w, (void)e;
    if (guid_is_none(id->g)) return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_MEMBER});
    return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OWNER, .object = id->g});
}
_Static_assert(offsetof(struct application_args, id) == 0 && offsetof(struct app_secret_args, id) == 0 &&
                   offsetof(struct app_federated_args, id) == 0,
               "the effect reads the application of any of them");

const struct effect EFFECT_APPLICATION = {.name = "directory_application", .rule = EFFECT_DIRECTORY, .find = find_application};

// The role is its service principal's to give, and one of the cloud's own services the operator's alone; an assignment that is gone is nobody's.
static enum err find_resource_of(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct app_assignment_args *args = args_;
    const struct app_assignment      *given = applications_find_assignment(w->world->applications, args->principal, args->id);
    const object_id                   resource = given ? given->resource : args->resource;
    const struct principal           *service = directory_find(w->world->directory, resource);
    bool                              is_clouds = service && first_party_application(service->app);
    (void)e;
    return effect_site_add(c, out, (struct effect_site){.need = is_clouds ? DIRECTORY_OPERATOR : DIRECTORY_OWNER, .object = resource.g});
}

static const struct effect EFFECT_ROLE = {.name = "directory_app_role", .rule = EFFECT_DIRECTORY, .find = find_resource_of};

#define WRITES .writes = true, .effects = {&EFFECT_APPLICATION}
const struct op OP_APPLICATION_CREATE = {.name = "application_create", WRITES, .run = create};
const struct op OP_APPLICATION_UPDATE = {.name = "application_update", WRITES, .run = update};
const struct op OP_APPLICATION_DELETE = {.name = "application_delete", WRITES, .run = delete_application};
const struct op OP_APP_SECRET_ADD = {.name = "app_secret_add", WRITES, .run = add_secret};
const struct op OP_APP_SECRET_REMOVE = {.name = "app_secret_remove", WRITES, .run = remove_secret};
const struct op OP_APP_ROLE_ASSIGN = {.name = "app_role_assign", .writes = true, .effects = {&EFFECT_ROLE}, .run = assign};
const struct op OP_APP_ROLE_UNASSIGN = {.name = "app_role_unassign", .writes = true, .effects = {&EFFECT_ROLE}, .run = unassign};
