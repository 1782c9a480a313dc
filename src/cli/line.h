/*
 * line.h - reads a command line by its rows.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/command.h"

#define LINE_MAX_OPTIONS 64

/*
 * Reads `lanyard [options] COMMAND [options] [operands]` into *cli: the command, its options and the
 * global ones (both may stand on either side), its operands. cli->command stays NULL where only
 * global options are given. `args` is reordered: options to the front.
 * Errors: ERR_USAGE - the call's failure says what is wrong
 */
FALLIBLE line_read(struct cli *cli, int n, char **args);

/*
 * The data directory: what --data says, else LANYARD_DATA, else lanyard/ in XDG_DATA_HOME or
 * in ~/.local/share. Made absolute; it need not exist.
 */
FALLIBLE line_data_dir(struct call *c, const char *option, const char **out);

/* "[BODY]" may be left out; "CMD..." takes the rest of the line. */
bool operand_is_optional(const struct operand_row *o);
bool operand_takes_rest(const struct operand_row *o);
