#include "template/evaluate.h"

#include "core/buf.h"
#include "template/function.h"
#include "template/inside.h"
#include "template/value.h"

void evaluation_begin(struct evaluation *e, struct call *c, struct template *t)
{
    *e = (struct evaluation){.c = c, .t = t};
}

enum err evaluation_room(struct call *c)
{
    size_t limit = c->arena.limit ? c->arena.limit : ARENA_LIMIT_BYTES;
    size_t most = limit > TEMPLATE_SPARE_BYTES ? limit - TEMPLATE_SPARE_BYTES : 0;
    if (c->arena.used <= most) return OK;
    return FAIL(c, ERR_TEMPLATE_INVALID, "Evaluating the template takes more than %zu bytes of memory.", most);
}

enum err evaluation_spend(struct evaluation *e, size_t steps)
{
    if (!size_add(e->steps, steps, &e->steps) || e->steps > TEMPLATE_MAX_STEPS)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "Evaluating the template takes more than %d steps.", TEMPLATE_MAX_STEPS);
    return evaluation_room(e->c);
}

enum err evaluation_spend_search(struct evaluation *e, size_t in, size_t what)
{
    size_t compared;
    if (!size_mul(in, what, &compared)) compared = SIZE_MAX;
    return evaluation_spend(e, compared / EVALUATION_BYTES_A_STEP);
}

enum err evaluation_spend_lookup(struct evaluation *e, size_t n, str name)
{
    size_t compared;
    if (!size_mul(n, name.n / (4 * EVALUATION_BYTES_A_STEP), &compared)) compared = SIZE_MAX;
    TRY(evaluation_spend(e, n / 64));
    return evaluation_spend(e, compared);
}

static enum err enter(struct evaluation *e)
{
    if (e->depth == EVALUATION_MAX_DEPTH)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "Expressions, variables and functions are nested deeper than %d levels, or call each other without end.", EVALUATION_MAX_DEPTH);
    e->depth++;
    return evaluation_spend(e, 1);
}

enum err evaluation_not_yet(struct evaluation *e)
{
    return FAIL_PLAIN(e->c, ERR_TEMPLATE_NOT_YET);
}

enum err evaluate_unused(struct evaluation *e, const struct expression *x)
{
    const struct json *ignored;
    unsigned           depth = e->depth;
    enum err           got = evaluate(e, x, &ignored);
    e->depth = depth;
    if (got == ERR_TEMPLATE_INVALID && e->steps <= TEMPLATE_MAX_STEPS) got = ERR_TEMPLATE_NOT_YET;
    if (got != ERR_TEMPLATE_NOT_YET) return got;
    call_forgive(e->c);
    return OK;
}

// All arguments; where one is not known yet the others are still evaluated, for the dependencies in them.
static enum err evaluate_arguments(struct evaluation *e, const struct expression *call, const struct json **values)
{
    size_t i = 0;
    bool   is_late = false;
    for (const struct expression *arg = call->args; arg; arg = arg->next, i++) {
        unsigned depth = e->depth;
        enum err got = evaluate(e, arg, &values[i]);
        if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) {
            e->depth = depth;
            call_forgive(e->c);
            is_late = true;
        } else if (got) {
            return got;
        }
    }
    return is_late ? evaluation_not_yet(e) : OK;
}

static bool is_kind(const struct json *v, char letter)
{
    switch (letter) {
    case 'v': return true;
    case 's': return json_is(v, JSON_IS_STRING);
    case 'i': return json_is(v, JSON_IS_INT);
    case 'n': return json_is(v, JSON_IS_STRING) || json_is(v, JSON_IS_INT);
    case 'b': return json_is(v, JSON_IS_BOOL);
    case 'a': return json_is(v, JSON_IS_ARRAY);
    case 'o': return json_is(v, JSON_IS_OBJECT);
    case 'c': return json_is(v, JSON_IS_ARRAY) || json_is(v, JSON_IS_OBJECT);
    case 'l': return json_is(v, JSON_IS_STRING) || json_is(v, JSON_IS_ARRAY) || json_is(v, JSON_IS_OBJECT);
    case 'z': return value_is_null(v) || is_kind(v, 'l');
    default: return false;
    }
}

static const char *kind_text(char letter)
{
    switch (letter) {
    case 's': return "String";
    case 'i': return "Integer";
    case 'n': return "String, Integer";
    case 'b': return "Boolean";
    case 'a': return "Array";
    case 'o': return "Object";
    case 'c': return "Array, Object";
    default: return "String, Array, Object";
    }
}

