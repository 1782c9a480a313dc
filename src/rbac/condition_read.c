#include "core/time.h"
#include "rbac/condition_form.h"

// name, class, relation, negated, nocase, may stand behind ForAnyOf.../ForAllOf...
static const struct operator OPERATORS[] = {
    {"StringEquals", CLASS_STRING, REL_EQUAL, false, false, true},
    {"StringNotEquals", CLASS_STRING, REL_EQUAL, true, false, true},
    {"StringEqualsIgnoreCase", CLASS_STRING, REL_EQUAL, false, true, true},
    {"StringNotEqualsIgnoreCase", CLASS_STRING, REL_EQUAL, true, true, true},
    {"StringStartsWith", CLASS_STRING, REL_STARTS, false, false, false},
    {"StringNotStartsWith", CLASS_STRING, REL_STARTS, true, false, false},
    {"StringStartsWithIgnoreCase", CLASS_STRING, REL_STARTS, false, true, false},
    {"StringNotStartsWithIgnoreCase", CLASS_STRING, REL_STARTS, true, true, false},
    {"StringLike", CLASS_STRING, REL_LIKE, false, false, true},
    {"StringNotLike", CLASS_STRING, REL_LIKE, true, false, true},
    {"StringLikeIgnoreCase", CLASS_STRING, REL_LIKE, false, true, true},
    {"StringNotLikeIgnoreCase", CLASS_STRING, REL_LIKE, true, true, true},
    {"NumericEquals", CLASS_INTEGER, REL_EQUAL, false, false, true},
    {"NumericNotEquals", CLASS_INTEGER, REL_EQUAL, true, false, true},
    {"NumericLessThan", CLASS_INTEGER, REL_LESS, false, false, true},
    {"NumericLessThanEquals", CLASS_INTEGER, REL_LESS_EQUAL, false, false, true},
    {"NumericGreaterThan", CLASS_INTEGER, REL_GREATER, false, false, true},
    {"NumericGreaterThanEquals", CLASS_INTEGER, REL_GREATER_EQUAL, false, false, true},
    {"DateTimeEquals", CLASS_TIME, REL_EQUAL, false, false, false},
    {"DateTimeNotEquals", CLASS_TIME, REL_EQUAL, true, false, false},
    {"DateTimeLessThan", CLASS_TIME, REL_LESS, false, false, false},
    {"DateTimeLessThanEquals", CLASS_TIME, REL_LESS_EQUAL, false, false, false},
    {"DateTimeGreaterThan", CLASS_TIME, REL_GREATER, false, false, false},
    {"DateTimeGreaterThanEquals", CLASS_TIME, REL_GREATER_EQUAL, false, false, false},
    {"BoolEquals", CLASS_BOOL, REL_EQUAL, false, false, false},
    {"BoolNotEquals", CLASS_BOOL, REL_EQUAL, true, false, false},
    {"GuidEquals", CLASS_GUID, REL_EQUAL, false, false, true},
    {"GuidNotEquals", CLASS_GUID, REL_EQUAL, true, false, true},
};

static const struct { const char *name; bool left_all, right_all; } QUANTIFIERS[] = {
    {"ForAnyOfAnyValues", false, false},
    {"ForAllOfAnyValues", true, false},
    {"ForAnyOfAllValues", false, true},
    {"ForAllOfAllValues", true, true},
};

static const struct { const char *name; enum rbac_source source; } SOURCES[] = {
    {"Request", RBAC_REQUEST}, {"Resource", RBAC_RESOURCE}, {"Principal", RBAC_PRINCIPAL}, {"Environment", RBAC_ENVIRONMENT},
};

struct reader {
    str                       text;
    size_t                    at;
    unsigned                  depth;
    struct condition_scratch *scratch;
    size_t                    node_n, literal_n;
    struct condition_fault    fault; // expected NULL: none yet
};

static bool fail_at(struct reader *r, size_t at, const char *expected)
{
    if (!r->fault.expected) r->fault = (struct condition_fault){at, expected};
    return false;
}

static bool fail(struct reader *r, const char *expected)
{
    return fail_at(r, r->at, expected);
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->text.n && strchr(" \t\r\n", r->text.at[r->at]) && r->text.at[r->at]) r->at++;
}

