// The first byte chooses the list. A filter that is read means the same when it is written out again.
#include "core/buf.h"
#include "fuzz.h"
#include "rbac/filter.h"

static void add_part(struct buf *b, str part)
{
    if (b->n) buf_add(b, S(" and "));
    buf_add(b, part);
}

static str quoted(struct call *c, str s)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add_char(&b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.at[i] == '\'') buf_add_char(&b, '\'');
        buf_add_char(&b, s.at[i]);
    }
    buf_add_char(&b, '\'');
    return buf_view(&b);
}

static str written(struct call *c, const struct rbac_filter *f)
{
    struct buf b;
    buf_init(&b, &c->arena);
    if (f->at_scope) add_part(&b, S("atScope()"));
    if (f->at_scope_and_below) add_part(&b, S("atScopeAndBelow()"));
    if (f->has_principal) add_part(&b, call_format(c, "principalId eq '%s'", guid_text(f->principal.g).s));
    if (f->has_assigned_to) add_part(&b, call_format(c, "assignedTo('%s')", guid_text(f->assigned_to.g).s));
    if (f->role_name.n) add_part(&b, call_format(c, "roleName eq %.*s", PSTR(quoted(c, f->role_name))));
    if (f->has_type) add_part(&b, f->wants_builtin ? S("type eq 'BuiltInRole'") : S("type eq 'CustomRole'"));
    if (f->deny_name.n) add_part(&b, call_format(c, "denyAssignmentName eq %.*s", PSTR(quoted(c, f->deny_name))));
    return buf_view(&b);
}

static bool same(const struct rbac_filter *a, const struct rbac_filter *b)
{
    return a->at_scope == b->at_scope && a->at_scope_and_below == b->at_scope_and_below && a->has_principal == b->has_principal &&
           object_id_eq(a->principal, b->principal) && a->has_assigned_to == b->has_assigned_to && object_id_eq(a->assigned_to, b->assigned_to) &&
           str_eq(a->role_name, b->role_name) && a->has_type == b->has_type && a->wants_builtin == b->wants_builtin &&
           str_eq(a->deny_name, b->deny_name);
}

FUZZ(filter)
{
    struct rbac_filter    f, again;
    enum rbac_filter_kind kind = n ? (enum rbac_filter_kind)(data[0] % 3) : RBAC_FILTER_ROLES;
    str                   in = fuzz_str(c, data + (n > 0), n - (n > 0));
    if (rbac_filter_read(c, in, kind, &f) != OK) return 0;
    ASSERT(!f.at_scope || !f.has_principal);
    ASSERT(kind == RBAC_FILTER_ROLES || (f.role_name.n == 0 && !f.has_type));
    str text = written(c, &f);
    if (text.n > RBAC_FILTER_MAX_BYTES) return 0; // quotes and words in full made it longer
    ASSERT(rbac_filter_read(c, text, kind, &again) == OK && same(&f, &again));
    return 0;
}
