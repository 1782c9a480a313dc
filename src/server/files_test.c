#include "server/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static const char *path_in(struct test *t, const char *name)
{
    return call_zstr(t->call, call_format(t->call, "%s/%s", test_dir(t), name));
}

static void put(struct test *t, const char *name, size_t n, mode_t mode)
{
    static const char zeros[4096];
    int               fd = open(path_in(t, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t left = n; left > 0;) {
        ssize_t wrote = write(fd, zeros, left < sizeof zeros ? left : sizeof zeros);
        if (wrote <= 0) break;
        left -= (size_t)wrote;
    }
    CHECK(fd >= 0 && fchmod(fd, mode) == 0 && close(fd) == 0);
}

static bool mentions(const struct test *t, const char *word)
{
    return strstr(t->call->failure.text, word) && !strchr(t->call->failure.text, '\n');
}

TEST(files_read_secret_takes_a_file_that_only_its_owner_reads)
{
    static const struct { const char *name; mode_t mode; enum err want; const char *says; } CASES[] = {
        {"own", 0600, OK, ""},
        {"readonly", 0400, OK, ""},
        {"group", 0640, ERR_IO, "chmod 600"},
        {"others", 0604, ERR_IO, "chmod 600"},
        {"group-write", 0620, ERR_IO, "chmod 600"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(secret_clear) struct secret got = {0};
        put(t, CASES[i].name, 32, CASES[i].mode);
        enum err failed = files_read_secret(t->call, str_of(test_dir(t)), CASES[i].name, &got);
        CHECK_ROW(failed == OK || mentions(t, CASES[i].says), CASES[i].name);
        CHECK_ERR(failed, CASES[i].want, CASES[i].name);
        CHECK_INT(got.n, failed == OK ? 32 : 0, CASES[i].name);
        str text;
        CHECK_ERR(files_read(t->call, str_of(test_dir(t)), CASES[i].name, &text), OK, CASES[i].name); // no secret: anybody may read it
    }
}

TEST(files_read_refuses_what_the_server_did_not_write)
{
    str text;
    put(t, "most", FILES_MAX_BYTES, 0600);
    put(t, "more", FILES_MAX_BYTES + 1, 0600);
    put(t, "hidden", 1, 0);
    CHECK(symlink(path_in(t, "most"), path_in(t, "link")) == 0 && mkfifo(path_in(t, "pipe"), 0600) == 0 && mkdir(path_in(t, "directory"), 0700) == 0);
    static const struct { const char *name; enum err want; } CASES[] = {
        {"most", OK}, {"none", ERR_NOT_FOUND}, {"most/below", ERR_IO}, {"more", ERR_IO}, {"link", ERR_IO}, {"pipe", ERR_IO}, {"directory", ERR_IO},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        enum err failed = files_read(t->call, str_of(test_dir(t)), CASES[i].name, &text);
        CHECK_ROW(failed == OK || mentions(t, CASES[i].name), CASES[i].name);
        CHECK_ERR(failed, CASES[i].want, CASES[i].name);
    }
    if (geteuid() != 0) CHECK_ERR(files_read(t->call, str_of(test_dir(t)), "hidden", &text), ERR_IO, "not readable");
}

TEST(files_write_puts_a_file_in_place_of_the_old_one)
{
    struct stat st;
    str         text;
    put(t, "file.new", 9, 0600); // left by a start that was cut short
    CHECK_OK(files_write(t->call, str_of(test_dir(t)), "file", str_bytes(S("one")), 0600));
    CHECK_OK(files_write(t->call, str_of(test_dir(t)), "file", str_bytes(S("two!")), 0644));
    CHECK_OK(files_read(t->call, str_of(test_dir(t)), "file", &text));
    CHECK_STR(text, S("two!"), "the later one");
    CHECK(stat(path_in(t, "file"), &st) == 0 && (st.st_mode & 0777) == 0644);
    CHECK(access(path_in(t, "file.new"), F_OK) != 0);
    CHECK(mkdir(path_in(t, "taken"), 0700) == 0);
    CHECK_ERR(files_write(t->call, str_of(test_dir(t)), "taken", str_bytes(S("x")), 0600), ERR_IO, "a directory in its place");
    CHECK(access(path_in(t, "taken.new"), F_OK) != 0);
    CHECK_ERR(files_write(t->call, S("/proc/self"), "file", str_bytes(S("x")), 0600), ERR_IO, "nowhere to write");
}

TEST(files_make_directory_makes_those_above_it)
{
    struct stat st;
    str         deep = call_format(t->call, "%s/a/b//c/", test_dir(t));
    CHECK_OK(files_make_directory(t->call, deep));
    CHECK_OK(files_make_directory(t->call, deep));
    CHECK(stat(path_in(t, "a/b/c"), &st) == 0 && (st.st_mode & 0777) == 0700 && stat(path_in(t, "a"), &st) == 0 && (st.st_mode & 0777) == 0700);
    put(t, "file", 1, 0600);
    static const char *const CASES[] = {"file", "file/below"};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        enum err failed = files_make_directory(t->call, str_of(path_in(t, CASES[i])));
        CHECK_ROW(mentions(t, "--data"), CASES[i]);
        CHECK_ERR(failed, ERR_IO, CASES[i]);
    }
    CHECK_ERR(files_make_directory(t->call, S("")), ERR_IO, "no path");
}
