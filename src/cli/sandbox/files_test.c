#include "cli/sandbox/files.h"

#include <unistd.h>

#include "test.h"

static str content(struct test *t, const char *path)
{
    str text = STR_NONE;
    CHECK_OK(file_read(t->call, path, 64, &text));
    return text;
}

TEST(files_are_replaced_and_written_through_no_link)
{
    const char *dir = test_dir(t);
    const char *other = call_format(t->call, "%s/other", dir).at, *link = call_format(t->call, "%s/link", dir).at;
    CHECK_OK(file_replace(t->call, other, S("theirs")));
    CHECK(symlink(other, link) == 0);

    CHECK_ERR(file_write(t->call, link, S("ours")), ERR_IO, "a link is not written through");
    CHECK_STR(content(t, other), S("theirs"), "what it leads to");

    CHECK_OK(file_replace(t->call, link, S("ours")));
    CHECK_STR(content(t, link), S("ours"), "a file in the link's place");
    CHECK_STR(content(t, other), S("theirs"), "what the link led to");

    CHECK_OK(file_write(t->call, link, S("us")));
    CHECK_STR(content(t, link), S("us"), "written over");
    CHECK_OK(file_replace(t->call, link, S("again")));
    CHECK_STR(content(t, link), S("again"), "replaced");
}
