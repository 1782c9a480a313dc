#include "ops/ownership.h"

#include "ops/effects.h"
#include "ops/groups_members.h"
#include "ops/principals.h"

static const char *set_of(const struct work *w, guid object)
{
    const struct principal *p = directory_find(w->world->directory, (object_id){object});
    if (p && p->kind == PRINCIPAL_GROUP) return "groups";
    if (p && p->kind == PRINCIPAL_APP) return "servicePrincipals";
    return applications_find(w->world->applications, (application_id){object}) ? "applications" : NULL;
}

static bool count_one(const struct ownership *o, void *ctx)
{
    (void)o;
    ++*(size_t *)ctx;
    return true;
}

static size_t owners_n(const struct work *w, guid object)
{
    size_t n = 0;
    owners_each_of(w->world->owners, object, NULL, count_one, &n);
    return n;
}

static enum err add(struct call *c, struct work *w, guid object, object_id owner)
{
    const struct principal *p = directory_find(w->world->directory, owner);
    struct ownership       *record, plain = {.object = object, .owner = owner, .since_ns = c->now_ns};
    if (!p) return directory_absent(c, guid_str(c, owner.g));
    if (p->kind == PRINCIPAL_GROUP)
        return FAIL(c, ERR_MEMBER_INVALID, "An invalid operation was included in the following modified references: 'owners'.");
    if (owners_find(w->world->owners, object, owner))
        return FAIL(c, ERR_MEMBER_EXISTS, "One or more added object references already exist for the following modified properties: 'owners'.");
    if (owners_n(w, object) >= OWNERS_MAX) return FAIL(c, ERR_CONTENT_INVALID, "An object has at most %d owners.", OWNERS_MAX);
    TRY(ownership_new(c, &plain, &record));
    return work_change(c, w, STORE_OWNERSHIP, NULL, &record->ref);
}

static enum err add_owner(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct owner_args *args = args_;
    const char              *set = set_of(w, args->object);
    (void)out;
    if (!set) return directory_absent(c, guid_str(c, args->object));
    TRY(directory_log_as(c, w, set, "owners/update", args->object));
    return add(c, w, args->object, args->owner);
}

static enum err remove_owner(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct owner_args *args = args_;
    const struct ownership  *o = owners_find(w->world->owners, args->object, args->owner);
    const char              *set = set_of(w, args->object);
    (void)out;
    if (!set || !o) return directory_absent(c, guid_str(c, o ? args->object : args->owner.g));
    TRY(directory_log_as(c, w, set, "owners/update", args->object));
    if (str_eq(str_of(set), S("groups")) && owners_n(w, args->object) == 1)
        return FAIL(c, ERR_MEMBER_INVALID, "The group must have at least one owner, hence this owner cannot be removed.");
    return work_change(c, w, STORE_OWNERSHIP, &o->ref, NULL);
}

enum err owners_begin(struct call *c, struct work *w, guid object, const object_id *besides, size_t n)
{
    bool by_token = c->caller && !c->caller->is_local_operator;
    if (by_token) TRY(add(c, w, object, c->caller->id));
    for (size_t i = 0; i < n; i++)
        if (!by_token || !object_id_eq(besides[i], c->caller->id)) TRY(add(c, w, object, besides[i]));
    return OK;
}

// The first that is met: walking while it changes is not allowed.
static bool see_first(const struct ownership *o, void *ctx)
{
    *(const struct ownership **)ctx = o;
    return false;
}

enum err owners_drop(struct call *c, struct work *w, guid object)
{
    for (;;) {
        const struct ownership *o = NULL;
        owners_each_of(w->world->owners, object, NULL, see_first, &o);
        if (!o) owners_each_owned(w->world->owners, (object_id){object}, NULL, see_first, &o);
        if (!o) return OK;
        TRY(work_change(c, w, STORE_OWNERSHIP, &o->ref, NULL));
    }
}

static enum err find_object(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct owner_args *args = args_;
    (void)w, (void)e;
    return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OWNER, .object = args->object});
}

static const struct effect EFFECT = {.name = "directory_owner", .rule = EFFECT_DIRECTORY, .find = find_object};

const struct op OP_OWNER_ADD = {.name = "owner_add", .writes = true, .effects = {&EFFECT}, .run = add_owner};
const struct op OP_OWNER_REMOVE = {.name = "owner_remove", .writes = true, .effects = {&EFFECT}, .run = remove_owner};
