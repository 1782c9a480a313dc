#include "endpoints/graph/filter.h"

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TERM };
enum comparison { IS, IS_NOT, BEGINS, ENDS, LESS, LESS_OR_IS, MORE, MORE_OR_IS };

struct graph_filter {
    enum node_kind             kind;
    const struct graph_filter *left, *right; // NOT: left only
    str                        property;
    enum comparison            comparison;
    bool                       is_any; // holds if it holds for one of the list
    enum graph_type            type;
    struct json                value; // of a time: the number of its nanoseconds
};

// What is left to read, and what counts against the limits.
struct reader {
    struct call               *c;
    str                        left;
    const struct graph_domain *domain;
    size_t                     terms, depth;
};

static enum err malformed(const struct reader *r)
{
    return FAIL(r->c, ERR_FILTER_INVALID, "Invalid filter clause: syntax error at '%.*s'.", PSTR(call_printable(r->c, r->left, 60)));
}

static void skip_blanks(struct reader *r)
{
    r->left = str_trim(r->left);
}

static bool is_word(char c)
{
    char lower = char_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static str peek_word(const struct reader *r)
{
    size_t n = 0;
    while (n < r->left.n && is_word(r->left.at[n])) n++;
    return str_upto(r->left, n);
}

static str take_word(struct reader *r)
{
    str word = peek_word(r);
    r->left = str_from(r->left, word.n);
    skip_blanks(r);
    return word;
}

static bool take_keyword(struct reader *r, str keyword)
{
    if (!str_eq_nocase(peek_word(r), keyword)) return false;
    take_word(r);
    return true;
}

static bool take_sign(struct reader *r, char sign)
{
    if (str_empty(r->left) || r->left.at[0] != sign) return false;
    r->left = str_from(r->left, 1);
    skip_blanks(r);
    return true;
}

static enum err expect_sign(struct reader *r, char sign)
{
    return take_sign(r, sign) ? OK : malformed(r);
}

static enum err take_text(struct reader *r, str *out)
{
    struct buf b;
    buf_init(&b, &r->c->arena);
    for (size_t i = 1; i < r->left.n; i++) {
        if (r->left.at[i] != '\'') {
            buf_add_char(&b, r->left.at[i]);
        } else if (i + 1 < r->left.n && r->left.at[i + 1] == '\'') {
            buf_add_char(&b, r->left.at[i++]);
        } else {
            r->left = str_from(r->left, i + 1);
            skip_blanks(r);
            return buf_finish(r->c, &b, out);
        }
    }
    return malformed(r);
}

// A time or a number, which stand bare.
static enum err take_bare(struct reader *r, enum graph_type type, struct json *out)
{
    size_t n = 0;
    while (n < r->left.n && !memchr(" \t,)", r->left.at[n], 4)) n++;
    str  text = str_upto(r->left, n);
    bool is_read = type == GRAPH_TIME ? time_parse_iso(text, &out->u.integer) : str_to_i64(text, &out->u.integer);
    if (!is_read) return malformed(r);
    out->kind = JSON_IS_INT;
    r->left = str_from(r->left, n);
    skip_blanks(r);
    return OK;
}

// 'text', true, false, null, or a GUID as it is; of a property with an order: see take_bare.
static enum err take_value(struct reader *r, enum graph_type type, struct json *out)
{
    guid id;
    *out = (struct json){.kind = JSON_IS_STRING};
    if (type == GRAPH_TIME || type == GRAPH_NUMBER) return take_bare(r, type, out);
    if (str_starts(r->left, S("'"))) return take_text(r, &out->u.string);
    str word = peek_word(r);
    if (str_eq(word, S("true")) || str_eq(word, S("false"))) *out = (struct json){.kind = JSON_IS_BOOL, .u.boolean = str_eq(word, S("true"))};
    else if (str_eq(word, S("null"))) *out = (struct json){.kind = JSON_IS_NULL};
    else if (guid_parse(word, &id)) out->u.string = word;
    else return malformed(r);
    take_word(r);
    return OK;
}

// "status/errorCode": a member of an object; the last word is left to be taken.
static void take_path(struct reader *r, str *name, enum graph_type *out_type)
{
    struct reader ahead = *r;
    take_word(&ahead);
    if (!take_sign(&ahead, '/')) return;
    str path = {name->at, (size_t)(ahead.left.at - name->at) + peek_word(&ahead).n};
    if (!r->domain->type_of(r->domain, path, out_type)) return;
    *r = ahead;
    *name = path;
}

static enum err take_property(struct reader *r, str *out, enum graph_type *out_type)
{
    str name = peek_word(r);
    if (str_empty(name)) return malformed(r);
    bool is_known = r->domain->type_of(r->domain, name, out_type);
    if (is_known && *out_type == GRAPH_OBJECTS) take_path(r, &name, out_type);
    if (!is_known)
        return FAIL(r->c, ERR_FILTER_INVALID, "Invalid filter clause: Could not find a property named '%.*s'.", PSTR(call_printable(r->c, name, 64)));
    if (*out_type == GRAPH_OBJECTS)
        return FAIL(r->c, ERR_QUERY_UNSUPPORTED, "Unsupported or invalid query filter clause specified for property '%.*s'.", PSTR(name));
    *out = name;
    take_word(r);
    return OK;
}

static enum err need_advanced(const struct reader *r, const char *match)
{
    return r->domain->is_advanced ? OK : FAIL(r->c, ERR_QUERY_UNSUPPORTED, "Unsupported property filter clause operator '%s'.", match);
}

static enum err check_type(const struct reader *r, enum graph_type type, const struct json *value)
{
    bool is_text = json_is(value, JSON_IS_STRING), is_bool = json_is(value, JSON_IS_BOOL);
    if (type == GRAPH_TIME || type == GRAPH_NUMBER) return OK; // it was read as one
    if ((type == GRAPH_BOOL && is_text) || (type != GRAPH_BOOL && is_bool))
        return FAIL(r->c, ERR_FILTER_INVALID,
                    "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for "
                    "operator kind 'Equal'.",
                    is_text ? "Edm.Boolean" : "Edm.String", is_text ? "Edm.String" : "Edm.Boolean");
    return OK;
}

static enum err new_node(struct reader *r, struct graph_filter node, struct graph_filter **out)
{
    if (node.kind == NODE_TERM && ++r->terms > GRAPH_FILTER_MAX_TERMS)
        return FAIL(r->c, ERR_QUERY_UNSUPPORTED, "Too many child clauses specified in search filter expression: %zu. Max allowed: %d.", r->terms,
                    GRAPH_FILTER_MAX_TERMS);
    TRY(NEW(r->c, out, 1));
    **out = node;
    return OK;
}

static enum err join(struct reader *r, enum node_kind kind, struct graph_filter *left, struct graph_filter *right, struct graph_filter **out)
{
    return new_node(r, (struct graph_filter){.kind = kind, .left = left, .right = right}, out);
}

// Behind "in": ('a','b')
static enum err take_list(struct reader *r, struct graph_filter term, enum graph_type type, struct graph_filter **out)
{
    struct graph_filter *one;
    TRY(expect_sign(r, '('));
    for (*out = NULL;;) {
        TRY(take_value(r, type, &term.value));
        TRY(check_type(r, type, &term.value));
        TRY(new_node(r, term, &one));
        if (*out) TRY(join(r, NODE_OR, *out, one, out));
        else *out = one;
        if (!take_sign(r, ',')) return expect_sign(r, ')');
    }
}

// gt, ge, lt, le: of what has an order.
static bool take_order(struct reader *r, enum comparison *out)
{
    static const struct { str word; enum comparison comparison; } ORDERS[] = {
        {S_INIT("lt"), LESS}, {S_INIT("le"), LESS_OR_IS}, {S_INIT("gt"), MORE}, {S_INIT("ge"), MORE_OR_IS},
    };
    for (size_t i = 0; i < COUNT(ORDERS); i++)
        if (take_keyword(r, ORDERS[i].word)) {
            *out = ORDERS[i].comparison;
            return true;
        }
    return false;
}

// Behind a name: eq 'x', ne 'x', in (...)
static enum err take_comparison(struct reader *r, struct graph_filter term, enum graph_type type, struct graph_filter **out)
{
    bool has_order = type == GRAPH_TIME || type == GRAPH_NUMBER;
    term.type = type;
    if (take_keyword(r, S("in"))) return take_list(r, term, type, out);
    if (take_keyword(r, S("ne"))) {
        TRY(need_advanced(r, "NotEqualsMatch"));
        term.comparison = IS_NOT;
    } else if (!(has_order && take_order(r, &term.comparison)) && !take_keyword(r, S("eq"))) {
        return malformed(r);
    }
    TRY(take_value(r, type, &term.value));
    TRY(check_type(r, type, &term.value));
    return new_node(r, term, out);
}

static enum comparison function_of(str word)
{
    return str_eq_nocase(word, S("startswith")) ? BEGINS : str_eq_nocase(word, S("endswith")) ? ENDS : IS;
}

// Behind the function's name: (property,'x'); inside of any() `variable` stands for the property.
static enum err take_function(struct reader *r, enum comparison function, str variable, struct graph_filter term, struct graph_filter **out)
{
    enum graph_type type = GRAPH_TEXT;
    term.comparison = function;
    if (function == ENDS) TRY(need_advanced(r, "EndsWithMatch"));
    TRY(expect_sign(r, '('));
    if (str_empty(variable)) TRY(take_property(r, &term.property, &type));
    else if (!str_eq(take_word(r), variable)) return malformed(r);
    if (type != GRAPH_TEXT) return malformed(r);
    TRY(expect_sign(r, ','));
    TRY(take_value(r, type, &term.value));
    if (!json_is(&term.value, JSON_IS_STRING)) return malformed(r);
    TRY(expect_sign(r, ')'));
    return new_node(r, term, out);
}

// Behind "/": any(x:x eq 'y')
static enum err take_any(struct reader *r, struct graph_filter term, struct graph_filter **out)
{
    term.is_any = true;
    if (!take_keyword(r, S("any"))) return malformed(r);
    TRY(expect_sign(r, '('));
    str variable = take_word(r);
    if (str_empty(variable)) return malformed(r);
    TRY(expect_sign(r, ':'));
    str             word = take_word(r);
    enum comparison function = function_of(word);
    if (function != IS) TRY(take_function(r, function, variable, term, out));
    else if (str_eq(word, variable)) TRY(take_comparison(r, term, GRAPH_TEXT, out));
    else return malformed(r);
    return expect_sign(r, ')');
}

static enum err take_term(struct reader *r, struct graph_filter **out)
{
    struct graph_filter term = {.kind = NODE_TERM};
    enum graph_type     type;
    enum comparison     function = function_of(peek_word(r));
    if (function != IS) {
        take_word(r);
        return take_function(r, function, STR_NONE, term, out);
    }
    TRY(take_property(r, &term.property, &type));
    if (take_sign(r, '/')) return type == GRAPH_TEXTS ? take_any(r, term, out) : malformed(r);
    if (type == GRAPH_TEXTS) return malformed(r);
    return take_comparison(r, term, type, out);
}

static enum err take_or(struct reader *r, struct graph_filter **out);

static enum err take_group(struct reader *r, struct graph_filter **out)
{
    TRY(take_or(r, out));
    return expect_sign(r, ')');
}

static enum err take_unary(struct reader *r, struct graph_filter **out)
{
    enum err failed;
    bool     is_not = take_keyword(r, S("not"));
    if (is_not) TRY(need_advanced(r, "Not"));
    if (!is_not && !take_sign(r, '(')) return take_term(r, out);
    if (++r->depth > GRAPH_FILTER_MAX_DEPTH)
        return FAIL(r->c, ERR_FILTER_INVALID, "Invalid filter clause: nested deeper than %d.", GRAPH_FILTER_MAX_DEPTH);
    failed = is_not ? take_unary(r, out) : take_group(r, out);
    r->depth--;
    TRY(failed);
    return is_not ? join(r, NODE_NOT, *out, NULL, out) : OK;
}

static enum err take_and(struct reader *r, struct graph_filter **out)
{
    struct graph_filter *right;
    TRY(take_unary(r, out));
    while (take_keyword(r, S("and"))) {
        TRY(take_unary(r, &right));
        TRY(join(r, NODE_AND, *out, right, out));
    }
    return OK;
}

static enum err take_or(struct reader *r, struct graph_filter **out)
{
    struct graph_filter *right;
    TRY(take_and(r, out));
    while (take_keyword(r, S("or"))) {
        TRY(take_and(r, &right));
        TRY(join(r, NODE_OR, *out, right, out));
    }
    return OK;
}

enum err graph_filter_parse(struct call *c, str text, const struct graph_domain *d, const struct graph_filter **out)
{
    struct reader        r = {.c = c, .left = text, .domain = d};
    struct graph_filter *root = NULL;
    if (text.n > GRAPH_FILTER_MAX_BYTES) return FAIL(c, ERR_FILTER_INVALID, "Invalid filter clause: longer than %d bytes.", GRAPH_FILTER_MAX_BYTES);
    skip_blanks(&r);
    TRY(take_or(&r, &root));
    if (!str_empty(r.left)) return malformed(&r);
    *out = root;
    return OK;
}

static bool is_order(enum comparison comparison)
{
    return comparison >= LESS;
}

static bool is_ordered(enum comparison comparison, int64_t have, int64_t want)
{
    if (have == want) return comparison == LESS_OR_IS || comparison == MORE_OR_IS;
    return (have < want) == (comparison == LESS || comparison == LESS_OR_IS);
}

static bool is_same(const struct json *have, const struct json *want)
{
    if (have->kind != want->kind) return false;
    if (have->kind == JSON_IS_BOOL) return have->u.boolean == want->u.boolean;
    if (have->kind == JSON_IS_INT) return have->u.integer == want->u.integer;
    if (have->kind == JSON_IS_STRING) return str_eq_nocase(json_str(have), json_str(want));
    return have->kind == JSON_IS_NULL;
}

static bool compares(enum comparison comparison, const struct json *have, const struct json *want)
{
    str has = json_str(have), wanted = json_str(want);
    if (comparison == BEGINS) return json_is(have, JSON_IS_STRING) && str_starts_nocase(has, wanted);
    if (comparison == ENDS) return json_is(have, JSON_IS_STRING) && str_ends_nocase(has, wanted);
    if (is_order(comparison)) return have->kind == JSON_IS_INT && is_ordered(comparison, have->u.integer, want->u.integer);
    return is_same(have, want) == (comparison == IS);
}

static bool any_compares(const struct graph_filter *f, const struct json *list)
{
    for (size_t i = 0; i < json_n(list); i++)
        if (compares(f->comparison, json_at(list, i), &f->value)) return true;
    return false;
}

static enum err term_holds(struct call *c, const struct graph_filter *f, const struct graph_domain *d, const void *item, bool *out)
{
    struct json value;
    TRY(d->value_of(c, item, f->property, out, &value));
    if (!*out) return OK;
    if (f->type == GRAPH_TIME && time_parse_iso(json_str(&value), &value.u.integer)) value.kind = JSON_IS_INT;
    *out = f->is_any ? any_compares(f, &value) : compares(f->comparison, &value, &f->value);
    return OK;
}

enum err graph_filter_holds(struct call *c, const struct graph_filter *f, const struct graph_domain *d, const void *item, bool *out)
{
    if (f->kind == NODE_TERM) return term_holds(c, f, d, item, out);
    TRY(graph_filter_holds(c, f->left, d, item, out));
    if (f->kind == NODE_NOT) *out = !*out;
    if (f->kind == NODE_NOT || *out == (f->kind == NODE_OR)) return OK;
    return graph_filter_holds(c, f->right, d, item, out);
}

bool graph_filter_names(const struct graph_filter *f, str property)
{
    if (f->kind == NODE_TERM) return str_eq_nocase(f->property, property);
    return graph_filter_names(f->left, property) || (f->kind != NODE_NOT && graph_filter_names(f->right, property));
}

bool graph_filter_since(const struct graph_filter *f, str property, int64_t *out_ns)
{
    int64_t left, right;
    if (f->kind == NODE_TERM) {
        bool bounds = f->comparison == IS || f->comparison == MORE || f->comparison == MORE_OR_IS;
        *out_ns = f->value.u.integer;
        return bounds && f->type == GRAPH_TIME && str_eq_nocase(f->property, property);
    }
    if (f->kind != NODE_AND) return false;
    bool has_left = graph_filter_since(f->left, property, &left), has_right = graph_filter_since(f->right, property, &right);
    *out_ns = has_left && (!has_right || left > right) ? left : right;
    return has_left || has_right;
}

// ---- objects of the directory ----

static bool object_type_of(const struct graph_domain *d, str name, enum graph_type *out)
{
    return graph_has_property(d->kinds, name, out);
}

static enum err object_value_of(struct call *c, const void *item, str name, bool *out_has, struct json *out)
{
    return graph_value(c, item, name, out_has, out);
}

struct graph_domain graph_domain_of(unsigned kinds, bool is_advanced)
{
    return (struct graph_domain){.type_of = object_type_of, .value_of = object_value_of, .kinds = kinds, .is_advanced = is_advanced};
}

enum err graph_filter_read(struct call *c, str text, unsigned kinds, bool is_advanced, const struct graph_filter **out)
{
    struct graph_domain d = graph_domain_of(kinds, is_advanced);
    return graph_filter_parse(c, text, &d, out);
}

enum err graph_filter_allows(struct call *c, const struct graph_filter *f, const struct graph_object *o, bool *out)
{
    struct graph_domain d = graph_domain_of(0, true);
    return graph_filter_holds(c, f, &d, o, out);
}

bool graph_filter_names_one(const struct graph_filter *f, str *out_property, str *out_value)
{
    static const str UNIQUE[] = {S_INIT("id"), S_INIT("appId"), S_INIT("userPrincipalName")};
    if (f->kind == NODE_AND)
        return graph_filter_names_one(f->left, out_property, out_value) || graph_filter_names_one(f->right, out_property, out_value);
    bool   is_one = f->kind == NODE_TERM && !f->is_any && f->comparison == IS && json_is(&f->value, JSON_IS_STRING);
    size_t at = is_one ? str_index_nocase(UNIQUE, COUNT(UNIQUE), f->property) : STR_NOWHERE;
    if (at == STR_NOWHERE) return false;
    *out_property = UNIQUE[at];
    *out_value = json_str(&f->value);
    return true;
}
