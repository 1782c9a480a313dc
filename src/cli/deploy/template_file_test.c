#include "cli/deploy/template_file.h"

#include "test.h"

TEST(D1_a_template_with_comments_is_read)
{
    static const struct { const char *text, *want; enum err failed; } CASES[] = {
        {"{\"a\": 1}", "{\"a\":1}", OK},
        {"// first\n{\"a\": /* one */ 1} // last", "{\"a\":1}", OK},
        {"{\"a\": \"// no comment /* nor this */\"}", "{\"a\":\"// no comment /* nor this */\"}", OK},
        {"{\"a\": \"\\\" // in quotes\"}", "{\"a\":\"\\\" // in quotes\"}", OK},
        {"{\"a\": 1 /* open", "", ERR_JSON_INVALID},
        {"{\"a\": 1} /* open", "", ERR_JSON_INVALID},
        {"{\"a\": \"open", "", ERR_JSON_INVALID},
        {"{\"a\": \"\\", "", ERR_JSON_INVALID},
        {"/", "", ERR_JSON_INVALID},
        {"", "", ERR_JSON_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *read;
        str                text;
        enum err           failed = template_file_parse(t->call, str_of(CASES[i].text), &read);
        CHECK_ERR(failed, CASES[i].failed, CASES[i].text);
        if (failed != OK) {
            call_forgive(t->call);
            continue;
        }
        CHECK_OK(json_text(t->call, read, &text));
        CHECK_STR(text, str_of(CASES[i].want), CASES[i].text);
    }
}

TEST(D1_values_of_parameters_have_the_type_that_the_template_says)
{
    static const char TEMPLATE[] =
        "{\"parameters\":{\"s\":{\"type\":\"string\"},\"n\":{\"type\":\"int\"},\"o\":{\"type\":\"object\"},\"p\":{\"type\":\"secureString\"}}}";
    static const struct { const char *said, *want; enum err failed; } CASES[] = {
        {"s=12", "{\"value\":\"12\"}", OK},
        {"S=x=y", "{\"value\":\"x=y\"}", OK},
        {"p=true", "{\"value\":\"true\"}", OK},
        {"s=", "{\"value\":\"\"}", OK},
        {"n=12", "{\"value\":12}", OK},
        {"o={\"a\": [1]}", "{\"value\":{\"a\":[1]}}", OK},
        {"unknown=12", "{\"value\":12}", OK},
        {"unknown=text", "{\"value\":\"text\"}", OK},
        {"n=twelve", "", ERR_USAGE},
        {"=12", "", ERR_USAGE},
        {"n", "", ERR_USAGE},
        {"@/nonexistent/file.json", "", ERR_IO},
        {"s=@/nonexistent/file", "", ERR_IO},
        {"values.bicepparam", "", ERR_USAGE},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cli           cli = {0};
        struct template_file f = {0};
        call_init(&cli.call, NULL, NULL);
        CHECK_OK(template_file_parse(&cli.call, str_of(TEMPLATE), &f.document));
        CHECK_ERR(template_file_say(&cli, &f, CASES[i].said), CASES[i].failed, CASES[i].said);
        if (CASES[i].failed == OK) CHECK_STR(f.values[0].json, str_of(CASES[i].want), CASES[i].said);
        call_clear(&cli.call);
    }
}

// D1: the parameter, its type and the value are told, but no value that is secure.
TEST(D1_a_wrong_value_is_told_with_its_parameter)
{
    static const char TEMPLATE[] = "{\"parameters\":{\"count\":{\"type\":\"int\"},\"hidden\":{\"type\":\"secureObject\"}}}";
    static const struct { const char *said, *want; } CASES[] = {
        {"count=abc", "The parameter count has the type int: its value must be JSON of that type, not \"abc\"."},
        {"hidden={secret", "The parameter hidden has the type secureObject: its value must be JSON of that type."},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cli           cli = {0};
        struct template_file f = {0};
        call_init(&cli.call, NULL, NULL);
        CHECK_OK(template_file_parse(&cli.call, str_of(TEMPLATE), &f.document));
        CHECK_ERR(template_file_say(&cli, &f, CASES[i].said), ERR_USAGE, CASES[i].said);
        CHECK_STR(str_of(cli.call.failure.text), str_of(CASES[i].want), CASES[i].said);
        call_clear(&cli.call);
    }
}

// D1, L3: the line that a message names, with a mark below the column; none with the default of a secure parameter.
TEST(D1_a_message_is_told_with_its_line)
{
    static const char TEMPLATE[] =
        "{\"first\":1,\n    \"name\": 1,\n  \"parameters\":{\"p\":{\"type\":\"secureString\",\n\"defaultValue\":\"hush\"}}\n}";
    static const struct { const char *message, *want; size_t mark; } CASES[] = {
        {"at line '2' and column '13' is not valid: it", "\"name\": 1,", 8},
        {"Path 'x', line 2, position 11.'.", "\"name\": 1,", 6},
        {"at line '5' and column '1'", "}", 0},
        {"at line '1' and column '3'", NULL, 0}, {"at line '2' and column '99'", NULL, 0}, {"at line '9' and column '1'", NULL, 0}, {"at line '0' and column '1'", NULL, 0},
        {"at line '4' and column '2'", NULL, 0}, {"at line '99999999999999999999' and column '2'", NULL, 0}, {"line ", NULL, 0}, {"line '2'", NULL, 0}, {"", NULL, 0},
    };
    struct template_file f = {.text = str_of(TEMPLATE)};
    CHECK_OK(template_file_parse(t->call, f.text, &f.document));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct template_place at = {0};
        str                   excerpt = STR_NONE;
        bool                  found = template_file_place(t->call, &f, str_of(CASES[i].message), &at, &excerpt);
        CHECK_ROW(found == (CASES[i].want != NULL), CASES[i].message);
        if (found) CHECK_STR(excerpt, str_of(CASES[i].want), CASES[i].message);
        if (found) CHECK_ROW(at.mark == CASES[i].mark, CASES[i].message);
    }
}

TEST(D1_a_later_value_takes_an_earlier_ones_place)
{
    struct cli           cli = {0};
    struct template_file f = {.text = S_INIT("{} // end")};
    str                  body;
    call_init(&cli.call, NULL, NULL);
    CHECK_OK(template_file_say(&cli, &f, "a=1"));
    CHECK_OK(template_file_say(&cli, &f, "b=2"));
    CHECK_OK(template_file_say(&cli, &f, "A=3"));
    CHECK_OK(template_file_body(&cli, &f, S("Incremental"), S("westus"), &body));
    CHECK_STR(body,
              S("{\"location\":\"westus\",\"properties\":{\"mode\":\"Incremental\",\"parameters\":{\"A\":{\"value\":3},\"b\":{\"value\":2}},"
                "\"template\":{} // end\n}}"),
              "body");
    call_clear(&cli.call);
}
