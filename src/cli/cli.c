#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/json.h"

static const struct option_value *find_value(const struct cli *cli, const char *option)
{
    for (size_t i = cli->value_n; i > 0; i--) // the last one counts
        if (str_eq(str_of(cli->values[i - 1].row->name), str_of(option))) return &cli->values[i - 1];
    return NULL;
}

bool cli_has(const struct cli *cli, const char *option)
{
    return find_value(cli, option) != NULL;
}

const char *cli_value(const struct cli *cli, const char *option, const char *fallback)
{
    const struct option_value *v = find_value(cli, option);
    return v ? v->text : fallback;
}

enum err cli_number(struct cli *cli, const char *option, int64_t least, int64_t most, int64_t fallback, int64_t *out)
{
    const char *text = cli_value(cli, option, NULL);
    int64_t     n = fallback;
    if (text && (!str_to_i64(str_of(text), &n) || n < least || n > most))
        return FAIL(&cli->call, ERR_USAGE, "--%s takes a number from %lld to %lld, not \"%s\".", option, (long long)least, (long long)most, text);
    *out = n;
    return OK;
}

enum err cli_confirm(struct cli *cli, str question, str otherwise, bool *out)
{
    static const str WORDS[] = {S_INIT("y"), S_INIT("yes")};
    char             line[64];
    *out = cli_has(cli, "yes");
    if (*out) return OK;
    if (!isatty(STDIN_FILENO)) return FAIL(&cli->call, ERR_USAGE, "%.*s", PSTR(otherwise));
    fprintf(stderr, "%.*s [y/N] ", PSTR(question));
    if (!fgets(line, sizeof line, stdin)) line[0] = '\0';
    str answer = str_upto(str_of(line), str_find(str_of(line), '\n'));
    *out = str_index_nocase(WORDS, COUNT(WORDS), str_trim(answer)) != STR_NOWHERE;
    return OK;
}

static void print_error(const struct cli *cli, const char *format, va_list args)
{
    fflush(stdout);
    fputs(cli->error_color ? "\033[31mlanyard:\033[0m " : "lanyard: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int cli_fail(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_error(cli, format, args);
    va_end(args);
    return cli->command && cli->command->launches ? STATUS_LAUNCH : STATUS_REFUSED;
}

int cli_usage(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_error(cli, format, args);
    va_end(args);
    if (cli->command) fprintf(stderr, "`lanyard %s --help` shows how it is used.\n", cli->command->name);
    else fputs("`lanyard --help` lists the commands.\n", stderr);
    return cli->command && cli->command->launches ? STATUS_LAUNCH : STATUS_USAGE;
}

int cli_failed(struct cli *cli)
{
    const struct failure *f = &cli->call.failure;
    return f->kind == ERR_USAGE ? cli_usage(cli, "%s", f->text) : cli_fail(cli, "%s", f->text);
}

enum err cli_print_json(struct cli *cli, const struct json *v)
{
    str text;
    TRY(json_text(&cli->call, v, &text));
    printf("%.*s\n", PSTR(text));
    return OK;
}
