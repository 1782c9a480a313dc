#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/report.h"

static const struct operand_row OPERANDS[] = {
    {"IDENTITY", "system, or a user-assigned identity's name or ARM id"},
    {"RESOURCE", RESOURCE_HELP},
};

static int change(struct cli *cli, bool detach)
{
    struct call         *c = &cli->call;
    struct ensure_result result = {0};
    str                  identity = str_of(cli->operands[0]), id;
    if (find_resource(cli, str_of(cli->operands[1]), &id) != OK || ensure_identities(cli, id, &identity, 1, detach, &result) != OK)
        return cli_failed(cli);
    str words = call_format(c, "%s %s %s", cli->operands[0], detach ? "off" : "on", cli->operands[1]);
    return report_result(cli, "identity", words, &result) == OK ? STATUS_OK : cli_failed(cli);
}

static int run_attach(struct cli *cli)
{
    return change(cli, false);
}

static int run_detach(struct cli *cli)
{
    return change(cli, true);
}

static const struct example_row ATTACH_EXAMPLES[] = {
    {"lanyard attach billing web", "The machine web may act as the identity billing"},
    {"lanyard attach system web", "The machine web gets an identity of its own"},
};

static const struct example_row DETACH_EXAMPLES[] = {
    {"lanyard detach billing web", "The machine web may no longer act as billing"},
    {"lanyard detach system web", "The machine's own identity is deleted; attaching system again makes another"},
};

const struct command COMMAND_ATTACH = {
    .name = "attach",
    .summary = "Give a resource an identity",
    .about = "Identities that the resource has already stay.",
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = ATTACH_EXAMPLES,
    .example_n = COUNT(ATTACH_EXAMPLES),
    .run = run_attach,
};

const struct command COMMAND_DETACH = {
    .name = "detach",
    .summary = "Take an identity from a resource",
    .about = "A user-assigned identity continues to exist. A system-assigned identity is deleted: attaching system again makes another.",
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = DETACH_EXAMPLES,
    .example_n = COUNT(DETACH_EXAMPLES),
    .run = run_detach,
};
