#include "template/expression.h"

#include "core/buf.h"
#include "template/function.h"
#include "template/template.h"

enum token_kind {
    TOKEN_END,
    TOKEN_IDENTIFIER,
    TOKEN_STRING,
    TOKEN_INTEGER,
    TOKEN_LEFT_PARENTHESIS,
    TOKEN_RIGHT_PARENTHESIS,
    TOKEN_LEFT_BRACKET,
    TOKEN_RIGHT_BRACKET,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_QUESTION,
    TOKEN_UNKNOWN
};

// As the published messages name them.
static const char *const TOKEN_NAMES[] = {"EndOfData",         "Identifier",         "String", "Integer", "LeftParenthesis", "RightParenthesis",
                                          "LeftSquareBracket", "RightSquareBracket", "Dot",    "Comma",   "QuestionMark",    "Unknown"};
_Static_assert(COUNT(TOKEN_NAMES) == TOKEN_UNKNOWN + 1, "a token without a name");

struct token {
    enum token_kind kind;
    str             text; // of a string between its quotes, as written
};

struct reader {
    struct call          *c;
    str                   text; // between the outer brackets
    size_t                at;
    struct token          now;
    enum expression_place place;
    unsigned              depth;
};

static enum err read_expression(struct reader *r, struct expression *out);

bool expression_is(str text)
{
    return text.n >= 2 && text.at[0] == '[' && text.at[text.n - 1] == ']' && text.at[1] != '[';
}

static enum err refuse(struct reader *r, const char *expected)
{
    return FAIL(r->c, ERR_TEMPLATE_INVALID, "Unable to parse language expression '%.*s': expected token '%s' and actual '%s'.",
                PSTR(call_printable(r->c, r->text, 400)), expected, TOKEN_NAMES[r->now.kind]);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return (char_lower(c) >= 'a' && char_lower(c) <= 'z') || is_digit(c) || c == '_' || c == '$';
}

static struct token take(struct reader *r, enum token_kind kind, size_t from, size_t to)
{
    r->at = to;
    return (struct token){kind, {r->text.at + from, to - from}};
}

static struct token take_string(struct reader *r)
{
    size_t from = r->at + 1, at = from;
    while (at < r->text.n && (r->text.at[at] != '\'' || (at + 1 < r->text.n && r->text.at[at + 1] == '\''))) at += r->text.at[at] == '\'' ? 2 : 1;
    if (at >= r->text.n) return take(r, TOKEN_UNKNOWN, from, r->text.n);
    struct token t = take(r, TOKEN_STRING, from, at);
    r->at = at + 1;
    return t;
}

static void advance(struct reader *r)
{
    static const char MARKS[] = "()[].,?";
    while (r->at < r->text.n && memchr(" \t\r\n", r->text.at[r->at], 4)) r->at++;
    size_t from = r->at, to = from;
    if (from >= r->text.n) {
        r->now = (struct token){TOKEN_END, STR_NONE};
        return;
    }
    char        first = r->text.at[from];
    const char *mark = memchr(MARKS, first, sizeof MARKS - 1);
    if (mark) {
        r->now = take(r, (enum token_kind)(TOKEN_LEFT_PARENTHESIS + (mark - MARKS)), from, from + 1);
        return;
    }
    if (first == '\'') {
        r->now = take_string(r);
        return;
    }
    bool is_integer = is_digit(first) || first == '-' || first == '+';
    if (is_integer) to++;
    while (to < r->text.n && (is_integer ? is_digit(r->text.at[to]) : is_name_char(r->text.at[to]))) to++;
    r->now = take(r, to == from ? TOKEN_UNKNOWN : is_integer ? TOKEN_INTEGER : TOKEN_IDENTIFIER, from, to == from ? from + 1 : to);
}

static enum err expect(struct reader *r, enum token_kind kind)
{
    if (r->now.kind != kind) return refuse(r, TOKEN_NAMES[kind]);
    advance(r);
    return OK;
}

