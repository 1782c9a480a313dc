#include "rbac/records.h"

#include "rbac/rules.h"

static void role_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct role *)r)->id);
}

static bool role_put(void *home, struct ref *r)
{
    return rbac_put_role(home, (struct role *)r);
}

static void role_remove(void *home, const struct ref *r)
{
    rbac_remove_role(home, ((const struct role *)r)->id);
}

static const struct ref *role_find(const void *home, str key)
{
    guid               id;
    const struct role *r = record_key_is_guids(key, &id, 1) ? rbac_find_role(home, id) : NULL;
    return r && !r->is_builtin ? &r->ref : NULL; // built-in ones are no records
}

RECORD_KIND(RECORD_ROLE, role, role, role_unpack, role_pack)

static void assignment_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct assignment *)r)->id);
}

static bool assignment_put(void *home, struct ref *r)
{
    return rbac_put_assignment(home, (struct assignment *)r);
}

static void assignment_remove(void *home, const struct ref *r)
{
    rbac_remove_assignment(home, ((const struct assignment *)r)->id);
}

static const struct ref *assignment_find(const void *home, str key)
{
    guid                     id;
    bool                     is_key = record_key_is_guids(key, &id, 1);
    const struct assignment *a = is_key ? rbac_find_assignment(home, id) : NULL;
    if (is_key && !a) a = rbac_find_lingering(home, id);
    return a ? &a->ref : NULL;
}

static void assignment_prefetch(const void *home, struct ref *const *records, size_t n)
{
    const struct assignment *batch[RECORD_BATCH];
    for (size_t i = 0; i < n; i++) batch[i] = (const struct assignment *)records[i];
    rbac_prefetch_assignments(home, batch, n);
}
_Static_assert(RECORD_BATCH <= RBAC_PREFETCH_MAX, "a batch of records is prefetched at once");

RECORD_KIND_MANY(RECORD_ASSIGNMENT, assignment, assignment, assignment_unpack, assignment_pack, assignment_prefetch)

static void deny_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct deny_assignment *)r)->id);
}

static bool deny_put(void *home, struct ref *r)
{
    return rbac_put_deny(home, (struct deny_assignment *)r);
}

static void deny_remove(void *home, const struct ref *r)
{
    rbac_remove_deny(home, ((const struct deny_assignment *)r)->id);
}

static const struct ref *deny_find(const void *home, str key)
{
    guid                          id;
    const struct deny_assignment *d = record_key_is_guids(key, &id, 1) ? rbac_find_deny(home, id) : NULL;
    return d ? &d->ref : NULL;
}

RECORD_KIND(RECORD_DENY, deny, deny_assignment, deny_unpack, deny_pack)
