#include "template/characters.h"

size_t characters_offset(str s, size_t n)
{
    str      rest = s;
    uint32_t ch;
    while (n > 0 && rest.n > 0) {
        if (!str_take_character(&rest, &ch)) rest = str_from(rest, 1);
        n--;
    }
    return s.n - rest.n;
}

int64_t characters_find(str s, str part, bool nocase, bool last)
{
    size_t found = STR_NOWHERE;
    for (size_t i = 0; i + part.n <= s.n && (last || found == STR_NOWHERE); i++) {
        str here = {s.at + i, part.n};
        if (nocase ? str_eq_nocase(here, part) : str_eq(here, part)) found = i;
    }
    return found == STR_NOWHERE ? -1 : (int64_t)str_characters(str_upto(s, found));
}