static enum err check_arguments(struct evaluation *e, const struct function *f, const struct json *const *values, size_t n)
{
    size_t letters = strlen(f->takes);
    for (size_t i = 0; i < n; i++) {
        char letter = f->takes[i < letters ? i : letters - 1];
        if (is_kind(values[i], letter)) continue;
        return FAIL(
            e->c, ERR_TEMPLATE_INVALID,
            "The template language function '%s' expects its parameter %zu to be of type '%s'. The provided value is of type '%s'. Please see "
            "https://aka.ms/arm-functions for usage details.",
            f->name, i + 1, kind_text(letter), value_kind(values[i]));
    }
    return OK;
}

static enum err evaluate_call(struct evaluation *e, const struct expression *x, const struct json **out)
{
    const struct json **values;
    if (x->function->run_form) return x->function->run_form(e, x, out);
    TRY(NEW(e->c, &values, x->arg_n));
    TRY(evaluate_arguments(e, x, values));
    TRY(check_arguments(e, x->function, values, x->arg_n));
    for (size_t i = 0; i < x->arg_n; i++) TRY(evaluation_spend(e, json_str(values[i]).n / EVALUATION_BYTES_A_STEP));
    return x->function->run(e, x->function, values, x->arg_n, out);
}

static enum err evaluate_user_call(struct evaluation *e, const struct expression *x, const struct json **out)
{
    const struct user_function *f = template_function_find(e->t, x->space, x->name);
    const struct json         **values;
    struct binding             *arguments;
    TRY(evaluation_spend_lookup(e, e->t->function_n, x->name));
    if (!f)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template function '%.*s.%.*s' is not valid. Please see https://aka.ms/arm-functions for usage details.",
                    PSTR(call_printable(e->c, x->space, 64)), PSTR(call_printable(e->c, x->name, 64)));
    if (x->arg_n != json_n(f->parameters))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "Unable to evaluate template function '%.*s.%.*s': function requires '%zu' argument(s) while '%zu' were provided. Please see "
                    "https://aka.ms/arm-functions for usage details.",
                    PSTR(f->space), PSTR(f->name), json_n(f->parameters), x->arg_n);
    TRY(NEW(e->c, &values, x->arg_n));
    TRY(NEW(e->c, &arguments, x->arg_n));
    TRY(evaluate_arguments(e, x, values));
    for (size_t i = 0; i < x->arg_n; i++)
        arguments[i] = (struct binding){json_get_str(json_at(f->parameters, i), S("name")), values[i], i ? &arguments[i - 1] : NULL};
    const struct evaluation before = *e;
    e->bound = NULL;
    e->arguments = x->arg_n ? &arguments[x->arg_n - 1] : NULL;
    e->is_in_function = true;
    enum err got = evaluate_form(e, &f->output, out);
    e->bound = before.bound;
    e->arguments = before.arguments;
    e->is_in_function = before.is_in_function;
    return got;
}

static enum err refuse_member(struct evaluation *e, const struct json *object, str name)
{
    struct buf names;
    str        available;
    buf_init(&names, &e->c->arena);
    for (size_t i = 0; i < json_n(object) && names.n < 400; i++) {
        if (i) buf_add(&names, S(", "));
        buf_add(&names, call_printable(e->c, object->u.list.names[i], 64));
    }
    TRY(buf_finish(e->c, &names, &available));
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "The language expression property '%.*s' doesn't exist, available properties are '%.*s'. Please see https://aka.ms/arm-functions for "
                "usage details.",
                PSTR(call_printable(e->c, name, 128)), PSTR(available));
}

enum err evaluate_access(struct evaluation *e, const struct json *base, const struct json *key, const struct json **out)
{
    bool by_name = json_is(key, JSON_IS_STRING), by_index = json_is(key, JSON_IS_INT);
    TRY(evaluation_spend(e, 1 + json_n(base) / 16));
    if (by_name && json_is(base, JSON_IS_OBJECT)) {
        *out = json_get(base, key->u.string);
        if (!*out) *out = json_get_nocase(base, key->u.string);
        return OK;
    }
    if (by_index && json_is(base, JSON_IS_ARRAY)) {
        *out = key->u.integer < 0 ? NULL : json_at(base, (size_t)key->u.integer);
        return OK;
    }
    if (by_name)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The language expression property '%.*s' can't be evaluated, the value before it is of type '%s' and not an object. Please see "
                    "https://aka.ms/arm-functions for usage details.",
                    PSTR(call_printable(e->c, key->u.string, 128)), value_kind(base));
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "The language expression property can't be evaluated: a value of type '%s' has no item by an index of type '%s'. Please see "
                "https://aka.ms/arm-functions for usage details.",
                value_kind(base), value_kind(key));
}

// *out_cut: something before it in the chain was absent, and was allowed to be; then the value is null.
static enum err evaluate_chain(struct evaluation *e, const struct expression *x, const struct json **out, bool *out_cut);

