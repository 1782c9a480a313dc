#include <stdio.h>

#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/grants.h"
#include "cli/manage/report.h"
#include "cli/who.h"

static const struct option_row GRANT_OPTIONS[] = {
    {"condition", 0, VALUE_WORD, "CONDITION", "An attribute condition (ABAC, version 2.0) under which alone the role counts", false},
};

static const struct operand_row OPERANDS[] = {
    {"WHO", WHO_HELP},
    {"ROLE", ROLE_HELP "; of an application, the value of one of its app roles"},
    {"SCOPE", SCOPE_HELP "; or an application by its App ID URI or client id"},
};

static enum err read_operands(struct cli *cli, struct grant *out)
{
    return grant_read(cli, str_of(cli->operands[0]), str_of(cli->operands[1]), str_of(cli->operands[2]), str_of(cli_value(cli, "condition", NULL)),
                      out);
}

static int run_grant(struct cli *cli)
{
    struct grant         grant;
    struct ensure_result result = {0};
    if (read_operands(cli, &grant) != OK || grant_ensure(cli, &grant, &result) != OK) return cli_failed(cli);
    return report_result(cli, "grant", grant.words, &result) == OK ? STATUS_OK : cli_failed(cli);
}

static int run_revoke(struct cli *cli)
{
    struct grant grant;
    size_t       n;
    if (read_operands(cli, &grant) != OK || grant_remove(cli, &grant, &n) != OK) return cli_failed(cli);
    if (cli->json) printf("{\"revoked\":%zu}\n", n);
    else printf("%-9s grant %.*s\n", n ? "revoked" : "unchanged", PSTR(grant.words));
    return STATUS_OK;
}

static const struct example_row GRANT_EXAMPLES[] = {
    {"lanyard grant web \"Key Vault Secrets User\" my-shop", "The machine web may read all secrets of the vault my-shop"},
    {"lanyard grant billing \"Key Vault Secrets User\" my-shop/secrets/payment-key", "The identity billing may read one secret"},
    {"lanyard grant me Reader subscription", "I may see everything in the subscription"},
    {"lanyard grant web Orders.Read api://orders", "Tokens of the machine web for the API orders have the app role Orders.Read"},
    {"lanyard grant web User.Read.All https://graph.microsoft.com", "The machine web may list the tenant's users"},
};

static const struct example_row REVOKE_EXAMPLES[] = {
    {"lanyard revoke web \"Key Vault Secrets User\" my-shop", "The machine web may read them no more"},
};

const struct command COMMAND_GRANT = {
    .name = "grant",
    .summary = "Give a principal a role at a scope",
    .about = "Makes a role assignment through the management API, or of an application's app role through Graph. If there is the same one already, "
             "nothing changes.",
    .options = GRANT_OPTIONS,
    .option_n = COUNT(GRANT_OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = GRANT_EXAMPLES,
    .example_n = COUNT(GRANT_EXAMPLES),
    .run = run_grant,
};

const struct command COMMAND_REVOKE = {
    .name = "revoke",
    .summary = "Take a role from a principal",
    .about = "Removes the role assignment at exactly that scope, or an app role. One that is made higher up, or for a group, remains and still "
             "counts: `lanyard access` "
             "shows what remains.",
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = REVOKE_EXAMPLES,
    .example_n = COUNT(REVOKE_EXAMPLES),
    .run = run_revoke,
};