static enum err read_text(struct reader *r, struct expression *out)
{
    str raw = r->now.text;
    *out = (struct expression){.kind = EXPRESSION_LITERAL, .literal = {.kind = JSON_IS_STRING, .u.string = raw}};
    if (str_find(raw, '\'') != STR_NOWHERE) {
        struct buf b;
        buf_init(&b, &r->c->arena);
        for (size_t i = 0; i < raw.n; i++) {
            buf_add_char(&b, raw.at[i]);
            if (raw.at[i] == '\'') i++; // two stand for one
        }
        TRY(buf_finish(r->c, &b, &out->literal.u.string));
    }
    advance(r);
    return OK;
}

static enum err read_integer(struct reader *r, struct expression *out)
{
    str digits = r->now.text.at[0] == '+' ? str_from(r->now.text, 1) : r->now.text;
    *out = (struct expression){.kind = EXPRESSION_LITERAL, .literal.kind = JSON_IS_INT};
    if (!str_to_i64(digits, &out->literal.u.integer))
        return FAIL(r->c, ERR_TEMPLATE_INVALID, "Unable to parse language expression '%.*s': '%.*s' is not an integer of 64 bits.",
                    PSTR(call_printable(r->c, r->text, 400)), PSTR(call_printable(r->c, r->now.text, 64)));
    advance(r);
    return OK;
}

static enum err new_expression(struct reader *r, struct expression **out)
{
    return NEW(r->c, out, 1);
}

static enum err read_arguments(struct reader *r, struct expression *call)
{
    const struct expression **tail = &call->args;
    while (r->now.kind != TOKEN_RIGHT_PARENTHESIS) {
        struct expression *arg;
        if (call->arg_n > 0) TRY(expect(r, TOKEN_COMMA));
        TRY(new_expression(r, &arg));
        TRY(read_expression(r, arg));
        *tail = arg;
        tail = &arg->next;
        call->arg_n++;
        if (r->now.kind != TOKEN_COMMA && r->now.kind != TOKEN_RIGHT_PARENTHESIS) return refuse(r, "RightParenthesis");
    }
    advance(r);
    return OK;
}

static enum err check_count(struct reader *r, const struct expression *call)
{
    const struct function *f = call->function;
    if (call->arg_n >= f->least && (f->most == ARGUMENTS_MANY || call->arg_n <= f->most)) return OK;
    str range = f->least == f->most         ? call_format(r->c, "%d", f->least)
                : f->most == ARGUMENTS_MANY ? call_format(r->c, "at least %d", f->least)
                                            : call_format(r->c, "%d to %d", f->least, f->most);
    return FAIL(r->c, ERR_TEMPLATE_INVALID,
                "Unable to evaluate template language function '%s': function requires %.*s argument(s) while %zu were provided. Please see "
                "https://aka.ms/arm-functions for usage details.",
                f->name, PSTR(range), call->arg_n);
}

static bool is_lambda(const struct expression *x)
{
    return x->kind == EXPRESSION_CALL && str_eq_nocase(x->name, S("lambda"));
}

// A lambda stands where a function takes one and nowhere else.
static enum err check_lambdas(struct reader *r, const struct expression *call)
{
    const char              *takes = call->function ? call->function->takes : "v";
    const struct expression *arg = call->args;
    for (size_t i = 0; arg; arg = arg->next, i++) {
        char letter = i < strlen(takes) ? takes[i] : takes[strlen(takes) - 1];
        if (is_lambda(arg) == (letter == 'f')) continue;
        return FAIL(r->c, ERR_TEMPLATE_INVALID,
                    "The template function '%.*s' %s a lambda as its argument %zu. Please see https://aka.ms/arm-functions for usage details.",
                    PSTR(call_printable(r->c, call->name, 64)), letter == 'f' ? "expects" : "does not take", i + 1);
    }
    return OK;
}

