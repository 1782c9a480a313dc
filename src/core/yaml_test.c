#include "core/yaml.h"

#include "test.h"

TEST(yaml_parse_reads_what_people_write)
{
    static const struct { const char *text, *json; } CASES[] = {
        {"", "null"}, {"# nothing\n", "null"}, {"---\n", "null"}, {"~", "null"},
        {"{\"a\": [1, -2, \"3\", true, null]}", "{\"a\":[1,-2,\"3\",true,null]}"},
        {"group: shop\nresources:\n  - vm: web\n    identity: system\n  - identity: billing\n",
         "{\"group\":\"shop\",\"resources\":[{\"vm\":\"web\",\"identity\":\"system\"},{\"identity\":\"billing\"}]}"},
        {"a: yes\nb: 'true'\nc: \"1\"\nd: 1.5\ne: 0x10\nf: +7\ng: 1e3\n",
         "{\"a\":\"yes\",\"b\":\"true\",\"c\":\"1\",\"d\":1.5,\"e\":\"0x10\",\"f\":7,\"g\":1000.0}"},
        {"text: |\n  two\n  lines\n", "{\"text\":\"two\\nlines\\n\"}"},
        {"1: one\ntrue: two\n", "{\"1\":\"one\",\"true\":\"two\"}"},
        {"role: Key Vault Secrets User\nat: shop/secrets/key\n", "{\"role\":\"Key Vault Secrets User\",\"at\":\"shop/secrets/key\"}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v = NULL;
        str                text = STR_NONE;
        CHECK_ERR(yaml_parse(t->call, str_of(CASES[i].text), &v), OK, CASES[i].text);
        CHECK_OK(json_text(t->call, v, &text));
        CHECK_STR(text, str_of(CASES[i].json), CASES[i].text);
    }
}

TEST(yaml_parse_refuses_what_means_more_than_it_shows)
{
    static const struct { const char *text, *says; } CASES[] = {
        {"a: &x 1\nb: *x\n", "Line 1"},
        {"a: 1\nb: *x\n", "Line 2"},
        {"a: !!str 1\n", "tags"},
        {"!!map {a: 1}\n", "tags"},
        {"&a [1]\n", "anchors"},
        {"<<: {a: 1}\n", "merge"},
        {"a: 1\na: 2\n", "twice"},
        {"[a, b]: 1\n", "key"},
        {"a: 1\n---\nb: 2\n", "second document"},
        {"%YAML 1.1\n---\na: 1\n", "directives"},
        {"a: [1, 2\n", "no YAML"},
        {"a: b: c\n", "no YAML"},
        {"\ta: 1\n", "no YAML"},
        {"a: \"\\0\"\n", "zero byte"},
        {"\"a\\0\": 1\n", "zero byte"},
        {"a: 9223372036854775808\n", "too large"},
        {"a: 1e999\n", "out of range"},
        {"a: \"\xff\"\n", "no YAML"},
        {"\xff\xfe" "a", "no YAML"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v = NULL;
        enum err           got = yaml_parse(t->call, str_of(CASES[i].text), &v);
        CHECK_ROW(str_find_str(str_of(t->call->failure.text), str_of(CASES[i].says)) != STR_NOWHERE, CASES[i].text);
        CHECK_ERR(got, ERR_CONTENT_INVALID, CASES[i].text);
        CHECK(v == NULL);
    }
}

TEST(yaml_parse_has_limits)
{
    struct buf         deep, long_one;
    const struct json *v = NULL;
    buf_init(&deep, &t->call->arena);
    for (int i = 0; i < JSON_MAX_DEPTH + 1; i++) buf_add_char(&deep, '[');
    for (int i = 0; i < JSON_MAX_DEPTH + 1; i++) buf_add_char(&deep, ']');
    CHECK_ERR(yaml_parse(t->call, buf_view(&deep), &v), ERR_CONTENT_INVALID, "one level too deep");
    call_forgive(t->call);
    CHECK_ERR(yaml_parse(t->call, (str){deep.at + 1, deep.n - 2}, &v), OK, "as deep as can be");
    buf_init(&long_one, &t->call->arena);
    while (long_one.n <= YAML_MAX_BYTES) buf_add(&long_one, S("- item of a list\n"));
    CHECK_ERR(yaml_parse(t->call, buf_view(&long_one), &v), ERR_TOO_LARGE, "too long");
}
