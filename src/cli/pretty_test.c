#include "cli/pretty.h"

#include "test.h"

TEST(pretty_json_indents_and_changes_nothing)
{
    static const struct { const char *from, *want; } CASES[] = {
        {"1", "1\n"},
        {"  null ", "null\n"},
        {"{}", "{}\n"},
        {"[ ]", "[]\n"},
        {"{\"a\":1}", "{\n  \"a\": 1\n}\n"},
        {"{\"a\":{},\"b\":[]}", "{\n  \"a\": {},\n  \"b\": []\n}\n"},
        {"[1,2.50,-1e400]", "[\n  1,\n  2.50,\n  -1e400\n]\n"},
        {"[[1]]", "[\n  [\n    1\n  ]\n]\n"},
        {"{\"{,:}[]\":\" \\\" \\\\\"}", "{\n  \"{,:}[]\": \" \\\" \\\\\"\n}\n"},
        {"\"no end", "\"no end\n"}, // not JSON: no more than it must not read past its end
        {"\"\\", "\"\\\n"},
        {"}}", "\n}\n}\n"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buf b;
        buf_init(&b, &t->call->arena);
        pretty_json(&b, str_of(CASES[i].from), false);
        CHECK_STR(buf_view(&b), str_of(CASES[i].want), CASES[i].from);
    }
}

TEST(pretty_json_colours_names_and_strings)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    pretty_json(&b, S("{\"a\" : \"b\"}"), true);
    CHECK_STR(buf_view(&b), S("{\n  \033[34m\"a\"\033[0m: \033[32m\"b\"\033[0m\n}\n"), "colour");
}
