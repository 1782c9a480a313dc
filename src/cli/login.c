// login: the operator lets a program that shows a device code act as a user.
#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/who.h"

static const struct option_row OPTIONS[] = {
    {"user", 'u', VALUE_WORD, "USER", "Whom the program acts as (default: me, the operator)", false},
    {"decline", 0, VALUE_NONE, NULL, "Tell the program that nobody signs in", false},
    {"yes", 'y', VALUE_NONE, NULL, "Do not ask", false},
};

static const struct operand_row OPERANDS[] = {
    {"CODE", "What the program shows, as in \"enter the code BCDFGHJKL\""},
};

static str path_of(struct cli *cli)
{
    struct buf path;
    buf_init(&path, &cli->call.arena);
    buf_add(&path, S("/lanyard/device-codes/"));
    admin_escape(&path, str_of(cli->operands[0]));
    return path.failed ? STR_NONE : buf_view(&path);
}

static enum err find_user(struct cli *cli, str *out_id, str *out_name)
{
    struct call       *c = &cli->call;
    const struct json *user;
    TRY(who_find(cli, str_of(cli_value(cli, "user", "me")), out_id));
    TRY(admin_find(cli, call_format(c, "/v1.0/users/%.*s", PSTR(*out_id)), &user));
    *out_name = json_get_str(user, S("userPrincipalName"));
    if (!user && !cli_has(cli, "user"))
        return FAIL(c, ERR_USAGE, "Say whom the program acts as: --user USER. There is no user that stands for the operator here.");
    return user ? OK : FAIL(c, ERR_NOT_FOUND, "%s is not a user: only users sign in this way.", cli_value(cli, "user", "me"));
}

// What a program asks for, before anybody says yes. All of it is the program's own word, but for the tenant.
static void show_asker(struct cli *cli, const struct json *waiting, str user)
{
    str scopes = json_get_str(waiting, S("scopes"));
    if (cli->json) return;
    printf("program   %.*s (client id %.*s)\n", PSTR(json_get_str(waiting, S("program"))), PSTR(json_get_str(waiting, S("clientId"))));
    printf("tenant    %.*s\n", PSTR(json_get_str(waiting, S("tenant"))));
    printf("asks for  %.*s\n", PSTR(str_empty(scopes) ? S("no scope by name") : scopes));
    if (!cli_has(cli, "decline")) printf("acts as   %.*s%s\n", PSTR(user), cli_has(cli, "user") ? "" : ", the operator");
    fflush(stdout);
}

// Whoever sent somebody the code would be signed in: the question names the program and the user.
static enum err confirm(struct cli *cli, str program, str user, bool *out)
{
    str question = call_format(&cli->call, "Let %.*s act as %.*s? Say yes only if you started it yourself.", PSTR(program), PSTR(user));
    *out = true;
    if (cli_has(cli, "decline")) return OK;
    return cli_confirm(cli, question, S("This lets a program act as a user; without a terminal to ask at, say --yes."), out);
}

static enum err end(struct cli *cli, bool approve, str id, const struct json **out)
{
    str body = call_format(&cli->call, "{\"user\":\"%.*s\",\"approve\":%s}", PSTR(id), approve ? "true" : "false");
    return admin_json(cli, "POST", path_of(cli), body, out);
}

static enum err login(struct cli *cli)
{
    const struct json *waiting, *done;
    str                id, name;
    bool               agreed;
    TRY(admin_json(cli, "GET", path_of(cli), STR_NONE, &waiting));
    TRY(find_user(cli, &id, &name));
    str program = json_get_str(waiting, S("program"));
    show_asker(cli, waiting, name);
    TRY(confirm(cli, program, name, &agreed));
    if (!agreed) return FAIL(&cli->call, ERR_CONFLICT, "Nobody was signed in; the code stays good until it expires. --decline ends it.");
    TRY(end(cli, !cli_has(cli, "decline"), id, &done));
    if (cli->json) return cli_print_json(cli, done);
    if (cli_has(cli, "decline")) printf("%.*s is told that nobody signs in.\n", PSTR(program));
    else printf("%.*s acts as %.*s.\n", PSTR(program), PSTR(name));
    return OK;
}

static int run_login(struct cli *cli)
{
    return login(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard login BCDFGHJKL --user ada", "Let the az of `lanyard shell`, which shows that code, act as ada"},
    {"lanyard login BCDFGHJKL --decline", "Tell a program that nobody signs in"},
};

const struct command COMMAND_LOGIN = {
    .name = "login",
    .summary = "Sign a program in that shows a device code",
    .about =
        "A program without a browser - `az login` in `lanyard shell` - shows a code and waits. This command lets it act as a user, by the operator's "
        "word and without the user's password. It shows which program that is, what it asks for and whom it acts as, and asks first.\n"
        "\n"
        "Programs get tokens of that user until these expire, and new ones for 90 days. `lanyard identity revoke USER` ends that. Sign in as a "
        "user with roles of its own: the operator may do everything.\n"
        "\n"
        "The user can do the same with the password, on the page that the program names.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_login,
};
