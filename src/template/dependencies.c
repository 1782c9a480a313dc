// What each resource needs first, and the order that comes of it.
#include "core/buf.h"
#include "template/inside.h"
#include "template/value.h"

static bool has_need(const struct instance *one, size_t at)
{
    return one->needs[at / 64] >> at % 64 & 1;
}

void template_need(struct evaluation *e, const struct instance *needed)
{
    if (e->self && !needed->r.is_skipped) e->self->needs[needed->at / 64] |= UINT64_C(1) << needed->at % 64;
}

// A reference without a scope: "Microsoft.Web/sites/app" is what stands behind "/providers/" in the id.
static bool is_relative(const struct instance *one, str reference)
{
    size_t base = str_eq(one->base, S("/")) ? 0 : one->base.n, skip = base + sizeof "/providers/" - 1;
    if (str_starts(reference, S("/providers/"))) reference = str_from(reference, sizeof "/providers/" - 1); // resourceId() at a management group
    return one->r.id.n > skip && str_eq_nocase(str_from(one->r.id, skip), reference);
}

// A resource group has an id without a provider, and resourceId() and its kin make one with it: templates depend on that.
static bool is_group(const struct instance *one, str reference)
{
    str    marker = S("/providers/Microsoft.Resources/resourceGroups/"), tail;
    size_t at = reference.n > marker.n + one->r.name.n ? reference.n - marker.n - one->r.name.n : STR_NOWHERE;
    if (at == STR_NOWHERE || !str_eq_nocase(one->r.type, S("Microsoft.Resources/resourceGroups"))) return false;
    tail = str_from(reference, at);
    return str_starts_nocase(tail, marker) && str_eq_nocase(str_from(tail, marker.n), one->r.name) &&
           str_starts_nocase(one->r.id, str_upto(reference, at));
}

bool template_instance_is(const struct template *t, const struct instance *one, str reference)
{
    if (str_empty(reference)) return false;
    if (!str_empty(one->r.symbol) && str_eq_nocase(one->r.symbol, reference)) return true;
    if (str_eq_nocase(one->r.id, reference)) return true;
    return (!t->is_symbolic && str_eq_nocase(one->r.name, reference)) || is_relative(one, reference) || is_group(one, reference);
}

struct instance *template_instance_find(const struct template *t, str reference)
{
    struct instance *found = NULL;
    for (size_t i = 0; i < t->instance_n; i++) {
        struct instance *one = t->instances[i];
        if (!template_instance_is(t, one, reference)) continue;
        // One id may be declared twice: to be read and to be deployed, or under two conditions. The one that is deployed counts.
        if (found && !found->r.is_skipped && !one->r.is_skipped && !str_eq_nocase(found->r.id, one->r.id)) return NULL;
        if (!found || found->r.is_skipped || (found->r.is_existing && !one->r.is_skipped)) found = one;
    }
    return found;
}

static bool is_loop(const struct declaration *d, str name)
{
    return d->has_loop && !str_empty(name) && (str_eq_nocase(d->loop_name, name) || str_eq_nocase(d->symbol, name));
}

const struct declaration *template_loop_find(const struct template *t, str name)
{
    const struct declaration *d = t->declarations;
    while (d && !is_loop(d, name)) d = d->next;
    return d;
}

static enum err need_all(struct evaluation *e, str reference)
{
    size_t found = 0, self = 0;
    for (size_t i = 0; i < e->t->instance_n; i++) {
        struct instance *one = e->t->instances[i];
        if (!is_loop(one->d, reference) && !template_instance_is(e->t, one, reference)) continue;
        if (one == e->self) self++;
        else template_need(e, one), found++;
    }
    if (!found && self) template_need(e, e->self);
    if (found || self || template_loop_find(e->t, reference)) return OK;
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "Deployment template validation failed: 'The resource '%.*s' is not defined in the template. Please see https://aka.ms/arm-syntax "
                "for usage details.'.",
                PSTR(call_printable(e->c, str_starts(reference, S("/")) ? str_from(reference, 1) : reference, 400)));
}

static enum err read_depends(struct evaluation *e)
{
    const struct json *list;
    TRY(evaluate_form(e, &e->self->d->depends, &list));
    if (value_is_null(list)) return OK;
    if (!json_is(list, JSON_IS_ARRAY))
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "Its dependsOn must be an array, and is of type '%s'.", value_kind(list));
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json *one = json_at(list, i);
        if (!json_is(one, JSON_IS_STRING))
            return FAIL(e->c, ERR_TEMPLATE_INVALID, "The item '%zu' of its dependsOn must be a text, and is of type '%s'.", i, value_kind(one));
        TRY(evaluation_spend(e, e->t->instance_n));
        TRY(evaluation_spend_lookup(e, e->t->instance_n, one->u.string));
        TRY(need_all(e, one->u.string));
    }
    return OK;
}

