#include "cli/verify/report.h"

#include <stdio.h>

#include "cli/manage/report.h"
#include "core/json.h"

static const struct { str word; int color; } RESULTS[] = {
#define X(word, text, color) [VERIFY_##word] = {S_INIT(text), color},
    VERIFY_RESULTS(X)
#undef X
};

void findings_init(struct findings *f)
{
    *f = (struct findings){0};
    f->end = &f->first;
}

enum err findings_add(struct cli *cli, struct findings *f, const struct finding *one)
{
    struct call    *c = &cli->call;
    struct finding *kept;
    TRY(NEW(c, &kept, 1));
    *kept = *one;
    str *const TEXTS[] = {&kept->source, &kept->identity, &kept->endpoint, &kept->target, &kept->role, &kept->asked, &kept->why};
    for (size_t i = 0; i < COUNT(TEXTS); i++) TRY(call_copy_str(c, *TEXTS[i], TEXTS[i]));
    kept->next = NULL;
    *f->end = kept;
    f->end = &kept->next;
    f->n[one->result]++;
    return OK;
}

static enum err print_json(struct cli *cli, const struct findings *f)
{
    struct buf         b;
    struct json_writer j;
    str                text;
    buf_init(&b, &cli->call.arena);
    json_begin(&j, &b);
    json_write_array(&j);
    for (const struct finding *x = f->first; x; x = x->next) {
        json_write_object(&j);
        json_put_string(&j, S("source"), x->source);
        json_put_string(&j, S("identity"), x->identity);
        json_put_string(&j, S("endpoint"), x->endpoint);
        json_put_string(&j, S("target"), x->target);
        json_put_string(&j, S("role"), x->role);
        json_put_string(&j, S("asked"), x->asked);
        json_put_string(&j, S("result"), RESULTS[x->result].word);
        json_put_int(&j, S("status"), x->status);
        json_put_string(&j, S("why"), x->why);
        json_write_end(&j);
    }
    json_write_end(&j);
    TRY(buf_finish(&cli->call, &b, &text));
    printf("%.*s\n", PSTR(text));
    return OK;
}

static enum err print_table(struct cli *cli, const struct findings *f)
{
    static const char *const TITLES[] = {"SOURCE", "IDENTITY", "TARGET", "ROLE", "ASKED", "RESULT", "WHY"};
    struct table             t;
    table_init(&t, cli, TITLES, COUNT(TITLES));
    for (const struct finding *x = f->first; x; x = x->next) {
        const str CELLS[] = {x->source, x->identity, x->target, x->role, x->asked, RESULTS[x->result].word, x->why};
        _Static_assert(COUNT(CELLS) == COUNT(TITLES), "a cell for each title");
        for (size_t i = 0; i < COUNT(CELLS); i++) TRY(table_add(&t, str_empty(CELLS[i]) ? S("-") : CELLS[i]));
    }
    table_print(&t);
    return OK;
}

enum err findings_print(struct cli *cli, const struct findings *f)
{
    if (cli->json) return print_json(cli, f);
    if (!f->first) { // each identity has a finding
        printf("nothing here carries an identity\n");
        return OK;
    }
    TRY(print_table(cli, f));
    printf("\n%zu ok, %zu failed, %zu unchecked, %zu without a role\n", f->n[VERIFY_OK], f->n[VERIFY_FAILED], f->n[VERIFY_UNCHECKED],
           f->n[VERIFY_NO_ROLE]);
    return OK;
}
