#include <stdio.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/who.h"

#define MOST     1000
#define FOLLOW_S 1 // between looks

static const struct option_row OPTIONS[] = {
    {"follow", 'f', VALUE_NONE, NULL, "Go on with what is written from now on", false},
    {"lines", 'n', VALUE_WORD, "N", "How many of the latest records to show (default 20)", false},
    {"correlation", 0, VALUE_WORD, "GUID", "Only records of the request with this correlation id", false},
    {"since", 0, VALUE_WORD, "TIME", "Only what was written since then: 2026-11-23T04:15:00Z, or so long ago: 90s, 15m, 2h, 1d", false},
    {"identity", 0, VALUE_WORD, "NAME", "signin: only of this identity, application or user: a name, a client id or a principal id", false},
    {"caller", 0, VALUE_WORD, "NAME", "activity: only of this caller, named as in `lanyard grant`; also a sign-in name or an object id of one that is gone", false},
    {"resource", 0, VALUE_WORD, "RES", "activity: only what was done to this resource or group, or below it; signin: only from its workload. An ARM id or a name", false},
    {"failed", 0, VALUE_NONE, NULL, "activity, signin: only what was refused or failed", false},
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

static str or_dash(str text)
{
    return str_empty(text) ? S("-") : text;
}

// An id without its subscription, which is the same for most.
static str short_id(str id)
{
    static const str SUBSCRIPTIONS = S_INIT("/subscriptions/");
    if (!str_starts_nocase(id, SUBSCRIPTIONS)) return id;
    size_t slash = str_find(str_from(id, SUBSCRIPTIONS.n), '/');
    return slash == STR_NOWHERE ? id : str_from(id, SUBSCRIPTIONS.n + slash);
}

// The code of the answer that its caller got, as "ScopeLocked"; a record without the answer has our own name for it. Empty: it was done.
static str code_of(struct call *c, const struct json *r)
{
    const struct json *answer = NULL;
    str                text = value_of(r, "properties.statusMessage"), code = STR_NONE;
    if (text.n && json_parse(c, text, &answer) != OK) call_forgive(c);
    else code = json_str(json_path(answer, "error.code"));
    return str_empty(code) ? value_of(r, "lanyard.error") : code;
}

// A machine is known by its object id: the name of the identity that it had stands beside it, in one word.
static str caller_shown(struct call *c, const struct json *r)
{
    str caller = or_dash(value_of(r, "caller")), identity = json_get_str(json_get(r, S("claims")), S("xms_mirid"));
    return str_empty(identity) ? caller : call_format(c, "%.*s(%.*s)", PSTR(caller), PSTR(str_from(identity, str_find_last(identity, '/') + 1)));
}

// In columns: when, who, what was done, to what, and what came of it.
static void print_activity(struct call *c, const struct json *r)
{
    const struct json *more = json_get(r, S("lanyard"));
    str                error = code_of(c, r), status = value_of(r, "subStatus.value");
    int64_t            times = json_get_int(more, S("times"), 1);
    printf("%.*s  %-36.*s  %-56.*s  %.*s  ", PSTR(short_time(value_of(r, "eventTimestamp"))), PSTR(caller_shown(c, r)),
           PSTR(value_of(r, "operationName.value")), PSTR(short_id(value_of(r, "resourceId"))));
    bool is_accepted = str_eq(value_of(r, "status.value"), S("Accepted"));
    if (str_empty(error)) printf("%s, %.*s", is_accepted ? "accepted" : "done", PSTR(status));
    else printf("failed, %.*s %.*s", PSTR(status), PSTR(error));
    if (times > 1) printf(", %lld times", (long long)times);
    printf("\n");
}

// In columns: when, who, for what, whence, and what came of it.
static void print_signin(struct call *c, const struct json *r)
{
    (void)c;
    const struct json *more = json_get(r, S("lanyard"));
    int64_t            code = json_get_int(json_get(r, S("status")), S("errorCode"), 0), times = json_get_int(more, S("times"), 1);
    str                who = json_get_str(r, S("servicePrincipalName")), from = last_of(value_of(r, "managedServiceIdentity.associatedResourceId"));
    if (str_empty(who)) who = json_get_str(r, S("userPrincipalName"));
    if (str_empty(who)) who = json_get_str(r, S("appId"));
    if (str_empty(from)) from = json_get_str(r, S("ipAddress"));
    printf("%.*s  %-20.*s  %-28.*s  %-16.*s  ", PSTR(short_time(json_get_str(r, S("createdDateTime")))), PSTR(or_dash(who)),
           PSTR(or_dash(json_get_str(more, S("target")))), PSTR(or_dash(from)));
    if (code) printf("refused %lld %.*s", (long long)code, PSTR(json_get_str(more, S("error"))));
    else printf("granted%s", json_get_bool(more, S("fromCache"), false) ? " from the cache" : "");
    if (times > 1) printf(", %lld times", (long long)times);
    printf(" (known by: %.*s)\n", PSTR(json_get_str(more, S("callerKnownBy"))));
}

static void print_diagnostic(struct call *c, const struct json *r)
{
    (void)c;
    const struct json *p = json_get(r, S("properties")), *claim = json_path(r, "identity.claim");
    str                who = json_get_str(claim, S("appid")), scope = json_get_str(p, S("id"));
    if (str_empty(who)) who = json_get_str(claim, S("http://schemas.microsoft.com/identity/claims/objectidentifier"));
    printf("%.*s  %.*s  %.*s  %.*s  %s, %lld %.*s\n", PSTR(short_time(json_get_str(r, S("time")))), PSTR(or_dash(who)),
           PSTR(json_get_str(r, S("operationName"))), PSTR(or_dash(scope)), json_get_bool(p, S("isAllowed"), false) ? "allowed" : "denied",
           (long long)json_get_int(p, S("httpStatusCode"), 0), PSTR(json_get_str(r, S("resultSignature"))));
}

static const struct log_form {
    str name;
    void (*print)(struct call *c, const struct json *record);
} FORMS[] = {{S_INIT("activity"), print_activity}, {S_INIT("signin"), print_signin}, {S_INIT("diagnostic"), print_diagnostic}};

static enum err print_one(struct cli *cli, const struct log_form *form, const struct json *record)
{
    int64_t dropped = json_get_int(record, S("recordsDropped"), 0);
    if (cli->json) return cli_print_json(cli, record); // a record a line: it can be followed
    if (dropped) {
        printf("(%lld records were dropped: they came faster than they could be written)\n", (long long)dropped);
    } else {
        form->print(&cli->call, record);
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
    const char            *correlation;      // NULL: all
    const char            *since;            // as the server takes it; NULL: all
    str                    filter;           // of sign-ins; empty: all
    str                    caller, resource; // of activity; empty: all
    bool                   failed;
    int64_t                top;
    str                    after;
};

// A text in a filter: quotes are doubled.
static void add_quoted(struct buf *b, str text)
{
    buf_add_char(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] == '\'') buf_add_char(b, '\'');
        buf_add_char(b, text.at[i]);
    }
    buf_add_char(b, '\'');
}