static char peek(const struct reader *r)
{
    return r->at < r->text.n ? r->text.at[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (peek(r) != c) return false;
    r->at++;
    return true;
}

static bool is_alnum(char c)
{
    c = char_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// A run of letters, digits and dashes: a keyword, a number, a GUID. Empty if there is none.
static str word_at(const struct reader *r)
{
    size_t n = 0;
    while (r->at + n < r->text.n && (is_alnum(r->text.at[r->at + n]) || r->text.at[r->at + n] == '-')) n++;
    return (str){r->text.at + r->at, n};
}

static bool take_word(struct reader *r, const char *word)
{
    skip_blanks(r);
    str w = word_at(r);
    if (!str_eq_nocase(w, str_of(word))) return false;
    r->at += w.n;
    return true;
}

static struct cut cut_of(const struct reader *r, str s)
{
    return (struct cut){(uint16_t)(s.at - r->text.at), (uint16_t)s.n};
}

static bool add_literal(struct reader *r, struct literal l)
{
    if (r->literal_n == CONDITION_MAX_LITERALS) return fail(r, "fewer values");
    r->scratch->literals[r->literal_n++] = l;
    return true;
}

static bool read_string(struct reader *r, str *out)
{
    size_t start = r->at;
    if (!take(r, '\'')) return fail(r, "a text in single quotes");
    str    rest = str_from(r->text, r->at);
    size_t n = str_find(rest, '\'');
    if (n == STR_NOWHERE) return fail_at(r, start, "a quote that ends this text");
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)rest.at[i] < ' ') return fail_at(r, r->at + i, "a text on one line");
    *out = str_upto(rest, n);
    r->at += n + 1;
    return true;
}

