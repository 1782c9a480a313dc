#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "server/server.h"

static const struct option_row OPTIONS[] = {
    {"yes", 'y', VALUE_NONE, NULL, "Do not ask", false},
};

static bool is_yes(str answer)
{
    static const str WORDS[] = {S_INIT("y"), S_INIT("yes")};
    return str_index_nocase(WORDS, COUNT(WORDS), str_trim(answer)) != STR_NOWHERE;
}

// Asks at the terminal; without one nobody can answer.
static enum err confirm(struct cli *cli, bool *out)
{
    char line[64];
    *out = cli_has(cli, "yes");
    if (*out) return OK;
    if (!isatty(STDIN_FILENO)) return FAIL(&cli->call, ERR_USAGE, "This deletes all of %s; without a terminal to ask at, say --yes.", cli->data_dir);
    fprintf(stderr, "Delete the tenant in %s with all its identities, secrets and keys? This cannot be taken back. [y/N] ", cli->data_dir);
    if (!fgets(line, sizeof line, stdin)) line[0] = '\0';
    *out = is_yes(str_upto(str_of(line), str_find(str_of(line), '\n')));
    return OK;
}

static int tell(struct cli *cli, bool deleted)
{
    if (cli->json) printf("{\"deleted\":%s}\n", deleted ? "true" : "false");
    else if (deleted) printf("%s is empty; the next `lanyard up` makes a new tenant.\n", cli->data_dir);
    else printf("There is nothing in %s.\n", cli->data_dir);
    return STATUS_OK;
}

static int run_reset(struct cli *cli)
{
    bool     has_state = false, agreed = false;
    str      directory = str_of(cli->data_dir);
    enum err failed = server_has_state(&cli->call, directory, &has_state);
    if (failed != OK) return cli_failed(cli);
    if (!has_state) return tell(cli, false);
    if (confirm(cli, &agreed) != OK) return cli_failed(cli);
    if (!agreed) return cli_fail(cli, "Nothing was deleted.");
    if (server_reset(&cli->call, directory) != OK) return cli_failed(cli);
    return tell(cli, true);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard down; lanyard reset", "Start over"},
    {"lanyard reset --yes --data ./walk", "Delete a directory's state without a question"},
};

const struct command COMMAND_RESET = {
    .name = "reset",
    .summary = "Delete the state and start over",
    .about = "Deletes what a server made in the data directory: the tenant, its resources, secrets, keys and certificates. It asks "
             "before, and refuses while a server runs there. Other files in the directory stay. The next `lanyard up` makes a new tenant "
             "and a new certificate authority: clients that trusted the old one have to be told.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_reset,
};
