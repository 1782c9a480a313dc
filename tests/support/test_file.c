#include "test_file.h"

const char *test_file(struct test *t, const char *name, str contents)
{
    const char *path = call_zstr(t->call, call_format(t->call, "%s/%s", test_dir(t), name));
    FILE       *f = fopen(path, "w");
    CHECK(f && fwrite(contents.at, 1, contents.n, f) == contents.n && fclose(f) == 0);
    return path;
}
