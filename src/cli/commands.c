#include "cli/commands.h"

#define COMMAND(row, name) &COMMAND_##row,
#define HIDDEN(row, name)  &COMMAND_##row,
const struct command *const COMMANDS[] = {
#include "cli/commands.inc"
};
#undef COMMAND
#undef HIDDEN
const size_t COMMAND_N = COUNT(COMMANDS);

const struct option_row GLOBAL_OPTIONS[] = {
    {"data", 0, VALUE_DIR, "DIR", "The data directory (default: LANYARD_DATA, else ~/.local/share/lanyard)", false},
    {"json", 0, VALUE_NONE, NULL, "Print JSON", false},
    {"timeout", 0, VALUE_WORD, "SECONDS", "How long to wait for an answer of the server (default 30)", false},
    {"help", 'h', VALUE_NONE, NULL, "Show this help", false},
    {"version", 0, VALUE_NONE, NULL, "Print the version", false},
};
const size_t GLOBAL_OPTION_N = COUNT(GLOBAL_OPTIONS);
