#include <stdio.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/pretty.h"
#include "cli/read_file.h"

#define BODY_MAX_BYTES (8u << 20) /* more than the server takes: it says so itself */
#define HEADERS_MAX    32
#define MISDIRECTED    421 /* the server does not have that name */

static const struct option_row OPTIONS[] = {
    {"header", 'H', VALUE_WORD, "\"NAME: VALUE\"", "Send this header too", true},
    {"include", 'i', VALUE_NONE, NULL, "Print the status line and the headers as well", false},
    {"quiet", 'q', VALUE_NONE, NULL, "Do not print the answer", false},
};

static const struct operand_row OPERANDS[] = {
    {"METHOD", "GET, PUT, PATCH, POST, DELETE or HEAD"},
    {"PATH", "From / on, with its query, or a whole URL; /v1.0 and /beta are Graph's, everything else is the management API's"},
    {"[BODY]", "What to send: JSON itself, @FILE, or - for standard input"},
};

static enum err read_body(struct call *c, const char *operand, str *out)
{
    if (!operand) return OK;
    if (str_eq(str_of(operand), S("-"))) return read_file(c, operand, BODY_MAX_BYTES, out);
    if (*operand == '@') return read_file(c, operand + 1, BODY_MAX_BYTES, out);
    *out = str_of(operand);
    return OK;
}

static bool is_graph(str path)
{
    static const str VERSIONS[] = {S_INIT("/v1.0"), S_INIT("/beta")};
    for (size_t i = 0; i < COUNT(VERSIONS); i++) {
        str rest = str_from(path, VERSIONS[i].n);
        if (str_starts_nocase(path, VERSIONS[i]) && (str_empty(rest) || *rest.at == '/' || *rest.at == '?')) return true;
    }
    return false;
}

// "https://graph.microsoft.com/v1.0/me" names its host itself. A path has the one that its API has here.
static enum err find_host(struct cli *cli, str target, const char **out_host, const char **out_path)
{
    struct call       *c = &cli->call;
    const struct json *facts;
    str                host = STR_NONE, path = target;
    if (str_starts_nocase(target, S("https://"))) {
        str rest = str_from(target, 8);
        host = str_upto(rest, str_find(rest, '/'));
        path = str_from(rest, host.n);
    } else if (is_graph(path)) {
        TRY(admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &facts));
        host = json_str(json_path(facts, "names.graph"));
    }
    *out_host = str_empty(host) ? NULL : call_zstr(c, host);
    *out_path = call_zstr(c, path);
    return *out_path ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static enum err ask(struct cli *cli, struct admin_reply *out)
{
    struct call           *c = &cli->call;
    const char            *headers[HEADERS_MAX];
    struct lanyard_request r = {.headers = headers};
    str                    body = STR_NONE;
    for (size_t i = 0; i < cli->value_n; i++) {
        if (!str_eq(str_of(cli->values[i].row->name), S("header"))) continue;
        if (r.header_n == HEADERS_MAX) return FAIL(c, ERR_USAGE, "More than %d headers.", HEADERS_MAX);
        headers[r.header_n++] = cli->values[i].text;
    }
    r.method = cli->operands[0];
    TRY(find_host(cli, str_of(cli->operands[1]), &r.host, &r.path));
    TRY(read_body(c, cli->operand_n > 2 ? cli->operands[2] : NULL, &body));
    r.body = body.at;
    r.body_n = body.n;
    return admin_call(cli, &r, out);
}

static bool is_json(struct call *c, str text)
{
    const struct json *ignored;
    bool               is = json_parse(c, text, &ignored) == OK;
    call_forgive(c);
    return is;
}

// For a person when a person looks; as it came when a program does, with a newline behind it.
static void print_body(struct cli *cli, str body)
{
    struct buf b;
    buf_init(&b, &cli->call.arena);
    if (isatty(STDOUT_FILENO) && is_json(&cli->call, body)) {
        pretty_json(&b, body, cli->color);
        if (!b.failed) body = buf_view(&b);
    }
    fwrite(body.at, 1, body.n, stdout);
    if (body.n && !str_ends(body, S("\n"))) putchar('\n'); // so that it is a text file
}

static int tell_other_host(struct cli *cli)
{
    struct call       *c = &cli->call;
    const struct json *facts, *names = NULL;
    struct buf         b;
    buf_init(&b, &c->arena);
    if (admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &facts) == OK) names = json_get(facts, S("names"));
    call_forgive(c);
    for (size_t i = 0; i < json_n(names); i++) buf_addf(&b, "%s%.*s", i ? ", " : "", PSTR(json_str(json_at(names, i))));
    return cli_fail(cli, "%s is not a URL of this server; its names are %.*s.", cli->operands[1], PSTR(buf_view(&b)));
}

static int tell_refusal(struct cli *cli, const struct admin_reply *reply)
{
    struct call       *c = &cli->call;
    const struct json *body = NULL;
    str                code = STR_NONE, message = STR_NONE;
    if (json_parse(c, reply->body, &body) == OK) admin_error(body, &code, &message);
    call_forgive(c);
    str first_line = str_upto(reply->body, str_find(reply->body, '\n'));
    if (str_empty(code)) return cli_fail(cli, "The server answered %d: %.*s", reply->status, PSTR(first_line));
    return cli_fail(cli, "%.*s: %.*s (%d)", PSTR(code), PSTR(message), reply->status);
}

static int run_api(struct cli *cli)
{
    struct admin_reply reply;
    if (ask(cli, &reply) != OK) return cli_failed(cli);
    if (cli_has(cli, "include")) printf("%.*s", PSTR(reply.head));
    if (reply.status == MISDIRECTED) return tell_other_host(cli);
    if (!cli_has(cli, "quiet")) print_body(cli, reply.body);
    return reply.status >= 400 ? tell_refusal(cli, &reply) : STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard api GET '/subscriptions?api-version=2022-12-01'", "List the subscriptions"},
    {"lanyard api PUT \"$GROUP?api-version=2022-09-01\" '{\"location\":\"westus\"}'", "Make a resource group"},
    {"lanyard api PUT \"$VM?api-version=2024-07-01\" @vm.json", "Send a file"},
    {"lanyard api GET '/v1.0/servicePrincipals'", "Ask Graph"},
};

const struct command COMMAND_API = {
    .name = "api",
    .summary = "Call the management and Graph APIs as the operator",
    .about = "Sends one request over the admin socket and prints the answer: indented on a terminal, as it came otherwise. A "
             "status of 400 or more ends with 1, and the error's code and message go to standard error.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_api,
};
