#include "endpoints/arm/visibility.h"

static bool reaches(struct visibility *v, str scope_text)
{
    struct scope scope;
    if (scope_parse(v->c, scope_text, &scope) != OK) {
        call_forgive(v->c);
        return false;
    }
    return scope_contains(&v->at, &scope) || scope_reaches(&scope, &v->at, v->above, v->above_n);
}

static bool look_at(const struct assignment *x, void *ctx)
{
    struct visibility *v = ctx;
    v->found = assignment_counts_from_ns(x) <= v->c->now_ns && reaches(v, x->scope);
    return !v->found;
}

enum err visibility_begin(struct call *c, const struct work *w, struct visibility *out)
{
    *out = (struct visibility){.c = c, .w = w};
    return work_closure(c, w, NULL, &out->who, &out->who_n);
}

enum err visibility_has(struct visibility *v, str scope, bool *out)
{
    v->found = false;
    TRY(scope_parse(v->c, scope, &v->at));
    TRY(work_above(v->c, v->w, &v->at, &v->above, &v->above_n));
    for (size_t i = 0; i < v->who_n && !v->found; i++) rbac_each_of_principal(v->w->world->rules, v->who[i], look_at, v);
    *out = v->found;
    return OK;
}

static bool note_any(const struct deny_assignment *d, void *ctx)
{
    (void)d;
    *(bool *)ctx = true;
    return false;
}

enum err list_reader_begin(struct call *c, struct work *w, str action, str scope, bool by_type, struct list_reader **out)
{
    struct list_reader *reader;
    struct rbac_answer  whole;
    struct visibility   v;
    bool                is_seen, has_denies = false;
    TRY(visibility_begin(c, w, &v));
    TRY(NEW(c, &reader, 1));
    *reader = (struct list_reader){.who = *c->caller, .action = action};
    reader->who.who = v.who;
    reader->who.who_n = v.who_n;
    TRY(work_decide(c, w, &reader->who, action, RBAC_CONTROL, scope, NULL, &whole));
    if (!whole.allowed) {
        TRY(visibility_has(&v, scope, &is_seen));
        if (!is_seen || whole.reason == RBAC_DENIED) return work_require(c, w, RBAC_CONTROL, action, &(struct op_target){.scope = scope});
        if (by_type) reader->action = STR_NONE;
    }
    rbac_each_deny(w->world->rules, NULL, note_any, &has_denies);
    reader->asks_each = !whole.allowed || has_denies;
    *out = reader;
    return OK;
}

enum err list_reader_sees(struct call *c, struct work *w, const struct list_reader *reader, str id, str type, bool *out)
{
    struct rbac_answer answer = {.allowed = true};
    str                action = str_empty(reader->action) ? call_format(c, "%.*s/read", PSTR(type)) : reader->action;
    if (reader->asks_each) TRY(work_decide(c, w, &reader->who, action, RBAC_CONTROL, id, NULL, &answer));
    *out = answer.allowed;
    return OK;
}
