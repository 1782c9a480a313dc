#include "cli/commands.h"

#include "cli/help.h"

// In the order in which one meets them.
const struct command *const COMMANDS[] = {
    &COMMAND_UP,     &COMMAND_DOWN,    &COMMAND_STATUS, &COMMAND_RUN,   &COMMAND_SHELL, &COMMAND_SEED,       &COMMAND_CREATE,
    &COMMAND_LIST,   &COMMAND_SHOW,    &COMMAND_DELETE, &COMMAND_ATTACH, &COMMAND_DETACH, &COMMAND_GRANT,    &COMMAND_REVOKE,
    &COMMAND_CHECK,  &COMMAND_WHY,     &COMMAND_ACCESS, &COMMAND_ORPHANS, &COMMAND_API,    &COMMAND_CLOCK, &COMMAND_HELP,  &COMMAND_COMPLETION, &COMMAND_MAN,
};
const size_t COMMAND_N = COUNT(COMMANDS);

const struct option_row GLOBAL_OPTIONS[] = {
    {"data", 0, VALUE_DIR, "DIR", "Where the state lives (LANYARD_DATA; else ~/.local/share/lanyard)", false},
    {"json", 0, VALUE_NONE, NULL, "Print JSON", false},
    {"timeout", 0, VALUE_WORD, "SECONDS", "How long a server may be silent before it is given up (default 30)", false},
    {"help", 'h', VALUE_NONE, NULL, "Show this help", false},
    {"version", 0, VALUE_NONE, NULL, "Print the version", false},
};
const size_t GLOBAL_OPTION_N = COUNT(GLOBAL_OPTIONS);
