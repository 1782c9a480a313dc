/*
 * report.h - what a command that makes or changes things says of each.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/manage/ensure.h"

/* "created vm web" on a terminal or in a pipe; with --json the thing itself, one a line. */
FALLIBLE report_result(struct cli *cli, const char *kind, str name, const struct ensure_result *result);

/* Names of ids that rows repeat. */
struct names_seen {
    str    ids[64], names[64];
    size_t n;
};

/* A list as a table whose columns are as wide as their widest cell; cells of one row are added from left to right. */
struct table {
    struct cli        *cli;
    size_t             columns;
    const char *const *titles;
    str               *cells; /* row after row */
    size_t             n, room;
    struct names_seen *names; /* for rows that need them; may be NULL */
};
#define TABLE_MAX_COLUMNS 7

void     table_init(struct table *t, struct cli *cli, const char *const *titles, size_t columns);
FALLIBLE table_add(struct table *t, str cell);
void     table_print(const struct table *t);
