/*
 * command.h - what a command is: a row of words and options, and a function.
 *
 * Help, man pages and shell completion are all printed from these rows.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"

/* How the program ends. `run` and `shell` pass on their command's status and keep 125 to 127 for themselves. */
#define STATUS_OK      0
#define STATUS_REFUSED 1 /* it failed, or the answer is no */
#define STATUS_USAGE   2
#define STATUS_LAUNCH  125

enum value_kind { VALUE_NONE, VALUE_WORD, VALUE_FILE, VALUE_DIR };

struct option_row {
    const char     *name;   /* "--name" without the dashes */
    char            letter; /* 0: none */
    enum value_kind kind;   /* VALUE_NONE: a switch */
    const char     *value;  /* what the help calls its value: "PORT" */
    const char     *help;   /* one sentence without its full stop */
    bool            repeats;
};

struct operand_row {
    const char *name; /* "SCOPE"; "[BODY]" may be left out; "CMD..." is the rest of the line, options and all */
    const char *help;
};

struct example_row {
    const char *line;
    const char *help;
};

struct section_row {
    const char *title; /* "What is hidden" */
    const char *text;  /* as command.about */
};

struct cli;
struct json;

struct command {
    const char               *name;
    const char               *summary; /* one line, after the name */
    const char               *about;   /* paragraphs, an empty line between them; lines that begin with a blank stay as they are */
    const struct option_row  *options;
    size_t                    option_n;
    const struct operand_row *operands;
    size_t                    operand_n;
    const char               *exit_status; /* NULL: the usual one, or for `launches` the program's */
    const struct section_row *sections;    /* more to read, after the options */
    size_t                    section_n;
    const struct example_row *examples;
    size_t                    example_n;
    bool                      hidden;
    bool                      has_no_json; /* what it prints has one form: --json is refused */
    bool                      launches;    /* its own failures end with STATUS_LAUNCH */
    int (*run)(struct cli *cli);
};

extern const struct command *const COMMANDS[];
extern const size_t                COMMAND_N;

/* The options that every command has. */
extern const struct option_row GLOBAL_OPTIONS[];
extern const size_t            GLOBAL_OPTION_N;

/* NULL if there is none of that name. */
const struct command *command_find(str name);
/* The visible command whose name is nearest to what was typed; NULL if none is near. */
const struct command *command_nearest(str typed);

/* A command line that has been read. */
struct option_value {
    const struct option_row *row;
    const char              *text; /* NULL for a switch */
};

struct cli {
    struct call           call;
    const struct command *command;
    struct option_value  *values;
    size_t                value_n;
    char                **operands; /* NULL behind the last */
    size_t                operand_n;
    const char           *data_dir;      /* absolute */
    unsigned              silence_max_s; /* --timeout */
    const struct json    *facts;         /* what the server said of itself: find_facts asks once; in the call */
    bool                  json;
    bool                  color; /* on standard output */
    bool                  error_color;
};

bool        cli_has(const struct cli *cli, const char *option);
const char *cli_value(const struct cli *cli, const char *option, const char *fallback); /* the last one given */
/* A number within limits. Errors: ERR_USAGE */
FALLIBLE cli_number(struct cli *cli, const char *option, int64_t least, int64_t most, int64_t fallback, int64_t *out);

/*
 * With --yes true. Else asks at the terminal; the question says what will happen. Without a terminal nobody can answer: ERR_USAGE with
 * `otherwise`, which names --yes.
 */
FALLIBLE cli_confirm(struct cli *cli, str question, str otherwise, bool *out);

/* Prints "lanyard: text" to stderr and answers the status to end with. */
int cli_fail(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same for a mistake in the command line: names the help. */
int cli_usage(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* The failure of the command's call. */
int cli_failed(struct cli *cli);
/* A value as JSON, on a line of its own: for --json. */
FALLIBLE cli_print_json(struct cli *cli, const struct json *v);
