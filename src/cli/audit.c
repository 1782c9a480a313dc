#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"

struct printing {
    struct cli *cli;
    size_t      n;
    struct buf  json; // the findings, one after the other
    enum err    failed;
};

static void print_finding(const struct cli *cli, const struct json *x, bool is_first)
{
    const char *bold = cli->color ? "\033[1m" : "", *plain = cli->color ? "\033[0m" : "";
    printf("%s%s%.*s: %.*s%s\n", is_first ? "" : "\n", bold, PSTR(json_get_str(x, S("severity"))), PSTR(json_get_str(x, S("title"))), plain);
    printf("  %.*s\n", PSTR(json_get_str(x, S("subject"))));
    printf("  %.*s\n", PSTR(json_get_str(x, S("what"))));
    printf("  %.*s\n", PSTR(json_get_str(x, S("advice"))));
}

static bool see_finding(const struct json *x, void *ctx)
{
    struct printing *p = ctx;
    str              text;
    if (!p->cli->json) {
        print_finding(p->cli, x, p->n++ == 0);
        return true;
    }
    p->failed = json_text(&p->cli->call, x, &text);
    if (p->failed != OK) return false;
    if (p->n++) buf_add_char(&p->json, ',');
    buf_add(&p->json, text);
    return true;
}

static int run_audit(struct cli *cli)
{
    struct printing p = {.cli = cli};
    str             items;
    buf_init(&p.json, &cli->call.arena);
    if (admin_each(cli, S("/lanyard/audit"), see_finding, &p) != OK || p.failed != OK || buf_finish(&cli->call, &p.json, &items) != OK) {
        cli_failed(cli);
        return STATUS_USAGE; // 1 is an answer here
    }
    if (cli->json) printf("{\"value\":[%.*s]}\n", PSTR(items));
    else if (p.n == 0) printf("Nothing was found.\n");
    return p.n ? STATUS_REFUSED : STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard audit", "What deserves a look, and what to do about it"},
    {"lanyard audit --json | jq -r '.value[].subject'", "The ids of what was found"},
};

static const struct section_row SECTIONS[] = {
    {"What is looked for",
     "  condition-never-applies  warning  The condition of a role assignment asks for attributes that none\n"
     "                                    of the role's actions carry: @Resource[...queues:name] on a role\n"
     "                                    that reads blobs. Such a condition is accepted, as in the cloud,\n"
     "                                    and is never true.\n"
     "  orphaned-assignment      note     The principal of a role assignment is gone; see lanyard orphans."},
};

const struct command COMMAND_AUDIT = {
    .name = "audit",
    .summary = "Find what deserves a look",
    .about = "Looks through the whole state and prints each finding with what is wrong and what to do. A warning is for what does something else "
             "than it seems to do, a note for what is of no use any more. Nothing is changed.",
    .exit_status = "0 if nothing was found, 1 with findings, 2 if no answer could be given.",
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_audit,
};
