// lock and unlock: management locks.
#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/kinds.h"

#define DEFAULT_NAME "lanyard"

static enum err lock_path(struct cli *cli, str *out_scope, str *out)
{
    struct call *c = &cli->call;
    TRY(find_scope(cli, str_of(cli->operands[0]), out_scope));
    *out = call_format(c, "%.*s/providers/Microsoft.Authorization/locks/%s?api-version=" LOCKS_VERSION, PSTR(*out_scope),
                       cli_value(cli, "name", DEFAULT_NAME));
    return OK;
}

static enum err lock_body(struct cli *cli, str *out)
{
    struct buf         b;
    struct json_writer j;
    const char        *notes = cli_value(cli, "notes", NULL);
    buf_init(&b, &cli->call.arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_write_key(&j, S("properties"));
    json_write_object(&j);
    json_put_string(&j, S("level"), cli_has(cli, "read-only") ? S("ReadOnly") : S("CanNotDelete"));
    if (notes) json_put_string(&j, S("notes"), str_of(notes));
    json_write_end(&j);
    json_write_end(&j);
    return buf_finish(&cli->call, &b, out);
}

static enum err lock(struct cli *cli)
{
    str                scope, path, body;
    const struct json *made;
    TRY(lock_path(cli, &scope, &path));
    TRY(lock_body(cli, &body));
    TRY(admin_json(cli, "PUT", path, body, &made));
    if (cli->json) return cli_print_json(cli, made);
    printf("%-9s %.*s: %s, nor what is in it\n", "locked", PSTR(scope),
           cli_has(cli, "read-only") ? "nobody changes or deletes it" : "nobody deletes it");
    return OK;
}

static int run_lock(struct cli *cli)
{
    return lock(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static enum err unlock(struct cli *cli)
{
    struct call       *c = &cli->call;
    str                scope, path;
    const struct json *gone;
    TRY(lock_path(cli, &scope, &path));
    TRY(admin_find(cli, path, &gone));
    if (!gone)
        return FAIL(c, ERR_NOT_FOUND, "%.*s has no lock of the name \"%s\". `lanyard list locks` lists them.", PSTR(scope),
                    cli_value(cli, "name", DEFAULT_NAME));
    TRY(admin_json(cli, "DELETE", path, STR_NONE, &gone));
    if (cli->json) printf("{\"deleted\":\"%.*s\"}\n", PSTR(str_upto(path, str_find(path, '?'))));
    else printf("%-9s %.*s\n", "unlocked", PSTR(scope));
    return OK;
}

static int run_unlock(struct cli *cli)
{
    return unlock(cli) == OK ? STATUS_OK : cli_failed(cli);
}

#define NAME_OPTION                                                                      \
    {                                                                                    \
        "name", 'n', VALUE_WORD, "NAME", "The lock's name (default: " DEFAULT_NAME ")", false \
    }
static const struct operand_row OPERANDS[] = {{"SCOPE", SCOPE_HELP}};
static const struct option_row  LOCK_OPTIONS[] = {
    {"read-only", 'r', VALUE_NONE, NULL, "Forbid changes too, and actions such as listing keys", false},
    NAME_OPTION,
    {"notes", 0, VALUE_WORD, "TEXT", "Why it is locked", false},
};
static const struct option_row  UNLOCK_OPTIONS[] = {NAME_OPTION};
static const struct example_row LOCK_EXAMPLES[] = {
    {"lanyard lock prod", "Nobody deletes the resource group prod, nor anything in it"},
    {"lanyard lock shop-vault --read-only --notes audit", "Nobody changes the vault; its data is not concerned"},
    {"lanyard list locks", "Which locks there are"},
};
static const struct example_row UNLOCK_EXAMPLES[] = {{"lanyard unlock prod", "Take that lock away"}};

const struct command COMMAND_LOCK = {
    .name = "lock",
    .summary = "Forbid that something is deleted or changed",
    .about = "A management lock at a subscription, a resource group or a resource: it holds for everybody, whatever their roles, for what is "
             "locked and all that is in it. It is asked by the management API; secrets, messages and other data are not concerned.",
    .options = LOCK_OPTIONS,
    .option_n = COUNT(LOCK_OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = LOCK_EXAMPLES,
    .example_n = COUNT(LOCK_EXAMPLES),
    .run = run_lock,
};

const struct command COMMAND_UNLOCK = {
    .name = "unlock",
    .summary = "Take a lock away",
    .options = UNLOCK_OPTIONS,
    .option_n = COUNT(UNLOCK_OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = UNLOCK_EXAMPLES,
    .example_n = COUNT(UNLOCK_EXAMPLES),
    .run = run_unlock,
};