// The 32 digits of a GUID, with its dashes or, as some built-in roles have it, without any.
static bool guid_from(str w, guid *out)
{
    char text[GUID_TEXT_BYTES];
    if (w.n != 32) return guid_parse(w, out);
    for (size_t i = 0, k = 0; i < sizeof text; i++) text[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : w.at[k++];
    return guid_parse((str){text, sizeof text}, out);
}

static bool read_literal(struct reader *r)
{
    struct literal l = {.type = LITERAL_STRING};
    skip_blanks(r);
    if (peek(r) == '\'') {
        str s;
        if (!read_string(r, &s)) return false;
        l.text = cut_of(r, s);
        return add_literal(r, l);
    }
    str w = word_at(r);
    l.text = cut_of(r, w);
    if (guid_from(w, &l.g)) l.type = LITERAL_GUID;
    else if (str_to_i64(w, &l.number)) l.type = LITERAL_INTEGER;
    else if (str_eq_nocase(w, S("true")) || str_eq_nocase(w, S("false"))) l.type = LITERAL_BOOL, l.number = w.n == 4;
    else return fail(r, "a value: a text in single quotes, a whole number, true, false or a GUID");
    if (!add_literal(r, l)) return false;
    r->at += w.n;
    return true;
}

static bool is_path_char(char c)
{
    return is_alnum(c) || memchr("._-/", c, 4);
}

static bool is_property_char(char c) // those that a tag's key may have
{
    return is_path_char(c) || memchr(" +:=", c, 4);
}

// "path", "path:property", "path:property<$key_case_sensitive$>" or "path&$keys$&".
static bool read_name(struct reader *r, str name, struct operand *out)
{
    static const str EXACT = S_INIT("<$key_case_sensitive$>"), KEYS = S_INIT("&$keys$&");
    if (str_ends_nocase(name, EXACT)) out->exact_key = true, name.n -= EXACT.n;
    else if (str_ends_nocase(name, KEYS)) out->wants_keys = true, name.n -= KEYS.n;
    size_t colon = str_find(name, ':');
    str    path = str_upto(name, colon);
    out->name = cut_of(r, name);
    out->path_n = (uint16_t)path.n;
    for (size_t i = 0; i < name.n; i++)
        if (i < path.n ? !is_path_char(name.at[i]) : !is_property_char(name.at[i]))
            return fail_at(r, (size_t)(name.at - r->text.at) + i, "a character that an attribute's name may have");
    bool has_property = colon != STR_NOWHERE && colon + 1 < name.n;
    if (path.n == 0 || (colon != STR_NOWHERE && !has_property) || (out->exact_key && !has_property) || (out->wants_keys && has_property))
        return fail_at(r, (size_t)(name.at - r->text.at), "the name of an attribute");
    return true;
}

static bool read_attribute(struct reader *r, struct operand *out)
{
    if (!take(r, '@')) return fail(r, "an attribute: @Resource[...], @Request[...], @Principal[...] or @Environment[...]");
    str w = word_at(r);
    for (size_t i = 0; i < COUNT(SOURCES) && !out->is_attribute; i++) {
        out->is_attribute = str_eq_nocase(w, str_of(SOURCES[i].name));
        out->source = SOURCES[i].source;
    }
    if (!out->is_attribute) return fail(r, "Resource, Request, Principal or Environment");
    r->at += w.n;
    if (!take(r, '[')) return fail(r, "'['");
    str    rest = str_from(r->text, r->at);
    size_t n = str_find(rest, ']');
    if (n == STR_NOWHERE) return fail(r, "']' behind the attribute's name");
    if (!read_name(r, str_upto(rest, n), out)) return false;
    r->at += n + 1;
    return true;
}

static bool read_operand(struct reader *r, struct operand *out)
{
    *out = (struct operand){.first = (uint16_t)r->literal_n};
    skip_blanks(r);
    if (peek(r) == '@') return read_attribute(r, out);
    if (take(r, '{')) {
        do
            if (!read_literal(r)) return false;
        while (take(r, ','));
        if (!take(r, '}')) return fail(r, "',' or '}'");
    } else if (!read_literal(r)) {
        return false;
    }
    out->n = (uint16_t)(r->literal_n - out->first);
    return true;
}

static bool read_operator(struct reader *r, struct node *out)
{
    skip_blanks(r);
    str w = word_at(r);
    for (size_t i = 0; i < COUNT(QUANTIFIERS) && !out->quantified; i++) {
        out->quantified = str_eq_nocase(w, str_of(QUANTIFIERS[i].name));
        out->left_all = QUANTIFIERS[i].left_all;
        out->right_all = QUANTIFIERS[i].right_all;
    }
    if (out->quantified) {
        r->at += w.n;
        if (!take(r, ':')) return fail(r, "':' and an operator");
        w = word_at(r);
    }
    for (size_t i = 0; i < COUNT(OPERATORS) && !out->op; i++)
        if (str_eq_nocase(w, str_of(OPERATORS[i].name))) out->op = &OPERATORS[i];
    if (!out->op) return fail(r, "an operator such as StringEquals");
    if (out->quantified && !out->op->quantifiable) return fail(r, "an operator that may stand behind ForAnyOf... or ForAllOf...");
    r->at += w.n;
    return true;
}

// A literal becomes what the operator compares; false if it cannot be that.
static bool fit(const struct reader *r, struct literal *l, enum operand_class type)
{
    str text = {r->text.at + l->text.at, l->text.n};
    switch (type) {
    case CLASS_STRING: return l->type == LITERAL_STRING;
    case CLASS_INTEGER: return l->type == LITERAL_INTEGER;
    case CLASS_BOOL: return l->type == LITERAL_BOOL;
    case CLASS_TIME:
        if (l->type != LITERAL_STRING || !time_parse_iso(text, &l->number)) return false;
        l->type = LITERAL_TIME;
        return true;
    case CLASS_GUID:
        if (l->type == LITERAL_GUID) return true;
        if (l->type != LITERAL_STRING || !guid_from(text, &l->g)) return false;
        l->type = LITERAL_GUID;
        return true;
    }
    return false;
}

static bool fit_operand(struct reader *r, const struct operand *o, enum operand_class type)
{
    static const char *const WANTED[] = {
        [CLASS_STRING] = "a text in single quotes",
        [CLASS_INTEGER] = "a whole number",
        [CLASS_TIME] = "a date and time in single quotes, as '2026-01-31T12:00:00.0Z'",
        [CLASS_BOOL] = "true or false",
        [CLASS_GUID] = "a GUID",
    };
    for (size_t i = o->first; i < (size_t)o->first + o->n; i++)
        if (!fit(r, &r->scratch->literals[i], type)) return fail_at(r, r->scratch->literals[i].text.at, WANTED[type]);
    return true;
}

static bool read_comparison(struct reader *r, struct node *out)
{
    size_t left_at = r->at;
    if (!read_operand(r, &out->left) || !read_operator(r, out)) return false;
    skip_blanks(r);
    size_t right_at = r->at;
    if (!read_operand(r, &out->right)) return false;
    if (!out->quantified && (out->left.n > 1 || out->right.n > 1))
        return fail_at(r, out->left.n > 1 ? left_at : right_at, "one value: several need ForAnyOfAnyValues: or the like before the operator");
    out->kind = NODE_COMPARISON;
    return fit_operand(r, &out->left, out->op->type) && fit_operand(r, &out->right, out->op->type);
}

// "ActionMatches{'...'}": the name is read already.
static bool read_function(struct reader *r, enum node_kind kind, struct node *out)
{
    str s;
    out->kind = kind;
    if (!take(r, '{')) return fail(r, "'{'");
    skip_blanks(r);
    size_t at = r->at;
    if (!read_string(r, &s)) return false;
    if (kind == NODE_ACTION && !pattern_is_valid(s)) return fail_at(r, at, "an action, as 'Microsoft.Storage/*/read'");
    if (str_empty(s)) return fail_at(r, at, "a text that is not empty");
    out->left = (struct operand){.first = (uint16_t)r->literal_n, .n = 1};
    if (!add_literal(r, (struct literal){.type = LITERAL_STRING, .text = cut_of(r, s)})) return false;
    return take(r, '}') || fail(r, "'}'");
}

static bool read_exists(struct reader *r, struct node *out)
{
    out->kind = NODE_EXISTS;
    skip_blanks(r);
    return read_attribute(r, &out->left);
}

static bool read_group(struct reader *r, uint16_t *out);

static uint16_t node_new(struct reader *r)
{
    if (r->node_n == CONDITION_MAX_PARTS) {
        fail(r, "fewer comparisons");
        return NODE_NONE;
    }
    r->scratch->nodes[r->node_n] = (struct node){.next = NODE_NONE, .first = NODE_NONE};
    return (uint16_t)r->node_n++;
}

static bool read_leaf(struct reader *r, uint16_t *out)
{
    size_t start = r->at;
    *out = node_new(r);
    if (*out == NODE_NONE) return false;
    struct node *n = &r->scratch->nodes[*out];
    bool         read;
    if (take_word(r, "ActionMatches")) read = read_function(r, NODE_ACTION, n);
    else if (take_word(r, "SubOperationMatches")) read = read_function(r, NODE_SUBOPERATION, n);
    else if (take_word(r, "Exists")) read = read_exists(r, n);
    else read = read_comparison(r, n);
    n->text = (struct cut){(uint16_t)start, (uint16_t)(r->at - start)};
    return read;
}

// One part with the NOTs before it; parentheses leave no trace but their order.
static bool read_part(struct reader *r, uint16_t *out)
{
    bool negated = false, read;
    while (take(r, '!') || take_word(r, "NOT")) negated = !negated;
    skip_blanks(r);
    if (take(r, '(')) {
        if (++r->depth > CONDITION_MAX_DEPTH) return fail(r, "fewer parentheses inside each other");
        read = read_group(r, out) && (take(r, ')') || fail(r, "')', AND or OR"));
        r->depth--;
    } else {
        read = read_leaf(r, out);
    }
    if (read && negated) r->scratch->nodes[*out].negated = !r->scratch->nodes[*out].negated;
    return read;
}

static bool take_joint(struct reader *r, enum node_kind *out)
{
    skip_blanks(r);
    str two = str_upto(str_from(r->text, r->at), 2);
    if (str_eq(two, S("&&")) || str_eq(two, S("||"))) {
        *out = two.at[0] == '&' ? NODE_ALL : NODE_ANY;
        r->at += 2;
        return true;
    }
    if (take_word(r, "AND")) *out = NODE_ALL;
    else if (take_word(r, "OR")) *out = NODE_ANY;
    else return false;
    return true;
}

// Parts with the same joint between them; a single part needs no group.
static bool read_group(struct reader *r, uint16_t *out)
{
    enum node_kind joint, other;
    uint16_t       last, part;
    skip_blanks(r);
    size_t start = r->at;
    if (!read_part(r, out)) return false;
    if (!take_joint(r, &joint)) return true;
    last = *out;
    uint16_t group = node_new(r);
    if (group == NODE_NONE) return false;
    r->scratch->nodes[group].kind = joint;
    r->scratch->nodes[group].first = last;
    do {
        if (!read_part(r, &part)) return false;
        r->scratch->nodes[last].next = part;
        last = part;
        skip_blanks(r);
        size_t before = r->at;
        if (!take_joint(r, &other)) break;
        if (other != joint) return fail_at(r, before, "parentheses, where AND and OR stand beside each other");
    } while (true);
    r->scratch->nodes[group].text = (struct cut){(uint16_t)start, (uint16_t)(r->at - start)};
    *out = group;
    return true;
}

bool condition_read(str text, struct condition_scratch *scratch, struct condition *out, struct condition_fault *out_fault)
{
    struct reader r = {.text = text, .scratch = scratch};
    uint16_t      root;
    bool          read = text.n <= CONDITION_MAX_BYTES ? read_group(&r, &root) : fail_at(&r, CONDITION_MAX_BYTES, "the end: it is too long");
    skip_blanks(&r);
    if (read && r.at < text.n) read = fail(&r, "AND, OR or the end");
    if (!read) {
        *out_fault = r.fault;
        return false;
    }
    *out = (struct condition){
        .text = text, .nodes = scratch->nodes, .literals = scratch->literals, .node_n = r.node_n, .literal_n = r.literal_n, .root = root};
    return true;
}
