#include "ops/groups_members.h"

#include "ops/effects.h"

enum err directory_absent(struct call *c, str name)
{
    return FAIL(c, ERR_OBJECT_NOT_FOUND, "Resource '%.*s' does not exist or one of its queried reference-property objects are not present.",
                PSTR(name));
}

static enum err require(struct call *c, const struct work *w, object_id id, const struct principal **out)
{
    *out = directory_find(w->world->directory, id);
    return *out ? OK : directory_absent(c, guid_str(c, id.g));
}

static enum err require_group(struct call *c, const struct work *w, object_id id)
{
    const struct principal *group;
    TRY(require(c, w, id, &group));
    return group->kind == PRINCIPAL_GROUP ? OK : directory_absent(c, guid_str(c, id.g));
}

static int64_t delay_ns(const struct work *w)
{
    return w->product->propagation.group_membership_s * NS_PER_S;
}

static enum err put(struct call *c, struct work *w, const struct membership *before, const struct membership *plain)
{
    struct membership *record;
    TRY(membership_new(c, plain, &record));
    return work_change(c, w, STORE_MEMBERSHIP, before ? &before->ref : NULL, &record->ref);
}

enum err membership_add(struct call *c, struct work *w, object_id group, object_id member)
{
    const struct membership *before = directory_find_membership(w->world->directory, group, member); // it has ended, or we fail
    struct membership        plain = {.group = group, .member = member, .counts_from_ns = c->now_ns + delay_ns(w)};
    const struct principal  *p;
    TRY(require_group(c, w, group));
    TRY(require(c, w, member, &p));
    if (object_id_eq(group, member)) return FAIL_PLAIN(c, ERR_MEMBER_INVALID);
    if (directory_is_member(w->world->directory, group, member)) return FAIL_PLAIN(c, ERR_MEMBER_EXISTS);
    if (before && before->counts_until_ns > c->now_ns) plain.counts_from_ns = before->counts_from_ns; // it goes on without a break
    return put(c, w, before, &plain);
}

// Memberships that are about to go: walking the directory while it changes is not allowed.
struct doomed {
    struct call              *c;
    const struct membership **items;
    size_t                    n, room;
    enum err                  failed;
};

static enum err keep_in_mind(struct doomed *d, const struct membership *m)
{
    if (d->n == d->room) {
        const struct membership **larger;
        size_t                    room = d->room ? d->room * 2 : 64;
        TRY(NEW(d->c, &larger, room));
        for (size_t i = 0; i < d->n; i++) larger[i] = d->items[i];
        d->items = larger;
        d->room = room;
    }
    d->items[d->n++] = m;
    return OK;
}

static bool see(const struct membership *m, void *ctx)
{
    struct doomed *d = ctx;
    d->failed = keep_in_mind(d, m);
    return d->failed == OK;
}

static bool see_other(const struct membership *m, void *ctx) // of a group in itself the first walk knows
{
    return object_id_eq(m->group, m->member) || see(m, ctx);
}

static enum err drop(struct call *c, struct work *w, const struct membership *m)
{
    return work_change(c, w, STORE_MEMBERSHIP, &m->ref, NULL);
}

enum err memberships_drop(struct call *c, struct work *w, object_id id)
{
    struct doomed d = {.c = c};
    directory_each_member(w->world->directory, id, NULL, see, &d);
    if (d.failed == OK) directory_each_group_of(w->world->directory, id, NULL, see_other, &d);
    TRY(d.failed);
    for (size_t i = 0; i < d.n; i++) TRY(drop(c, w, d.items[i]));
    return OK;
}

static enum err log_member(struct call *c, struct work *w, const struct member_args *args)
{
    str scope = call_format(c, "/groups/%s/members/%s", guid_text(args->group.g).s, guid_text(args->member.g).s);
    if (str_empty(scope)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    work_log_as(w, S("microsoft.directory/groups/members/update"), scope);
    return OK;
}

static enum err add_member(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct member_args *args = args_;
    (void)out;
    TRY(log_member(c, w, args));
    return membership_add(c, w, args->group, args->member);
}

// In no list from now on; but it counts until the change has got about, and for tokens that were issued before that.
static enum err end(struct call *c, struct work *w, const struct membership *m)
{
    const struct propagation *p = &w->product->propagation;
    struct membership         ended = *m;
    ended.counts_until_ns = c->now_ns + delay_ns(w);
    bool never_counted = m->counts_from_ns > c->now_ns, is_soon_over = !p->groups_from_token && ended.counts_until_ns == c->now_ns;
    return never_counted || is_soon_over ? drop(c, w, m) : put(c, w, m, &ended);
}

static enum err remove_member(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct member_args *args = args_;
    const struct membership  *m = directory_find_membership(w->world->directory, args->group, args->member);
    (void)out;
    TRY(log_member(c, w, args));
    TRY(require_group(c, w, args->group));
    return m && !m->counts_until_ns ? end(c, w, m) : directory_absent(c, guid_str(c, args->member.g));
}

// Those that nobody can need any more, as many as there is room for.
struct over {
    int64_t                   before_ns;
    const struct membership **items;
    size_t                    n, room;
};

static bool see_ended(const struct membership *m, void *ctx)
{
    struct over *o = ctx;
    if (m->counts_until_ns <= o->before_ns) o->items[o->n++] = m;
    return o->n < o->room;
}

enum err memberships_drop_ended(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    const struct product *p = w->product;
    int64_t               kept_s = p->propagation.groups_from_token ? p->token_lifetime_s + TOKEN_SKEW_S : 0;
    struct over           o = {.before_ns = c->now_ns - kept_s * NS_PER_S, .room = limit};
    TRY(NEW(c, &o.items, limit));
    if (limit) directory_each_ended(w->world->directory, see_ended, &o);
    for (size_t i = 0; w->writes && i < o.n; i++) TRY(drop(c, w, o.items[i]));
    *out_n = o.n;
    return OK;
}

static enum err find_group(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct member_args *args = args_;
    (void)w, (void)e;
    return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OWNER, .object = args->group.g});
}

// A membership gives the roles of its group.
static const struct effect EFFECT = {.name = "directory_members", .rule = EFFECT_DIRECTORY, .find = find_group};

const struct op OP_MEMBER_ADD = {.name = "member_add", .writes = true, .effects = {&EFFECT}, .run = add_member};
const struct op OP_MEMBER_REMOVE = {.name = "member_remove", .writes = true, .effects = {&EFFECT}, .run = remove_member};
