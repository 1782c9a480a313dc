#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/pretty.h"
#include "cli/sandbox/view.h"

#define STOP_TIMEOUT_MS 15000

static str duration(struct call *c, int64_t s)
{
    if (s < 60) return call_format(c, "%lld s", (long long)s);
    if (s < 3600) return call_format(c, "%lld min", (long long)(s / 60));
    if (s < S_PER_DAY) return call_format(c, "%lld h %lld min", (long long)(s / 3600), (long long)(s / 60 % 60));
    return call_format(c, "%lld d %lld h", (long long)(s / S_PER_DAY), (long long)(s / 3600 % 24));
}

// What a service tells of itself: "login issuer  https://...".
static void print_service(struct cli *cli, str name, const struct json *facts)
{
    for (size_t i = 0; i < json_n(facts); i++) {
        const struct json *fact = json_at(facts, i);
        str                label = call_format(&cli->call, "%.*s %.*s", PSTR(name), PSTR(facts->u.list.names[i]));
        if (json_is(fact, JSON_IS_STRING)) printf("  %-15.*s %.*s\n", PSTR(label), PSTR(json_str(fact)));
        else if (json_is(fact, JSON_IS_INT)) printf("  %-15.*s %lld\n", PSTR(label), (long long)fact->u.integer);
    }
}

static void print_status(struct cli *cli, const struct json *facts)
{
    static const struct { const char *label, *fact; } ROWS[] = {
        {"metadata", "metadata"}, {"metadata socket", "metadata_socket"}, {"verify socket", "verify_socket"}, {"data", "data"}, {"CA", "ca"}, {"tenant", "tenant"}, {"subscription", "subscription"}, {"operator", "operator"},
    };
    const struct json *names = json_get(facts, S("names")), *services = json_get(facts, S("services"));
    printf("Lanyard %.*s runs (process %lld, for %.*s)\n", PSTR(json_get_str(facts, S("version"))), (long long)json_get_int(facts, S("pid"), 0),
           PSTR(duration(&cli->call, json_get_int(facts, S("uptime_s"), 0))));
    printf("  %-15s port %lld\n", "https", (long long)json_get_int(facts, S("https_port"), 0));
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (!str_empty(json_get_str(facts, str_of(ROWS[i].fact))))
            printf("  %-15s %.*s\n", ROWS[i].label, PSTR(json_get_str(facts, str_of(ROWS[i].fact))));
    for (size_t i = 0; i < json_n(names); i++) printf("  %-15.*s %.*s\n", PSTR(names->u.list.names[i]), PSTR(json_str(json_at(names, i))));
    for (size_t i = 0; i < json_n(services); i++) print_service(cli, services->u.list.names[i], json_at(services, i));
}

static enum err print_json(struct cli *cli, const struct json *facts)
{
    str        text;
    struct buf b;
    TRY(json_text(&cli->call, facts, &text));
    if (!cli->color) {
        printf("%.*s\n", PSTR(text));
        return OK;
    }
    buf_init(&b, &cli->call.arena);
    pretty_json(&b, text, true);
    TRY(buf_finish(&cli->call, &b, &text));
    printf("%.*s", PSTR(text));
    return OK;
}

// The server tells nothing of itself in there. What is true is what the launcher left.
static enum err print_inside(struct cli *cli, str resource)
{
    struct buf         b;
    struct json_writer w;
    str                text;
    if (!cli->json) {
        if (str_empty(resource)) puts("This is a sandbox, of a developer: without a metadata endpoint.");
        else printf("This is a sandbox, of %.*s.\n", PSTR(resource));
        puts("The server runs outside and answers Azure's names; `lanyard status` there tells of it.");
        return OK;
    }
    buf_init(&b, &cli->call.arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_bool(&w, S("sandbox"), true);
    json_put_string(&w, S("resource"), resource);
    json_write_end(&w);
    TRY(buf_finish(&cli->call, &b, &text));
    printf("%.*s\n", PSTR(text));
    return OK;
}

static int run_status(struct cli *cli)
{
    const struct json *facts = NULL;
    str                resource;
    if (view_is_inside(&cli->call, &resource)) return print_inside(cli, resource) == OK ? STATUS_OK : cli_failed(cli);
    enum err failed = admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &facts);
    if (failed == OK && cli->json) failed = print_json(cli, facts);
    if (failed != OK) return cli_failed(cli);
    if (!cli->json) print_status(cli, facts);
    return STATUS_OK;
}

// The answer comes before the end: a start right after `down` must find the directory free.
static bool wait_for_end(pid_t pid)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process < 0) return errno == ESRCH;
    struct pollfd ends = {.fd = process, .events = POLLIN};
    bool          ended = poll(&ends, 1, STOP_TIMEOUT_MS) > 0;
    close(process);
    return ended;
}

static enum err stop(struct cli *cli, int64_t *out_pid)
{
    const struct json *facts, *said;
    TRY(admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &facts));
    TRY(admin_json(cli, "POST", S("/lanyard/stop"), STR_NONE, &said));
    *out_pid = json_get_int(facts, S("pid"), 0);
    return OK;
}

static int run_down(struct cli *cli)
{
    int64_t  pid = 0;
    enum err failed = stop(cli, &pid);
    if (failed != OK) return cli_failed(cli);
    if (pid > 0 && !wait_for_end((pid_t)pid)) return cli_fail(cli, "The server (process %lld) was told to stop and still runs.", (long long)pid);
    if (cli->json) puts("{\"stopped\":true}");
    else puts("Stopped.");
    return STATUS_OK;
}

const struct command COMMAND_STATUS = {
    .name = "status",
    .summary = "Show the server of a data directory",
    .run = run_status,
};

const struct command COMMAND_DOWN = {
    .name = "down",
    .summary = "Stop the server",
    .about = "Asks the server to finish the requests in progress and to end, and waits until it has.",
    .run = run_down,
};
