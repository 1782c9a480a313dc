// bind, unbind, bindings: which programs of this machine get which resource's tokens.
#include <pwd.h>
#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/report.h"

#define CALLER_HELP                                                                                                            \
    "What the program is known by: user:NAME or uid:NUMBER, unit:NAME.service, container:ID (12 digits or more), or exe:/PATH"

// The server keeps numbers: a name is looked up here, where this machine's users are known, and now.
static enum err caller_of(struct cli *cli, const char *said, str *out)
{
    struct call         *c = &cli->call;
    const struct passwd *user;
    *out = str_of(said);
    if (!str_starts(*out, S("user:"))) return OK;
    user = getpwnam(said + S("user:").n);
    if (!user) return FAIL(c, ERR_NOT_FOUND, "This machine has no user \"%s\".", said + S("user:").n);
    *out = call_format(c, "uid:%u", (unsigned)user->pw_uid);
    return str_empty(*out) ? FAIL_PLAIN(c, ERR_NO_MEMORY) : OK;
}

// " (node)" behind a number; empty for all else. Of a user that is gone it is said: the next one may get its number.
static str user_of(struct call *c, str caller)
{
    uint64_t             uid;
    const struct passwd *user;
    if (!str_starts(caller, S("uid:")) || !str_to_u64(str_from(caller, S("uid:").n), &uid)) return STR_NONE;
    user = getpwuid((uid_t)uid);
    return user ? call_format(c, " (%s)", user->pw_name) : S(" (no user of this machine)");
}

/* ---- bind ---- */

static enum err bind(struct cli *cli)
{
    struct call       *c = &cli->call;
    struct buf         body;
    struct json_writer w;
    str                caller, resource, text;
    const struct json *made;
    TRY(caller_of(cli, cli->operands[0], &caller));
    TRY(find_resource(cli, str_of(cli->operands[1]), &resource));
    buf_init(&body, &c->arena);
    json_begin(&w, &body);
    json_write_object(&w);
    json_put_string(&w, S("caller"), caller);
    json_put_string(&w, S("resource"), resource);
    json_write_end(&w);
    TRY(buf_finish(c, &body, &text));
    TRY(admin_json(cli, "POST", S("/lanyard/bindings"), text, &made));
    if (cli->json) return cli_print_json(cli, made);
    caller = json_get_str(made, S("caller"));
    printf("%.*s%.*s gets the tokens of %.*s.\n", PSTR(caller), PSTR(user_of(c, caller)), PSTR(json_get_str(made, S("resource"))));
    return OK;
}