static enum err evaluate_base(struct evaluation *e, const struct expression *x, const struct json **out, bool *out_cut)
{
    unsigned depth = e->depth;
    if (x->kind != EXPRESSION_ACCESS) return evaluate(e, x, out);
    TRY(enter(e));
    enum err got = evaluate_chain(e, x, out, out_cut);
    e->depth = depth;
    return got;
}

static enum err evaluate_chain(struct evaluation *e, const struct expression *x, const struct json **out, bool *out_cut)
{
    const struct expression *base_form = x->args, *key_form = x->args->next;
    const struct json       *base, *key, *found;
    enum err                 got = evaluate_base(e, base_form, &base, out_cut);
    if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) {
        call_forgive(e->c);
        TRY(evaluate_unused(e, key_form));
        return evaluation_not_yet(e);
    }
    if (got) return got;
    if (!*out_cut) {
        TRY(evaluate(e, key_form, &key));
        if (x->is_safe && value_is_null(base)) found = NULL;
        else TRY(evaluate_access(e, base, key, &found));
        if (!found && !x->is_safe && json_is(key, JSON_IS_STRING)) return refuse_member(e, base, key->u.string);
        if (!found && !x->is_safe)
            return FAIL(
                e->c, ERR_TEMPLATE_INVALID,
                "The language expression property array index '%lld' is out of bounds. Please see https://aka.ms/arm-functions for usage details.",
                (long long)key->u.integer);
        *out_cut = !found;
    }
    *out = *out_cut ? &VALUE_NULL : found;
    return OK;
}

enum err evaluate(struct evaluation *e, const struct expression *x, const struct json **out)
{
    bool     is_cut = false;
    unsigned depth = e->depth;
    enum err got = enter(e);
    if (!got) {
        switch (x->kind) {
        case EXPRESSION_LITERAL: *out = &x->literal; break;
        case EXPRESSION_CALL: got = evaluate_call(e, x, out); break;
        case EXPRESSION_USER_CALL: got = evaluate_user_call(e, x, out); break;
        case EXPRESSION_ACCESS: got = evaluate_chain(e, x, out, &is_cut); break;
        }
    }
    e->depth = depth;
    return got;
}

static enum err evaluate_count(struct evaluation *e, const struct form_copy *copy, int64_t *out)
{
    TRY(evaluate_int(e, &copy->count, "copy count", out));
    if (*out >= 0 && *out <= TEMPLATE_MAX_RESOURCES) return OK;
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "The copy count of '%.*s' is '%lld'; it must be from '0' to '%d'. Please see https://aka.ms/arm-copy for usage details.",
                PSTR(call_printable(e->c, copy->name, 64)), (long long)*out, TEMPLATE_MAX_RESOURCES);
}

// The turns of a loop, each with its index, added to `items`.
static enum err evaluate_turns(struct evaluation *e, struct loop loop, int64_t count, const struct form *input, struct json *items)
{
    enum err           got = OK;
    const struct loop *outer = e->loop;
    const struct json *item;
    loop.outer = outer;
    e->loop = &loop;
    for (; loop.index < count && !got; loop.index++) {
        got = evaluate_form(e, input, &item);
        if (!got) value_add(items, item);
    }
    e->loop = outer;
    return got;
}

enum err evaluate_loop(struct evaluation *e, const struct form_copy *copy, bool is_property, const struct json **out)
{
    int64_t      count;
    struct json *items;
    TRY(evaluate_count(e, copy, &count));
    TRY(value_array_new(e, (size_t)count, &items));
    TRY(evaluate_turns(e, (struct loop){.name = copy->name, .is_property = is_property}, count, &copy->input, items));
    return value_made(e, items, out);
}

static enum err evaluate_name(struct evaluation *e, const struct form *f, size_t i, str *out)
{
    const struct json *name;
    *out = f->source->u.list.names[i];
    if (!f->names) return OK;
    TRY(evaluation_spend(e, i / 8)); // each name is looked for among those before it
    if (!f->names[i]) return OK;
    enum err got = evaluate(e, f->names[i], &name);
    if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) {
        call_forgive(e->c);
        e->is_partial = true;
        return OK;
    }
    if (got) return got;
    if (!json_is(name, JSON_IS_STRING))
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The name of a property must be a text; its expression gives a value of type '%s'.",
                    value_kind(name));
    *out = name->u.string;
    return OK;
}

static enum err evaluate_object(struct evaluation *e, const struct form *f, const struct json **out)
{
    struct json       *object;
    const struct json *item;
    str                name;
    TRY(value_object_new(e, json_n(f->source) + f->copy_n, &object));
    for (size_t i = 0; i < json_n(f->source); i++) {
        if (!f->items[i].source) continue; // the loops
        TRY(evaluate_name(e, f, i, &name));
        TRY(evaluate_form(e, &f->items[i], &item));
        if (f->names) value_put(object, name, item);
        else json_object_add(object, name, item);
    }
    for (size_t i = 0; i < f->copy_n; i++) {
        TRY(evaluate_loop(e, &f->copies[i], true, &item));
        value_put(object, f->copies[i].name, item);
    }
    return value_made(e, object, out);
}

