#include <stdio.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/commands.h"

#define MOST     1000
#define FOLLOW_S 1 // between looks

static const struct option_row OPTIONS[] = {
    {"follow", 'f', VALUE_NONE, NULL, "Go on with what is written from now on", false},
    {"lines", 'n', VALUE_WORD, "N", "How many of the latest records to show (default 20)", false},
    {"correlation", 0, VALUE_WORD, "GUID", "Only records of the request with this correlation id", false},
};

static const struct operand_row OPERANDS[] = {
    {"LOG", "activity: who changed what; diagnostic: who did what with a target; signin: who got which token, or was refused one"},
};

static str value_of(const struct json *record, const char *dotted)
{
    return json_str(json_path(record, dotted));
}

// The second is enough for a person.
static str short_time(str iso)
{
    return str_upto(iso, sizeof "2026-11-23T04:15:00" - 1);
}

static str last_of(str path)
{
    size_t slash = str_find_last(path, '/');
    return slash == STR_NOWHERE ? path : str_from(path, slash + 1);
}

static void print_activity(const struct json *r)
{
    str time = short_time(value_of(r, "eventTimestamp")), caller = value_of(r, "caller"), action = value_of(r, "operationName.value");
    printf("%.*s  %.*s  %.*s  %.*s\n", PSTR(time), PSTR(caller), PSTR(action), PSTR(value_of(r, "authorization.scope")));
}

static void print_signin(const struct json *r)
{
    const struct json *status = json_get(r, S("status")), *more = json_get(r, S("lanyard"));
    int64_t            code = json_get_int(status, S("errorCode"), 0), times = json_get_int(more, S("times"), 1);
    str                name = json_get_str(r, S("servicePrincipalName")), target = json_get_str(more, S("target"));
    str                host = last_of(value_of(r, "managedServiceIdentity.associatedResourceId")), known = json_get_str(more, S("callerKnownBy"));
    printf("%.*s  %.*s  %.*s  from %.*s (known by %.*s)", PSTR(short_time(json_get_str(r, S("createdDateTime")))),
           PSTR(str_empty(name) ? S("-") : name), PSTR(str_empty(target) ? S("-") : target), PSTR(str_empty(host) ? S("-") : host), PSTR(known));
    if (code) printf("  refused: %lld %.*s", (long long)code, PSTR(json_get_str(more, S("error"))));
    else printf("  granted%s", json_get_bool(more, S("fromCache"), false) ? ", from the cache" : "");
    if (times > 1) printf(", %lld times", (long long)times);
    putchar('\n');
}

static void print_diagnostic(const struct json *r)
{
    const struct json *p = json_get(r, S("properties")), *claim = json_path(r, "identity.claim");
    str                who = json_get_str(claim, S("appid")), scope = json_get_str(p, S("id"));
    if (str_empty(who)) who = json_get_str(claim, S("http://schemas.microsoft.com/identity/claims/objectidentifier"));
    printf("%.*s  %.*s  %.*s  %.*s  %s, %lld %.*s\n", PSTR(short_time(json_get_str(r, S("time")))), PSTR(str_empty(who) ? S("-") : who),
           PSTR(json_get_str(r, S("operationName"))), PSTR(str_empty(scope) ? S("-") : scope),
           json_get_bool(p, S("isAllowed"), false) ? "allowed" : "denied", (long long)json_get_int(p, S("httpStatusCode"), 0),
           PSTR(json_get_str(r, S("resultSignature"))));
}

static const struct log_form {
    str name;
    void (*print)(const struct json *record);
} FORMS[] = {{S_INIT("activity"), print_activity}, {S_INIT("signin"), print_signin}, {S_INIT("diagnostic"), print_diagnostic}};

