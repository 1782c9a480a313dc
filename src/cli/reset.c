#include <stdio.h>

#include "cli/commands.h"
#include "server/server.h"

static const struct option_row OPTIONS[] = {
    {"yes", 'y', VALUE_NONE, NULL, "Do not ask", false},
};

static enum err confirm(struct cli *cli, bool *out)
{
    struct call *c = &cli->call;
    return cli_confirm(cli,
                       call_format(c, "Delete the tenant in %s with all its identities, secrets and keys? This cannot be taken back.", cli->data_dir),
                       call_format(c, "This deletes all of %s; without a terminal to ask at, say --yes.", cli->data_dir), out);
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
