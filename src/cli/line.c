#include "cli/line.h"

#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"

bool operand_is_optional(const struct operand_row *o)
{
    return o->name[0] == '[';
}

bool operand_takes_rest(const struct operand_row *o)
{
    return str_ends(str_of(o->name), S("..."));
}

// The rows of one command together with the global ones, in the form that getopt wants.
struct options {
    const struct option_row *rows[LINE_MAX_OPTIONS];
    struct option            longs[LINE_MAX_OPTIONS + 1];
    char                     shorts[3 * LINE_MAX_OPTIONS + 3];
    size_t                   n;
};

static void add_rows(struct options *o, const struct option_row *rows, size_t n, char **shorts)
{
    for (size_t i = 0; i < n && o->n < LINE_MAX_OPTIONS; i++) {
        bool has_value = rows[i].kind != VALUE_NONE;
        o->rows[o->n] = &rows[i];
        o->longs[o->n] = (struct option){.name = rows[i].name, .has_arg = has_value ? required_argument : no_argument};
        o->n++;
        if (!rows[i].letter) continue;
        *(*shorts)++ = rows[i].letter;
        if (has_value) *(*shorts)++ = ':';
    }
}

static void make_options(struct options *o, const struct command *command)
{
    char *shorts = o->shorts;
    bool  stop_at_operand = !command;
    for (size_t i = 0; command && i < command->operand_n; i++) stop_at_operand |= operand_takes_rest(&command->operands[i]);
    if (stop_at_operand) *shorts++ = '+'; // what follows belongs to somebody else
    *shorts++ = ':';                      // say nothing; a missing value is told from an unknown option
    if (command) add_rows(o, command->options, command->option_n, &shorts);
    add_rows(o, GLOBAL_OPTIONS, GLOBAL_OPTION_N, &shorts);
}

static const struct option_row *row_of_letter(const struct options *o, int letter)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->rows[i]->letter == letter) return o->rows[i];
    return NULL;
}

static enum err add_value(struct cli *cli, const struct option_row *row, const char *text)
{
    if (!cli->values) TRY(NEW(&cli->call, &cli->values, LINE_MAX_OPTIONS));
    if (cli->value_n == LINE_MAX_OPTIONS) return FAIL(&cli->call, ERR_USAGE, "More than %d options.", LINE_MAX_OPTIONS);
    cli->values[cli->value_n++] = (struct option_value){row, text};
    return OK;
}

// Options from args[1] on; *out_next is where the operands begin.
static enum err read_options(struct cli *cli, int n, char **args, int *out_next)
{
    struct options o = {.n = 0};
    int            got, index = -1;
    make_options(&o, cli->command);
    optind = 0; // getopt begins anew
    opterr = 0;
    while ((got = getopt_long(n, args, o.shorts, o.longs, &index)) != -1) {
        const char *typed = args[optind > 0 ? optind - 1 : 0];
        if (got == '?' && optopt) return FAIL(&cli->call, ERR_USAGE, "There is no option -%c.", optopt);
        if (got == '?') return FAIL(&cli->call, ERR_USAGE, "There is no option %s.", typed);
        if (got == ':') return FAIL(&cli->call, ERR_USAGE, "%s needs a value.", typed);
        const struct option_row *row = got ? row_of_letter(&o, got) : o.rows[index];
        if (!row) return FAIL_PLAIN(&cli->call, ERR_INTERNAL);
        TRY(add_value(cli, row, row->kind == VALUE_NONE ? NULL : optarg));
    }
    *out_next = optind;
    return OK;
}

static enum err check_operands(struct cli *cli)
{
    const struct command *command = cli->command;
    size_t                least = 0, most = command->operand_n;
    for (size_t i = 0; i < command->operand_n; i++) {
        if (!operand_is_optional(&command->operands[i])) least = i + 1;
        if (operand_takes_rest(&command->operands[i])) most = SIZE_MAX;
    }
    if (cli->operand_n < least) return FAIL(&cli->call, ERR_USAGE, "%s is missing.", command->operands[cli->operand_n].name);
    if (cli->operand_n > most) return FAIL(&cli->call, ERR_USAGE, "Unexpected argument \"%s\".", cli->operands[most]);
    return OK;
}

static enum err unknown_command(struct cli *cli, const char *typed)
{
    const struct command *near = command_nearest(str_of(typed));
    if (near) return FAIL(&cli->call, ERR_USAGE, "There is no command \"%s\"; did you mean `lanyard %s`?", typed, near->name);
    return FAIL(&cli->call, ERR_USAGE, "There is no command \"%s\".", typed);
}

enum err line_read(struct cli *cli, int n, char **args)
{
    int next;
    TRY(read_options(cli, n, args, &next));
    if (next >= n) return OK;
    const struct command *command = command_find(str_of(args[next]));
    if (!command) return unknown_command(cli, args[next]);
    cli->command = command;
    int first = next;
    TRY(read_options(cli, n - first, args + first, &next));
    cli->operands = args + first + next;
    cli->operand_n = (size_t)(n - first - next);
    return cli_has(cli, "help") ? OK : check_operands(cli);
}

static str home(void)
{
    const char *said = getenv("HOME");
    if (said && *said == '/') return str_of(said);
    const struct passwd *me = getpwuid(getuid());
    return me ? str_of(me->pw_dir) : STR_NONE;
}

static enum err default_data_dir(struct call *c, str *out)
{
    const char *said = getenv("LANYARD_DATA"), *xdg = getenv("XDG_DATA_HOME");
    if (said && *said) *out = str_of(said);
    else if (xdg && *xdg == '/') *out = call_format(c, "%s/lanyard", xdg); // the standard ignores a relative one
    else if (str_empty(home())) return FAIL(c, ERR_USAGE, "There is no home directory: say where the state lives with --data DIR.");
    else *out = call_format(c, "%.*s/.local/share/lanyard", PSTR(home()));
    return OK;
}

enum err line_data_dir(struct call *c, const char *option, const char **out)
{
    str dir = str_of(option);
    if (option && !*option) return FAIL(c, ERR_USAGE, "--data needs the name of a directory.");
    if (!option) TRY(default_data_dir(c, &dir));
    if (!str_starts(dir, S("/"))) {
        char *here = getcwd(NULL, 0);
        if (!here) return FAIL(c, ERR_IO, "The working directory does not exist any more: give --data an absolute path.");
        dir = call_format(c, "%s/%.*s", here, PSTR(dir));
        free(here);
    }
    while (dir.n > 1 && str_ends(dir, S("/"))) dir.n--;
    *out = call_zstr(c, dir);
    return *out ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}
