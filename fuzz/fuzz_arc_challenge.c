// The challenge of the Arc agent: a name that is read is a plain one, so that it and the directory make a file of that directory.
#include "client/managed_identity/arc.h"
#include "fuzz.h"

FUZZ(arc_challenge)
{
    str name, text = fuzz_str(c, data, n), again;
    if (arc_challenge_read(c, text, ARC_DIRECTORY, &name) != OK) return 0;
    ASSERT(name.at[0] != '.' && str_ends(name, S(".key")) && name.n <= ARC_NAME_MAX_BYTES);
    for (size_t i = 0; i < name.n; i++) ASSERT(name.at[i] > 0x20 && name.at[i] < 0x7f && name.at[i] != '/' && name.at[i] != '"');
    str whole = call_format(c, "Basic realm=%s/%.*s", ARC_DIRECTORY, PSTR(name));
    ASSERT(arc_challenge_read(c, whole, ARC_DIRECTORY, &again) == OK && str_eq(again, name));
    return 0;
}
