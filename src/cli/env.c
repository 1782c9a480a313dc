#include <stdio.h>

#include "cli/commands.h"
#include "cli/launch.h"
#include "cli/quoted.h"
#include "cli/sandbox/view.h"
#include "core/json.h"
#include "lanyard/admin.h"

static void print_lines(const struct lanyard_variable *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("export %s=", v[i].name);
        quoted_print(v[i].value);
        putchar('\n');
    }
}

static enum err print_json(struct call *c, const struct lanyard_variable *v, size_t n)
{
    struct buf         b;
    struct json_writer j;
    str                text;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    for (size_t i = 0; i < n; i++) json_put_string(&j, str_of(v[i].name), str_of(v[i].value));
    json_write_end(&j);
    TRY(buf_finish(c, &b, &text));
    printf("%.*s\n", PSTR(text));
    return OK;
}

static int run_env(struct cli *cli)
{
    struct lanyard_error           why;
    struct lanyard_workload       *w = NULL;
    const struct lanyard_variable *v;
    str                            inside;
    enum err                       failed = OK;
    enum lanyard_result            result = lanyard_workload_keep(cli->data_dir, cli->operands[0], cli_value(cli, "service-account", ""), &w, &why);
    if (result == LANYARD_NO_SERVER && view_is_inside(&cli->call, &inside)) return cli_fail(cli, "%s", VIEW_NO_ORDERS);
    if (result != LANYARD_OK) return cli_fail(cli, "%s", why.text);
    size_t n = lanyard_workload_environment(w, &v);
    for (size_t i = 0; i < n && failed == OK; i++)
        if (str_eq(str_of(v[i].name), S(TOKEN_FILE_VARIABLE))) failed = launch_await_token_file(&cli->call, v[i].value);
    if (failed != OK) {
        lanyard_workload_close(w);
        return cli_failed(cli);
    }
    if (cli->json) failed = print_json(&cli->call, v, n);
    else print_lines(v, n);
    lanyard_workload_close(w);
    return failed == OK ? STATUS_OK : cli_failed(cli);
}

static const struct operand_row OPERANDS[] = {{"RES", "The resource: its ARM id, or its name where only one has it; APP/SLOT is a slot"}};

static const struct option_row OPTIONS[] = {
    {"service-account", 's', VALUE_WORD, "NS/NAME", SERVICE_ACCOUNT_HELP, false},
};

static const struct example_row EXAMPLES[] = {
    {"eval \"$(lanyard env web)\"", "Let programs of this shell ask as the resource web"},
    {"lanyard env shop --json", "The same variables as an object"},
    {"eval \"$(lanyard env prod --service-account web/front)\"", "Let programs of this shell sign in as a service account of the cluster prod"},
};

const struct command COMMAND_ENV = {
    .name = "env",
    .summary = "Print the variables by which programs on this host find a resource's token endpoint",
    .about = "Has the server serve the token endpoint that the resource's platform has on a port of 127.0.0.1, and prints what that platform "
             "sets, for a shell to read. Asked again, it prints the same.\n"
             "\n"
             "Only the operator may ask. The endpoint serves every process of the user who asked, and no other user's; where the platform has a "
             "secret in a header, a request must show it too. It stays until the server stops. When the resource is deleted it gives no tokens "
             "any more, and one that is made later under its name has another endpoint. To confine one program to one resource, use `lanyard "
             "run`; to give identities to services of this machine by what they are, `lanyard bind`.\n"
             "\n"
             "A cluster has no token endpoint. There a file holds the token of the service account, and the server keeps it fresh: in the data "
             "directory, readable for the user of the server alone. Of Azure's names, AZURE_AUTHORITY_HOST on the host is the server's port on "
             "localhost, whose certificate the authority of `lanyard status` signs.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_env,
};
