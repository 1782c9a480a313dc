#include "cli/help.h"
#include "cli/line.h"
#include "core/buf.h"

static bool is_word(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
}

// An underscore between two letters is none of Markdown's marks: AZURE_CLIENT_ID stays readable in the file.
static bool is_mark(str text, size_t i)
{
    if (text.at[i] != '_') return text.at[i] && strchr("\\*<>[]|~", text.at[i]);
    return i == 0 || i + 1 == text.n || !is_word(text.at[i - 1]) || !is_word(text.at[i + 1]);
}

// Prose with code in backquotes. What stands in them stays, except for the bar, which would end a table's cell.
static void add_prose(struct buf *b, str text)
{
    bool is_code = false;
    if (text.n && strchr("-+#", *text.at)) buf_add_char(b, '\\'); // at the start of a line these make a list or a heading
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] == '`') is_code = !is_code;
        if (is_code ? text.at[i] == '|' : is_mark(text, i)) buf_add_char(b, '\\');
        buf_add_char(b, text.at[i]);
    }
}

static void heading(struct buf *b, const char *title)
{
    buf_addf(b, "\n## %s\n\n", title);
}

// Lines that begin with a blank become a block of code, which needs an empty line before and behind it.
static void paragraphs(struct buf *b, const char *text)
{
    bool was_code = false, was_empty = true;
    for (str rest = str_of(text), line; text && str_cut(&rest, '\n', &line);) {
        bool is_code = str_starts(line, S(" "));
        if (is_code != was_code && !was_empty && !str_empty(line)) buf_add_char(b, '\n');
        if (is_code) buf_addf(b, "  %.*s\n", PSTR(line)); // two blanks stand in front of it already
        else {
            add_prose(b, line);
            buf_add_char(b, '\n');
        }
        was_code = is_code;
        was_empty = str_empty(line);
    }
}

static void table(struct buf *b, const char *title)
{
    heading(b, title);
    buf_add(b, S("| | |\n|---|---|\n"));
}

static void add_meaning(struct buf *b, const char *help)
{
    buf_add(b, S(" | "));
    add_prose(b, str_of(help));
    buf_add(b, S(" |\n"));
}

static void options(struct buf *b, const char *title, const struct option_row *rows, size_t n)
{
    if (n) table(b, title);
    for (size_t i = 0; i < n; i++) {
        buf_add(b, S("| `"));
        if (rows[i].letter) buf_addf(b, "-%c, ", rows[i].letter);
        buf_addf(b, "--%s%s%s`", rows[i].name, rows[i].value ? " " : "", rows[i].value ? rows[i].value : "");
        add_meaning(b, rows[i].help);
    }
}

static void operands(struct buf *b, const struct command *command)
{
    if (command->operand_n) table(b, "Operands");
    for (size_t i = 0; i < command->operand_n; i++) {
        buf_addf(b, "| `%s`", command->operands[i].name);
        add_meaning(b, command->operands[i].help);
    }
}

static void examples(struct buf *b, const struct command *command)
{
    if (command->example_n) heading(b, "Examples");
    for (size_t i = 0; i < command->example_n; i++) {
        if (i) buf_add_char(b, '\n');
        add_prose(b, str_of(command->examples[i].help));
        buf_addf(b, ":\n\n    %s\n", command->examples[i].line);
    }
}

static void usage(struct buf *b, const struct command *command)
{
    buf_addf(b, "\n    lanyard %s [OPTIONS]", command->name);
    for (size_t i = 0; i < command->operand_n; i++)
        buf_addf(b, operand_takes_rest(&command->operands[i]) ? " [--] %s" : " %s", command->operands[i].name);
    buf_add_char(b, '\n');
}

static void command_page(struct buf *b, const struct command *command)
{
    buf_addf(b, "# lanyard %s\n\n", command->name);
    add_prose(b, str_of(command->summary));
    buf_add(b, S(".\n"));
    usage(b, command);
    if (command->about) buf_add_char(b, '\n');
    paragraphs(b, command->about);
    operands(b, command);
    options(b, "Options", command->options, command->option_n);
    for (size_t i = 0; i < command->section_n; i++) {
        heading(b, command->sections[i].title);
        paragraphs(b, command->sections[i].text);
    }
    heading(b, "Exit status");
    paragraphs(b, help_exit_status(command));
    examples(b, command);
    buf_add(b, S("\n---\n[All commands](README.md), with the options and variables that each of them has.\n"));
}

static void program_page(struct buf *b)
{
    buf_add(b, S("# The commands\n\n    lanyard COMMAND [OPTIONS]\n\n| | |\n|---|---|\n"));
    for (size_t i = 0; i < COMMAND_N; i++) {
        if (COMMANDS[i]->hidden) continue;
        buf_addf(b, "| [`%s`](%s.md)", COMMANDS[i]->name, COMMANDS[i]->name);
        add_meaning(b, COMMANDS[i]->summary);
    }
    options(b, "Options of every command", GLOBAL_OPTIONS, GLOBAL_OPTION_N);
    table(b, "Environment");
    for (size_t i = 0; i < HELP_VARIABLE_N; i++) {
        buf_addf(b, "| `%s`", HELP_VARIABLES[i].name);
        add_meaning(b, HELP_VARIABLES[i].help);
    }
    heading(b, "Exit status");
    paragraphs(b, help_exit_status(NULL));
}

enum err help_markdown(struct call *c, const struct command *command, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("<!-- Printed by `lanyard man --markdown` from the rows in src/cli: change those, then run `make docs`. -->\n"));
    if (command) command_page(&b, command);
    else program_page(&b);
    return buf_finish(c, &b, out);
}
