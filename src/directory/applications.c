#include "directory/applications.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/map.h"
#include "core/order.h"

struct uri_entry {
    struct order_node         by_uri;
    const struct application *a;
    bool                      stands; // no other application had the URI before
};

struct app_entry {
    struct order_node   by_id;
    struct application *a;
    struct uri_entry    uris[];
};

// An assignment's two places: by principal and id, and by resource, id and principal.
struct assignment_entry {
    struct order_node      of_principal, at_resource;
    guid                   principal_key[2], resource_key[3];
    struct app_assignment *a;
};

struct applications {
    struct order ids; // of app_entries
    struct map   by_app;
    struct order uris;
    struct order of_principals, at_resources; // of assignment_entries
    struct map   passwords;                   // by user
};

struct applications *applications_new(void)
{
    struct applications *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    uint64_t seed = hash_seed_new();
    order_init(&d->ids, seed, false);
    order_init(&d->uris, seed, true);
    order_init(&d->of_principals, seed, false);
    order_init(&d->at_resources, seed, false);
    map_init(&d->by_app, false);
    map_init(&d->passwords, false);
    return d;
}

static struct app_entry *entry_of(struct order_node *n)
{
    return CONTAINER_OF(n, struct app_entry, by_id);
}

static struct assignment_entry *entry_of_principal(struct order_node *n)
{
    return CONTAINER_OF(n, struct assignment_entry, of_principal);
}

static struct assignment_entry *entry_at_resource(struct order_node *n)
{
    return CONTAINER_OF(n, struct assignment_entry, at_resource);
}

void applications_free(struct applications *d)
{
    struct password *p;
    if (!d) return;
    for (struct order_node *n = d->ids.first; n;) {
        struct app_entry *e = entry_of(n);
        n = n->after;
        ref_drop(&e->a->ref);
        free(e);
    }
    for (struct order_node *n = d->of_principals.first; n;) {
        struct assignment_entry *e = entry_of_principal(n);
        n = n->after;
        ref_drop(&e->a->ref);
        free(e);
    }
    for (size_t at = 0; (p = map_next(&d->passwords, &at));) ref_drop(&p->ref);
    map_clear(&d->passwords);
    map_clear(&d->by_app);
    free(d);
}

// ---- applications ----

static struct app_entry *find_application(const struct applications *d, application_id id)
{
    struct order_node *n = order_find(&d->ids, guid_key(&id.g));
    return n ? entry_of(n) : NULL;
}

bool applications_put(struct applications *d, struct application *a)
{
    struct app_entry *fresh = calloc(1, sizeof *fresh + a->uri_n * sizeof fresh->uris[0]);
    if (!fresh || !map_reserve(&d->by_app)) {
        free(fresh);
        return false;
    }
    ref_take(&a->ref);
    fresh->a = a;
    applications_remove(d, a->id);
    order_put(&d->ids, guid_key(&a->id.g), &fresh->by_id);
    map_put_reserved(&d->by_app, guid_key(&a->app.g), a);
    for (size_t i = 0; i < a->uri_n; i++) {
        struct uri_entry *u = &fresh->uris[i];
        u->a = a;
        u->stands = !order_find(&d->uris, a->uris[i]);
        if (u->stands) order_put(&d->uris, a->uris[i], &u->by_uri);
    }
    return true;
}

void applications_remove(struct applications *d, application_id id)
{
    struct app_entry *e = find_application(d, id);
    if (!e) return;
    order_remove(&d->ids, &e->by_id);
    for (size_t i = 0; i < e->a->uri_n; i++)
        if (e->uris[i].stands) order_remove(&d->uris, &e->uris[i].by_uri);
    if (map_get(&d->by_app, guid_key(&e->a->app.g)) == e->a) map_remove(&d->by_app, guid_key(&e->a->app.g));
    ref_drop(&e->a->ref);
    free(e);
}

const struct application *applications_find(const struct applications *d, application_id id)
{
    struct app_entry *e = find_application(d, id);
    return e ? e->a : NULL;
}

const struct application *applications_find_app(const struct applications *d, client_id app)
{
    return map_get(&d->by_app, guid_key(&app.g));
}