static void add_and(struct buf *b)
{
    if (buf_view(b).n) buf_add(b, S(" and "));
}

static void add_identity(struct buf *b, str identity)
{
    static const str NAMES[] = {S_INIT("servicePrincipalName"), S_INIT("userPrincipalName")},
                     IDS[] = {S_INIT("servicePrincipalId"), S_INIT("appId"), S_INIT("userId")};
    guid       id;
    bool       is_id = guid_parse(identity, &id);
    const str *members = is_id ? IDS : NAMES;
    add_and(b);
    for (size_t i = 0; i < (is_id ? COUNT(IDS) : COUNT(NAMES)); i++) {
        buf_addf(b, "%s%.*s eq ", i ? " or " : "(", PSTR(members[i]));
        add_quoted(b, is_id ? identity : last_of(identity));
    }
    buf_add_char(b, ')');
}

static void add_resource(struct call *c, struct buf *b, str resource)
{
    static const str MEMBER = S_INIT("managedServiceIdentity/associatedResourceId");
    bool             is_path = str_starts(resource, S("/"));
    add_and(b);
    buf_addf(b, is_path ? "%.*s eq " : "endswith(%.*s,", PSTR(MEMBER));
    add_quoted(b, is_path ? resource : call_format(c, "/%.*s", PSTR(resource)));
    if (!is_path) buf_add_char(b, ')');
}

