// An expression that is read, printed and read again prints the same. Evaluating one ends within its limits: it gives a
// value that can be written and read, or a failure that is the template's, and the same one for a second time.
#include "core/buf.h"
#include "fuzz.h"
#include "template/expression.h"
#include "template/template.h"

static void print(struct buf *b, const struct expression *x);

static void print_literal(struct buf *b, const struct json *v)
{
    if (v->kind == JSON_IS_INT) {
        buf_add_i64(b, v->u.integer);
        return;
    }
    buf_add_char(b, '\'');
    for (size_t i = 0; i < v->u.string.n; i++) {
        if (v->u.string.at[i] == '\'') buf_add_char(b, '\'');
        buf_add_char(b, v->u.string.at[i]);
    }
    buf_add_char(b, '\'');
}

static void print_call(struct buf *b, const struct expression *x)
{
    buf_add(b, x->space);
    if (x->kind == EXPRESSION_USER_CALL) buf_add_char(b, '.');
    buf_add(b, x->name);
    buf_add_char(b, '(');
    for (const struct expression *arg = x->args; arg; arg = arg->next) {
        if (arg != x->args) buf_add_char(b, ',');
        print(b, arg);
    }
    buf_add_char(b, ')');
}

static void print(struct buf *b, const struct expression *x)
{
    if (x->kind == EXPRESSION_LITERAL) {
        print_literal(b, &x->literal);
    } else if (x->kind == EXPRESSION_ACCESS) {
        print(b, x->args);
        buf_add(b, x->is_safe ? S("[?") : S("["));
        print(b, x->args->next);
        buf_add_char(b, ']');
    } else {
        print_call(b, x);
    }
}

static str printed(struct call *c, const struct expression *x)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add_char(&b, '[');
    print(&b, x);
    buf_add_char(&b, ']');
    return buf_text(c, &b);
}

static enum err value_of(struct call *c, const struct json *document, const struct template_site *site, str *out)
{
    static const struct template_outside NOTHING = {0};
    struct template                     *t;
    const struct json                   *body;
    TRY(template_read(c, document, NULL, site, &t));
    TRY(template_body(c, t, 0, &NOTHING, &body));
    return json_text(c, body, out);
}

static const char TEMPLATE[] =
    "{\"$schema\":\"s\",\"contentVersion\":\"1\",\"parameters\":{\"p\":{\"type\":\"object\",\"defaultValue\":{\"a\":[1,\"x\",{\"b\":null}]}}},"
    "\"variables\":{\"v\":\"[concat('x', string(parameters('p')))]\"},"
    "\"functions\":[{\"namespace\":\"f\",\"members\":{\"r\":{\"parameters\":[{\"name\":\"x\",\"type\":\"int\"}],\"output\":{\"type\":\"int\","
    "\"value\":\"[if(less(parameters('x'), 1), 0, f.r(sub(parameters('x'), 1)))]\"}}}}],"
    "\"resources\":[{\"type\":\"A.B/c\",\"apiVersion\":\"1\",\"name\":\"n\",\"properties\":{\"v\":0}},{\"type\":\"A.B/"
    "c\",\"apiVersion\":\"1\",\"name\":\"m\"}]}";

static void check_value(struct call *c, str text)
{
    const struct template_site site = {.level = TEMPLATE_AT_GROUP,
                                       .scope = S("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g"),
                                       .group = S("g"),
                                       .subscription = S("00000000-0000-0000-0000-000000000001")};
    const struct json         *document, *again;
    str                        first, second;
    ASSERT(json_parse(c, str_of(TEMPLATE), &document) == OK);
    struct json *resource = (struct json *)json_at(json_get(document, S("resources")), 0);
    ((struct json *)json_get(json_get(resource, S("properties")), S("v")))->kind = JSON_IS_STRING;
    ((struct json *)json_get(json_get(resource, S("properties")), S("v")))->u.string = text;
    enum err got = value_of(c, document, &site, &first);
    ASSERT(got == OK || got == ERR_TEMPLATE_INVALID);
    call_forgive(c);
    if (got) return;
    ASSERT(json_parse(c, first, &again) == OK);
    ASSERT(value_of(c, document, &site, &second) == OK && str_eq(first, second));
}

FUZZ(expression)
{
    const struct expression *first, *second;
    str                      in = fuzz_str(c, data, n), once;
    struct buf               b;
    if (str_characters(in) > n) return 0;
    for (str rest = in; rest.n;) { // texts of a document are UTF-8 without NUL
        uint32_t ch;
        if (!str_take_character(&rest, &ch) || ch == 0) return 0;
    }
    buf_init(&b, &c->arena);
    buf_addf(&b, "[%.*s]", PSTR(in));
    str text = buf_text(c, &b);
    if (!expression_is(text)) return 0;
    enum err got = expression_read(c, text, IN_BODY, &first);
    ASSERT(got == OK || got == ERR_TEMPLATE_INVALID);
    call_forgive(c);
    if (!got) {
        once = printed(c, first);
        got = expression_read(c, once, IN_BODY, &second);
        ASSERT(got == OK || once.n > TEMPLATE_MAX_EXPRESSION_BYTES); // quotes and brackets may make it longer
        call_forgive(c);
        if (!got) ASSERT(str_eq(once, printed(c, second)));
    }
    check_value(c, text);
    return 0;
}
