#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/read_file.h"
#include "core/json.h"
#include "server/server.h"

#define TOKEN_LIFETIME_LEAST_S 60
#define WORKERS_MAX            32
#define ISSUER_CA_MAX_BYTES    (1u << 20)

static const struct option_row OPTIONS[] = {
    {"port", 'p', VALUE_WORD, "PORT", "Listen for https on this port; 0: any free one (default 8443)", false},
    {"address", 0, VALUE_WORD, "ADDRESS", "Listen for https on this address (default 127.0.0.1)", false},
    {"metadata-port", 0, VALUE_WORD, "PORT",
     "Port of 127.0.0.1 at which programs of this machine ask for tokens (default 8081, with --port 0 any free one); 0: any free one, none: no port", false},
    {"metadata-socket", 0, VALUE_FILE, "PATH", "The same as a unix socket (default imds.sock in the data directory)", false},
    {"verify-socket", 0, VALUE_FILE, "PATH", "Unix socket at which a proxy has an API's tokens checked (default verify.sock in the data directory)", false},
    {"names", 0, VALUE_WORD, "NAMES", "The services' host names: Azure's public ones (azure, the default) or below a domain of your own (own)", false},
    {"domain", 0, VALUE_WORD, "DOMAIN", "The domain for --names own: login.DOMAIN, management.DOMAIN, NAME.vault.DOMAIN ...", false},
    {"workers", 0, VALUE_WORD, "N", "Serve with this many threads (default 1)", false},
    {"token-lifetime", 0, VALUE_WORD, "SECONDS", "Lifetime of tokens (default 86400, as published)", false},
    {"log-days", 0, VALUE_WORD, "DAYS", "How long log records are kept (default 90, as published)", false},
    {"log-records", 0, VALUE_WORD, "N", "How many records of each log are kept at most (default 100000)", false},
    {"limits", 0, VALUE_WORD, "LIMITS", "Refuse requests for tokens with 429 past the cloud's limits (published), or never (none, the default)", false},
    {"allow-issuer", 0, VALUE_WORD, "URL",
     "Ask this outside issuer for its keys even if it is at a private address; exactly as a federated credential names it; may be given again", true},
    {"issuer-ca", 0, VALUE_FILE, "FILE", "Verify the issuers of --allow-issuer by the authorities in this PEM file alone (default the system's)", false},
    {"propagation", 0, VALUE_FILE, "FIGURES", "When changes take effect: instant (the default), cloud, or a file of delays", false},
    {"quiet", 'q', VALUE_NONE, NULL, "Do not print the facts about the server", false},
    {"detach", 'd', VALUE_NONE, NULL, "Return when the server is ready, and leave it running in the background", false},
    {"measure-turns", 0, VALUE_NONE, NULL, "Tell in `lanyard status --json` how long a serving thread was at one thing at most", false},
    {"test-clock", 0, VALUE_NONE, NULL, "Allow `lanyard clock` to move the clock; for tests only", false},
};

// "  management      https://management.azure.com" - where people look first.
static void print_facts(const struct json *facts, const char *address, bool is_detached)
{
    const struct json *names = json_get(facts, S("names"));
    printf("Lanyard %.*s serves %.*s\n", PSTR(json_get_str(facts, S("version"))), PSTR(json_get_str(facts, S("data"))));
    str metadata = json_get_str(facts, S("metadata"));
    printf("  https         %s:%lld\n", address, (long long)json_get_int(facts, S("https_port"), 0));
    if (!str_empty(metadata)) printf("  metadata      %.*s\n", PSTR(metadata));
    for (size_t i = 0; i < json_n(names); i++) printf("  %-13.*s %.*s\n", PSTR(names->u.list.names[i]), PSTR(json_str(json_at(names, i))));
    printf("  tenant        %.*s\n", PSTR(json_get_str(facts, S("tenant"))));
    printf("  subscription  %.*s\n", PSTR(json_get_str(facts, S("subscription"))));
    printf("  CA            %.*s\n", PSTR(json_get_str(facts, S("ca"))));
    printf("Run a program as a resource with `lanyard run --as NAME -- PROGRAM`; stop with %s`lanyard down`.\n", is_detached ? "" : "Ctrl-C or ");
}

// A server in the background: what it still has to say goes to a file.
struct detached {
    const char *log;
    int         tells; // the pipe to the command that waits; -1: in the foreground
};

struct up {
    struct cli     *cli;
    struct detached detached;
};

