#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/manage/report.h"

static const struct option_row OPTIONS[] = {
    {"now", 0, VALUE_NONE, NULL, "Rotate at once, also if verifiers may not have fetched the next key yet", false},
};

static const struct operand_row OPERANDS[] = {
    {"VERB", "list: show the keys; rotate: let the next key sign"},
};

// The whole seconds of a time.
static str seconds_of(struct call *c, str iso)
{
    return call_format(c, "%.*sZ", PSTR(str_upto(iso, sizeof "2026-11-23T04:15:00" - 1)));
}

static enum err add_row(struct table *t, const struct json *key)
{
    struct call *c = &t->cli->call;
    TRY(table_add(t, json_get_str(key, S("kid"))));
    TRY(table_add(t, json_get_str(key, S("state"))));
    TRY(table_add(t, json_get_str(key, S("algorithm"))));
    TRY(table_add(t, seconds_of(c, json_get_str(key, S("since")))));
    return table_add(t, seconds_of(c, json_get_str(key, S("until"))));
}

static enum err list(struct cli *cli)
{
    static const char *const TITLES[] = {"KEY", "STATE", "ALGORITHM", "SINCE", "UNTIL"};
    struct table             table;
    const struct json       *answer, *keys;
    TRY(admin_json(cli, "GET", S("/lanyard/keys"), STR_NONE, &answer));
    if (cli->json) return cli_print_json(cli, answer);
    keys = json_get(answer, S("value"));
    table_init(&table, cli, TITLES, COUNT(TITLES));
    for (size_t i = 0; i < json_n(keys); i++) TRY(add_row(&table, json_at(keys, i)));
    if (json_n(keys)) table_print(&table);
    else printf("The first key is being made; ask again shortly.\n");
    return OK;
}

static enum err rotate(struct cli *cli)
{
    const struct json *done;
    TRY(admin_json(cli, "POST", S("/lanyard/keys/rotate"), cli_has(cli, "now") ? S("{\"now\":true}") : S("{}"), &done));
    if (cli->json) return cli_print_json(cli, done);
    str at = seconds_of(&cli->call, json_get_str(done, S("at")));
    if (json_get_bool(done, S("rotated"), false))
        printf("The next key signs since %.*s. `lanyard keys list` shows it as the current one.\n", PSTR(at));
    else
        printf("The next key signs from %.*s on: verifiers keep the keys that they fetched for a day. At once: `lanyard keys rotate --now`\n",
               PSTR(at));
    return OK;
}

static enum err run_verb(struct cli *cli)
{
    str verb = str_of(cli->operands[0]);
    if (str_eq(verb, S("rotate"))) return rotate(cli);
    if (!str_eq(verb, S("list"))) return FAIL(&cli->call, ERR_USAGE, "keys has the verbs list and rotate, not \"%s\".", cli->operands[0]);
    if (cli_has(cli, "now")) return FAIL(&cli->call, ERR_USAGE, "--now goes with rotate only.");
    return list(cli);
}

static int run_keys(struct cli *cli)
{
    return run_verb(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard keys list", "Which key signs, which one is next, and until when those before are published"},
    {"lanyard keys rotate", "Let the next key sign as soon as verifiers know it"},
    {"lanyard keys rotate --now", "Let it sign at once, where a day is too long to wait"},
};

const struct command COMMAND_KEYS = {
    .name = "keys",
    .summary = "List the keys that sign tokens, or rotate them",
    .about =
        "One key signs, the next one is published already, and those before stay published until no token that they signed is valid. The server "
        "rotates them every 45 days.\n"
        "\n"
        "A verifier may keep the keys that it fetched for a day. So a key signs only after it was published for a day: a rotation that is asked for "
        "earlier is planned for then. With --now it signs at once; verifiers that fetch the keys anew when they meet an unknown one accept it, "
        "others "
        "refuse it until their day is over.\n"
        "\n"
        "A rotation does not revoke anything: tokens that were signed before stay valid, and so does whatever somebody else signs with a key that he "
        "got hold of, until that key is no longer published. `lanyard identity revoke` ends the tokens of one identity. After some sixty rotations "
        "within two days the next one is refused: a key whose tokens may be in use is never dropped.\n"
        "\n"
        "The list says since when and until when a key is in its state: the current one signs until then, a retired one is published until then.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_keys,
};
