// What deserves a look in the state: for the operator.
#include "advisor/audit.h"

#include "endpoints/admin/operator.h"
#include "endpoints/page.h"
#include "ops/assignments.h"

#define PAGE_ITEMS 1000

static void begin_list(struct json_writer *j)
{
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
}

static enum err end_list(struct call *c, const struct wire *q, const struct page *page, struct json_writer *j)
{
    str link;
    json_write_end(j);
    if (page->is_full) {
        TRY(page_link(c, q, page, false, &link));
        json_put_string(j, S("nextLink"), link);
    }
    json_write_end(j);
    return OK;
}

static struct audit_state state_of(const struct work *w)
{
    return (struct audit_state){.directory = w->world->directory, .rules = w->world->rules};
}

// --- findings of every kind, one kind after the other ---

struct findings {
    struct json_writer      *j;
    struct page              page; // page.last: the key within the kind
    const struct audit_kind *kind, *last_kind;
};

static bool see_finding(str key, const struct audit_finding *x, void *ctx)
{
    struct findings *f = ctx;
    bool             is_taken = page_takes(&f->page, key, x != NULL);
    if (!f->page.is_full) f->last_kind = f->kind;
    if (!is_taken) return !f->page.is_full;
    json_write_object(f->j);
    json_put_string(f->j, S("kind"), str_of(f->kind->id));
    json_put_string(f->j, S("severity"), str_of(audit_severity_text(f->kind->severity)));
    json_put_string(f->j, S("title"), str_of(f->kind->title));
    json_put_string(f->j, S("subject"), x->subject);
    json_put_string(f->j, S("what"), x->what);
    json_put_string(f->j, S("advice"), x->advice);
    json_write_end(f->j);
    return true;
}

// A cursor is "kind/key"; a key may be any bytes.
static enum err kind_at(struct call *c, const struct page *page, size_t *out_kind, str *out_key)
{
    str id = str_upto(page->after, str_find(page->after, '/'));
    *out_kind = 0;
    *out_key = STR_NONE;
    if (str_empty(page->after)) return OK;
    while (*out_kind < AUDIT_KIND_N && !str_eq(str_of(AUDIT_KINDS[*out_kind].id), id)) ++*out_kind;
    if (*out_kind == AUDIT_KIND_N) return FAIL(c, ERR_PARAMETER_INVALID, "This version has no findings of the kind %.*s.", PSTR(id));
    *out_key = str_from(page->after, id.n + 1);
    return OK;
}

static enum err join_key(struct call *c, const struct audit_kind *kind, str key, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, str_of(kind->id));
    buf_add_char(&b, '/');
    buf_add(&b, key);
    return buf_finish(c, &b, out);
}

enum err operator_audit_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct audit_state state = state_of(w);
    struct findings    f = {0};
    size_t             first;
    str                after;
    TRY(page_begin(c, q, PAGE_ITEMS, &f.page));
    TRY(kind_at(c, &f.page, &first, &after));
    f.j = answer_json(a, 200);
    begin_list(f.j);
    for (size_t i = first; i < AUDIT_KIND_N && !f.page.is_full; i++) {
        f.kind = &AUDIT_KINDS[i];
        TRY(f.kind->find(c, &state, i == first ? after : STR_NONE, see_finding, &f));
    }
    if (f.page.is_full) TRY(join_key(c, f.last_kind, f.page.last, &f.page.last));
    return end_list(c, q, &f.page, f.j);
}

// --- orphans alone: what `lanyard orphans` removes ---

struct orphans {
    struct call        *c;
    struct audit_state  state;
    struct json_writer *j;
    struct page         page;
};

static void write_orphan(const struct orphans *o, const struct assignment *x)
{
    const struct role *role = rbac_find_role(o->state.rules, x->role);
    json_write_object(o->j);
    json_put_string(o->j, S("id"), assignment_path(o->c, x->scope, x->id));
    json_put_string(o->j, S("roleName"), role ? role->name : S("(no such role)"));
    json_put_string(o->j, S("scope"), x->scope);
    json_put_guid(o->j, S("principalId"), x->principal.g);
    json_put_string(o->j, S("principalType"), principal_type_text(x->principal_type));
    json_put_string(o->j, S("createdOn"), str_of(time_iso(x->created_ns).s));
    json_write_end(o->j);
}

static bool offer_orphan(const struct assignment *x, void *ctx)
{
    struct orphans *o = ctx;
    if (page_takes(&o->page, guid_key(&x->id), audit_is_orphan(&o->state, x))) write_orphan(o, x);
    return !o->page.is_full;
}

enum err operator_orphans_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct orphans o = {.c = c, .state = state_of(w)};
    const guid    *after;
    TRY(page_begin_guids(c, q, PAGE_ITEMS, &o.page, &after));
    o.j = answer_json(a, 200);
    begin_list(o.j);
    rbac_each_assignment(w->world->rules, after, offer_orphan, &o);
    return end_list(c, q, &o.page, o.j);
}
