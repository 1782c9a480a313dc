#include "test.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct test_case *cases; // filled by constructors, before main

void test_register(struct test_case *tc)
{
    tc->next = cases;
    cases = tc;
}

static char first_failure[1024];

void test_failed(struct test *t, const char *file, int line, const char *format, ...)
{
    char    text[800];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (t->failures++ == 0) snprintf(first_failure, sizeof first_failure, "%s:%d: %s", file, line, text);
    else printf("# %s:%d: %s\n", file, line, text);
}

const char *test_dir(struct test *t)
{
    static char path[64];
    if (!t->dir) {
        snprintf(path, sizeof path, "/tmp/lanyard-test-XXXXXX");
        t->dir = mkdtemp(path);
        if (!t->dir) abort();
    }
    return t->dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static bool wanted(const struct test_case *tc, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(tc->name, argv[i]) || strstr(tc->file, argv[i])) return true;
    return argc < 2;
}

static int by_file_and_name(const void *a, const void *b)
{
    const struct test_case *const *x = a, *const *y = b;
    int                            d = strcmp((*x)->file, (*y)->file);
    return d ? d : strcmp((*x)->name, (*y)->name);
}

static bool run_one(struct test_case *tc)
{
    struct call call;
    call_init(&call, NULL, NULL);
    struct test t = {.call = &call};
    tc->run(&t);
    if (t.dir) nftw(t.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    call_clear(&call);
    if (t.failures == 0) printf("ok %s\n", tc->name);
    else printf("not ok %s - %s\n", tc->name, first_failure);
    fflush(stdout);
    return t.failures == 0;
}

int main(int argc, char **argv)
{
    size_t n = 0, failed = 0;
    for (struct test_case *tc = cases; tc; tc = tc->next) n++;
    struct test_case **all = calloc(n + 1, sizeof *all);
    if (!all) abort();
    n = 0;
    for (struct test_case *tc = cases; tc; tc = tc->next)
        if (wanted(tc, argc, argv)) all[n++] = tc;
    qsort(all, n, sizeof *all, by_file_and_name);
    for (size_t i = 0; i < n; i++) failed += !run_one(all[i]);
    free(all);
    return n == 0 || failed ? 1 : 0;
}
