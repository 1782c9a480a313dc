#include "ops/activities.h"

#include "ops/log_keep.h"

#define ASSIGNMENT_DELETE S("Microsoft.Authorization/roleAssignments/delete")

struct note {
    struct note    *next;
    struct activity activity;
};

struct activities {
    struct note *first, *last;
};

enum err deed_begin(struct call *c, const struct work *w, guid by, struct deed *out)
{
    const struct assignment *a = guid_is_none(by) ? NULL : rbac_find_assignment(w->world->rules, by);
    if (!a && !guid_is_none(by)) a = rbac_find_lingering(w->world->rules, by);
    *out = (struct deed){.changes = world_changes(w->product->worlds)};
    if (!a) return OK;
    const struct role *role = rbac_find_role(w->world->rules, a->role);
    out->evidence = (struct activity_evidence){.assignment = a->id, .role = a->role, .principal = a->principal, .principal_type = a->principal_type};
    TRY(call_copy_str(c, a->scope, &out->evidence.scope));
    return role ? call_copy_str(c, role->name, &out->evidence.role_name) : OK;
}

// As the cloud names callers: users by their sign-in name, all others by their object id.
static str name_of(const struct call *c, const struct world *world)
{
    const struct principal *p = c->caller->is_local_operator ? NULL : directory_find(world->directory, c->caller->id);
    if (c->caller->is_local_operator) return c->caller->name;
    return p && p->kind == PRINCIPAL_USER && !str_empty(p->user_name) ? p->user_name : STR_NONE;
}

void activity_set_request(const struct call *c, const struct world *world, const struct work_request *request, struct activity *out)
{
    out->event_ns = c->now_ns;
    out->correlation_id = c->correlation_id;
    if (c->caller) {
        out->caller = c->caller->id;
        out->app = c->caller->app;
        out->caller_name = name_of(c, world);
        if (c->caller->claims) out->claims = *c->caller->claims;
    }
    if (!request) return;
    out->method = request->method;
    out->uri = request->uri;
    out->address = request->address;
    out->client_request = request->client_id;
}

static enum err add_note(struct call *c, struct work *w, const struct activity *a)
{
    struct note *note;
    if (!w->deeds) TRY(NEW(c, &w->deeds, 1));
    TRY(NEW(c, &note, 1));
    note->activity = *a;
    if (w->deeds->last) w->deeds->last->next = note;
    else w->deeds->first = note;
    w->deeds->last = note;
    return OK;
}

// One that was removed and counts for some time yet is gone for whoever looks.
static const struct ref *seen(enum store_kind kind, const struct ref *record)
{
    bool lingers = record && ((kind == STORE_ASSIGNMENT && assignment_lingers_until_ns((const struct assignment *)record)) ||
                              (kind == STORE_MEMBERSHIP && ((const struct membership *)record)->counts_until_ns));
    return lingers ? NULL : record;
}

static str resource_of(struct call *c, const struct change *change)
{
    return activity_resource(c, change->kind, change->after ? change->after : change->before);
}

// Of the changes of a deed the one that it is about: that of the scope itself, else the first that has a name, else the first.
static const struct change *find_subject(struct call *c, const struct work *w, const struct deed *deed, str scope)
{
    const struct worlds *worlds = w->product->worlds;
    const struct change *named = NULL;
    size_t               n = world_changes(worlds);
    for (size_t i = deed->changes; i < n; i++) {
        const struct change *change = world_change_at(worlds, i);
        str                  resource = resource_of(c, change);
        if (!str_empty(resource) && str_eq_nocase(resource, scope)) return change;
        if (!named && !str_empty(resource)) named = change;
    }
    return named || n == deed->changes ? named : world_change_at(worlds, deed->changes);
}

// A deed may change one record several times: before the first of them, and after the last.
static enum err add_documents(struct call *c, const struct work *w, const struct change *subject, struct activity *out)
{
    const struct worlds *worlds = w->product->worlds;
    const struct ref    *before = seen(subject->kind, subject->before), *after = subject->after;
    for (size_t i = 0; i < world_changes(worlds); i++) {
        const struct change *change = world_change_at(worlds, i);
        if (change->kind == subject->kind && after && change->before == after) after = change->after;
    }
    after = seen(subject->kind, after);
    if (before) TRY(activity_document(c, w, subject->kind, before, &out->before));
    return after ? activity_document(c, w, subject->kind, after, &out->after) : OK;
}

// The role assignments that went with what the deed is about.
static enum err add_cascade(struct call *c, struct work *w, const struct deed *deed, const struct change *subject, const struct activity *whole)
{
    size_t n = world_changes(w->product->worlds);
    for (size_t i = deed->changes; i < n; i++) {
        const struct change *change = world_change_at(w->product->worlds, i);
        if (change == subject || change->kind != STORE_ASSIGNMENT || !change->before || seen(change->kind, change->after)) continue;
        const struct assignment *gone = (const struct assignment *)change->before;
        struct activity          a = *whole;
        if (assignment_lingers_until_ns(gone)) continue; // its removal has a record already
        a.id = guid_new(c);
        a.part_of = whole->id;
        a.action = ASSIGNMENT_DELETE;
        a.after = STR_NONE;
        TRY(call_copy_str(c, gone->scope, &a.scope));
        a.resource = activity_resource(c, change->kind, change->before);
        TRY(activity_document(c, w, change->kind, change->before, &a.before));
        TRY(add_note(c, w, &a));
    }
    return OK;
}

enum err activities_add(struct call *c, struct work *w, const struct deed *deed, str action, str scope)
{
    struct activity      a = {.id = guid_new(c), .evidence = deed->evidence, .action = action, .scope = scope};
    const struct change *subject = find_subject(c, w, deed, scope);
    activity_set_request(c, w->world, w->request, &a);
    if (subject) a.resource = resource_of(c, subject);
    if (subject) TRY(add_documents(c, w, subject, &a));
    TRY(add_note(c, w, &a));
    return add_cascade(c, w, deed, subject, &a);
}

enum err work_keep_log(struct call *c, struct work *w, int64_t status)
{
    struct activities *deeds = w->deeds;
    w->deeds = NULL;
    for (struct note *note = deeds ? deeds->first : NULL; note; note = note->next) {
        struct activity *a = &note->activity;
        a->time_ns = product_log_ns(w->product, c->now_ns);
        a->status = status;
        TRY(activity_write(c, w->store, a));
        log_keep_written(w->product, 1);
    }
    return OK;
}
