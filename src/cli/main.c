#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/line.h"
#include "cli/terminal.h"
#include "lanyard/admin.h"

static bool wants_color(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no && *no) && !(term && str_eq(str_of(term), S("dumb")));
}

static int show_help(struct cli *cli, FILE *to)
{
    str      text;
    enum err failed = help_text(&cli->call, cli->command, to == stdout && cli->color, &text);
    if (failed != OK) return cli_failed(cli);
    fwrite(text.at, 1, text.n, to);
    return to == stdout ? STATUS_OK : STATUS_USAGE;
}

static int run(struct cli *cli, int n, char **args)
{
    int64_t silence_max_s;
    cli->color = wants_color(STDOUT_FILENO);
    cli->error_color = wants_color(STDERR_FILENO);
    enum err failed = line_read(cli, n, args);
    if (failed != OK) return cli_failed(cli);
    cli->json = cli_has(cli, "json");
    if (cli_has(cli, "version")) {
        puts("lanyard " LANYARD_VERSION);
        return STATUS_OK;
    }
    if (cli_has(cli, "help")) return show_help(cli, stdout);
    if (!cli->command) return show_help(cli, stderr);
    if (cli->json && cli->command->launches) return cli_usage(cli, "%s passes on what the program prints: it has no --json.", cli->command->name);
    if (cli->json && cli->command->has_no_json) return cli_usage(cli, "%s has no --json.", cli->command->name);
    failed = cli_number(cli, "timeout", 1, LANYARD_CALL_MAX_S, LANYARD_SILENCE_MAX_S, &silence_max_s);
    if (failed != OK) return cli_failed(cli);
    cli->silence_max_s = (unsigned)silence_max_s;
    failed = line_data_dir(&cli->call, cli_value(cli, "data", NULL), &cli->data_dir);
    if (failed != OK) return cli_failed(cli);
    return cli->command->run(cli);
}

// What was printed must have arrived: a full disk behind a redirection is a failure too.
static int finish(struct cli *cli, int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        int failed = cli_fail(cli, "The output could not be written.");
        if (status == STATUS_OK) status = failed;
    }
    if (status == STATUS_OK && call_check_texts(&cli->call) != OK) status = cli_failed(cli); // something printed was empty
    call_clear(&cli->call);
    return status;
}

int main(int n, char **args)
{
    struct cli cli = {.json = false};
    setlocale(LC_CTYPE, "C.UTF-8");
    terminal_guard();
    call_init(&cli.call, NULL, NULL);
    return finish(&cli, run(&cli, n, args));
}
