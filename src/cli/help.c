#include "cli/help.h"

#include <stdio.h>

#include "cli/line.h"
#include "core/buf.h"

#define WIDTH      80
#define COLUMN_MIN 16 /* where explanations begin, at least */
#define COLUMN_MAX 30 /* and at most */

const struct help_variable HELP_VARIABLES[] = {
    {"LANYARD_DATA", "The data directory, if --data is not given"},
    {"NO_COLOR", "If set, the output has no colours"},
};
const size_t HELP_VARIABLE_N = COUNT(HELP_VARIABLES);

const char *help_exit_status(const struct command *command)
{
    if (command && command->exit_status) return command->exit_status;
    if (command && command->launches)
        return "The program's own; 128 and the signal's number if a signal ended it. 127 if the program was not found, "
               "126 if it could not be run, 125 if Lanyard itself failed.";
    return "0 if it worked, 1 if it failed or the answer is no, 2 if the command line is wrong.";
}

struct page {
    struct buf *b;
    bool        color;
};

static void title(struct page *p, const char *text)
{
    buf_addf(p->b, p->color ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void blanks(struct buf *b, size_t n)
{
    buf_addf(b, "%*s", (int)n, "");
}

// One paragraph, its lines broken before `WIDTH`; the first begins at column `at`, the others at `indent`.
static void wrap(struct buf *b, str text, size_t at, size_t indent)
{
    for (str rest = text, word; str_cut(&rest, ' ', &word);) {
        if (at > indent && at + 1 + word.n > WIDTH) {
            buf_add_char(b, '\n');
            blanks(b, indent);
            at = indent;
        } else if (at > indent) {
            buf_add_char(b, ' ');
            at++;
        }
        buf_add(b, word);
        at += word.n;
    }
    buf_add_char(b, '\n');
}

// Paragraphs are lines of the text: an empty line stays, a line that begins with a blank is kept as it is.
static void paragraphs(struct buf *b, const char *text)
{
    for (str rest = str_of(text), line; text && str_cut(&rest, '\n', &line);) {
        if (!str_starts(line, S(" "))) wrap(b, line, 0, 0);
        else buf_addf(b, "%.*s\n", PSTR(line));
    }
}

// "  term   explanation", for rows of the same table.
static void entry(struct buf *b, str term, const char *help, size_t column)
{
    buf_addf(b, "  %.*s", PSTR(term));
    if (term.n + 4 > column) {
        buf_add_char(b, '\n');
        blanks(b, column);
    } else {
        blanks(b, column - term.n - 2);
    }
    wrap(b, str_of(help), column, column);
}

static str option_term(struct call *c, const struct option_row *o)
{
    str value = o->value ? call_format(c, " %s", o->value) : STR_NONE;
    return o->letter ? call_format(c, "-%c, --%s%.*s", o->letter, o->name, PSTR(value)) : call_format(c, "    --%s%.*s", o->name, PSTR(value));
}

static void options(struct call *c, struct page *p, const char *heading, const struct option_row *rows, size_t n)
{
    size_t column = COLUMN_MIN;
    if (n == 0) return;
    title(p, heading);
    for (size_t i = 0; i < n; i++) {
        size_t width = option_term(c, &rows[i]).n + 4;
        if (width <= COLUMN_MAX && width > column) column = width;
    }
    for (size_t i = 0; i < n; i++) entry(p->b, option_term(c, &rows[i]), rows[i].help, column);
}

static void usage(struct page *p, const struct command *command)
{
    buf_addf(p->b, "\n%sUsage:%s lanyard", p->color ? "\033[1m" : "", p->color ? "\033[0m" : "");
    buf_addf(p->b, command ? " %s" : " COMMAND", command ? command->name : "");
    buf_addf(p->b, " [OPTIONS]");
    for (size_t i = 0; command && i < command->operand_n; i++)
        buf_addf(p->b, operand_takes_rest(&command->operands[i]) ? " [--] %s" : " %s", command->operands[i].name);
    buf_add_char(p->b, '\n');
}

static void program_page(struct call *c, struct page *p)
{
    buf_addf(p->b, "lanyard - managed identities on any machine\n");
    usage(p, NULL);
    title(p, "Commands");
    for (size_t i = 0; i < COMMAND_N; i++)
        if (!COMMANDS[i]->hidden) entry(p->b, str_of(COMMANDS[i]->name), COMMANDS[i]->summary, COLUMN_MIN);
    options(c, p, "Options of every command", GLOBAL_OPTIONS, GLOBAL_OPTION_N);
    buf_addf(p->b, "\n`lanyard help COMMAND` shows the help of each.\n");
}

static void command_page(struct call *c, struct page *p, const struct command *command)
{
    buf_addf(p->b, "lanyard %s - %s\n", command->name, command->summary);
    usage(p, command);
    if (command->about) buf_add_char(p->b, '\n');
    paragraphs(p->b, command->about);
    if (command->operand_n) title(p, "Operands");
    for (size_t i = 0; i < command->operand_n; i++) entry(p->b, str_of(command->operands[i].name), command->operands[i].help, COLUMN_MIN);
    options(c, p, "Options", command->options, command->option_n);
    options(c, p, "Options of every command", GLOBAL_OPTIONS, GLOBAL_OPTION_N);
    for (size_t i = 0; i < command->section_n; i++) {
        title(p, command->sections[i].title);
        paragraphs(p->b, command->sections[i].text);
    }
    title(p, "Exit status");
    paragraphs(p->b, help_exit_status(command));
    if (command->example_n) title(p, "Examples");
    for (size_t i = 0; i < command->example_n; i++) buf_addf(p->b, "  %s\n      %s\n", command->examples[i].line, command->examples[i].help);
}

enum err help_text(struct call *c, const struct command *command, bool color, str *out)
{
    struct buf  b;
    struct page p = {.b = &b, .color = color};
    buf_init(&b, &c->arena);
    if (command) command_page(c, &p, command);
    else program_page(c, &p);
    return buf_finish(c, &b, out);
}

static int print(struct cli *cli, enum err failed, str text)
{
    if (failed != OK) return cli_failed(cli);
    fwrite(text.at, 1, text.n, stdout);
    return STATUS_OK;
}

// The command that the operand names; false after saying that there is none.
static bool named_command(struct cli *cli, const struct command **out)
{
    *out = cli->operand_n ? command_find(str_of(cli->operands[0])) : NULL;
    return cli->operand_n == 0 || *out;
}

static int unknown(struct cli *cli)
{
    const struct command *near = command_nearest(str_of(cli->operands[0]));
    if (near) return cli_usage(cli, "There is no command \"%s\"; did you mean \"%s\"?", cli->operands[0], near->name);
    return cli_usage(cli, "There is no command \"%s\".", cli->operands[0]);
}

static int run_help(struct cli *cli)
{
    const struct command *about;
    str                   text = STR_NONE;
    if (!named_command(cli, &about)) return unknown(cli);
    enum err failed = help_text(&cli->call, about, cli->color, &text);
    return print(cli, failed, text);
}

static int run_man(struct cli *cli)
{
    const struct command *about;
    str                   text = STR_NONE;
    if (!named_command(cli, &about)) return unknown(cli);
    enum err failed = (cli_has(cli, "markdown") ? help_markdown : help_man)(&cli->call, about, &text);
    return print(cli, failed, text);
}

static int run_completion(struct cli *cli)
{
    static const struct {
        const char *shell;
        enum err (*write)(struct call *c, str *out);
    } SHELLS[] = {{"bash", help_bash}, {"zsh", help_zsh}};
    for (size_t i = 0; i < COUNT(SHELLS); i++) {
        if (!str_eq(str_of(cli->operands[0]), str_of(SHELLS[i].shell))) continue;
        str      text = STR_NONE;
        enum err failed = SHELLS[i].write(&cli->call, &text);
        return print(cli, failed, text);
    }
    return cli_usage(cli, "The shells are bash and zsh, not \"%s\".", cli->operands[0]);
}

static const struct operand_row ABOUT[] = {{"[COMMAND]", "The command; without it, all commands are listed"}};
static const struct option_row  MAN_OPTIONS[] = {{"markdown", 0, VALUE_NONE, NULL, "Print it as Markdown, as in docs/commands", false}};
static const struct operand_row SHELL[] = {{"SHELL", "bash or zsh"}};

const struct command COMMAND_HELP = {
    .name = "help",
    .has_no_json = true,
    .summary = "Show the help of a command",
    .operands = ABOUT,
    .operand_n = COUNT(ABOUT),
    .run = run_help,
};

const struct command COMMAND_COMPLETION = {
    .name = "completion",
    .has_no_json = true,
    .summary = "Print the completion script for a shell",
    .about = "Put one of these into your shell's start-up file:\n"
             "\n"
             "  source <(lanyard completion bash)\n"
             "  source <(lanyard completion zsh)",
    .operands = SHELL,
    .operand_n = COUNT(SHELL),
    .run = run_completion,
};

const struct command COMMAND_MAN = {
    .name = "man",
    .has_no_json = true,
    .summary = "Print a man page",
    .options = MAN_OPTIONS,
    .option_n = COUNT(MAN_OPTIONS),
    .operands = ABOUT,
    .operand_n = COUNT(ABOUT),
    .hidden = true,
    .run = run_man,
};
