#include "cli/command.h"
#include "core/nearest.h"

#define FAR 3 /* so many slips, and it was something else */

const struct command *command_find(str name)
{
    for (size_t i = 0; i < COMMAND_N; i++)
        if (str_eq(str_of(COMMANDS[i]->name), name)) return COMMANDS[i];
    return NULL;
}

const struct command *command_nearest(str typed)
{
    const struct command *nearest = NULL;
    size_t                fewest = typed.n < FAR ? typed.n : FAR; // a word all of whose letters are wrong is not near
    for (size_t i = 0; i < COMMAND_N; i++) {
        str    name = str_of(COMMANDS[i]->name);
        size_t n = typed.n > 1 && str_starts(name, typed) ? 1 : nearest_slips(typed, name, FAR);
        if (COMMANDS[i]->hidden || n >= fewest) continue;
        fewest = n;
        nearest = COMMANDS[i];
    }
    return nearest;
}
