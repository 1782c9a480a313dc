#include "directory/records.h"

#include "directory/applications.h"
#include "directory/directory.h"
#include "directory/owners.h"
#include "directory/permission_grants.h"

static void principal_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct principal *)r)->id.g);
}

static bool principal_put(void *home, struct ref *r)
{
    return directory_put(home, (struct principal *)r);
}

static void principal_remove(void *home, const struct ref *r)
{
    directory_remove(home, ((const struct principal *)r)->id);
}

static const struct ref *principal_find(const void *home, str key)
{
    object_id               id;
    const struct principal *p = record_key_is_guids(key, &id.g, 1) ? directory_find(home, id) : NULL;
    return p ? &p->ref : NULL;
}

RECORD_KIND(RECORD_PRINCIPAL, principal, principal, principal_unpack, principal_pack)

static void membership_key(struct buf *b, const struct ref *r)
{
    const struct membership *m = (const struct membership *)r;
    record_key_guid(b, m->group.g);
    record_key_guid(b, m->member.g);
}

static bool membership_put(void *home, struct ref *r)
{
    return directory_put_membership(home, (struct membership *)r);
}

static void membership_remove(void *home, const struct ref *r)
{
    const struct membership *m = (const struct membership *)r;
    directory_remove_membership(home, m->group, m->member);
}

static const struct ref *membership_find(const void *home, str key)
{
    guid                     ids[2];
    const struct membership *m = record_key_is_guids(key, ids, 2) ? directory_find_membership(home, (object_id){ids[0]}, (object_id){ids[1]}) : NULL;
    return m ? &m->ref : NULL;
}

RECORD_KIND(RECORD_MEMBERSHIP, membership, membership, membership_unpack, membership_pack)

static void revocation_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct revocation *)r)->principal.g);
}

static bool revocation_put(void *home, struct ref *r)
{
    return directory_put_revocation(home, (struct revocation *)r);
}

static void revocation_remove(void *home, const struct ref *r)
{
    directory_remove_revocation(home, ((const struct revocation *)r)->principal);
}

static const struct ref *revocation_find(const void *home, str key)
{
    object_id                id;
    const struct revocation *r = record_key_is_guids(key, &id.g, 1) ? directory_find_revocation(home, id) : NULL;
    return r ? &r->ref : NULL;
}

RECORD_KIND(RECORD_REVOCATION, revocation, revocation, revocation_unpack, revocation_pack)

static void application_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct application *)r)->id.g);
}

static bool application_put(void *home, struct ref *r)
{
    return applications_put(home, (struct application *)r);
}

static void application_remove(void *home, const struct ref *r)
{
    applications_remove(home, ((const struct application *)r)->id);
}

static const struct ref *application_find(const void *home, str key)
{
    application_id            id;
    const struct application *a = record_key_is_guids(key, &id.g, 1) ? applications_find(home, id) : NULL;
    return a ? &a->ref : NULL;
}

RECORD_KIND(RECORD_APPLICATION, application, application, application_unpack, application_pack)

static void app_assignment_key(struct buf *b, const struct ref *r)
{
    const struct app_assignment *a = (const struct app_assignment *)r;
    record_key_guid(b, a->principal.g);
    record_key_guid(b, a->id);
}

static bool app_assignment_put(void *home, struct ref *r)
{
    return applications_put_assignment(home, (struct app_assignment *)r);
}

static void app_assignment_remove(void *home, const struct ref *r)
{
    const struct app_assignment *a = (const struct app_assignment *)r;
    applications_remove_assignment(home, a->principal, a->id);
}

static const struct ref *app_assignment_find(const void *home, str key)
{
    guid                         ids[2];
    const struct app_assignment *a = record_key_is_guids(key, ids, 2) ? applications_find_assignment(home, (object_id){ids[0]}, ids[1]) : NULL;
    return a ? &a->ref : NULL;
}

RECORD_KIND(RECORD_APP_ASSIGNMENT, app_assignment, app_assignment, app_assignment_unpack, app_assignment_pack)

static void password_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct password *)r)->user.g);
}

static bool password_put(void *home, struct ref *r)
{
    return applications_put_password(home, (struct password *)r);
}

static void password_remove(void *home, const struct ref *r)
{
    applications_remove_password(home, ((const struct password *)r)->user);
}

static const struct ref *password_find(const void *home, str key)
{
    object_id              id;
    const struct password *p = record_key_is_guids(key, &id.g, 1) ? applications_find_password(home, id) : NULL;
    return p ? &p->ref : NULL;
}

RECORD_KIND(RECORD_PASSWORD, password, password, password_unpack, password_pack)

static void ownership_key(struct buf *b, const struct ref *r)
{
    const struct ownership *o = (const struct ownership *)r;
    record_key_guid(b, o->object);
    record_key_guid(b, o->owner.g);
}

static bool ownership_put(void *home, struct ref *r)
{
    return owners_put(home, (struct ownership *)r);
}

static void ownership_remove(void *home, const struct ref *r)
{
    const struct ownership *o = (const struct ownership *)r;
    owners_remove(home, o->object, o->owner);
}

static const struct ref *ownership_find(const void *home, str key)
{
    guid                    ids[2];
    const struct ownership *o = record_key_is_guids(key, ids, 2) ? owners_find(home, ids[0], (object_id){ids[1]}) : NULL;
    return o ? &o->ref : NULL;
}

RECORD_KIND(RECORD_OWNERSHIP, ownership, ownership, ownership_unpack, ownership_pack)

static void grant_key(struct buf *b, const struct ref *r)
{
    const struct permission_grant *g = (const struct permission_grant *)r;
    record_key_guid(b, g->client.g);
    record_key_guid(b, g->id);
}

static bool grant_put(void *home, struct ref *r)
{
    return permission_grants_put(home, (struct permission_grant *)r);
}

static void grant_remove(void *home, const struct ref *r)
{
    const struct permission_grant *g = (const struct permission_grant *)r;
    permission_grants_remove(home, g->client, g->id);
}

static const struct ref *grant_find(const void *home, str key)
{
    guid                           ids[2];
    const struct permission_grant *g = record_key_is_guids(key, ids, 2) ? permission_grants_find(home, (object_id){ids[0]}, ids[1]) : NULL;
    return g ? &g->ref : NULL;
}

RECORD_KIND(RECORD_PERMISSION_GRANT, grant, permission_grant, permission_grant_unpack, permission_grant_pack)
