#include <stdio.h>

#include "cli/commands.h"
#include "cli/deploy/deployment.h"
#include "cli/find.h"
#include "cli/manage/ensure.h"

static const struct option_row OPTIONS[] = {
    {"group", 'g', VALUE_WORD, "GROUP", "The resource group, made if it is not there (default: the only one)", false},
    {"management-group", 0, VALUE_WORD, "ID", "Of a template for a management group: which one", false},
    DEPLOY_PARAMETERS_OPTION,
    {"what-if", 0, VALUE_NONE, NULL, "Change nothing; say what would change", false},
    {"mode", 0, VALUE_WORD, "MODE", "incremental (the default), or complete: what the group has and the template has not is deleted", false},
    {"name", 'n', VALUE_WORD, "NAME", "The deployment's name (default: the file's)", false},
    {"location", 0, VALUE_WORD, "LOCATION", "Of a group that is made, and of a deployment above groups (default " DEFAULT_LOCATION ")", false},
};

static const struct operand_row OPERANDS[] = {
    {"FILE", "The template: JSON, with comments or without; - for standard input. Bicep is compiled by `bicep build` first"},
};

static enum err read_mode(struct cli *cli, struct deployment *d)
{
    str mode = str_of(cli_value(cli, "mode", "incremental"));
    if (str_eq_nocase(mode, S("complete"))) d->mode = S("Complete");
    return str_eq_nocase(mode, S("incremental")) || d->mode.at[0] == 'C'
               ? OK
               : FAIL(&cli->call, ERR_USAGE, "--mode is incremental or complete, not \"%.*s\".", PSTR(mode));
}

/* ---- what would change ---- */

static const struct { str change; char mark; int color; } MARKS[] = {
    {S_INIT("Create"), '+', 32}, {S_INIT("Delete"), '-', 31}, {S_INIT("Modify"), '~', 33},      {S_INIT("NoChange"), '=', 0},
    {S_INIT("Ignore"), '*', 0},  {S_INIT("Deploy"), '!', 33}, {S_INIT("Unsupported"), 'x', 33},
};

static int print_changes(struct cli *cli, const struct json *answer)
{
    const struct json *changes = json_path(answer, "properties.changes");
    if (cli->json) return cli_print_json(cli, answer) == OK ? STATUS_OK : cli_failed(cli);
    if (!json_n(changes)) printf("Nothing is there, and nothing would be.\n");
    for (size_t i = 0; i < json_n(changes); i++) {
        const struct json *one = json_at(changes, i);
        str                change = json_get_str(one, S("changeType"));
        size_t             k = 0;
        while (k + 1 < COUNT(MARKS) && !str_eq(MARKS[k].change, change)) k++;
        bool is_colored = cli->color && MARKS[k].color;
        if (is_colored) printf("\033[%dm", MARKS[k].color);
        printf("%c %-11.*s%s", MARKS[k].mark, PSTR(change), is_colored ? "\033[0m" : "");
        printf(" %.*s\n", PSTR(deployment_words(&cli->call, json_get_str(one, S("resourceId")))));
        deployment_print_delta(cli, json_get(one, S("delta")), 0);
    }
    return STATUS_OK;
}

/* ---- the command ---- */

static int run_what_if(struct deployment *d)
{
    const struct json *answer;
    if (deployment_what_if(d, &answer) != OK) return cli_failed(d->cli);
    return answer ? print_changes(d->cli, answer) : STATUS_REFUSED;
}

static int run_deployment(struct deployment *d)
{
    const struct json *result;
    bool               done;
    if (deployment_run(d, &done, &result) != OK) return cli_failed(d->cli);
    if (result && d->cli->json && cli_print_json(d->cli, result) != OK) return cli_failed(d->cli);
    if (done && !d->cli->json) deployment_print_outputs(d->cli, json_path(result, "properties.outputs"));
    return done ? STATUS_OK : STATUS_REFUSED;
}

static int run_apply(struct cli *cli)
{
    struct deployment *d;
    enum err           failed = NEW(&cli->call, &d, 1);
    if (failed == OK) failed = deployment_read(cli, cli->operands[0], d);
    if (failed == OK) failed = read_mode(cli, d);
    if (failed == OK) d->makes_group = !cli_has(cli, "what-if");
    if (failed == OK) failed = deployment_place(d, STR_NONE);
    if (failed == OK && cli_has(cli, "name")) {
        d->name = str_of(cli_value(cli, "name", ""));
        failed = find_check_name(&cli->call, d->name);
    }
    if (failed != OK) return cli_failed(cli);
    return cli_has(cli, "what-if") ? run_what_if(d) : run_deployment(d);
}

static const struct section_row SECTIONS[] = {
    {"Parameters",
     "  --parameters name=web                        one value; JSON, but for parameters of type string\n"
     "  --parameters key=@id_ed25519.pub             a file's content\n"
     "  --parameters @shop.parameters.json           a file: {\"parameters\": {\"name\": {\"value\": \"web\"}}}\n"
     "  --parameters shop.parameters.json            the same; its name ends with .json\n"
     "\n"
     "The value of a secure parameter is better given by a file than on the command line, which other users see."},
    {"What is printed",
     "A line for each resource once it is done - created, changed, unchanged, deleted, failed; deployed where it was sent without a "
     "comparison - with the properties that changed, and the outputs at the end; with --json the "
     "deployment instead. The template is sent as it is written: an error names the file's line, and the line is shown. What --what-if prints: + what would be "
     "created, ~ changed, = unchanged, - deleted, * what is there and not in the template, ! what is sent without a comparison, "
     "x a nested deployment that cannot be evaluated before it runs (Unsupported)."},
    {"Complete mode",
     "--mode complete deletes what the group has and the template does not list. What a nested deployment lists for the same group counts as listed. What "
     "a lock protects is not deleted: the deployment then fails with DeploymentFailedCleanUp, and what it made before stays."},
};

static const struct example_row EXAMPLES[] = {
    {"lanyard apply shop.json -g shop -p @shop.parameters.json", "Deploy a template to the group shop"},
    {"lanyard apply shop.json -g shop --what-if", "See what it would change"},
    {"lanyard apply platform.json -p groupName=shop", "A template for the subscription"},
    {"bicep build shop.bicep && lanyard apply shop.json -g shop", "From Bicep"},
};

const struct command COMMAND_APPLY = {
    .name = "apply",
    .summary = "Deploy a template",
    .about = "Sends an ARM template, as people write it or Bicep makes it, as a deployment to the management API, and follows it to its end. The "
             "template's schema says where it goes: to a resource group, the subscription, a management group or the tenant.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_apply,
};