static enum err print_one(struct cli *cli, const struct log_form *form, const struct json *record)
{
    int64_t dropped = json_get_int(record, S("recordsDropped"), 0);
    str     text;
    if (cli->json) {
        TRY(json_text(&cli->call, record, &text));
        printf("%.*s\n", PSTR(text)); // a record a line: it can be followed
    } else if (dropped) {
        printf("(%lld records were dropped: they came faster than they could be written)\n", (long long)dropped);
    } else {
        form->print(record);
    }
    return OK;
}

// The newest come first where no cursor is given; people read downwards.
static enum err print_all(struct cli *cli, const struct log_form *form, const struct json *list, bool is_newest_first)
{
    size_t n = json_n(list);
    for (size_t i = 0; i < n; i++) TRY(print_one(cli, form, json_at(list, is_newest_first ? n - 1 - i : i)));
    fflush(stdout);
    return OK;
}

struct ask {
    const struct log_form *form;
    const char            *correlation; // NULL: all
    int64_t                top;
    str                    after;
};

static enum err show(struct cli *cli, struct ask *k)
{
    struct buf         path;
    str                text;
    const struct json *answer = NULL;
    buf_init(&path, &cli->call.arena);
    buf_addf(&path, "/lanyard/logs/%.*s?$top=%lld", PSTR(k->form->name), (long long)k->top);
    if (k->correlation) buf_add(&path, S("&correlationId="));
    if (k->correlation) admin_escape(&path, str_of(k->correlation));
    if (!str_empty(k->after)) buf_addf(&path, "&after=%.*s", PSTR(k->after));
    TRY(buf_finish(&cli->call, &path, &text));
    TRY(admin_json(cli, "GET", text, STR_NONE, &answer));
    TRY(print_all(cli, k->form, json_get(answer, S("value")), str_empty(k->after)));
    k->after = json_get_str(answer, S("after"));
    return OK;
}

// It may go on for days: each look has its memory anew. The cursor is kept here.
static int follow(struct cli *cli, struct ask *k)
{
    struct cli look = *cli; // the command line lives in the command's own call
    char       cursor[128];
    call_init(&look.call, NULL, NULL);
    k->top = MOST;
    for (;;) {
        if (k->after.n > sizeof cursor) return cli_fail(cli, "The server gave a cursor that is too long.");
        if (k->after.n) memcpy(cursor, k->after.at, k->after.n);
        k->after.at = cursor;
        call_reset(&look.call, NULL);
        sleep(FOLLOW_S);
        if (show(&look, k) != OK) return cli_failed(&look);
    }
}

static int run_logs(struct cli *cli)
{
    struct ask k = {.correlation = cli_value(cli, "correlation", NULL)};
    for (size_t i = 0; i < COUNT(FORMS); i++)
        if (str_eq(str_of(cli->operands[0]), FORMS[i].name)) k.form = &FORMS[i];
    if (!k.form) return cli_usage(cli, "There is no log %s: there are activity, signin and diagnostic.", cli->operands[0]);
    if (cli_number(cli, "lines", 1, MOST, 20, &k.top) != OK || show(cli, &k) != OK) return cli_failed(cli);
    return cli_has(cli, "follow") ? follow(cli, &k) : STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard logs activity", "The latest changes"},
    {"lanyard logs diagnostic --correlation 6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "What one request did with a target"},
};

const struct command COMMAND_LOGS = {
    .name = "logs",
    .summary = "Show who changed what, and who did what with a target",
    .about =
        "The activity log has a record for every change of resources, roles and the directory; it is written with the change. "
        "The diagnostic log has one for every operation of a "
        "vault's data plane, allowed or denied. The sign-in log has one for every request for a token, granted or refused: by which identity, "
        "from which resource, how the caller was known. Answers with the same cached token are one record with a number; so are refusals of one "
        "kind that come too often.\n\n"
        "Records of one request have the same correlation id. Sign-in and diagnostic records are written together, some moments later, and are not "
        "durable: a server that is killed loses the latest. No record holds a token or a secret.\n\n"
        "With --json each record is a line of its own, with the members that the published logs have.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_logs,
};
