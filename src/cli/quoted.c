#include "cli/quoted.h"

#include <stdio.h>

void quoted_print(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'') fputs("'\\''", stdout);
        else putchar(*text);
    }
    putchar('\'');
}
