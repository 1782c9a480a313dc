#include "cli/commands.h"

#include "test.h"

static const struct { const struct command *row; const char *name; bool hidden; } LINES[] = {
#define COMMAND(row, name) {&COMMAND_##row, #name, false},
#define HIDDEN(row, name)  {&COMMAND_##row, #name, true},
#include "cli/commands.inc"
#undef COMMAND
#undef HIDDEN
};

// The build makes man pages by the names in the table, the program by those in the rows.
TEST(commands_rows_have_the_names_of_the_table)
{
    CHECK_INT(COMMAND_N, COUNT(LINES), "all are there");
    for (size_t i = 0; i < COUNT(LINES); i++) {
        CHECK_STR(str_of(LINES[i].row->name), str_of(LINES[i].name), LINES[i].name);
        CHECK_ROW(LINES[i].row->hidden == LINES[i].hidden && LINES[i].row->run && LINES[i].row->summary, LINES[i].name);
        CHECK_ROW(command_find(str_of(LINES[i].name)) == LINES[i].row, LINES[i].name);
    }
}