// The filter that the options make together.
static enum err read_filter(struct cli *cli, str *out)
{
    struct buf  b;
    const char *identity = cli_value(cli, "identity", NULL), *resource = cli_value(cli, "resource", NULL);
    buf_init(&b, &cli->call.arena);
    if (identity) add_identity(&b, str_of(identity));
    if (resource) add_resource(&cli->call, &b, str_of(resource));
    if (cli_has(cli, "failed")) {
        add_and(&b);
        buf_add(&b, S("status/errorCode ne 0"));
    }
    return buf_finish(&cli->call, &b, out);
}

// A length of time is before the server's clock, which a test may have moved; a time is one.
static enum err read_since(struct cli *cli, const char **out)
{
    const char        *given = cli_value(cli, "since", NULL);
    const struct json *status = NULL;
    int64_t            ns, span_s;
    *out = given;
    if (!given || time_parse_iso(str_of(given), &ns)) return OK;
    if (!time_parse_span(str_of(given), &span_s))
        return FAIL(&cli->call, ERR_USAGE, "--since is a time like 2026-11-23T04:15:00Z, or a length like 90s, 15m, 2h or 1d.");
    TRY(admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &status));
    if (!time_parse_iso(json_get_str(status, S("time")), &ns)) return FAIL(&cli->call, ERR_IO, "The server does not say its time.");
    *out = call_zstr(&cli->call, call_format(&cli->call, "%s", time_iso(ns - span_s * NS_PER_S).s));
    return *out ? OK : FAIL_PLAIN(&cli->call, ERR_NO_MEMORY);
}

static void add_query(struct buf *path, const char *name, str value)
{
    if (str_empty(value)) return;
    buf_addf(path, "&%s=", name);
    admin_escape(path, value);
}

static enum err show(struct cli *cli, struct ask *ask)
{
    struct buf         path;
    str                text;
    const struct json *answer = NULL;
    buf_init(&path, &cli->call.arena);
    buf_addf(&path, "/lanyard/logs/%.*s?$top=%lld", PSTR(ask->form->name), (long long)ask->top);
    add_query(&path, "correlationId", str_of(ask->correlation));
    add_query(&path, "since", str_of(ask->since));
    add_query(&path, "$filter", ask->filter);
    add_query(&path, "caller", ask->caller);
    add_query(&path, "resource", ask->resource);
    if (ask->failed) buf_add(&path, S("&failed=true"));
    add_query(&path, "after", ask->after);
    TRY(buf_finish(&cli->call, &path, &text));
    TRY(admin_json(cli, "GET", text, STR_NONE, &answer));
    TRY(print_all(cli, ask->form, json_get(answer, S("value")), str_empty(ask->after)));
    ask->after = json_get_str(answer, S("after"));
    return OK;
}

// It may go on for days: each look has its memory anew. The cursor is kept here.
static int follow(struct cli *cli, struct ask *ask)
{
    struct cli look = *cli; // the command line lives in the command's own call
    char       cursor[128];
    call_init(&look.call, NULL, NULL);
    ask->top = MOST;
    for (;;) {
        if (ask->after.n > sizeof cursor) return cli_fail(cli, "The server gave a cursor that is too long.");
        if (ask->after.n) memcpy(cursor, ask->after.at, ask->after.n);
        ask->after.at = cursor;
        call_reset(&look.call, NULL);
        look.facts = NULL; // they lay in it
        sleep(FOLLOW_S);
        if (show(&look, ask) != OK) return cli_failed(&look);
    }
}

