#include "cli/help.h"
#include "cli/line.h"
#include "core/buf.h"

// Options of one command and of all, as one list of words.
static void add_option_words(struct buf *b, const struct option_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_addf(b, " --%s", rows[i].name);
        if (rows[i].letter) buf_addf(b, " -%c", rows[i].letter);
    }
}

// "run:--as|run:-a) return ;;": what completes an option's value.
static void add_value_cases(struct buf *b, const char *command, const struct option_row *rows, size_t n)
{
    static const char *const HOW[] = {[VALUE_WORD] = "return",
                                      [VALUE_FILE] = "COMPREPLY=($(compgen -f -- \"$word\")); return",
                                      [VALUE_DIR] = "COMPREPLY=($(compgen -d -- \"$word\")); return"};
    for (size_t i = 0; i < n; i++) {
        if (rows[i].kind == VALUE_NONE) continue;
        buf_addf(b, "    %s:--%s", command, rows[i].name);
        if (rows[i].letter) buf_addf(b, "|%s:-%c", command, rows[i].letter);
        buf_addf(b, ") %s ;;\n", HOW[rows[i].kind]);
    }
}

static bool launches_program(const struct command *command)
{
    return command->operand_n && operand_takes_rest(&command->operands[command->operand_n - 1]);
}

static void add_command_names(struct buf *b, const char *between)
{
    for (size_t i = 0, n = 0; i < COMMAND_N; i++)
        if (!COMMANDS[i]->hidden) buf_addf(b, "%s%s", n++ ? between : "", COMMANDS[i]->name);
}

static void add_bash_values(struct buf *b)
{
    for (size_t i = 0; i < COMMAND_N; i++)
        if (!COMMANDS[i]->hidden) add_value_cases(b, COMMANDS[i]->name, COMMANDS[i]->options, COMMANDS[i]->option_n);
    add_value_cases(b, "*", GLOBAL_OPTIONS, GLOBAL_OPTION_N);
}

// "run) words='--as -a ...' ;;"
static void add_bash_words(struct buf *b)
{
    for (size_t i = 0; i < COMMAND_N; i++) {
        if (COMMANDS[i]->hidden) continue;
        buf_addf(b, "    %s) ", COMMANDS[i]->name);
        if (launches_program(COMMANDS[i])) buf_add(b, S("[[ $word == -* ]] || COMPREPLY=($(compgen -c -- \"$word\")); "));
        buf_add(b, S("words=\"$words"));
        add_option_words(b, COMMANDS[i]->options, COMMANDS[i]->option_n);
        buf_add(b, S("\" ;;\n"));
    }
}

enum err help_bash(struct call *c, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("# bash completion for lanyard; printed by `lanyard completion bash`\n"
                  "_lanyard()\n{\n"
                  "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
                  "    local commands='"));
    add_command_names(&b, " ");
    buf_add(&b, S("' words='"));
    add_option_words(&b, GLOBAL_OPTIONS, GLOBAL_OPTION_N);
    buf_add(&b, S("'\n"
                  "    COMPREPLY=()\n"
                  "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "        case ${COMP_WORDS[i]} in "));
    add_command_names(&b, "|");
    buf_add(&b, S(") command=${COMP_WORDS[i]}; break ;; esac\n"
                  "    done\n"
                  "    case $command:$before in\n"));
    add_bash_values(&b);
    buf_add(&b, S("    esac\n"
                  "    case $command in\n"
                  "    '') words=\"$commands $words\" ;;\n"));
    add_bash_words(&b);
    buf_add(&b, S("    esac\n"
                  "    if [[ $command == help ]]; then words=\"$commands $words\"; fi\n"
                  "    if [[ -z $command || $command == help || $word == -* ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\")); fi\n"
                  "}\n"
                  "complete -o default -F _lanyard lanyard\n"));
    return buf_finish(c, &b, out);
}

// Text inside '…[…]' of an _arguments line.
static void add_zsh_text(struct buf *b, const char *text)
{
    for (str s = str_of(text); s.n; s = str_from(s, 1)) {
        if (*s.at == '\'') buf_add(b, S("'\\''"));
        else if (*s.at == '[' || *s.at == ']' || *s.at == ':') buf_addf(b, "\\%c", *s.at);
        else buf_add_char(b, *s.at);
    }
}

static void add_zsh_options(struct buf *b, const struct option_row *rows, size_t n)
{
    static const char *const HOW[] = {
        [VALUE_NONE] = "", [VALUE_WORD] = ":value: ", [VALUE_FILE] = ":file:_files", [VALUE_DIR] = ":directory:_files -/"};
    for (size_t i = 0; i < n; i++) {
        buf_addf(b, " \\\n            '%s--%s[", rows[i].repeats ? "*" : "", rows[i].name);
        add_zsh_text(b, rows[i].help);
        buf_addf(b, "]%s'", HOW[rows[i].kind]);
    }
}

enum err help_zsh(struct call *c, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("#compdef lanyard\n"
                  "# zsh completion for lanyard; printed by `lanyard completion zsh`\n"
                  "_lanyard()\n{\n"
                  "    local -a commands=(\n"));
    for (size_t i = 0; i < COMMAND_N; i++) {
        if (COMMANDS[i]->hidden) continue;
        buf_addf(&b, "        '%s:", COMMANDS[i]->name);
        add_zsh_text(&b, COMMANDS[i]->summary);
        buf_add(&b, S("'\n"));
    }
    buf_add(&b, S("    )\n"
                  "    local context state state_descr line\n"
                  "    typeset -A opt_args\n"
                  "    _arguments -C"));
    add_zsh_options(&b, GLOBAL_OPTIONS, GLOBAL_OPTION_N);
    buf_add(&b, S(" '1: :->command' '*:: :->rest' && return\n"
                  "    if [[ $state == command ]]; then _describe command commands; return; fi\n"
                  "    case $words[1] in\n"));
    for (size_t i = 0; i < COMMAND_N; i++) {
        if (COMMANDS[i]->hidden) continue;
        buf_addf(&b, "    %s) _arguments%s", COMMANDS[i]->name, launches_program(COMMANDS[i]) ? " -S" : "");
        add_zsh_options(&b, COMMANDS[i]->options, COMMANDS[i]->option_n);
        add_zsh_options(&b, GLOBAL_OPTIONS, GLOBAL_OPTION_N);
        buf_add(&b, launches_program(COMMANDS[i]) ? S(" '*::command:_normal'") : S(" '*:file:_files'"));
        buf_add(&b, S(" ;;\n"));
    }
    buf_add(&b, S("    esac\n"
                  "}\n"
                  "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _lanyard \"$@\"; else compdef _lanyard lanyard; fi\n"));
    return buf_finish(c, &b, out);
}
