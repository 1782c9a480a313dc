#include "rbac/assignment.h"

#include <stdlib.h>

#include "core/record.h"
#include "core/shared_text.h"
#include "rbac/lists.h"

enum { ASSIGNMENT_VERSION = 1, DENY_VERSION = 1 };

// The index hashes the path as it stands, so what is kept is what scope_parse gives: no trailing slash.
static enum err normal_scope(struct call *c, str text, str *out)
{
    struct scope s;
    TRY(scope_parse(c, text, &s));
    *out = s.path;
    return OK;
}

static enum err at_most(struct call *c, str s, size_t limit, const char *what)
{
    return s.n <= limit ? OK : FAIL(c, ERR_TOO_LARGE, "%s has at most %zu bytes.", what, limit);
}

static void assignment_free(struct ref *r)
{
    shared_text_drop(((struct assignment *)r)->scope);
    free(r);
}

static enum err check_notes(struct call *c, const struct assignment_notes *n)
{
    if (n->condition.n > ASSIGNMENT_MAX_CONDITION_BYTES)
        return FAIL(c, ERR_CONDITION_INVALID, "A condition has at most %u bytes.", ASSIGNMENT_MAX_CONDITION_BYTES);
    TRY(at_most(c, n->description, ASSIGNMENT_MAX_DESCRIPTION_BYTES, "The description of a role assignment"));
    TRY(at_most(c, n->condition_version, 16, "A condition's version"));
    return at_most(c, n->delegated_identity, SCOPE_MAX_BYTES, "A resource id");
}

static void place_notes(struct lists *l, const struct assignment_notes *from, struct assignment *to)
{
    struct assignment_notes copy = *from;
    copy.condition = lists_text(l, from->condition);
    copy.condition_version = lists_text(l, from->condition_version);
    copy.description = lists_text(l, from->description);
    copy.delegated_identity = lists_text(l, from->delegated_identity);
    to->notes = lists_slots(l, &copy, 1, sizeof copy);
}

static bool is_empty(const struct assignment_notes *n)
{
    bool has_text = !str_empty(n->condition) || !str_empty(n->condition_version) || !str_empty(n->description) || !str_empty(n->delegated_identity);
    return !has_text && !n->updated_ns && !n->counts_from_ns && !n->lingers_until_ns;
}

enum err assignment_new(struct call *c, const struct assignment *plain, struct assignment **out)
{
    const struct assignment_notes notes = assignment_notes_of(plain);
    struct assignment             a = *plain, ignored;
    struct lists                  measure = {0};
    void                         *tail;
    TRY(check_notes(c, &notes));
    TRY(normal_scope(c, plain->scope, &a.scope));
    a.notes = NULL;
    if (!is_empty(&notes)) place_notes(&measure, &notes, &ignored);
    struct assignment *fresh = record_new(&a, sizeof a, NULL, 0, lists_bytes(&measure), &tail);
    if (!fresh) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct lists into = lists_into(&measure, tail);
    if (!is_empty(&notes)) place_notes(&into, &notes, fresh);
    fresh->scope = shared_text_new(a.scope);
    fresh->ref.free = assignment_free;
    if (!fresh->scope.at) {
        ref_drop(&fresh->ref);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *out = fresh;
    return OK;
}

void assignment_share_scope(struct assignment *a, const struct assignment *other)
{
    bool is_own = atomic_load_explicit(&a->ref.n, memory_order_acquire) == 1;
    if (!is_own || a->scope.at == other->scope.at || !str_eq(a->scope, other->scope)) return;
    shared_text_drop(a->scope);
    a->scope = shared_text_take(other->scope);
}

void assignment_pack(struct buf *b, const struct assignment *a)
{
    const struct assignment_notes notes = assignment_notes_of(a);
    pack_begin(b, ASSIGNMENT_VERSION);
    pack_guid(b, a->id);
    pack_guid(b, a->principal.g);
    pack_guid(b, a->role);
    pack_str(b, a->scope);
    pack_str(b, notes.condition);
    pack_str(b, notes.condition_version);
    pack_str(b, notes.description);
    pack_str(b, notes.delegated_identity);
    pack_u64(b, a->principal_type);
    pack_i64(b, notes.counts_from_ns);
    pack_i64(b, notes.lingers_until_ns);
    pack_i64(b, a->created_ns);
    pack_i64(b, assignment_updated_ns(a));
    pack_guid(b, a->created_by.g);
    pack_guid(b, assignment_updated_by(a).g);
}

// What says no more than that it was created takes no memory: most assignments are never changed, and count at once.
static void drop_the_usual(struct assignment_notes *n, const struct assignment *a)
{
    if (n->counts_from_ns <= a->created_ns) n->counts_from_ns = 0;
    if (n->updated_ns == a->created_ns && object_id_eq(n->updated_by, a->created_by)) n->updated_ns = 0;
}

enum err assignment_unpack(struct call *c, bytes record, struct assignment **out)
{
    struct unpack           u;
    struct assignment_notes notes;
    struct assignment       a = {.notes = &notes};
    unpack_begin(&u, record);
    a.id = unpack_guid(&u);
    a.principal.g = unpack_guid(&u);
    a.role = unpack_guid(&u);
    a.scope = unpack_str(&u);
    notes.condition = unpack_str(&u);
    notes.condition_version = unpack_str(&u);
    notes.description = unpack_str(&u);
    notes.delegated_identity = unpack_str(&u);
    uint64_t type = unpack_u64(&u);
    notes.counts_from_ns = unpack_i64(&u);
    notes.lingers_until_ns = unpack_i64(&u);
    a.created_ns = unpack_i64(&u);
    notes.updated_ns = unpack_i64(&u);
    a.created_by.g = unpack_guid(&u);
    notes.updated_by.g = unpack_guid(&u);
    TRY(unpack_end(c, &u));
    if (u.version != ASSIGNMENT_VERSION || type > PRINCIPAL_TYPE_DEVICE)
        return FAIL(c, ERR_STORE_DAMAGED, "A role assignment's record is of a form that this version does not know.");
    a.principal_type = (enum principal_type)type;
    drop_the_usual(&notes, &a);
    return assignment_new(c, &a, out);
}

str assignment_path(struct call *c, str scope, guid id)
{
    str at = str_eq(scope, S("/")) ? S("") : scope;
    return call_format(c, "%.*s/providers/Microsoft.Authorization/roleAssignments/%s", PSTR(at), guid_text(id).s);
}

static const struct deny_principal *place_principals(struct lists *l, const struct deny_principal *from, size_t n)
{
    struct deny_principal *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        str type = lists_text(l, from[i].type);
        if (to) to[i].type = type;
    }
    return to;
}

