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
    static const char *const CASES[] = {"", "\n\n", "21 1 254:0 /\n", "21 1 254:0  / rw\n", "none of it\n", ROOT "22\n",
                                        ROOT "31 21 254:0 /x /y\\000z rw\n"};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct mount_alias *found;
        size_t              n;
        CHECK_ERR(mounts_showing(t->call, str_of(CASES[i]), S("/var/state"), &found, &n), ERR_CONTENT_INVALID, CASES[i]);
    }
}
