#include <stdlib.h>

#include "rbac/index.h"

// Where the deny of that id stands, or belongs.
static size_t place_of(const struct rbac_rules *r, guid id)
{
    size_t from = 0, to = r->deny_n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (guid_cmp(r->denies[middle]->record->id, id) < 0) from = middle + 1;
        else to = middle;
    }
    return from;
}

static bool stands_at(const struct rbac_rules *r, size_t at, guid id)
{
    return at < r->deny_n && guid_eq(r->denies[at]->record->id, id);
}

static void link_deny(struct rbac_rules *r, struct rule_deny *x)
{
    struct rule_deny **bucket = deny_bucket(r, x->hash);
    x->next = *bucket;
    *bucket = x;
}

static void unlink_deny(struct rbac_rules *r, struct rule_deny *x)
{
    struct rule_deny **at = deny_bucket(r, x->hash);
    while (*at != x) at = &(*at)->next;
    *at = x->next;
}

static bool more_denies(struct rbac_rules *r)
{
    if (r->deny_n < r->deny_room) return true;
    size_t             room = r->deny_room ? r->deny_room * 2 : 8;
    struct rule_deny **denies = calloc(room, sizeof(struct rule_deny *));
    struct rule_deny **buckets = calloc(room, sizeof(struct rule_deny *));
    if (!denies || !buckets) {
        free(denies);
        free(buckets);
        return false;
    }
    free(r->deny_buckets);
    r->deny_buckets = buckets;
    r->deny_room = room;
    for (size_t i = 0; i < r->deny_n; i++) link_deny(r, denies[i] = r->denies[i]);
    free(r->denies);
    r->denies = denies;
    return true;
}

static struct rule_deny *deny_entry(const struct rbac_rules *r, struct deny_assignment *d)
{
    struct rule_deny *x = malloc(sizeof *x);
    struct matcher   *matcher = x ? matcher_new(d->permissions, d->permission_n) : NULL;
    if (!matcher) {
        free(x);
        return NULL;
    }
    ref_take(&d->ref);
    *x = (struct rule_deny){.record = d, .matcher = matcher, .hash = level_hash(r->seed, d->scope)};
    return x;
}

static void free_deny(struct rule_deny *x)
{
    matcher_free(x->matcher);
    ref_drop(&x->record->ref);
    free(x);
}

bool rbac_put_deny(struct rbac_rules *r, struct deny_assignment *d)
{
    struct rule_deny *x = more_denies(r) ? deny_entry(r, d) : NULL;
    if (!x) return false;
    rbac_remove_deny(r, d->id);
    size_t at = place_of(r, d->id);
    memmove(r->denies + at + 1, r->denies + at, (r->deny_n - at) * sizeof(struct rule_deny *));
    r->denies[at] = x;
    r->deny_n++;
    link_deny(r, x);
    return true;
}

void rbac_remove_deny(struct rbac_rules *r, guid id)
{
    size_t at = place_of(r, id);
    if (!stands_at(r, at, id)) return;
    struct rule_deny *x = r->denies[at];
    memmove(r->denies + at, r->denies + at + 1, (--r->deny_n - at) * sizeof(struct rule_deny *));
    unlink_deny(r, x);
    free_deny(x);
}

const struct deny_assignment *rbac_find_deny(const struct rbac_rules *r, guid id)
{
    size_t at = place_of(r, id);
    return stands_at(r, at, id) ? r->denies[at]->record : NULL;
}

void rbac_each_deny(const struct rbac_rules *r, const guid *after, bool (*visit)(const struct deny_assignment *x, void *ctx), void *ctx)
{
    size_t first = after ? place_of(r, *after) : 0;
    if (after && stands_at(r, first, *after)) first++;
    for (size_t i = first; i < r->deny_n && visit(r->denies[i]->record, ctx); i++) {
    }
}

void rules_clear_denies(struct rbac_rules *r)
{
    for (size_t i = 0; i < r->deny_n; i++) free_deny(r->denies[i]);
    free(r->denies);
    free(r->deny_buckets);
}
