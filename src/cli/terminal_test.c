#include "cli/terminal.h"
#include "test.h"

static str shown(struct test *t, struct terminal_filter *f, str text)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    terminal_filter(f, text, &b);
    return buf_view(&b);
}

TEST(terminal_filter_shows_harmful_characters_as_text)
{
    static const struct {
        const char *given, *want;
    } CASES[] = {
        {"plain\ttext\n", "plain\ttext\n"},
        {"Für Bestellungen, 注文, \xf0\x9f\x94\x91", "Für Bestellungen, 注文, \xf0\x9f\x94\x91"},
        {"\033[31mred\033[0m \033[1mbold\033[0m", "\033[31mred\033[0m \033[1mbold\033[0m"},
        {"\033[8mhidden", "\\u001b[8mhidden"},
        {"\033[2J\033]0;title\007", "\\u001b[2J\\u001b]0;title\\u0007"},
        {"over\rwritten\b\x7f", "over\\u000dwritten\\u0008\\u007f"},
        {"\xc2\x9b"
         "2J",
         "\\u009b2J"},
        {"txt.\xe2\x80\xae"
         "exe\xe2\x81\xa6\xd8\x9c",
         "txt.\\u202eexe\\u2066\\u061c"},
        {"two\xe2\x80\xa8lines", "two\\u2028lines"},
        {"\xff\xc0\x80", "\\xff\\xc0\\x80"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct terminal_filter f = {.rest_n = 0};
        CHECK_STR(shown(t, &f, str_of(CASES[i].given)), str_of(CASES[i].want), CASES[i].want);
        // The same, cut anywhere.
        for (size_t cut = 1; cut < strlen(CASES[i].given); cut++) {
            struct terminal_filter two = {.rest_n = 0};
            str given = str_of(CASES[i].given), first = shown(t, &two, str_upto(given, cut)), second = shown(t, &two, str_from(given, cut));
            CHECK_STR(call_format(t->call, "%.*s%.*s", PSTR(first), PSTR(second)), str_of(CASES[i].want), CASES[i].want);
        }
    }
}
