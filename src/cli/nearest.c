#include "cli/command.h"

#define TYPED_MAX 32
#define FAR       3 /* so many slips, and it was something else */

const struct command *command_find(str name)
{
    for (size_t i = 0; i < COMMAND_N; i++)
        if (str_eq(str_of(COMMANDS[i]->name), name)) return COMMANDS[i];
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Letters to insert, drop, exchange or swap with their neighbour (optimal string alignment).
static size_t slips(str a, str b)
{
    size_t d[TYPED_MAX + 1][TYPED_MAX + 1];
    if (a.n > TYPED_MAX || b.n > TYPED_MAX) return FAR;
    for (size_t i = 0; i <= a.n; i++) d[i][0] = i;
    for (size_t j = 0; j <= b.n; j++) d[0][j] = j;
    for (size_t i = 1; i <= a.n; i++)
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.at[i - 1] == b.at[j - 1];
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + !same);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1]) d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.n][b.n];
}

const struct command *command_nearest(str typed)
{
    const struct command *nearest = NULL;
    size_t                fewest = least(FAR, typed.n); // a word all of whose letters are wrong is not near
    for (size_t i = 0; i < COMMAND_N; i++) {
        str    name = str_of(COMMANDS[i]->name);
        size_t n = typed.n > 1 && str_starts(name, typed) ? 1 : slips(typed, name);
        if (COMMANDS[i]->hidden || n >= fewest) continue;
        fewest = n;
        nearest = COMMANDS[i];
    }
    return nearest;
}