const struct application *applications_find_uri(const struct applications *d, str uri)
{
    struct order_node *n = order_find(&d->uris, uri);
    return n ? CONTAINER_OF(n, struct uri_entry, by_uri)->a : NULL;
}

size_t applications_n(const struct applications *d)
{
    return d->ids.n;
}

void applications_each(const struct applications *d, const application_id *after, bool (*visit)(const struct application *a, void *ctx), void *ctx)
{
    struct order_node *n = after ? order_behind(&d->ids, guid_key(&after->g)) : d->ids.first;
    for (; n && visit(entry_of(n)->a, ctx); n = n->after) continue;
}

// ---- assignments of app roles ----

static str key_of(const guid *ids, size_t n)
{
    return (str){(const char *)ids, n * sizeof *ids};
}

static struct assignment_entry *find_entry(const struct applications *d, object_id principal, guid id)
{
    guid               key[] = {principal.g, id};
    struct order_node *n = order_find(&d->of_principals, key_of(key, COUNT(key)));
    return n ? entry_of_principal(n) : NULL;
}

bool applications_put_assignment(struct applications *d, struct app_assignment *a)
{
    struct assignment_entry *e = malloc(sizeof *e);
    if (!e) return false;
    *e = (struct assignment_entry){.a = a, .principal_key = {a->principal.g, a->id}, .resource_key = {a->resource.g, a->id, a->principal.g}};
    ref_take(&a->ref);
    applications_remove_assignment(d, a->principal, a->id);
    order_put(&d->of_principals, key_of(e->principal_key, COUNT(e->principal_key)), &e->of_principal);
    order_put(&d->at_resources, key_of(e->resource_key, COUNT(e->resource_key)), &e->at_resource);
    return true;
}

void applications_remove_assignment(struct applications *d, object_id principal, guid id)
{
    struct assignment_entry *e = find_entry(d, principal, id);
    if (!e) return;
    order_remove(&d->of_principals, &e->of_principal);
    order_remove(&d->at_resources, &e->at_resource);
    ref_drop(&e->a->ref);
    free(e);
}

const struct app_assignment *applications_find_assignment(const struct applications *d, object_id principal, guid id)
{
    struct assignment_entry *e = find_entry(d, principal, id);
    return e ? e->a : NULL;
}

// Keys begin with two ids: what is past all keys of them is past `after`.
static struct order_node *first_past(const struct order *o, guid of, const guid *after)
{
    guid key[3] = {of};
    if (!after) return order_from(o, guid_key(&of));
    key[1] = *after;
    memset(key[2].b, 0xff, sizeof key[2].b);
    return order_behind(o, key_of(key, COUNT(key)));
}

void applications_each_of(const struct applications *d, object_id principal, const guid *after, app_assignment_visit *visit, void *ctx)
{
    for (struct order_node *n = first_past(&d->of_principals, principal.g, after); n; n = n->after) {
        const struct app_assignment *a = entry_of_principal(n)->a;
        if (!object_id_eq(a->principal, principal) || !visit(a, ctx)) return;
    }
}

void applications_each_at(const struct applications *d, object_id resource, const guid *after, app_assignment_visit *visit, void *ctx)
{
    for (struct order_node *n = first_past(&d->at_resources, resource.g, after); n; n = n->after) {
        const struct app_assignment *a = entry_at_resource(n)->a;
        if (!object_id_eq(a->resource, resource) || !visit(a, ctx)) return;
    }
}

// ---- passwords ----

bool applications_put_password(struct applications *d, struct password *p)
{
    void *before = NULL;
    if (!map_put(&d->passwords, guid_key(&p->user.g), p, &before)) return false;
    ref_take(&p->ref);
    if (before) ref_drop(&((struct password *)before)->ref);
    return true;
}

void applications_remove_password(struct applications *d, object_id user)
{
    struct password *p = map_remove(&d->passwords, guid_key(&user.g));
    if (p) ref_drop(&p->ref);
}

const struct password *applications_find_password(const struct applications *d, object_id user)
{
    return map_get(&d->passwords, guid_key(&user.g));
}
