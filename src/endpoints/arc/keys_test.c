#include "endpoints/arc/keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static size_t count_files(const char *directory)
{
    size_t n = 0;
    DIR   *d = opendir(directory);
    for (struct dirent *entry; d && (entry = readdir(d));) n += entry->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

// What a workload does with the path of a key: it reads the file of that name.
static str read_key(struct test *t, int directory, str path)
{
    char        room[4096];
    const char *name = call_zstr(t->call, str_from(path, sizeof ARC_KEYS_DIRECTORY));
    int         fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ssize_t     n = fd >= 0 ? read(fd, room, sizeof room) : -1;
    str         copy = STR_NONE;
    if (fd >= 0) close(fd);
    if (n >= 0) CHECK_OK(call_copy_str(t->call, (str){room, (size_t)n}, &copy));
    return copy;
}

static struct arc_keys *begin(struct test *t, const char *path, int *out_directory)
{
    struct arc_keys *keys = NULL;
    *out_directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_OK(arc_keys_new(t->call, *out_directory, &keys));
    return keys;
}

// T5, T7: for its owner alone, in a file of the form that clients insist on; good once.
TEST(arc_keys_are_good_once)
{
    const char      *path = test_dir(t);
    int              directory;
    struct arc_keys *keys = begin(t, path, &directory);
    str              first, second;
    struct stat      st = {0};
    CHECK_OK(arc_keys_issue(t->call, keys, &first));
    CHECK_OK(arc_keys_issue(t->call, keys, &second));
    CHECK(str_starts(first, S(ARC_KEYS_DIRECTORY "/")) && str_ends(first, S(".key")) && !str_eq(first, second));
    str content = read_key(t, directory, first), other = read_key(t, directory, second);
    CHECK(content.n == 64 && !str_eq(content, other));
    CHECK(fstatat(directory, call_zstr(t->call, str_from(first, sizeof ARC_KEYS_DIRECTORY)), &st, 0) == 0 && (st.st_mode & 07777) == 0400);
    CHECK(!arc_keys_use(t->call, keys, S("")));
    CHECK(!arc_keys_use(t->call, keys, str_upto(content, 63)));
    CHECK(!arc_keys_use(t->call, keys, call_format(t->call, "%.*s\n", PSTR(content))));
    CHECK(arc_keys_use(t->call, keys, content));
    CHECK(!arc_keys_use(t->call, keys, content));
    CHECK(!read_key(t, directory, first).at && read_key(t, directory, second).at);
    CHECK(arc_keys_use(t->call, keys, other));
    CHECK_INT(count_files(path), 0, "files");
    arc_keys_free(keys);
    close(directory);
}

TEST(arc_keys_end_with_their_time_and_with_their_workload)
{
    const char      *path = test_dir(t);
    int              directory;
    struct arc_keys *keys = begin(t, path, &directory);
    str              first, second;
    CHECK_OK(arc_keys_issue(t->call, keys, &first));
    str content = read_key(t, directory, first);
    t->call->now_s += ARC_KEYS_LIFETIME_S;
    CHECK(!arc_keys_use(t->call, keys, content));
    CHECK_INT(count_files(path), 0, "an old key's file is removed");
    CHECK_OK(arc_keys_issue(t->call, keys, &second));
    CHECK_INT(count_files(path), 1, "the new one's is there");
    arc_keys_free(keys);
    CHECK_INT(count_files(path), 0, "all end with the workload");
    close(directory);
}

TEST(arc_keys_are_bounded_in_number)
{
    const char      *path = test_dir(t);
    int              directory;
    struct arc_keys *keys = begin(t, path, &directory);
    str              paths[ARC_KEYS_MAX + 2], contents[ARC_KEYS_MAX + 2];
    for (size_t i = 0; i < COUNT(paths); i++) {
        CHECK_OK(arc_keys_issue(t->call, keys, &paths[i]));
        contents[i] = read_key(t, directory, paths[i]);
    }
    CHECK_INT(count_files(path), ARC_KEYS_MAX, "files");
    CHECK(!arc_keys_use(t->call, keys, contents[0]) && !arc_keys_use(t->call, keys, contents[1]));
    for (size_t i = 2; i < COUNT(paths); i++) CHECK(arc_keys_use(t->call, keys, contents[i]));
    arc_keys_free(keys);
    close(directory);
}

// A link that stands in the way is not followed, and a directory that cannot be written is refused at once.
TEST(arc_keys_refuse_a_directory_that_is_not_theirs)
{
    struct arc_keys *keys = NULL;
    int              directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err         got = arc_keys_new(t->call, directory, &keys);
    str              path;
    CHECK(got == ERR_NOT_AUTHORIZED || (got == OK && arc_keys_issue(t->call, keys, &path) == ERR_IO)); // root's access says nothing
    call_forgive(t->call);
    arc_keys_free(keys);
    close(directory);
}
