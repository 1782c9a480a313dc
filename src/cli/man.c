#include "cli/help.h"
#include "cli/line.h"
#include "core/buf.h"

// What troff would take for its own: a backslash, a dash that must stay one, a control character in front.
static void add(struct buf *b, str s)
{
    if (str_starts(s, S(".")) || str_starts(s, S("'"))) buf_add(b, S("\\&"));
    for (size_t i = 0; i < s.n; i++) {
        if (s.at[i] == '\\') buf_add(b, S("\\e"));
        else if (s.at[i] == '-') buf_add(b, S("\\-"));
        else buf_add_char(b, s.at[i]);
    }
}

static void line(struct buf *b, const char *before, str s, const char *after)
{
    buf_add(b, str_of(before));
    add(b, s);
    buf_add(b, str_of(after));
    buf_add_char(b, '\n');
}

static void add_upper(struct buf *b, const char *text)
{
    for (str s = str_of(text); s.n; s = str_from(s, 1)) buf_add_char(b, *s.at >= 'a' && *s.at <= 'z' ? (char)(*s.at - 32) : *s.at);
}

static void heading(struct buf *b, const char *title)
{
    buf_add(b, S(".SH "));
    add_upper(b, title);
    buf_add_char(b, '\n');
}

static void paragraphs(struct buf *b, const char *text)
{
    bool as_it_is = false;
    for (str rest = str_of(text), l; text && str_cut(&rest, '\n', &l);) {
        bool verbatim = str_starts(l, S(" "));
        if (verbatim != as_it_is) buf_add(b, verbatim ? S(".PP\n.nf\n") : S(".fi\n"));
        as_it_is = verbatim;
        if (str_empty(l)) buf_add(b, S(".PP\n"));
        else line(b, "", l, "");
    }
    if (as_it_is) buf_add(b, S(".fi\n"));
}

static void options(struct buf *b, const char *title, const struct option_row *rows, size_t n)
{
    if (n) heading(b, title);
    for (size_t i = 0; i < n; i++) {
        buf_add(b, S(".TP\n"));
        if (rows[i].letter) buf_addf(b, "\\fB\\-%c\\fR, ", rows[i].letter);
        line(b, "\\fB\\-\\-", str_of(rows[i].name), "\\fR");
        if (rows[i].value) {
            b->n--; // on the same line
            line(b, " \\fI", str_of(rows[i].value), "\\fR");
        }
        line(b, "", str_of(rows[i].help), ".");
    }
}

static void operands(struct buf *b, const struct command *command)
{
    if (command->operand_n) heading(b, "Operands");
    for (size_t i = 0; i < command->operand_n; i++) {
        line(b, ".TP\n\\fI", str_of(command->operands[i].name), "\\fR");
        line(b, "", str_of(command->operands[i].help), ".");
    }
}

static void environment(struct buf *b)
{
    heading(b, "Environment");
    for (size_t i = 0; i < HELP_VARIABLE_N; i++) {
        line(b, ".TP\n\\fB", str_of(HELP_VARIABLES[i].name), "\\fR");
        line(b, "", str_of(HELP_VARIABLES[i].help), ".");
    }
}

static void program_page(struct buf *b)
{
    buf_add(b, S(".TH LANYARD 1 \"\" \"Lanyard " LANYARD_VERSION "\"\n"));
    heading(b, "Name");
    buf_add(b, S("lanyard \\- managed identities on any machine\n"));
    heading(b, "Synopsis");
    buf_add(b, S("\\fBlanyard\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"));
    heading(b, "Commands");
    for (size_t i = 0; i < COMMAND_N; i++) {
        if (COMMANDS[i]->hidden) continue;
        line(b, ".TP\n\\fBlanyard-", str_of(COMMANDS[i]->name), "\\fR(1)");
        line(b, "", str_of(COMMANDS[i]->summary), ".");
    }
}

static void command_page(struct buf *b, const struct command *command)
{
    buf_add(b, S(".TH LANYARD\\-"));
    add_upper(b, command->name);
    buf_add(b, S(" 1 \"\" \"Lanyard " LANYARD_VERSION "\"\n"));
    heading(b, "Name");
    buf_addf(b, "lanyard\\-%s \\- ", command->name);
    line(b, "", str_of(command->summary), "");
    heading(b, "Synopsis");
    buf_addf(b, "\\fBlanyard %s\\fR [\\fIOPTIONS\\fR]", command->name);
    for (size_t i = 0; i < command->operand_n; i++) buf_addf(b, " \\fI%s\\fR", command->operands[i].name);
    buf_add_char(b, '\n');
    if (command->about) heading(b, "Description");
    paragraphs(b, command->about);
    operands(b, command);
    options(b, "Options", command->options, command->option_n);
}

static void examples(struct buf *b, const struct command *command)
{
    if (command->example_n) heading(b, "Examples");
    for (size_t i = 0; i < command->example_n; i++) {
        line(b, ".TP\n\\fB", str_of(command->examples[i].line), "\\fR");
        line(b, "", str_of(command->examples[i].help), ".");
    }
}

enum err help_man(struct call *c, const struct command *command, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    if (command) command_page(&b, command);
    else program_page(&b);
    options(&b, "Options of every command", GLOBAL_OPTIONS, GLOBAL_OPTION_N);
    for (size_t i = 0; command && i < command->section_n; i++) {
        heading(&b, command->sections[i].title);
        paragraphs(&b, command->sections[i].text);
    }
    heading(&b, "Exit status");
    line(&b, "", str_of(help_exit_status(command)), "");
    environment(&b);
    if (command) examples(&b, command);
    if (command) {
        heading(&b, "See also");
        buf_add(&b, S("\\fBlanyard\\fR(1)\n"));
    }
    return buf_finish(c, &b, out);
}
