#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/deploy/deployment.h"
#include "cli/deploy/private_server.h"
#include "cli/launch.h"

#define CHOSEN_MAX 64

static enum err read_chosen(struct cli *cli, struct variable *chosen, size_t *out_n)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->value_n; i++) {
        if (!str_eq(str_of(cli->values[i].row->name), S("env"))) continue;
        const char *text = cli->values[i].text, *equals = strchr(text, '=');
        if (!equals || equals == text) return FAIL(&cli->call, ERR_USAGE, "--env takes NAME=VALUE, not \"%s\".", text);
        if (n == CHOSEN_MAX) return FAIL(&cli->call, ERR_USAGE, "--env more than %d times.", CHOSEN_MAX);
        chosen[n].name = call_zstr(&cli->call, str_upto(str_of(text), (size_t)(equals - text)));
        chosen[n++].value = equals + 1;
    }
    *out_n = n;
    return OK;
}

static const struct { const char *option; enum view_kind kind; } SHOWING[] = {
    {"bind", VIEW_WRITE}, {"bind-ro", VIEW_READ}, {"allow-socket", VIEW_SOCKET},
};

static enum err read_asked(struct cli *cli, bool sandboxed, struct view_place *asked, size_t *out_n)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->value_n; i++)
        for (size_t k = 0; k < COUNT(SHOWING); k++) {
            const char *option = cli->values[i].row->name, *path = cli->values[i].text;
            if (!str_eq(str_of(option), str_of(SHOWING[k].option))) continue;
            if (!sandboxed) return FAIL(&cli->call, ERR_USAGE, "--%s shows something in a sandbox, and --no-sandbox makes none.", option);
            if (!*path) return FAIL(&cli->call, ERR_USAGE, "--%s needs a path.", option);
            if (n == VIEW_MAX_ASKED) return FAIL(&cli->call, ERR_USAGE, "--bind and the like more than %d times.", VIEW_MAX_ASKED);
            asked[n++] = (struct view_place){path, SHOWING[k].kind};
        }
    *out_n = n;
    return OK;
}

static enum err open_workload(struct cli *cli, bool sandboxed, struct lanyard_workload **out)
{
    struct lanyard_error why;
    enum lanyard_result  result =
        lanyard_workload_open(cli->data_dir, cli_value(cli, "as", ""), cli_value(cli, "service-account", ""), sandboxed, out, &why);
    str resource;
    if (result == LANYARD_NO_SERVER && view_is_inside(&cli->call, &resource)) return FAIL(&cli->call, ERR_IO, "%s", VIEW_NO_ORDERS);
    return result == LANYARD_OK ? OK : FAIL(&cli->call, ERR_IO, "%s", why.text);
}