static void let_go(const struct detached *d)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), log = open(d->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0) close(null);
    if (log >= 0 && dup2(log, STDERR_FILENO) >= 0) close(log);
    if (chdir("/") != 0) return; // it may hold a mount; it does no more harm than that
    while (write(d->tells, "!", 1) < 0 && errno == EINTR) continue;
    close(d->tells);
}

static void ready(const char *facts_json, void *context)
{
    struct up         *up = context;
    struct cli        *cli = up->cli;
    const struct json *facts;
    struct call        c; // the server's threads have nothing to do with the command's call
    bool               is_quiet = cli_has(cli, "quiet");
    if (cli->json && !is_quiet) puts(facts_json);
    call_init(&c, NULL, NULL);
    if (!cli->json && !is_quiet && json_parse(&c, str_of(facts_json), &facts) == OK)
        print_facts(facts, cli_value(cli, "address", "127.0.0.1"), up->detached.tells >= 0);
    call_clear(&c);
    fflush(stdout);
    if (up->detached.tells >= 0) let_go(&up->detached);
}

static enum err read_names(struct cli *cli, struct server_options *o)
{
    const char *names = cli_value(cli, "names", NULL), *domain = cli_value(cli, "domain", NULL);
    bool        own = names && str_eq(str_of(names), S("own"));
    if (names && !own && !str_eq(str_of(names), S("azure"))) return FAIL(&cli->call, ERR_USAGE, "--names is azure or own, not \"%s\".", names);
    if (own && !domain) return FAIL(&cli->call, ERR_USAGE, "--names own needs --domain DOMAIN.");
    if (!own && domain) return FAIL(&cli->call, ERR_USAGE, "--domain goes with --names own.");
    o->own_domain = str_of(domain);
    return OK;
}

// Who lets the system choose one port does not want a fixed one beside it.
static enum err read_metadata(struct cli *cli, struct server_options *o)
{
    const char *port = cli_value(cli, "metadata-port", NULL), *path = cli_value(cli, "metadata-socket", NULL);
    int64_t     number;
    o->no_metadata_port = port && str_eq(str_of(port), S("none"));
    o->metadata_socket = str_of(path);
    if (path && *path != '/') return FAIL(&cli->call, ERR_USAGE, "--metadata-socket is a whole path, not \"%s\".", path);
    if (o->no_metadata_port) return OK;
    TRY(cli_number(cli, "metadata-port", 0, UINT16_MAX, o->https_port ? SERVER_DEFAULT_METADATA_PORT : 0, &number));
    o->metadata_port = (uint16_t)number;
    return OK;
}

static enum err read_verify(struct cli *cli, struct server_options *o)
{
    const char *path = cli_value(cli, "verify-socket", NULL);
    o->verify_socket = str_of(path);
    return path && *path != '/' ? FAIL(&cli->call, ERR_USAGE, "--verify-socket is a whole path, not \"%s\".", path) : OK;
}

static enum err read_limits(struct cli *cli, struct server_options *o)
{
    str said = str_of(cli_value(cli, "limits", "none"));
    o->published_limits = str_eq(said, S("published"));
    return o->published_limits || str_eq(said, S("none")) ? OK
                                                          : FAIL(&cli->call, ERR_USAGE, "--limits is published or none, not \"%.*s\".", PSTR(said));
}

static enum err read_issuers(struct cli *cli, struct server_options *o)
{
    const char *ca = cli_value(cli, "issuer-ca", NULL);
    str        *urls;
    TRY(NEW(&cli->call, &urls, cli->value_n));
    for (size_t i = 0; i < cli->value_n; i++)
        if (str_eq(str_of(cli->values[i].row->name), S("allow-issuer"))) urls[o->issuer_n++] = str_of(cli->values[i].text);
    o->issuers = urls;
    if (!ca) return OK;
    if (!o->issuer_n) return FAIL(&cli->call, ERR_USAGE, "--issuer-ca goes with --allow-issuer.");
    return read_file(&cli->call, ca, ISSUER_CA_MAX_BYTES, &o->issuer_ca_pem);
}