static enum err find_function(struct reader *r, struct expression *call)
{
    call->function = function_find(call->name);
    if (!call->function)
        return FAIL(r->c, ERR_TEMPLATE_INVALID,
                    "The template function '%.*s' is not valid. Please see https://aka.ms/arm-functions for usage details.",
                    PSTR(call_printable(r->c, call->name, 64)));
    if (!(call->function->places & r->place))
        return FAIL(r->c, ERR_TEMPLATE_INVALID,
                    "The template function '%.*s' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.",
                    PSTR(call->name));
    return OK;
}

static enum err read_call(struct reader *r, struct expression *out)
{
    out->kind = EXPRESSION_CALL;
    out->name = r->now.text;
    advance(r);
    if (r->now.kind == TOKEN_DOT) {
        out->kind = EXPRESSION_USER_CALL;
        out->space = out->name;
        advance(r);
        out->name = r->now.text;
        TRY(expect(r, TOKEN_IDENTIFIER));
    }
    TRY(expect(r, TOKEN_LEFT_PARENTHESIS));
    if (out->kind == EXPRESSION_CALL) TRY(find_function(r, out));
    TRY(read_arguments(r, out));
    if (out->function) TRY(check_count(r, out));
    return check_lambdas(r, out);
}

static enum err read_key(struct reader *r, struct expression *key, bool *out_safe)
{
    bool is_bracket = r->now.kind == TOKEN_LEFT_BRACKET;
    advance(r);
    *out_safe = r->now.kind == TOKEN_QUESTION;
    if (*out_safe) advance(r);
    if (is_bracket) {
        TRY(read_expression(r, key));
        return expect(r, TOKEN_RIGHT_BRACKET);
    }
    *key = (struct expression){.kind = EXPRESSION_LITERAL, .literal = {.kind = JSON_IS_STRING, .u.string = r->now.text}};
    return expect(r, TOKEN_IDENTIFIER);
}

static enum err read_accesses(struct reader *r, struct expression *out)
{
    unsigned chain = 0;
    while (r->now.kind == TOKEN_DOT || r->now.kind == TOKEN_LEFT_BRACKET) {
        struct expression *base, *key;
        if (r->depth + ++chain > EXPRESSION_MAX_DEPTH) return refuse(r, "EndOfData");
        TRY(new_expression(r, &base));
        TRY(new_expression(r, &key));
        *base = *out;
        base->next = key;
        *out = (struct expression){.kind = EXPRESSION_ACCESS, .args = base, .arg_n = 2};
        TRY(read_key(r, key, &out->is_safe));
    }
    return OK;
}

static enum err read_expression(struct reader *r, struct expression *out)
{
    if (++r->depth > EXPRESSION_MAX_DEPTH)
        return FAIL(r->c, ERR_TEMPLATE_INVALID, "The language expression is nested deeper than %d levels.", EXPRESSION_MAX_DEPTH);
    switch (r->now.kind) {
    case TOKEN_STRING: TRY(read_text(r, out)); break;
    case TOKEN_INTEGER: TRY(read_integer(r, out)); break;
    case TOKEN_IDENTIFIER: TRY(read_call(r, out)); break;
    default: return refuse(r, "Identifier");
    }
    TRY(read_accesses(r, out));
    r->depth--;
    return OK;
}

enum err expression_read(struct call *c, str text, enum expression_place place, const struct expression **out)
{
    struct reader      r = {.c = c, .place = place, .text = {text.at + 1, text.n - 2}};
    struct expression *root;
    if (text.n > TEMPLATE_MAX_EXPRESSION_BYTES)
        return FAIL(c, ERR_TEMPLATE_INVALID, "The language expression length limit exceeded. Limit: '%d' and actual: '%zu'.",
                    TEMPLATE_MAX_EXPRESSION_BYTES, text.n);
    TRY(new_expression(&r, &root));
    advance(&r);
    TRY(read_expression(&r, root));
    if (r.now.kind != TOKEN_END) return refuse(&r, "EndOfData");
    if (is_lambda(root)) return FAIL(c, ERR_TEMPLATE_INVALID, "The template function 'lambda' is not expected at this location.");
    *out = root;
    return OK;
}
