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

struct orphans {
    struct cli *cli;
    bool        removes;
    size_t      n;
    struct buf  json; // the items, one after the other
    enum err    failed;
};

static bool see_orphan(const struct json *x, void *ctx)
{
    struct orphans *o = ctx;
    str             text = STR_NONE;
    if (o->removes) o->failed = remove_one(o->cli, json_get_str(x, S("id")));
    if (o->failed == OK && o->cli->json) o->failed = json_text(&o->cli->call, x, &text);
    if (o->failed != OK) return false;
    if (!o->cli->json) print_one(x, o->removes);
    if (o->n++) buf_add_char(&o->json, ',');
    buf_add(&o->json, text);
    return true;
}

static int run_orphans(struct cli *cli)
{
    struct orphans o = {.cli = cli, .removes = cli_has(cli, "remove")};
    str            items;
    buf_init(&o.json, &cli->call.arena);
    if (admin_each(cli, S("/lanyard/orphans"), see_orphan, &o) != OK || o.failed != OK || buf_finish(&cli->call, &o.json, &items) != OK)
        return cli_failed(cli);
    if (cli->json) printf("{\"value\":[%.*s]}\n", PSTR(items));
    else if (o.n == 0) printf("Every role assignment has a principal.\n");
    return STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard orphans", "List them"},
    {"lanyard orphans --remove", "Delete them"},
};

const struct command COMMAND_ORPHANS = {
    .name = "orphans",
    .summary = "List role assignments whose principal is gone, or delete them",
    .about =
        "Deleting a user, a group or an identity leaves its role assignments behind. They grant nothing, because an id is never used again, but they "
        "count towards the limits and make lists longer. An assignment that was made before its principal exists is listed too.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_orphans,
};