static void place_lists(struct lists *l, const struct deny_assignment *plain, struct deny_assignment *out)
{
    out->permissions = lists_permissions(l, plain->permissions, plain->permission_n);
    out->principals = place_principals(l, plain->principals, plain->principal_n);
    out->excluded = place_principals(l, plain->excluded, plain->excluded_n);
}

static enum err check_limits(struct call *c, const struct deny_assignment *d)
{
    if (d->principal_n > DENY_MAX_PRINCIPALS || d->excluded_n > DENY_MAX_PRINCIPALS)
        return FAIL(c, ERR_TOO_LARGE, "A deny assignment names at most %d principals.", DENY_MAX_PRINCIPALS);
    TRY(at_most(c, d->name, ROLE_MAX_NAME_BYTES, "The name of a deny assignment"));
    TRY(at_most(c, d->description, ASSIGNMENT_MAX_DESCRIPTION_BYTES, "The description of a deny assignment"));
    return lists_check(c, d->permissions, d->permission_n);
}

enum err deny_new(struct call *c, const struct deny_assignment *plain, struct deny_assignment **out)
{
    static const size_t TEXTS[] = {
        offsetof(struct deny_assignment, name), offsetof(struct deny_assignment, description), offsetof(struct deny_assignment, scope),
    };
    struct lists           measure = {0};
    struct deny_assignment d = *plain, ignored;
    void                  *tail;
    TRY(check_limits(c, plain));
    TRY(normal_scope(c, plain->scope, &d.scope));
    place_lists(&measure, plain, &ignored);
    struct deny_assignment *fresh = record_new(&d, sizeof d, TEXTS, COUNT(TEXTS), lists_bytes(&measure), &tail);
    if (!fresh) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct lists into = lists_into(&measure, tail);
    place_lists(&into, plain, fresh);
    *out = fresh;
    return OK;
}

static void pack_principals(struct buf *b, const struct deny_principal *items, size_t n)
{
    pack_u64(b, n);
    for (size_t i = 0; i < n; i++) {
        pack_guid(b, items[i].id.g);
        pack_str(b, items[i].type);
    }
}

void deny_pack(struct buf *b, const struct deny_assignment *d)
{
    pack_begin(b, DENY_VERSION);
    pack_guid(b, d->id);
    pack_str(b, d->name);
    pack_str(b, d->description);
    pack_str(b, d->scope);
    pack_bool(b, d->not_below);
    pack_bool(b, d->is_system_protected);
    pack_permissions(b, d->permissions, d->permission_n);
    pack_principals(b, d->principals, d->principal_n);
    pack_principals(b, d->excluded, d->excluded_n);
    pack_i64(b, d->created_ns);
    pack_guid(b, d->created_by.g);
}

static enum err unpack_principals(struct call *c, struct unpack *u, const struct deny_principal **out, size_t *out_n)
{
    struct deny_principal *items = NULL;
    size_t                 n = unpack_u64(u);
    if (u->damaged || n > DENY_MAX_PRINCIPALS) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    TRY(NEW(c, &items, n));
    for (size_t i = 0; i < n; i++) {
        items[i].id.g = unpack_guid(u);
        items[i].type = unpack_str(u);
    }
    *out = items;
    *out_n = n;
    return OK;
}

enum err deny_unpack(struct call *c, bytes record, struct deny_assignment **out)
{
    struct unpack          u;
    struct deny_assignment d = {0};
    unpack_begin(&u, record);
    if (u.version != DENY_VERSION) return FAIL(c, ERR_STORE_DAMAGED, "A deny assignment's record is of a form that this version does not know.");
    d.id = unpack_guid(&u);
    d.name = unpack_str(&u);
    d.description = unpack_str(&u);
    d.scope = unpack_str(&u);
    d.not_below = unpack_bool(&u);
    d.is_system_protected = unpack_bool(&u);
    TRY(unpack_permissions(c, &u, &d.permissions, &d.permission_n));
    TRY(unpack_principals(c, &u, &d.principals, &d.principal_n));
    TRY(unpack_principals(c, &u, &d.excluded, &d.excluded_n));
    d.created_ns = unpack_i64(&u);
    d.created_by.g = unpack_guid(&u);
    TRY(unpack_end(c, &u));
    return deny_new(c, &d, out);
}
