/*
 * test.h - unit tests: a TEST is a function that registers itself.
 *
 *     TEST(scope_parse_tells_the_kinds_apart) { CHECK(...); CHECK_ERR(got, want, row); }
 *
 * A failed check prints its row and the test goes on; each test has a call of its
 * own (t->call) that is cleared after it. The program prints one line per test,
 * "ok NAME" or "not ok NAME - first failure", and takes parts of names as filter.
 */
#pragma once
#include <stdio.h>

#include "core/call.h"

struct test {
    struct call *call;
    const char  *dir; /* a fresh empty directory, removed after the test; NULL until test_dir */
    int          failures;
};

struct test_case {
    const char *name;
    const char *file;
    void (*run)(struct test *t);
    struct test_case *next;
};

void test_register(struct test_case *tc);
void test_failed(struct test *t, const char *file, int line, const char *format, ...) PRINTF_LIKE(4, 5);
/* A directory for this test's files, made at the first call. */
const char *test_dir(struct test *t);

#define TEST(name_)                                                                         \
    static void             test_##name_(struct test *t);                                   \
    static struct test_case case_##name_ = {.name = #name_, .file = __FILE__, .run = test_##name_}; \
    __attribute__((constructor)) static void register_##name_(void)                         \
    {                                                                                       \
        test_register(&case_##name_);                                                       \
    }                                                                                       \
    static void test_##name_(__attribute__((unused)) struct test *t)

#define CHECK(condition)                                                                    \
    do {                                                                                    \
        if (!(condition)) test_failed(t, __FILE__, __LINE__, "%s", #condition);             \
    } while (0)

/* The same for a row of a table: says which. */
#define CHECK_ROW(condition, row)                                                           \
    do {                                                                                    \
        if (!(condition)) test_failed(t, __FILE__, __LINE__, "%s: %s", (row), #condition);  \
    } while (0)

#define CHECK_ERR(got, want, row)                                                           \
    do {                                                                                    \
        enum err got_ = (got), want_ = (want);                                              \
        if (got_ != want_)                                                                  \
            test_failed(t, __FILE__, __LINE__, "%s: %s, not %s (%s)", (row), err_name(got_), err_name(want_), \
                        t->call->failure.text);                                             \
        call_forgive(t->call);                                                              \
    } while (0)

#define CHECK_OK(expression) CHECK_ERR((expression), OK, #expression)

#define CHECK_STR(got, want, row)                                                           \
    do {                                                                                    \
        str got_ = (got), want_ = (want);                                                   \
        if (!str_eq(got_, want_))                                                           \
            test_failed(t, __FILE__, __LINE__, "%s: \"%.*s\", not \"%.*s\"", (row), PSTR(got_), PSTR(want_)); \
    } while (0)

#define CHECK_INT(got, want, row)                                                           \
    do {                                                                                    \
        long long got_ = (long long)(got), want_ = (long long)(want);                       \
        if (got_ != want_) test_failed(t, __FILE__, __LINE__, "%s: %lld, not %lld", (row), got_, want_); \
    } while (0)

#define CHECK_AT_MOST(got, most, row)                                                       \
    do {                                                                                    \
        long long got_ = (long long)(got), most_ = (long long)(most);                       \
        if (got_ > most_) test_failed(t, __FILE__, __LINE__, "%s: %lld, more than %lld", (row), got_, most_); \
    } while (0)
