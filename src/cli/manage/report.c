#include "cli/manage/report.h"

#include <stdio.h>

enum err report_result(struct cli *cli, const char *kind, str name, const struct ensure_result *result)
{
    static const struct { const char *word; int color; } WORDS[] = {
        [ENSURE_UNCHANGED] = {"unchanged", 0}, [ENSURE_CREATED] = {"created", 32}, [ENSURE_CHANGED] = {"changed", 33}};
    if (cli->json) return cli_print_json(cli, result->now);
    if (cli->color && WORDS[result->what].color) printf("\033[%dm%-9s\033[0m", WORDS[result->what].color, WORDS[result->what].word);
    else printf("%-9s", WORDS[result->what].word);
    printf(" %s %.*s\n", kind, PSTR(name));
    return OK;
}

void table_init(struct table *t, struct cli *cli, const char *const *titles, size_t columns)
{
    *t = (struct table){.cli = cli, .titles = titles, .columns = columns};
}

enum err table_add(struct table *t, str cell)
{
    if (t->n == t->room) {
        str   *more;
        size_t room = t->room ? t->room * 2 : 64;
        TRY(NEW(&t->cli->call, &more, room));
        if (t->n) memcpy(more, t->cells, t->n * sizeof *more);
        t->cells = more;
        t->room = room;
    }
    return call_copy_str(&t->cli->call, cell, &t->cells[t->n++]);
}

void table_print(const struct table *t)
{
    size_t width[TABLE_MAX_COLUMNS] = {0};
    for (size_t i = 0; i < t->columns; i++) width[i] = strlen(t->titles[i]);
    for (size_t i = 0; i < t->n; i++)
        if (t->cells[i].n > width[i % t->columns]) width[i % t->columns] = t->cells[i].n;
    for (size_t i = 0; i < t->columns; i++) {
        bool last = i + 1 == t->columns;
        printf("%s%-*s%s%s", t->cli->color ? "\033[1m" : "", last ? 0 : (int)width[i], t->titles[i], t->cli->color ? "\033[0m" : "",
               last ? "\n" : "  ");
    }
    for (size_t i = 0; i < t->n; i++) {
        bool last = i % t->columns + 1 == t->columns;
        printf("%-*.*s%s", last ? 0 : (int)width[i % t->columns], PSTR(t->cells[i]), last ? "\n" : "  ");
    }
}
