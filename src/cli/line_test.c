#include "cli/line.h"

#include <stdlib.h>

#include "test.h"

#define WORDS_MAX 12

static enum err read_line(struct test *t, struct cli *cli, const char *const *words)
{
    static char  room[WORDS_MAX][128];
    static char *args[WORDS_MAX + 1]; // the operands stay in it
    int          n = 0;
    for (; n < WORDS_MAX && words[n]; n++) args[n] = (snprintf(room[n], sizeof room[n], "%s", words[n]), room[n]);
    args[n] = NULL;
    *cli = (struct cli){.json = false};
    call_init(&cli->call, NULL, NULL);
    enum err got = line_read(cli, n, args);
    memcpy(t->call->failure.text, cli->call.failure.text, sizeof cli->call.failure.text);
    return got;
}

TEST(line_read_tells_options_from_operands)
{
    static const struct { const char *words[WORDS_MAX]; enum err want; const char *command, *operands; } CASES[] = {
        {{"lanyard"}, OK, NULL, ""},
        {{"lanyard", "--json"}, OK, NULL, ""},
        {{"lanyard", "status"}, OK, "status", ""},
        {{"lanyard", "--data", "d", "status", "--json"}, OK, "status", ""},
        {{"lanyard", "api", "GET", "/x", "-i"}, OK, "api", "GET /x"},
        {{"lanyard", "api", "-H", "A: b", "GET", "/x", "-"}, OK, "api", "GET /x -"},
        {{"lanyard", "run", "--as", "vm", "cmd", "--json", "-x"}, OK, "run", "cmd --json -x"},
        {{"lanyard", "run", "-avm", "--", "--json"}, OK, "run", "--json"},
        {{"lanyard", "run", "--as=vm", "--", "--"}, OK, "run", "--"},
        {{"lanyard", "check", "--help"}, OK, "check", ""}, // who asks for help need not know the operands
        {{"lanyard", "stats"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "--as", "vm", "run"}, ERR_USAGE, NULL, NULL}, // run's own option in front of it
        {{"lanyard", "status", "--no-such"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "status", "-z"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "status", "word"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "status", "--data"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "status", "--json=yes"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "api", "GET"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "api", "GET", "/x", "body", "more"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "run", "--as", "vm"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "run", "--as", "vm", "--"}, ERR_USAGE, NULL, NULL},
        {{"lanyard", "up", "-p"}, ERR_USAGE, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cli cli;
        str        row = S("");
        for (size_t k = 0; k < WORDS_MAX && CASES[i].words[k]; k++) row = call_format(t->call, "%.*s %s", PSTR(row), CASES[i].words[k]);
        CHECK_ERR(read_line(t, &cli, CASES[i].words), CASES[i].want, row.at);
        if (CASES[i].want == OK) {
            str operands = S("");
            CHECK_STR(str_of(cli.command ? cli.command->name : "none"), str_of(CASES[i].command ? CASES[i].command : "none"), row.at);
            for (size_t k = 0; k < cli.operand_n; k++) operands = call_format(t->call, "%.*s%s%s", PSTR(operands), k ? " " : "", cli.operands[k]);
            CHECK_STR(operands, str_of(CASES[i].operands), row.at);
        }
        call_clear(&cli.call);
    }
}

TEST(line_values_and_numbers)
{
    static const char *const WORDS[] = {"lanyard", "up", "--port", "1", "--workers", "x", "-p", "70000", NULL};
    struct cli               cli;
    int64_t                  n = -1;
    CHECK_OK(read_line(t, &cli, WORDS));
    CHECK(cli_has(&cli, "port") && !cli_has(&cli, "domain"));
    CHECK_STR(str_of(cli_value(&cli, "port", NULL)), S("70000"), "the last one counts");
    CHECK_STR(str_of(cli_value(&cli, "domain", "else")), S("else"), "not given");
    CHECK_ERR(cli_number(&cli, "port", 0, 65535, 5, &n), ERR_USAGE, "too large");
    call_forgive(&cli.call);
    CHECK_ERR(cli_number(&cli, "workers", 1, 32, 1, &n), ERR_USAGE, "no number");
    call_forgive(&cli.call);
    CHECK_OK(cli_number(&cli, "token-lifetime", 1, 99, 42, &n));
    CHECK_INT(n, 42, "not given");
    call_clear(&cli.call);
}

TEST(command_nearest_guesses_what_was_meant)
{
    static const struct { const char *typed, *want; } CASES[] = {
        {"statsu", "status"}, {"stauts", "status"}, {"sta", "status"}, {"rn", "run"}, {"runn", "run"}, {"sehll", "shell"}, {"comp", "completion"},
        {"xyzzy", NULL}, {"", NULL}, {"q", NULL}, {"deploy", NULL}, {"a-very-long-word-that-is-no-command-at-all-of-ours", NULL},
        {"ma", NULL}, // man is hidden
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct command *near = command_nearest(str_of(CASES[i].typed));
        CHECK_STR(str_of(near ? near->name : "none"), str_of(CASES[i].want ? CASES[i].want : "none"), CASES[i].typed);
    }
}
