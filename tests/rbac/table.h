/*
 * table.h - reads and asks a table of decisions, in the words of tests/data/rbac/README.md.
 */
#pragma once
#include "test.h"

struct table_tally {
    size_t rows, refusals;
};

/* Each row that does not come out as it says is a failed check. */
struct table_tally table_run(struct test *t, const char *path);
