#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"

static const struct operand_row OPERANDS[] = {
    {"[+TIME]", "How far to move it ahead: +10m, +24h, +90d, +1h30m"},
};

static enum err read_move(struct call *c, const char *typed, int64_t *out_s)
{
    str text = str_of(typed);
    if (str_starts(text, S("+")) && time_parse_span(str_from(text, 1), out_s) && *out_s > 0) return OK;
    return FAIL(c, ERR_USAGE, "\"%s\" is not an amount of time: write it as +10m, +24h, +90d or +1h30m.", typed);
}

static enum err ask(struct cli *cli, const struct json **out)
{
    int64_t by_s;
    if (cli->operand_n == 0) return admin_json(cli, "GET", S("/lanyard/clock"), STR_NONE, out);
    TRY(read_move(&cli->call, cli->operands[0], &by_s));
    return admin_json(cli, "POST", S("/lanyard/clock"), call_format(&cli->call, "{\"advance_s\":%lld}", (long long)by_s), out);
}

static int run_clock(struct cli *cli)
{
    const struct json *clock = NULL;
    str                text = STR_NONE;
    enum err           failed = ask(cli, &clock);
    if (failed == OK) failed = json_text(&cli->call, clock, &text);
    if (failed != OK) return cli_failed(cli);
    int64_t ahead_s = json_get_int(clock, S("ahead_s"), 0);
    if (cli->json) printf("%.*s\n", PSTR(text));
    else if (ahead_s > 0) printf("%.*s, %s ahead of this machine\n", PSTR(json_get_str(clock, S("time"))), time_span(ahead_s).s);
    else printf("%.*s\n", PSTR(json_get_str(clock, S("time"))));
    return STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard clock", "What time is it for the server?"},
    {"lanyard clock +10m", "Let a new role assignment count, under `lanyard up --test-clock --propagation cloud`"},
    {"lanyard clock +24h --json", "Let every token end"},
};

const struct command COMMAND_CLOCK = {
    .name = "clock",
    .summary = "Show the server's clock, or move it ahead",
    .about = "Only a server that was started with --test-clock lets its clock be moved. Everything follows it: tokens and their "
             "caches, signing keys, deleted vaults and secrets, propagation, the dates in logs. A restart sets the clock back to the machine's time.",
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_clock,
};