// An option that the log does not have; NULL: all are its own.
static const char *misplaced_option(struct cli *cli, const struct ask *ask)
{
    static const struct { const char *name; void (*print[2])(struct call *c, const struct json *record); } OWNERS[] = {
        {"caller", {print_activity}}, {"identity", {print_signin}}, {"resource", {print_activity, print_signin}}, {"failed", {print_activity, print_signin}}};
    for (size_t i = 0; i < COUNT(OWNERS); i++)
        if (cli_has(cli, OWNERS[i].name) && ask->form->print != OWNERS[i].print[0] && ask->form->print != OWNERS[i].print[1]) return OWNERS[i].name;
    return NULL;
}

// A sign-in name is asked for as it is, since records outlive the user.
static enum err read_caller(struct cli *cli, str *out)
{
    *out = str_of(cli_value(cli, "caller", NULL));
    return str_empty(*out) || str_find(*out, '@') != STR_NOWHERE ? OK : who_find(cli, *out, out);
}

// Which records are wanted, in the way that the log takes it.
static enum err read_wanted(struct cli *cli, struct ask *ask)
{
    if (ask->form->print == print_signin) return read_filter(cli, &ask->filter);
    TRY(read_caller(cli, &ask->caller));
    ask->resource = str_of(cli_value(cli, "resource", NULL));
    ask->failed = cli_has(cli, "failed");
    return OK;
}

static int run_logs(struct cli *cli)
{
    struct ask ask = {.correlation = cli_value(cli, "correlation", NULL)};
    for (size_t i = 0; i < COUNT(FORMS); i++)
        if (str_eq(str_of(cli->operands[0]), FORMS[i].name)) ask.form = &FORMS[i];
    if (!ask.form) return cli_usage(cli, "There is no log %s: there are activity, signin and diagnostic.", cli->operands[0]);
    const char *misplaced = misplaced_option(cli, &ask);
    if (misplaced) return cli_usage(cli, "--%s is not for the %s log.", misplaced, cli->operands[0]);
    if (read_wanted(cli, &ask) != OK || read_since(cli, &ask.since) != OK) return cli_failed(cli);
    if (cli_number(cli, "lines", 1, MOST, 20, &ask.top) != OK || show(cli, &ask) != OK) return cli_failed(cli);
    return cli_has(cli, "follow") ? follow(cli, &ask) : STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard logs activity", "The latest changes, and what was refused"},
    {"lanyard logs activity -f --failed", "Who is refused a change, as it happens"},
    {"lanyard logs activity --resource web-prod --since 1d", "What was done to one resource in the last day"},
    {"lanyard logs signin --failed --since 1h", "Who was refused a token in the last hour"},
    {"lanyard logs signin -f --resource web-prod", "The tokens of one resource, as they are asked for"},
    {"lanyard logs diagnostic --correlation 6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "What one request did with a target"},
};

const struct command COMMAND_LOGS = {
    .name = "logs",
    .summary = "Show who changed what, who did what with a target, and who got a token",
    .about = "The activity log has a record for every change of resources, roles and the directory: whose it was, by which role and request, and "
             "what stood there before and after; it is written with the change. A change that was refused, or failed, has a record too. "
             "The diagnostic log has one for every operation of a "
             "vault's data plane, allowed or denied. The sign-in log has one for every request for a token, granted or refused: by which identity, "
             "from which resource, how the caller was known. Answers with the same cached token are one record with a number; so are refusals of one "
             "kind that come too often.\n\n"
             "Records of one request have the same correlation id. Sign-in and diagnostic records, and those of refused changes, are written "
             "together, some moments later, and are not "
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