static enum err evaluate_array(struct evaluation *e, const struct form *f, const struct json **out)
{
    struct json       *array;
    const struct json *item;
    int64_t           *counts;
    size_t             n = 0;
    TRY(NEW(e->c, &counts, json_n(f->source)));
    for (size_t i = 0; i < json_n(f->source); i++) {
        counts[i] = 1;
        if (f->items[i].repeat) TRY(evaluate_count(e, f->items[i].repeat, &counts[i]));
        n += (size_t)counts[i];
    }
    TRY(value_array_new(e, n, &array));
    for (size_t i = 0; i < json_n(f->source); i++) {
        const struct form_copy *repeat = f->items[i].repeat;
        if (repeat) {
            TRY(evaluate_turns(e, (struct loop){.name = repeat->name}, counts[i], &f->items[i], array));
            continue;
        }
        TRY(evaluate_form(e, &f->items[i], &item));
        value_add(array, item);
    }
    return value_made(e, array, out);
}

// A text that is made in a nested template is read once more there: one that looks like an expression is escaped.
static enum err escape(struct evaluation *e, const struct json *v, const struct json **out)
{
    struct json *copy;
    *out = v;
    if (json_is(v, JSON_IS_STRING)) {
        if (!str_starts(v->u.string, S("[")) || !str_ends(v->u.string, S("]"))) return OK;
        return value_text(e, call_format(e->c, "[%.*s", PSTR(v->u.string)), out);
    }
    if (json_n(v) == 0) return OK;
    TRY(evaluation_spend(e, 1));
    TRY(NEW(e->c, &copy, 1));
    *copy = *v;
    TRY(NEW(e->c, &copy->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) {
        const struct json *item;
        TRY(escape(e, json_at(v, i), &item)); // depth is bounded by value_made
        copy->u.list.items[i] = *item;
    }
    *out = copy;
    return OK;
}

static enum err evaluate_text_form(struct evaluation *e, const struct form *f, const struct json **out)
{
    TRY(evaluate(e, f->expression, out));
    return f->is_nested ? escape(e, *out, out) : OK;
}

static enum err evaluate_kind(struct evaluation *e, const struct form *f, const struct json **out)
{
    if (f->expression) return evaluate_text_form(e, f, out);
    if (f->is_constant || f->source->kind == JSON_IS_STRING) *out = f->literal;
    else return f->source->kind == JSON_IS_OBJECT ? evaluate_object(e, f, out) : evaluate_array(e, f, out);
    return OK;
}

enum err evaluate_form(struct evaluation *e, const struct form *f, const struct json **out)
{
    unsigned depth = e->depth;
    enum err got = enter(e);
    if (!got) got = evaluate_kind(e, f, out);
    e->depth = depth;
    if (got != ERR_TEMPLATE_NOT_YET || !e->keeps_unresolved) return got;
    call_forgive(e->c);
    e->is_partial = true;
    *out = f->source;
    return OK;
}

static enum err refuse_kind(struct evaluation *e, const char *what, const char *wanted, const struct json *v)
{
    return FAIL(e->c, ERR_TEMPLATE_INVALID, "The %s must be of type '%s'. The provided value is of type '%s'.", what, wanted, value_kind(v));
}

enum err evaluate_text(struct evaluation *e, const struct form *f, const char *what, str *out)
{
    const struct json *v;
    TRY(evaluate_form(e, f, &v));
    if (!json_is(v, JSON_IS_STRING)) return refuse_kind(e, what, "String", v);
    *out = v->u.string;
    return OK;
}

enum err evaluate_int(struct evaluation *e, const struct form *f, const char *what, int64_t *out)
{
    const struct json *v;
    TRY(evaluate_form(e, f, &v));
    if (!json_is(v, JSON_IS_INT)) return refuse_kind(e, what, "Integer", v);
    *out = v->u.integer;
    return OK;
}

enum err evaluate_bool(struct evaluation *e, const struct form *f, const char *what, bool *out)
{
    const struct json *v;
    TRY(evaluate_form(e, f, &v));
    if (json_is(v, JSON_IS_STRING) && (str_eq_nocase(v->u.string, S("true")) || str_eq_nocase(v->u.string, S("false")))) {
        *out = v->u.string.n == 4;
        return OK;
    }
    if (!json_is(v, JSON_IS_BOOL)) return refuse_kind(e, what, "Boolean", v);
    *out = v->u.boolean;
    return OK;
}