static enum err read_options(struct cli *cli, struct server_options *o)
{
    int64_t port, workers, lifetime, log_days, log_records;
    TRY(cli_number(cli, "port", 0, UINT16_MAX, SERVER_DEFAULT_HTTPS_PORT, &port));
    TRY(cli_number(cli, "workers", 1, WORKERS_MAX, 1, &workers));
    TRY(cli_number(cli, "token-lifetime", TOKEN_LIFETIME_LEAST_S, 7 * S_PER_DAY, S_PER_DAY, &lifetime));
    TRY(cli_number(cli, "log-days", 1, SERVER_LOG_DAYS_MAX, 0, &log_days));
    TRY(cli_number(cli, "log-records", 1, SERVER_LOG_RECORDS_MAX, 0, &log_records));
    TRY(read_names(cli, o));
    o->data_dir = str_of(cli->data_dir);
    o->https_port = (uint16_t)port;
    TRY(read_metadata(cli, o));
    TRY(read_verify(cli, o));
    TRY(read_limits(cli, o));
    TRY(read_issuers(cli, o));
    o->workers = (unsigned)workers;
    o->token_lifetime_s = lifetime;
    o->log_days = log_days;
    o->log_records = (size_t)log_records;
    o->address = str_of(cli_value(cli, "address", NULL));
    o->propagation = str_of(cli_value(cli, "propagation", NULL));
    o->test_clock = cli_has(cli, "test-clock");
    o->measures_turns = cli_has(cli, "measure-turns");
    o->ready = ready;
    return OK;
}

static int serve(struct up *up, struct server_options *o)
{
    o->ready_context = up;
    enum err failed = server_run(&up->cli->call, o);
    return failed == OK ? STATUS_OK : cli_failed(up->cli);
}

// The command waits for one byte, which says that the server serves; without it, for how it ended.
static int wait_until_it_serves(struct cli *cli, pid_t pid, int pipe)
{
    char    byte;
    ssize_t n;
    int     status = 0;
    do n = read(pipe, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1) return STATUS_OK;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : cli_fail(cli, "The server ended before it served.");
}

static int serve_detached(struct up *up, struct server_options *o)
{
    struct cli *cli = up->cli;
    int         ends[2];
    up->detached.log = call_format(&cli->call, "%s/" SERVER_LOG_FILE, cli->data_dir).at;
    if (!up->detached.log || pipe2(ends, O_CLOEXEC) != 0) return cli_fail(cli, "There is no room for another process here.");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) return cli_fail(cli, "No process could be made: %s.", strerror(errno));
    if (pid > 0) {
        close(ends[1]);
        return wait_until_it_serves(cli, pid, ends[0]);
    }
    close(ends[0]);
    setsid(); // the terminal's signals are not for it
    up->detached.tells = ends[1];
    return serve(up, o);
}

static int run_up(struct cli *cli)
{
    struct server_options o = {.https_port = 0};
    struct up             up = {.cli = cli, .detached.tells = -1};
    if (read_options(cli, &o) != OK) return cli_failed(cli);
    return cli_has(cli, "detach") ? serve_detached(&up, &o) : serve(&up, &o);
}

static const struct section_row SECTIONS[] = {
    {"Propagation",
     "In the cloud a change is not seen everywhere at once. --propagation cloud makes it so here, with the published figures; a file has "
     "figures of your own, in seconds, and what it leaves out counts at once:\n"
     "\n"
     "  {\"roleAssignment\": 600,                   a role assignment grants so much later\n"
     "   \"roleRemoval\": 600,                      and grants so long after it is removed\n"
     "   \"managementGroupDataAssignment\": 43200,  the same for data actions\n"
     "   \"managementGroupDataRemoval\": 43200,     at a management group\n"
     "   \"groupMembership\": 0,                    a changed membership counts so much later\n"
     "   \"groupsFromToken\": true,                 and never for a token that was issued before\n"
     "   \"directoryObject\": 60}                   a new principal is found by others\n"
     "\n"
     "Those are the cloud's. With --test-clock `lanyard clock` saves the waiting."},
};

static const struct example_row EXAMPLES[] = {
    {"lanyard up", "Serve in the foreground"},
    {"lanyard up --detach", "Serve in the background; `lanyard down` ends it"},
    {"lanyard up --data ~/shop-state --port 0 --json", "Serve from a directory of your own and print the facts as one line of JSON"},
    {"lanyard up --propagation cloud --test-clock", "See how a program bears the cloud's delays; `lanyard clock +10m` ends them"},
    {"lanyard up --names own --domain id.example.com --address 0.0.0.0", "Serve other machines under names of your own"},
};

const struct command COMMAND_UP = {
    .name = "up",
    .summary = "Start the server",
    .about = "Serves the token service, the directory, the resource manager and the targets from one data directory, until "
             "Ctrl-C, SIGTERM or `lanyard down`; with --detach the command returns when all of that answers, and what the server has "
             "to say goes to server.log in the data directory. The first start makes a tenant, a subscription, a local certificate "
             "authority, and an operator: you, Owner of everything in it.\n"
             "\n"
             "A directory has one server at a time. Nothing is added to the system's trust store.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_up,
};
