#include "endpoints/host/process.h"

#include "test.h"

TEST(process_read_status_takes_the_kernels_own_lines) // T5
{
    static const struct { const char *text; enum err want; uid_t real, files; const char *name; } CASES[] = {
        {"Name:\tnode\nUmask:\t0022\nUid:\t1001\t1001\t1001\t1001\nGid:\t5\t5\t5\t5\n", OK, 1001, 1001, "node"},
        {"Name:\ta b\\nUid:\t0\nUid:\t1001\t0\t0\t1002\n", OK, 1001, 1002, "a b\\nUid:\t0"}, // a name that says it is root
        {"Name:\tx\nUid:\t4294967294\t1\t1\t1\n", OK, 4294967294u, 1, "x"},
        {"Uid:\t1\t1\t1\t1\n", OK, 1, 1, ""},
        {"Name:\tx\nUid:\t4294967295\t1\t1\t1\n", ERR_PEER_UNKNOWN, 0, 0, NULL}, // nobody
        {"Name:\tx\nUid:\t1\t1\t1\t1\nUid:\t0\t0\t0\t0\n", ERR_PEER_UNKNOWN, 0, 0, NULL},
        {"Name:\tx\nUid:\t1\t1\t1\n", ERR_PEER_UNKNOWN, 0, 0, NULL},
        {"Name:\tx\nUid:\t1\t1\t1\t1\t1\n", ERR_PEER_UNKNOWN, 0, 0, NULL},
        {"Name:\tx\nUid:\t1 1 1 1\n", ERR_PEER_UNKNOWN, 0, 0, NULL},
        {"Name:\tx\nUid:\t-1\t1\t1\t1\n", ERR_PEER_UNKNOWN, 0, 0, NULL},
        {"Name:\tUid:\t1\t1\t1\t1\n", ERR_PEER_UNKNOWN, 0, 0, NULL},
        {"", ERR_PEER_UNKNOWN, 0, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct process_facts f = {0};
        enum err             got = process_read_status(t->call, str_of(CASES[i].text), &f);
        CHECK_ERR(got, CASES[i].want, CASES[i].text);
        if (got != OK) continue;
        CHECK_ROW(f.ids[PROCESS_REAL] == CASES[i].real && f.ids[PROCESS_FILES] == CASES[i].files, CASES[i].text);
        CHECK_STR(f.name, str_of(CASES[i].name), CASES[i].text);
    }
}

TEST(process_facts_are_the_same_only_if_all_of_them_are) // T5
{
    struct process_facts a = {.name = S("a"), .ids = {1, 1, 1, 1}, .cgroups = S("0::/"), .exe = S("/bin/a")}, b = a;
    CHECK(process_facts_eq(&a, &b));
    b.name = S("b");
    CHECK(!process_facts_eq(&a, &b));
    for (size_t i = 0; i < PROCESS_IDS; i++) {
        b = a;
        b.ids[i] = 0;
        CHECK(!process_facts_eq(&a, &b));
    }
    b = a;
    b.cgroups = S("0::/web.service");
    CHECK(!process_facts_eq(&a, &b));
    b = a;
    b.exe = S("/bin/b");
    CHECK(!process_facts_eq(&a, &b));
    b = a;
    b.is_foreign = true;
    CHECK(!process_facts_eq(&a, &b));
}