static enum err real_path(struct call *c, const char *path, const char **out)
{
    char room[PATH_MAX];
    if (!realpath(path, room)) return FAIL(c, ERR_IO, "%s cannot be found: %s.", path, strerror(errno));
    *out = call_zstr(c, str_of(room));
    return *out ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static int launch(struct cli *cli, char **args)
{
    struct environment       e;
    struct variable          chosen[CHOSEN_MAX];
    struct view_place        asked[VIEW_MAX_ASKED];
    struct lanyard_workload *w = NULL;
    struct launch            l = {.sandboxed = !cli_has(cli, "no-sandbox"), .environment = &e, .chosen = chosen, .asked = asked, .args = args};
    enum err                 failed = read_chosen(cli, chosen, &l.chosen_n);
    if (failed == OK) failed = read_asked(cli, l.sandboxed, asked, &l.asked_n);
    if (failed == OK) failed = environment_begin(&cli->call, (const char *const *)environ, l.sandboxed ? ENVIRONMENT_ALONE : ENVIRONMENT_ON_HOST, &e);
    if (failed == OK) failed = open_workload(cli, l.sandboxed, &w);
    if (failed == OK) failed = real_path(&cli->call, cli->data_dir, &l.data_dir);
    if (failed == OK) failed = real_path(&cli->call, ".", &l.here);
    l.workload = w;
    int status = failed == OK ? launch_run(cli, &l) : cli_failed(cli);
    lanyard_workload_close(w);
    return status;
}

#define PRIVATE_GROUP "default"

// False in *out_done: it failed, and that was told.
static enum err deploy(struct cli *cli, bool *out_done)
{
    struct deployment *d;
    const struct json *result;
    TRY(NEW(&cli->call, &d, 1));
    TRY(deployment_read(cli, cli_value(cli, "template", NULL), d));
    d->makes_group = d->is_quiet = true; // the output is the program's
    TRY(deployment_place(d, S(PRIVATE_GROUP)));
    return deployment_run(d, out_done, &result);
}

// What ends a command, kept back while there is something to clean up.
static void hold_ends(sigset_t *ends, sigset_t *before)
{
    static const int ENDS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    sigemptyset(ends);
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        struct sigaction now;
        if (sigaction(ENDS[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(ends, ENDS[i]);
    }
    sigprocmask(SIG_BLOCK, ends, before);
}

static bool has_come(const sigset_t *ends)
{
    sigset_t come;
    sigpending(&come);
    return sigandset(&come, &come, ends) == 0 && !sigisemptyset(&come);
}

static int run_with_template(struct cli *cli)
{
    CLEANUP(private_server_stop) struct private_server server = {0};
    bool                                               done = false;
    sigset_t                                           ends, before;
    hold_ends(&ends, &before);
    enum err failed = private_server_start(cli, &server);
    if (failed == OK) failed = deploy(cli, &done);
    if (failed != OK || !done || has_come(&ends)) private_server_stop(&server);
    sigprocmask(SIG_SETMASK, &before, NULL); // what has come ends the command here; launch holds them again
    if (failed != OK) return cli_failed(cli);
    return done ? launch(cli, cli->operands) : STATUS_LAUNCH;
}

static int run_run(struct cli *cli)
{
    if (!cli_has(cli, "as")) return cli_usage(cli, "Which resource's workload is it? Say --as RES.");
    if (cli_has(cli, "template")) return run_with_template(cli);
    if (cli_has(cli, "parameters") || cli_has(cli, "group")) return cli_usage(cli, "--parameters and --group go with --template.");
    return launch(cli, cli->operands);
}

static int run_shell(struct cli *cli)
{
    const struct passwd *me = getpwuid(getuid());
    const char          *shell = getenv("SHELL");
    if (!shell || !*shell) shell = me && *me->pw_shell ? me->pw_shell : "/bin/sh";
    char *args[] = {(char *)shell, NULL};
    return cli_has(cli, "check") ? launch_check(cli) : launch(cli, args);
}

#define AS_HELP      "The resource: its ARM id, or its name where only one has it; APP/SLOT is a slot"
#define ENV_HELP     "Set a variable inside; wins over all that is set or removed"
#define BIND_HELP    "Show a file or directory of the machine, to be read and written"
#define BIND_RO_HELP "The same, to be read only"
#define SOCKET_HELP  "Show one unix socket, and keep the variables that name it"
#define NOSAND_HELP  "Stay on the host: the token endpoint on a port of 127.0.0.1, for this user's processes only, and SDKs told so by variables"

static const struct option_row RUN_OPTIONS[] = {
    {"as", 'a', VALUE_WORD, "RES", AS_HELP, false},
    {"service-account", 's', VALUE_WORD, "NS/NAME", SERVICE_ACCOUNT_HELP, false},
    {"env", 'e', VALUE_WORD, "NAME=VALUE", ENV_HELP, true},
    {"bind", 'b', VALUE_FILE, "PATH", BIND_HELP, true},
    {"bind-ro", 0, VALUE_FILE, "PATH", BIND_RO_HELP, true},
    {"allow-socket", 0, VALUE_FILE, "PATH", SOCKET_HELP, true},
    {"no-sandbox", 0, VALUE_NONE, NULL, NOSAND_HELP, false},
    {"template", 't', VALUE_FILE, "FILE", "Start a server for this run alone, deploy this template to it, and stop it at the end", false},
    DEPLOY_PARAMETERS_OPTION,
    {"group", 'g', VALUE_WORD, "GROUP", "The resource group that the template is deployed to, made anew (default \"" PRIVATE_GROUP "\")", false},
};

static const struct option_row SHELL_OPTIONS[] = {
    {"as", 'a', VALUE_WORD, "RES", AS_HELP " (default: none, so no token endpoint)", false},
    {"service-account", 's', VALUE_WORD, "NS/NAME", SERVICE_ACCOUNT_HELP, false},
    {"env", 'e', VALUE_WORD, "NAME=VALUE", ENV_HELP, true},
    {"bind", 'b', VALUE_FILE, "PATH", BIND_HELP, true},
    {"bind-ro", 0, VALUE_FILE, "PATH", BIND_RO_HELP, true},
    {"allow-socket", 0, VALUE_FILE, "PATH", SOCKET_HELP, true},
    {"no-sandbox", 0, VALUE_NONE, NULL, NOSAND_HELP, false},
    {"check", 0, VALUE_NONE, NULL, "Start nothing; say whether sandboxes can be made here, and if not, what forbids them", false},
};

static const struct operand_row RUN_OPERANDS[] = {{"CMD...", "The program and its arguments"}};

#define WORD(name) " " name
#define LINE(path) "\n  " path

// The same for both commands. Lists come from the tables that the launcher goes by.
static const struct section_row SECTIONS[] = {
    {"The sandbox's network",
     "A loopback, the token endpoint that the resource's platform has, the https services, and a resolver that knows Azure's names "
     "and no others. Neither the internet nor the host's own ports can be reached. The server knows the workload by the "
     "listener that a request arrives on; nothing the program says is believed. The listeners are those of the resource that "
     "was there at the start: one that is made later under its name is another one. When the program ends, the listeners go, "
     "and all the processes that it leaves behind."},
    {"The sandbox's files",
     "A program sees these directories of the machine, where they exist, and cannot write in them:\n" VIEW_SYSTEM(LINE) "\n  /etc\n"
     "\n"
     "It sees the working directory, and may write there. Empty and its own are the home directory and\n" VIEW_OWN(LINE) "\n"
     "\n"
     "Nothing else is there, and nothing else appears while it runs: no other part of the home directory, no socket of a "
     "terminal, an agent, a bus or a container engine. --bind, --bind-ro and --allow-socket show more. A program that is installed "
     "in the home directory (nvm, pyenv) needs its directory shown. The data directory is never shown: nobody can work in it, or in a "
     "directory that holds it. In /etc the resolver's files (resolv.conf, nsswitch.conf, hosts) and the lists of certificate authorities are "
     "the sandbox's.\n"
     "\n"
     "A unix socket in a directory that is shown can be connected to, whoever listens there."},
    {"The environment",
     "Removed, for they would lead an SDK elsewhere:" ENVIRONMENT_CREDENTIALS(WORD) ENVIRONMENT_ENDPOINTS(WORD) ENVIRONMENT_RESOLVER(WORD)
     " SSL_CERT_DIR, and in capitals or not" ENVIRONMENT_PROXIES(WORD) ".\n\n"
     "AZURE_CLIENT_ID is kept, for it picks one of several identities, unless it stands beside a credential it belongs to.\n\n"
     "Removed, for they name what the sandbox does not show:" ENVIRONMENT_SOCKETS(WORD) ", and TMPDIR, TMP, TEMP unless they lead to a directory "
     "that is there. One that names a PATH of --allow-socket or --bind is kept.\n\n"
     "Set to the local certificate authority:" ENVIRONMENT_CA(WORD) ". LANYARD_RESOURCE holds the resource's id. "
     "Set for the resource's token endpoint, where its platform sets them: IDENTITY_ENDPOINT, IDENTITY_HEADER, "
     "IDENTITY_SERVER_THUMBPRINT, IMDS_ENDPOINT, MSI_ENDPOINT, MSI_SECRET, DEFAULT_IDENTITY_CLIENT_ID, APPSETTING_WEBSITE_SITE_NAME.\n\n"
     "Set in a cluster, as its webhook sets them: AZURE_FEDERATED_TOKEN_FILE, the file with the service account's token, which is renewed while the "
     "program runs; AZURE_TENANT_ID; AZURE_AUTHORITY_HOST; and AZURE_CLIENT_ID, if one identity alone trusts the service account by a federated "
     "credential. Another one is picked by --env AZURE_CLIENT_ID."},
    {"Rights",
     "The user stays the same and has no capability inside, root neither: files of other users are closed to it, setuid "
     "programs do not rise, and nobody can change the network or the mounts. Of what was open it has standard input, output "
     "and error alone. Processes, System V memory and message queues are its own: it sees no process of the machine, and can "
     "signal none. What is not fenced in: the program may change what lies in the working directory, which you or your tools may "
     "run outside later."},
    {"Where sandboxes are forbidden",
     "`lanyard shell --check` says whether sandboxes can be made, and what forbids them if not: a sysctl, a chroot, a container's "
     "filter or profile. Have it allowed, or use --no-sandbox: that works on any kernel, with SDKs that heed "
     "AZURE_POD_IDENTITY_AUTHORITY_HOST (all but Go's) for machines, with every SDK for sites, container apps and most others, and without Azure's host names."},
};

static const struct example_row RUN_EXAMPLES[] = {
    {"lanyard run --as web -- node app.js", "Run an unchanged program as the machine web"},
    {"lanyard run --as web --bind-ro ~/.nvm/versions/node/v22.1.0 -- node app.js", "With an interpreter that is installed in the home directory"},
    {"lanyard run --as prod --service-account web/front -- node app.js", "Run it in the cluster prod, as the service account front of the namespace web"},
    {"lanyard run --template shop.json -p name=web --as web -- npm test", "With a server of its own, on which a template was deployed: one line for CI"},
    {"lanyard run --as \"$VM\" --env AZURE_CLIENT_ID=\"$ID\" -- python3 app.py", "Pick one of its user-assigned identities"},
};

static const struct example_row SHELL_EXAMPLES[] = {
    {"lanyard shell --as web", "Try things out as the machine web"},
};

const struct command COMMAND_RUN = {
    .name = "run",
    .summary = "Run a program as a resource's workload",
    .about =
        "Runs the program in a small network of its own, in which Azure's names lead to the local server and the "
        "token endpoint hands out tokens of this resource's identities: the metadata endpoint of a virtual machine, or what App Service, "
        "Container Apps, Arc, Cloud Shell, Service Fabric or Machine Learning has, with its variables. No root is needed, and nothing in the program "
        "changes.\n"
        "\n"
        "With --template it needs no server: it starts one in a new directory below TMPDIR, deploys the template as `lanyard apply` does, runs "
        "the program, and leaves nothing behind. --data is not used then.",
    .options = RUN_OPTIONS,
    .option_n = COUNT(RUN_OPTIONS),
    .operands = RUN_OPERANDS,
    .operand_n = COUNT(RUN_OPERANDS),
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = RUN_EXAMPLES,
    .example_n = COUNT(RUN_EXAMPLES),
    .launches = true,
    .run = run_run,
};

const struct command COMMAND_SHELL = {
    .name = "shell",
    .summary = "Open a shell inside the local cloud",
    .about = "Starts your shell (the variable SHELL) in the sandbox, where Azure's names lead to the local server. With --as, what you "
             "start there gets tokens of this resource's identities from its token endpoint: curl, programs with an Azure SDK, "
             "and the Azure CLI after `az login --identity`.\n"
             "\n"
             "Without --as there is no token endpoint, so `az login --identity` fails. Users and applications sign in as everywhere: `az login` "
             "shows a code, to which `lanyard login CODE --user NAME` outside of the sandbox says yes; `az login --username NAME --password ...` "
             "and `az login --service-principal` ask nobody. As the operator, use `lanyard api` outside of the sandbox.",
    .options = SHELL_OPTIONS,
    .option_n = COUNT(SHELL_OPTIONS),
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = SHELL_EXAMPLES,
    .example_n = COUNT(SHELL_EXAMPLES),
    .launches = true,
    .run = run_shell,
};
