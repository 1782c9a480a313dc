// Whatever a control group is called: a unit is one segment behind slices alone, and a container is 64 digits of the text.
#include "endpoints/host/cgroup.h"
#include "fuzz.h"

static bool lies_in(str part, str text)
{
    return part.n == 0 || (part.at >= text.at && part.at + part.n <= text.at + text.n);
}

// Before the unit, back to the second colon of its line, stand slices only.
static bool is_outermost(str unit, str text)
{
    size_t start = (size_t)(unit.at - text.at), line = start;
    while (line > 0 && text.at[line - 1] != '\n') line--;
    str before = {text.at + line, start - line}, part;
    if (!str_cut(&before, ':', &part) || !str_cut(&before, ':', &part)) return false;
    before = str_from(before, 1);
    while (str_cut(&before, '/', &part))
        if (part.n && !str_ends(part, S(".slice")) && !str_eq(part, S("_"))) return false;
    return true;
}

FUZZ(cgroup)
{
    str           text = fuzz_str(c, data, n);
    struct cgroup g;
    if (cgroup_read(c, text, &g) != OK) return 0;
    ASSERT(n <= CGROUP_MAX_BYTES && lies_in(g.unit, text) && lies_in(g.container, text));
    ASSERT(g.container.n == 0 || g.container.n == 64);
    for (size_t i = 0; i < g.container.n; i++) ASSERT(char_hex(g.container.at[i]) >= 0);
    ASSERT(str_find(g.unit, '/') == STR_NOWHERE && str_find(g.unit, '\n') == STR_NOWHERE);
    if (g.unit.n) ASSERT(is_outermost(g.unit, text));
    return 0;
}
