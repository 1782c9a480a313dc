#include "endpoints/activity_form.h"

#include "test_product.h"

// An object in an object, n deep.
static str nest(struct test *t, unsigned n)
{
    struct buf b;
    str        text = STR_NONE;
    buf_init(&b, &t->call->arena);
    for (unsigned i = 0; i < n; i++) buf_add(&b, S("{\"p\":"));
    buf_add_char(&b, '1');
    for (unsigned i = 0; i < n; i++) buf_add_char(&b, '}');
    CHECK_OK(buf_finish(t->call, &b, &text));
    return text;
}

// A record of a document that is no longer stored, for it is too deep, or that is none, shows without it what else it has.
TEST(activity_form_leaves_out_a_document_that_it_cannot_show)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct { const char *what; str document; bool is_shown; } CASES[] = {
        {"small", S("{}"), true},
        {"as deep as is stored", nest(t, JSON_MAX_KEPT_DEPTH), true},
        {"deeper than is stored", nest(t, JSON_MAX_KEPT_DEPTH + 1), false},
        {"as deep as is read", nest(t, JSON_MAX_DEPTH), false},
        {"deeper than is read", nest(t, 4 * JSON_MAX_DEPTH), false},
        {"no JSON", S("{"), false},
    };
    test_product_open(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct activity a = {.id = test_product_guid(1), .action = S("Microsoft.Web/sites/write"), .scope = S("/"), .after = CASES[i].document};
        const struct json    *event = NULL;
        struct buf            b;
        struct json_writer    j;
        str                   text = STR_NONE;
        buf_init(&b, &t->call->arena);
        json_begin(&j, &b);
        CHECK_ERR(activity_form_write(t->call, &j, &s.product, &a, ACTIVITY_END, NULL, 0), OK, CASES[i].what);
        CHECK_ERR(buf_finish(t->call, &b, &text), OK, CASES[i].what);
        CHECK_ERR(json_parse(t->call, text, &event), OK, CASES[i].what);
        CHECK_ROW((json_path(event, "lanyard.after") != NULL) == CASES[i].is_shown, CASES[i].what);
        CHECK_ROW(json_get_bool(json_get(event, S("lanyard")), S("afterLeftOut"), false) != CASES[i].is_shown, CASES[i].what);
        CHECK_ROW(!json_path(event, "lanyard.beforeLeftOut"), CASES[i].what);
    }
}
