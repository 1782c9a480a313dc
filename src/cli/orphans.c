#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"

#define ASSIGNMENTS_VERSION "2022-04-01"

static const struct option_row OPTIONS[] = {
    {"remove", 0, VALUE_NONE, NULL, "Delete them", false},
};

static enum err remove_one(struct cli *cli, str id)
{
    struct call           *c = &cli->call;
    struct admin_reply     reply;
    const struct json     *body;
    str                    code = STR_NONE, message = STR_NONE;
    struct lanyard_request ask = {.method = "DELETE", .path = call_zstr(c, call_format(c, "%.*s?api-version=" ASSIGNMENTS_VERSION, PSTR(id)))};
    TRY(admin_call(cli, &ask, &reply));
    if (reply.status < 400) return OK;
    if (json_parse(c, reply.body, &body) == OK) admin_error(body, &code, &message);
    call_forgive(c);
    return FAIL(c, ERR_CONFLICT, "%.*s could not be deleted: %.*s (%d %.*s)", PSTR(id), PSTR(message), reply.status, PSTR(code));
}

static void print_one(const struct json *x, bool is_removed)
{
    str role = json_get_str(x, S("roleName")), scope = json_get_str(x, S("scope")), who = json_get_str(x, S("principalId"));
    printf("%s%.*s at %.*s for %.*s\n  %.*s\n", is_removed ? "removed: " : "", PSTR(role), PSTR(scope), PSTR(who), PSTR(json_get_str(x, S("id"))));
}

static int run_orphans(struct cli *cli)
{
    const struct json *answer = NULL, *list;
    bool               removes = cli_has(cli, "remove");
    str                text = STR_NONE;
    if (admin_json(cli, "GET", S("/lanyard/orphans"), STR_NONE, &answer) != OK || json_text(&cli->call, answer, &text) != OK) return cli_failed(cli);
    list = json_get(answer, S("value"));
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json *x = json_at(list, i);
        if (removes && remove_one(cli, json_get_str(x, S("id"))) != OK) return cli_failed(cli);
        if (!cli->json) print_one(x, removes);
    }
    if (cli->json) printf("%.*s\n", PSTR(text));
    else if (json_n(list) == 0) printf("Every role assignment has a principal.\n");
    return STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard orphans", "List them"},
    {"lanyard orphans --remove", "Delete them"},
};

const struct command COMMAND_ORPHANS = {
    .name = "orphans",
    .summary = "List role assignments whose principal is gone, or delete them",
    .about = "Deleting a user, a group or an identity leaves its role assignments behind. They allow nobody anything, for no id is given twice, but they "
             "count towards the limits and hide what matters. An assignment that was made for a principal before the principal itself is among them too.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_orphans,
};