// Evaluates the body as far as it goes without a running deployment: reference() and list*() tell what they need.
static enum err read_body(struct evaluation *e)
{
    struct instance *one = e->self;
    e->keeps_unresolved = true;
    e->is_partial = false;
    enum err got = evaluate_form(e, &one->d->body, &one->body);
    one->is_whole = !e->is_partial;
    e->keeps_unresolved = false;
    return got;
}

static void need_batch(struct evaluation *e, const struct instance *one)
{
    int64_t batch = one->d->batch;
    for (size_t i = 0; batch && i < e->t->instance_n; i++) {
        const struct instance *other = e->t->instances[i];
        if (other->d == one->d && other->parent == one->parent && other->loop.index / batch + 1 == one->loop.index / batch) template_need(e, other);
    }
}

static enum err read_one(struct evaluation *e, struct instance *one)
{
    e->self = one;
    e->loop = one->in_loop ? &one->loop : NULL;
    enum err got = read_depends(e);
    if (!got && !one->r.is_existing) got = read_body(e);
    need_batch(e, one);
    e->self = NULL;
    e->loop = NULL;
    if (!got) return OK;
    return template_wrap(e->c, got, "The template resource '%.*s'%.*s is not valid:", PSTR(call_printable(e->c, one->r.name, 256)),
                         PSTR(template_place(e->t, e->c, one->d->source, one->r.path)));
}

enum err template_dependencies_read(struct evaluation *e)
{
    for (size_t i = 0; i < e->t->instance_n; i++)
        if (!e->t->instances[i]->r.is_skipped) TRY(read_one(e, e->t->instances[i]));
    return OK;
}

// What it needs and is not done yet, in one word of the bits.
static uint64_t missing(const struct instance *one, const uint64_t *done, size_t word)
{
    return one->needs[word] & ~done[word];
}

static bool is_ready(const struct instance *one, const uint64_t *done)
{
    for (size_t i = 0; i < TEMPLATE_NEED_WORDS; i++)
        if (missing(one, done, i)) return false;
    return true;
}

static struct instance *first_needed(const struct template *t, const struct instance *one, const uint64_t *done)
{
    size_t word = 0;
    while (!missing(one, done, word)) word++;
    return t->instances[word * 64 + (size_t)__builtin_ctzll(missing(one, done, word))];
}

static bool is_done(const struct instance *one, const uint64_t *done)
{
    return done[one->at / 64] >> one->at % 64 & 1;
}

// None of those left is ready: whoever follows what they need comes round.
static enum err refuse_cycle(struct evaluation *e, const uint64_t *done)
{
    const struct template *t = e->t;
    struct buf             names;
    str                    text;
    bool                  *seen;
    size_t                 at = 0;
    TRY(NEW(e->c, &seen, t->instance_n));
    while (is_done(t->instances[at], done)) at++;
    struct instance *one = t->instances[at];
    for (; !seen[one->at]; one = first_needed(t, one, done)) seen[one->at] = true;
    const struct instance *start = one;
    buf_init(&names, &e->c->arena);
    do {
        buf_addf(&names, "'%.*s' -> ", PSTR(call_printable(e->c, one->r.name, 64)));
        one = first_needed(t, one, done);
    } while (one != start && names.n < 600);
    buf_addf(&names, "'%.*s'", PSTR(call_printable(e->c, start->r.name, 64)));
    TRY(buf_finish(e->c, &names, &text));
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "Deployment template validation failed: 'Circular dependency detected on resource: '%.*s'. The resources depend on each other: %.*s. "
                "Please see "
                "https://aka.ms/arm-syntax-resources for usage details.'.",
                PSTR(call_printable(e->c, start->r.id, 400)), PSTR(text));
}

static enum err place_needs(struct evaluation *e)
{
    struct template *t = e->t;
    for (size_t i = 0; i < t->instance_n; i++) {
        struct instance *one = t->instances[i];
        size_t           n = 0, *depends;
        for (size_t k = 0; k < t->instance_n; k++) n += has_need(one, k);
        TRY(NEW(e->c, &depends, n));
        one->r.depends = depends;
        one->r.depends_n = n;
        for (size_t k = 0; k < t->instance_n; k++)
            if (has_need(one, k)) *depends++ = t->instances[k]->place;
    }
    return OK;
}

enum err template_sort(struct evaluation *e)
{
    struct template *t = e->t;
    uint64_t         done[TEMPLATE_NEED_WORDS] = {0};
    size_t           n = 0;
    TRY(NEW(e->c, &t->order, t->instance_n));
    while (n < t->instance_n) {
        size_t before = n;
        for (size_t i = 0; i < t->instance_n; i++) {
            if (is_done(t->instances[i], done) || !is_ready(t->instances[i], done)) continue;
            done[i / 64] |= UINT64_C(1) << i % 64;
            t->instances[i]->place = n;
            t->order[n++] = t->instances[i];
        }
        if (n == before) return refuse_cycle(e, done);
    }
    return place_needs(e);
}
