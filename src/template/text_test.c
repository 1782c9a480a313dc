#include "template/text.h"

#include <stdlib.h>

#include "test.h"

TEST(template_text_takes_what_people_write)
{
    static const struct { const char *text, *want; } CASES[] = {
        {"{}", "{}"}, {"\xef\xbb\xbf{\"a\":1}", "{\"a\":1}"}, {" [1,-2,3.5,true,false,null,\"x\"] ", "[1,-2,3.5,true,false,null,\"x\"]"}, {"-0", "0"}, {"1e2", "100.0"},
        {"{\"properties\": {\"parameters\": {}, template:{\r\n// a comment\r\n\"a\": /* and\n one */ 1}}}", "{\"properties\":{\"parameters\":{},\"template\":{\"a\":1}}}"}, // az sends this form
        {"{a$_1: \"one\r\ntwo\tthree\"}", "{\"a$_1\":\"one\\r\\ntwo\\tthree\"}"}, {"\"\\u00e4\\ud83d\\ude00\\n\\/\"", "\"\xc3\xa4\xf0\x9f\x98\x80\\n/\""},
        {"{} // end", "{}"}, {"/**/{}", "{}"}, {"\"// no comment /* */\"", "\"// no comment /* */\""}, {"[[],[{}]]", "[[],[{}]]"}, {"{\"\":1}", "{\"\":1}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template_text read = {0};
        str                  text = STR_NONE;
        CHECK_ERR(template_text_read(t->call, str_of(CASES[i].text), &read), OK, CASES[i].text);
        CHECK_OK(json_text(t->call, read.root, &text));
        CHECK_STR(text, str_of(CASES[i].want), CASES[i].text);
    }
}

TEST(template_text_refuses_what_is_no_json)
{
    static const char *const CASES[] = {
        "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{a:1,\"a\":2}", "{1a:1}", "{a}", "{a:}", "{} x", "'x'", "nul", "truE", "01", "1.", "1e", "-", "9223372036854775808", "1e999", "1x",
        "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\u0000\"", "\"\x01\"", "\"\xff\"", "\"\xc0\x80\"", "/", "/* x", "{/*}", "[1 2]", "[,1]", "{\"a\" 1}",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template_text read = {0};
        CHECK_ERR(template_text_read(t->call, str_of(CASES[i]), &read), ERR_JSON_INVALID, CASES[i]);
    }
}

TEST(template_text_keeps_its_limits)
{
    struct template_text read = {0};
    char                *text = malloc(JSON_MAX_BYTES + 1);
    memset(text, '[', JSON_MAX_BYTES + 1);
    CHECK_ERR(template_text_read(t->call, (str){text, JSON_MAX_BYTES + 1}, &read), ERR_TOO_LARGE, "too long");
    CHECK_ERR(template_text_read(t->call, (str){text, JSON_MAX_BYTES}, &read), ERR_JSON_INVALID, "too deep");
    for (size_t i = 0; i + 1 < JSON_MAX_BYTES; i += 2) memcpy(text + i, i ? ",1" : "[1", 2);
    CHECK_ERR(template_text_read(t->call, (str){text, JSON_MAX_BYTES}, &read), ERR_TOO_LARGE, "too many values");
    free(text);
}

TEST(template_text_knows_where_values_stand)
{
    static const char    TEXT[] = "{\n  \"a\": [1,\n    {\"\xc3\xa4\": 2, b: \"x\"}]\n}";
    struct template_text read = {0};
    size_t               line = 0, column = 0;
    const struct json    other = {0};
    CHECK_OK(template_text_read(t->call, str_of(TEXT), &read));
    CHECK(template_text_where(&read, read.root, TEMPLATE_POINT_START, &line, &column) && line == 1 && column == 1);
    CHECK(template_text_where(&read, json_get(read.root, S("a")), TEMPLATE_POINT_START, &line, &column) && line == 2 && column == 8);
    CHECK(template_text_where(&read, json_get(json_at(json_get(read.root, S("a")), 1), S("b")), TEMPLATE_POINT_START, &line, &column) && line == 3 &&
          column == 17);
    CHECK(template_text_where(&read, json_get(read.root, S("a")), TEMPLATE_POINT_NAME, &line, &column) && line == 2 && column == 6);
    CHECK(template_text_where(&read, read.root, TEMPLATE_POINT_END, &line, &column) && line == 4 && column == 1);
    CHECK(!template_text_where(&read, &other, TEMPLATE_POINT_START, &line, &column));
    CHECK(!template_text_where(NULL, read.root, TEMPLATE_POINT_START, &line, &column));
}
