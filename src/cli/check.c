#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/who.h"

#define ACCESS_VERSION "2018-09-01-preview"

static const struct option_row OPTIONS[] = {
    ASK_PLANE_OPTION("the action's own"),
};

static const struct operand_row OPERANDS[] = {
    {"WHO", WHO_HELP},
    {"ACTION", ASK_ACTION_HELP},
    {"SCOPE", SCOPE_HELP},
};

static enum err write_question(struct cli *cli, str principal, str action, str scope, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &cli->call.arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_write_key(&w, S("Subject"));
    json_write_object(&w);
    json_write_key(&w, S("Attributes"));
    json_write_object(&w);
    json_put_string(&w, S("ObjectId"), principal);
    json_write_end(&w);
    json_write_end(&w);
    json_write_key(&w, S("Actions"));
    json_write_array(&w);
    json_write_object(&w);
    json_put_string(&w, S("Id"), action);
    TRY(ask_write_plane(cli, &w, "IsDataAction"));
    json_write_end(&w);
    json_write_end(&w);
    json_write_key(&w, S("Resource"));
    json_write_object(&w);
    json_put_string(&w, S("Id"), scope);
    json_write_end(&w);
    json_write_end(&w);
    return buf_finish(&cli->call, &b, out);
}

// The role's name says more than its id, a GUID alone or a path; without one the id will do.
static str role_name(struct cli *cli, str role_id)
{
    str name = STR_NONE;
    if (find_role_name(cli, role_id, &name) != OK) call_forgive(&cli->call);
    return str_empty(name) ? role_id : name;
}

static const char *painted(const struct cli *cli, bool good, const char *word)
{
    if (!cli->color) return word;
    return call_zstr((struct call *)&cli->call, call_format((struct call *)&cli->call, "\033[%dm%s\033[0m", good ? 32 : 31, word));
}

static void print_answer(struct cli *cli, const struct json *answer)
{
    const struct json *by = json_get(answer, S("roleAssignment"));
    str                decision = json_get_str(answer, S("accessDecision"));
    bool               is_data = json_get_bool(answer, S("isDataAction"), false);
    if (str_eq(decision, S("Allowed"))) {
        printf("%s: %.*s\n", painted(cli, true, "yes"), PSTR(role_name(cli, json_get_str(by, S("roleDefinitionId")))));
        printf("  at %.*s\n  by the assignment %.*s\n", PSTR(json_get_str(by, S("scope"))), PSTR(json_get_str(by, S("id"))));
    } else if (str_eq(decision, S("Denied"))) {
        str by_deny = json_get_str(json_get(answer, S("denyAssignment")), S("id"));
        printf("%s: the deny assignment %.*s forbids it\n", painted(cli, false, "no"), PSTR(by_deny));
    } else {
        printf("%s: no role assignment allows it as a %s action\n", painted(cli, false, "no"), is_data ? "data" : "control");
    }
}

static enum err ask(struct cli *cli, const struct json **out)
{
    struct call       *c = &cli->call;
    const struct json *reply;
    str                principal, question, scope, action = str_of(cli->operands[1]);
    TRY(find_scope(cli, str_of(cli->operands[2]), &scope));
    TRY(who_find(cli, str_of(cli->operands[0]), &principal));
    TRY(write_question(cli, principal, action, scope, &question));
    TRY(ask_validate(cli, principal, action, scope));
    str path = call_format(c, "%.*s/providers/Microsoft.Authorization/checkAccess?api-version=" ACCESS_VERSION, PSTR(ask_path(scope)));
    TRY(admin_json(cli, "POST", path, question, &reply));
    *out = json_is(reply, JSON_IS_ARRAY) ? json_at(reply, 0) : reply;
    if (str_empty(json_get_str(*out, S("accessDecision")))) return FAIL(c, ERR_IO, "The server's answer has no accessDecision.");
    return OK;
}

static int run_check(struct cli *cli)
{
    const struct json *answer = NULL;
    str                text = STR_NONE;
    enum err           failed = ask(cli, &answer);
    if (failed == OK) failed = json_text(&cli->call, answer, &text);
    if (failed != OK) {
        cli_failed(cli);
        return STATUS_USAGE; // 1 is an answer here
    }
    if (cli->json) printf("%.*s\n", PSTR(text));
    else print_answer(cli, answer);
    return str_eq(json_get_str(answer, S("accessDecision")), S("Allowed")) ? STATUS_OK : STATUS_REFUSED;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard check web Microsoft.KeyVault/vaults/secrets/getSecret/action \"$VAULT\"", "May the machine web read this vault's secrets?"},
    {"lanyard check me Microsoft.Authorization/roleAssignments/write /", "May I assign roles everywhere?"},
};

const struct command COMMAND_CHECK = {
    .name = "check",
    .summary = "Ask whether a principal may do something somewhere",
    .about = "Says yes with the role assignment that allows it, or no. A principal, an action or a scope that does not exist is refused, with what "
             "comes near.",
    .exit_status = "0 for yes, 1 for no, 2 if no answer could be given.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_check,
};
