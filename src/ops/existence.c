#include "ops/existence.h"

#include "core/nearest.h"
#include "ops/assignments.h"
#include "rbac/naming.h"
#include "rbac/operations.h"

#define MOST_NEAR 3 /* that are named */

str existence_unknown_principal(struct call *c, const struct work *w, object_id id)
{
    const struct principal *p = directory_find_app(w->world->directory, (client_id){id.g});
    if (!p) return call_format(c, "the directory has no principal %s; it was deleted, or the id is another kind of id.", guid_text(id.g).s);
    return call_format(c, "%s is the application (client) id of '%.*s'; role assignments name its principal, %s.", guid_text(id.g).s, PSTR(p->name),
                       guid_text(p->id.g).s);
}

// --- actions ---

// The operations that are nearest to what was typed.
struct near {
    str    typed;
    size_t n, most;
    size_t slips[MOST_NEAR];
    char   text[MOST_NEAR][ACTION_MAX_BYTES];
    size_t text_n[MOST_NEAR];
};

static bool see_operation(str operation, enum rbac_plane plane, void *context)
{
    struct near *x = context;
    size_t       slips = nearest_slips(x->typed, operation, x->most), at = x->n;
    (void)plane;
    if (slips > x->most) return true;
    for (size_t i = 0; i < x->n; i++)
        if (str_eq_nocase((str){x->text[i], x->text_n[i]}, operation)) return true; // published on both planes
    while (at > 0 && slips < x->slips[at - 1]) at--;
    if (at == MOST_NEAR) return true;
    if (x->n < MOST_NEAR) x->n++;
    for (size_t i = x->n - 1; i > at; i--) {
        x->slips[i] = x->slips[i - 1];
        x->text_n[i] = x->text_n[i - 1];
        memcpy(x->text[i], x->text[i - 1], x->text_n[i]);
    }
    x->slips[at] = slips;
    x->text_n[at] = operation.n;
    memcpy(x->text[at], operation.at, operation.n);
    return true;
}

// Operations of a provider whose own name is hardly another one: no more slips are forgiven than a sixth of the letters.
static void find_near(str action, struct near *out)
{
    str provider = str_upto(action, str_find(action, '/'));
    *out = (struct near){.typed = action, .most = action.n / 6};
    for (size_t i = 0; i < operations_provider_count(); i++) {
        str name = operations_provider_at(i);
        if (nearest_slips(provider, name, 3) <= 3) operations_each(name, see_operation, out);
    }
}

static bool is_named_by_a_role(str action)
{
    size_t             n;
    const struct role *roles = role_builtins(&n);
    for (const struct role *r = roles; r < roles + n; r++)
        for (size_t i = 0; i < r->permission_n; i++)
            for (enum rbac_plane plane = RBAC_CONTROL; plane <= RBAC_DATA; plane++) {
                struct naming l = naming_of(&r->permissions[i], plane);
                if (str_index_nocase(l.names, l.name_n, action) != STR_NOWHERE) return true;
            }
    return false;
}

// A resource may be of a provider that publishes nothing here.
static bool is_of_provider_at(str action, str scope)
{
    str provider = str_upto(action, str_find(action, '/')), rest = scope;
    for (size_t at; (at = str_find_str(rest, S("/providers/"))) != STR_NOWHERE;) {
        rest = str_from(rest, at + strlen("/providers/"));
        if (str_eq_nocase(str_upto(rest, str_find(rest, '/')), provider)) return str_empty(operations_provider_find(provider));
    }
    return false;
}

static enum err check_action(struct call *c, str action, str scope)
{
    struct action read;
    struct near   near;
    struct buf    b;
    if (!action_read(action, &read)) return FAIL(c, ERR_PARAMETER_INVALID, "'%.*s' is not an action.", PSTR(call_printable(c, action, 128)));
    if (operations_has(action, RBAC_CONTROL) || operations_has(action, RBAC_DATA) || is_named_by_a_role(action) || is_of_provider_at(action, scope))
        return OK;
    find_near(action, &near);
    if (near.n == 0) return FAIL(c, ERR_PARAMETER_INVALID, "No such action: no provider has '%.*s'.", PSTR(str_upto(action, 256)));
    if (near.n == 1)
        return FAIL(c, ERR_PARAMETER_INVALID, "No such action '%.*s'; did you mean %.*s?", PSTR(str_upto(action, 256)), (int)near.text_n[0],
                    near.text[0]);
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < near.n; i++) buf_addf(&b, "\n  %.*s", (int)near.text_n[i], near.text[i]);
    return FAIL(c, ERR_PARAMETER_INVALID, "No such action '%.*s'; did you mean one of these?%.*s", PSTR(str_upto(action, 256)), PSTR(buf_view(&b)));
}

// --- scopes ---

static bool is_below_resource(const struct work *w, str path)
{
    do
        if (tree_find(w->world->tree, path)) return true;
    while (scope_parent(path, &path));
    return false;
}

static enum err check_scope(struct call *c, const struct work *w, str text)
{
    struct scope at;
    TRY(scope_parse(c, text, &at));
    TRY(assignment_require_scope(c, w, &at));
    size_t extension = str_find_str(at.path, S("/providers/Microsoft.Authorization/"));
    if (extension != STR_NOWHERE) return extension == 0 ? OK : check_scope(c, w, str_upto(at.path, extension));
    if (at.kind != SCOPE_RESOURCE || str_empty(at.group) || is_below_resource(w, at.path)) return OK;
    return FAIL(c, ERR_NOT_FOUND, "No such resource: '%.*s'. For a resource that does not exist yet, ask at its resource group.",
                PSTR(str_upto(at.path, 256)));
}

enum err existence_check(struct call *c, const struct work *w, object_id who, str action, str scope)
{
    if (!guid_is_none(who.g) && !directory_find(w->world->directory, who))
        return FAIL(c, ERR_NOT_FOUND, "No such principal: %.*s", PSTR(existence_unknown_principal(c, w, who)));
    TRY(check_scope(c, w, scope));
    return str_empty(action) ? OK : check_action(c, action, scope);
}
