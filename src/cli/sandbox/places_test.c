#include "cli/sandbox/places.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/sandbox/files.h"
#include "cli/sandbox/mounts.h"
#include "test.h"

#define ROOT "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

// A directory with: data/, work/deep/, home/, file, socket, link -> data.
static const char *make_machine(struct test *t)
{
    static const char *const DIRS[] = {"data", "data/below", "work", "work/deep", "home", "home/project"};
    char                    *real = realpath(test_dir(t), NULL);
    const char              *dir = call_zstr(t->call, str_of(real));
    struct sockaddr_un       at = {.sun_family = AF_UNIX};
    int                      s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    free(real);
    for (size_t i = 0; i < COUNT(DIRS); i++) CHECK(mkdir(call_format(t->call, "%s/%s", dir, DIRS[i]).at, 0755) == 0);
    CHECK_OK(file_replace(t->call, call_format(t->call, "%s/file", dir).at, S("x")));
    CHECK(symlink("data", call_format(t->call, "%s/link", dir).at) == 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", dir);
    CHECK(bind(s, (struct sockaddr *)&at, sizeof at) == 0);
    close(s);
    return dir;
}

static const char *in(struct test *t, const char *dir, const char *path)
{
    return *path == '/' ? path : call_format(t->call, "%s/%s", dir, path).at;
}

// Each row: the working directory, one place that is asked for, and a part of the refusal; NULL: none.
TEST(places_never_show_the_data_directory)
{
    static const struct { const char *here, *asked; enum view_kind kind; const char *refusal; } CASES[] = {
        {"work", NULL, VIEW_READ, NULL},
        {"work", "file", VIEW_READ, NULL},
        {"work", "home", VIEW_WRITE, NULL},
        {"work", "socket", VIEW_SOCKET, NULL},
        {"home/project", NULL, VIEW_READ, NULL},
        {"/usr/bin", NULL, VIEW_READ, NULL},
        {"data", NULL, VIEW_READ, "lie one in the other"},
        {"data/below", NULL, VIEW_READ, "lie one in the other"},
        {".", NULL, VIEW_READ, "lie one in the other"},
        {"work", "data", VIEW_READ, "would show the data directory"},
        {"work", "data/below", VIEW_WRITE, "would show the data directory"},
        {"work", "link", VIEW_READ, "would show the data directory"},
        {"work", "link/below/..", VIEW_READ, "would show the data directory"},
        {"work", ".", VIEW_WRITE, "would show the data directory"},
        {"work", "/", VIEW_READ, "would show the data directory"},
        {"home", NULL, VIEW_READ, "not shown whole"},
        {"/", NULL, VIEW_READ, "lie one in the other"},
        {"/run", NULL, VIEW_READ, "not shown whole"},
        {"/proc", NULL, VIEW_READ, "not shown whole"},
        {"/dev", NULL, VIEW_READ, "not shown whole"},
        {"/var/tmp", NULL, VIEW_READ, "not shown whole"},
        {"work", "/proc", VIEW_READ, "has its own"},
        {"work", "/proc/self", VIEW_READ, "has its own"},
        {"work", "/dev", VIEW_WRITE, "has its own"},
        {"work", "/dev/full", VIEW_WRITE, NULL},
        {"work", "/etc/passwd", VIEW_WRITE, "has its own"},
        {"work", "nothing", VIEW_READ, "No such file"},
        {"work", "file", VIEW_SOCKET, "no unix socket"},
        {"work", "socket", VIEW_WRITE, "--allow-socket"},
    };
    const char *dir = make_machine(t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct place *places;
        size_t              n = 0;
        struct view_place   asked = {.kind = CASES[i].kind};
        char               *here = realpath(in(t, dir, CASES[i].here), NULL);
        struct view_plan    plan = {.data_dir = in(t, dir, "data"), .here = here, .home = in(t, dir, "home"), .asked = &asked};
        const char         *row = call_format(t->call, "in %s, %s", CASES[i].here, CASES[i].asked ? CASES[i].asked : "nothing").at;
        if (CASES[i].asked) asked.path = in(t, dir, CASES[i].asked);
        plan.asked_n = CASES[i].asked != NULL;
        enum err got = places_of(t->call, &plan, S(ROOT), &places, &n);
        if (got != OK) CHECK_ROW(CASES[i].refusal && str_contains_nocase(str_of(t->call->failure.text), str_of(CASES[i].refusal)), row);
        CHECK_ERR(got, CASES[i].refusal ? ERR_PARAMETER_INVALID : OK, row);
        for (size_t k = 0; got == OK && k < n; k++) {
            CHECK_ROW(!path_is_within(str_of(plan.data_dir), str_of(places[k].path)) || places[k].kind == PLACE_OWN || places[k].kind == PLACE_HOME,
                      row);
            CHECK_ROW(k == 0 || str_cmp(str_of(places[k - 1].path), str_of(places[k].path)) <= 0, row);
        }
        free(here);
    }
}

// A bind mount shows the data directory, or a part of it, elsewhere.
TEST(places_know_the_data_directory_by_other_mounts)
{
    const char         *dir = make_machine(t);
    const struct place *places;
    size_t              n;
    struct view_plan    plan = {.data_dir = in(t, dir, "data"), .here = in(t, dir, "work")};
    str                 mounts = call_format(t->call, ROOT "31 21 254:0 %s/data %s/work/deep rw - ext4 /dev/vda rw\n", dir, dir);
    CHECK_OK(places_of(t->call, &plan, S(ROOT), &places, &n));
    CHECK_OK(places_of(t->call, &plan, mounts, &places, &n)); // a row that another mount covers: deep is another directory
    rmdir(in(t, dir, "work/deep"));
    CHECK(symlink("../data", in(t, dir, "work/deep")) == 0); // the same directory as the mount would show
    CHECK_ERR(places_of(t->call, &plan, mounts, &places, &n), ERR_PARAMETER_INVALID, "a view of it in the working directory");
}
