// Whatever the list of mounts says: no place that is named lies in the directory that is hidden anyway.
#include "cli/sandbox/mounts.h"
#include "fuzz.h"

static bool is_below(str path, str dir)
{
    str rest = str_from(path, dir.n);
    return str_starts(path, dir) && (rest.n == 0 || *rest.at == '/');
}

FUZZ(mounts)
{
    str                 info = fuzz_str(c, data, n), dir = S("/home/me/state");
    struct mount_alias *found;
    size_t              found_n, lines = 1;
    if (mounts_showing(c, info, dir, &found, &found_n) != OK) return 0;
    for (size_t i = 0; i < n; i++) lines += data[i] == '\n';
    ASSERT(found_n <= lines);
    for (size_t i = 0; i < found_n; i++) ASSERT(!is_below(str_of(found[i].path), dir));
    return 0;
}
