#include "cli/sandbox/mounts.h"
#include "test.h"

#define ROOT "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
#define HOME "30 21 254:1 / /home rw - ext4 /dev/vdb rw\n"

// Each row: the mounts, the directory, and where else it shows.
TEST(mounts_showing_finds_every_other_view)
{
    static const struct { const char *info, *dir, *places[3]; } CASES[] = {
        {ROOT, "/var/state", {NULL}},
        {ROOT HOME, "/home/me/state", {NULL}},
        {ROOT HOME "31 21 254:1 / /mnt/home rw - ext4 /dev/vdb rw\n", "/home/me/state", {"/mnt/home/me/state"}},
        {ROOT HOME "31 21 254:1 /me /srv rw - ext4 /dev/vdb rw\n", "/home/me/state", {"/srv/state"}},
        {ROOT HOME "31 21 254:1 /me/state /x rw - ext4 /dev/vdb rw\n", "/home/me/state", {"/x"}},
        {ROOT HOME "31 21 254:1 /me/state/keys /x rw - ext4 /dev/vdb rw\n", "/home/me/state", {"/x"}},
        {ROOT HOME "31 21 254:1 /me/state /a\\040b rw - ext4 /dev/vdb rw\n", "/home/me/state", {"/a b"}},
        {ROOT "31 21 254:0 /var /v rw - ext4 /dev/vda rw\n32 21 254:0 / /r rw - ext4 /dev/vda rw\n", "/var/state", {"/v/state", "/r/var/state"}},
        // not a view of it: a sibling, another device, a mount within it, one that only begins with the same letters
        {ROOT HOME "31 21 254:1 /you /x rw - ext4 /dev/vdb rw\n", "/home/me/state", {NULL}},
        {ROOT HOME "31 21 254:9 /me/state /x rw - ext4 /dev/vdc rw\n", "/home/me/state", {NULL}},
        {ROOT HOME "31 21 254:1 /me/state/a /home/me/state/b rw - ext4 /dev/vdb rw\n", "/home/me/state", {NULL}},
        {ROOT HOME "31 21 254:1 /me/state2 /x rw - ext4 /dev/vdb rw\n", "/home/me/state", {NULL}},
        {ROOT "31 21 254:0 /me /homely rw - ext4 /dev/vda rw\n", "/home/me/state", {NULL}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct mount_alias *found;
        size_t              n = 0, want = 0;
        CHECK_OK(mounts_showing(t->call, str_of(CASES[i].info), str_of(CASES[i].dir), &found, &n));
        while (want < COUNT(CASES[i].places) && CASES[i].places[want]) want++;
        CHECK_INT(n, want, CASES[i].info);
        for (size_t k = 0; k < n && k < want; k++) CHECK_STR(str_of(found[k].path), str_of(CASES[i].places[k]), CASES[i].info);
    }
}

TEST(mounts_showing_refuses_what_is_no_list)
{
    static const char *const CASES[] = {
        "", "\n\n", "21 1 254:0 /\n", "21 1 254:0  / rw\n", "none of it\n", ROOT "22\n", ROOT "31 21 254:0 /x /y\\000z rw\n"};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct mount_alias *found;
        size_t              n;
        CHECK_ERR(mounts_showing(t->call, str_of(CASES[i]), S("/var/state"), &found, &n), ERR_CONTENT_INVALID, CASES[i]);
    }
}

TEST(mounts_has_and_below_tell_what_is_mounted_where)
{
    const str info = S(ROOT HOME "22 21 0:4 / /proc rw - proc proc rw\n23 22 0:5 / /proc/sys/fs/binfmt_misc rw - autofs x rw\n");
    const str covered = call_format(t->call, "%.*s24 22 0:6 / /proc/kcore rw - tmpfs x rw\n", PSTR(info));
    bool      has = false;
    str       point;
    CHECK_OK(mounts_has(t->call, info, S("/"), &has));
    CHECK(has);
    CHECK_OK(mounts_has(t->call, S(HOME), S("/"), &has)); // as in a chroot
    CHECK(!has);
    CHECK_OK(mounts_below(t->call, info, S("/proc"), S("/proc/sys/fs/binfmt_misc"), &point));
    CHECK(point.at == NULL);
    CHECK_OK(mounts_below(t->call, covered, S("/proc"), S("/proc/sys/fs/binfmt_misc"), &point));
    CHECK_STR(point, S("/proc/kcore"), "what a container covers");
    CHECK_OK(mounts_below(t->call, covered, S("/process"), STR_NONE, &point));
    CHECK(point.at == NULL);
}