static int run_bind(struct cli *cli)
{
    return bind(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct operand_row BIND_OPERANDS[] = {
    {"CALLER", CALLER_HELP},
    {"RES", RESOURCE_HELP},
};

static const struct section_row BIND_SECTIONS[] = {
    {"What a program is known by",
     "The kernel says it, never the program. If several bindings fit, the most specific decides, in this order:\n"
     "\n"
     "  container:ID       a container of Docker, Podman, containerd or CRI-O that root runs\n"
     "  unit:NAME.service  a service of the system's own systemd, and all that it starts\n"
     "  exe:/PATH          a file that only root can have put there\n"
     "  uid:NUMBER         a user, and so all that this user runs, but in containers\n"
     "\n"
     "A binding of a file is weak: whoever may run the program gets the tokens, and can make it do what he likes.\n"
     "\n"
     "A program that is in doubt - between two users, sharing its connection with another user's program - gets nothing, and the error says why."},
    {"Where programs ask",
     "At http://127.0.0.1:8081 (`lanyard up --metadata-port`): set AZURE_POD_IDENTITY_AUTHORITY_HOST to it. Containers with a network of "
     "their own ask through the unix socket (`lanyard up --metadata-socket`). A server that is not root can tell the programs of its own user only."},
};

static const struct example_row BIND_EXAMPLES[] = {
    {"lanyard bind unit:web.service web", "What the service web.service runs gets the tokens of the machine web"},
    {"lanyard bind user:backup nightly", "So does what the user backup runs, of the machine nightly"},
    {"lanyard bind container:4f1c2b7a9d3e shop", "So does one container"},
};

const struct command COMMAND_BIND = {
    .name = "bind",
    .summary = "Give programs of this machine a resource's tokens",
    .about =
        "A program outside of a sandbox gets no token until what it is known by is bound to a resource. The binding is to this very resource: one "
        "that is deleted and made again under its name is not bound. Bindings survive a restart.",
    .operands = BIND_OPERANDS,
    .operand_n = COUNT(BIND_OPERANDS),
    .sections = BIND_SECTIONS,
    .section_n = COUNT(BIND_SECTIONS),
    .examples = BIND_EXAMPLES,
    .example_n = COUNT(BIND_EXAMPLES),
    .run = run_bind,
};

/* ---- unbind ---- */

static enum err unbind(struct cli *cli)
{
    struct call       *c = &cli->call;
    struct buf         path;
    str                caller;
    const struct json *gone;
    TRY(caller_of(cli, cli->operands[0], &caller));
    buf_init(&path, &c->arena);
    buf_add(&path, S("/lanyard/bindings?caller="));
    admin_escape(&path, caller);
    TRY(admin_json(cli, "DELETE", buf_view(&path), STR_NONE, &gone));
    if (!gone) return FAIL(c, ERR_NOT_FOUND, "%.*s is not bound. `lanyard bindings` lists what is.", PSTR(caller));
    if (cli->json) return cli_print_json(cli, gone);
    printf("%.*s%.*s no longer gets the tokens of %.*s. Those it has are good until they expire: `lanyard identity revoke`.\n", PSTR(caller),
           PSTR(user_of(c, caller)), PSTR(json_get_str(gone, S("resource"))));
    return OK;
}

static int run_unbind(struct cli *cli)
{
    return unbind(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row UNBIND_EXAMPLES[] = {
    {"lanyard unbind unit:web.service", "The service gets no more tokens by this binding"},
};

const struct command COMMAND_UNBIND = {
    .name = "unbind",
    .summary = "Take a binding away",
    .about = "The program gets no more tokens by this binding; a less specific one may still give it some. Tokens that it has stay valid until they "
             "expire.",
    .operands = BIND_OPERANDS,
    .operand_n = 1,
    .examples = UNBIND_EXAMPLES,
    .example_n = COUNT(UNBIND_EXAMPLES),
    .run = run_unbind,
};

/* ---- bindings ---- */

struct shown {
    struct cli  *cli;
    struct table table;
    enum err     failed;
};

static enum err show_binding(struct shown *s, const struct json *x)
{
    struct call *c = &s->cli->call;
    str          caller = json_get_str(x, S("caller"));
    if (s->cli->json) return cli_print_json(s->cli, x);
    TRY(table_add(&s->table, call_format(c, "%.*s%.*s", PSTR(caller), PSTR(user_of(c, caller)))));
    return table_add(&s->table, call_format(c, "%.*s%s", PSTR(json_get_str(x, S("resource"))),
                                            json_get_bool(x, S("isLive"), true) ? "" : " (deleted: bind again)"));
}

static bool see_binding(const struct json *x, void *context)
{
    struct shown *s = context;
    s->failed = show_binding(s, x);
    return s->failed == OK;
}

static int run_bindings(struct cli *cli)
{
    static const char *const TITLES[] = {"CALLER", "RESOURCE"};
    struct shown             s = {.cli = cli};
    table_init(&s.table, cli, TITLES, COUNT(TITLES));
    if (admin_each(cli, S("/lanyard/bindings"), see_binding, &s) != OK || s.failed != OK) return cli_failed(cli);
    if (cli->json) return STATUS_OK;
    if (s.table.n) table_print(&s.table);
    else printf("Nothing is bound. `lanyard bind` gives programs of this machine a resource's tokens.\n");
    return STATUS_OK;
}

static const struct example_row BINDINGS_EXAMPLES[] = {
    {"lanyard bindings", "List them"},
    {"lanyard bindings --json", "The same, one JSON object a line"},
};

const struct command COMMAND_BINDINGS = {
    .name = "bindings",
    .summary = "List which programs of this machine get which resource's tokens",
    .about = "A binding to a resource that was deleted since gives nothing, also if another one has its name now.",
    .examples = BINDINGS_EXAMPLES,
    .example_n = COUNT(BINDINGS_EXAMPLES),
    .run = run_bindings,
};
