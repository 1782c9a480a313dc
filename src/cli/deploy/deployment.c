#include "cli/deploy/deployment.h"

#include <stdio.h>
#include <time.h>

#include "cli/admin_call.h"
#include "cli/find.h"
#include "cli/manage/ensure.h"

#define VERSION       "2022-09-01"
#define POLL_NAP_MS   50
#define MOST_NESTED   8 // of errors in errors, and of deployments in deployments
#define MOST_ENDED    4096
#define OUTPUT_SECURE "(secure)"

/* ---- what is deployed, and where ---- */

enum err deployment_read(struct cli *cli, const char *template, struct deployment *out)
{
    *out = (struct deployment){.cli = cli, .mode = S("Incremental")};
    TRY(template_file_read(cli, template, &out->file));
    out->name = out->file.name;
    for (size_t i = 0; i < cli->value_n; i++)
        if (str_eq(str_of(cli->values[i].row->name), S("parameters"))) TRY(template_file_say(cli, &out->file, cli->values[i].text));
    return OK;
}

static void tell_word(const struct deployment *d, const char *word, int color, str what)
{
    if (d->cli->color && color) printf("\033[%dm%-9s\033[0m", color, word);
    else printf("%-9s", word);
    printf(" %.*s\n", PSTR(what));
    fflush(stdout);
}

static enum err place_at_group(struct deployment *d, str group, str location)
{
    struct ensure_result made;
    if (str_empty(group) || str_starts(group, S("/")) || !d->makes_group) return find_group(d->cli, group, &d->scope);
    TRY(ensure_group(d->cli, group, location, &made));
    if (made.what == ENSURE_CREATED && !d->is_quiet && !d->cli->json)
        tell_word(d, "created", 32, call_format(&d->cli->call, "group %.*s", PSTR(group)));
    d->made_group = made.what == ENSURE_CREATED;
    d->scope = made.id;
    return OK;
}

static bool see_any(const struct json *item, void *ctx)
{
    bool *any = ctx;
    (void)item;
    *any = true;
    return false;
}

// The group that was made for a template that is refused goes again, unless another one has put something into it.
static enum err remove_made_group(struct deployment *d)
{
    struct call       *c = &d->cli->call;
    const struct json *gone;
    bool               any = false;
    if (!d->made_group) return OK;
    TRY(admin_each(d->cli, call_format(c, "%.*s/resources?api-version=" VERSION, PSTR(d->scope)), see_any, &any));
    if (any) return OK;
    TRY(admin_json(d->cli, "DELETE", call_format(c, "%.*s?api-version=" VERSION, PSTR(d->scope)), STR_NONE, &gone));
    if (!d->is_quiet && !d->cli->json) tell_word(d, "deleted", 31, deployment_words(c, d->scope));
    return OK;
}

enum err deployment_place(struct deployment *d, str group)
{
    struct cli  *cli = d->cli;
    struct call *c = &cli->call;
    str          location = str_of(cli_value(cli, "location", DEFAULT_LOCATION));
    const char  *mgmt_group = cli_value(cli, "management-group", NULL);
    TRY(find_check_name(c, location));
    if (d->file.level != DEPLOY_AT_GROUP && cli_has(cli, "group")) return FAIL(c, ERR_USAGE, "%s is no template for a resource group.", d->file.path);
    if (d->file.level != DEPLOY_AT_MGMT_GROUP && mgmt_group) return FAIL(c, ERR_USAGE, "%s is no template for a management group.", d->file.path);
    if (d->file.level != DEPLOY_AT_GROUP) d->location = location;
    switch (d->file.level) {
    case DEPLOY_AT_GROUP: return place_at_group(d, str_of(cli_value(cli, "group", call_zstr(c, group))), location);
    case DEPLOY_AT_SUBSCRIPTION: return find_subscription(cli, &d->scope);
    case DEPLOY_AT_MGMT_GROUP:
        if (!mgmt_group) return FAIL(c, ERR_USAGE, "%s is for a management group: say which by --management-group ID.", d->file.path);
        TRY(find_check_name(c, str_of(mgmt_group)));
        d->scope = call_format(c, "/providers/Microsoft.Management/managementGroups/%s", mgmt_group);
        return OK;
    case DEPLOY_AT_TENANT: return OK;
    }
    return OK;
}

static str path_of(const struct deployment *d, const char *action)
{
    return call_format(&d->cli->call, "%.*s/providers/Microsoft.Resources/deployments/%.*s%s?api-version=" VERSION, PSTR(d->scope), PSTR(d->name),
                       action);
}

/* ---- failures ---- */

static void add_error(struct buf *b, const struct json *error, size_t depth)
{
    const struct json *details = json_get(error, S("details"));
    buf_addf(b, "%s%*s%.*s: %.*s", depth ? "\n" : "", (int)depth * 2, "", PSTR(json_get_str(error, S("code"))),
             PSTR(json_get_str(error, S("message"))));
    for (size_t i = 0; depth < MOST_NESTED && i < json_n(details); i++) add_error(b, json_at(details, i), depth + 1);
}

// The line of the template that a message names, with a mark below its column.
static void add_excerpt(struct cli *cli, struct buf *b, const struct template_file *f, str message)
{
    struct template_place at;
    str                   line;
    if (!template_file_place(&cli->call, f, message, &at, &line)) return;
    buf_addf(b, "\n  %s:%zu:%zu\n  | %.*s\n  | %*s^", f->path, at.line, at.column, PSTR(line), (int)at.mark, "");
}

static const struct json *deepest(const struct json *error)
{
    for (size_t i = 0; i < MOST_NESTED && json_n(json_get(error, S("details"))) == 1; i++) error = json_at(json_get(error, S("details")), 0);
    return error;
}

static void tell_error(const struct deployment *d, const struct json *error)
{
    struct cli *cli = d->cli;
    struct buf  b;
    buf_init(&b, &cli->call.arena);
    add_error(&b, error, 0);
    add_excerpt(cli, &b, &d->file, json_get_str(deepest(error), S("message")));
    cli_fail(cli, "%.*s", PSTR(buf_view(&b)));
}

// *out NULL: refused, and told.
static enum err send(struct deployment *d, const char *method, str path, str body, int *out_status, str *out_head, const struct json **out)
{
    struct call           *c = &d->cli->call;
    struct admin_reply     reply;
    const struct json     *read = NULL;
    struct lanyard_request r = {.method = method, .path = call_zstr(c, path), .body = body.at, .body_n = body.n};
    if (!r.path) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(admin_call(d->cli, &r, &reply));
    if (reply.body.n && json_parse(c, reply.body, &read) != OK) call_forgive(c);
    *out_status = reply.status;
    *out_head = reply.head;
    *out = NULL;
    if (reply.status < 400) {
        if (read) *out = read;
        else TRY(json_parse(c, S("{}"), out));
        return OK;
    }
    if (!json_get(read, S("error")))
        return FAIL(c, ERR_IO, "The server answered %d: %.*s", reply.status, PSTR(str_upto(reply.body, str_find(reply.body, '\n'))));
    tell_error(d, json_get(read, S("error")));
    return OK;
}

/* ---- progress ---- */

// The operations that were told: each ends once.
struct progress {
    struct deployment *d;
    const struct json *before; // what what-if said; NULL: nothing
    str                ended[MOST_ENDED];
    size_t             ended_n, depth;
    enum err           failed;
};

str deployment_words(struct call *c, str id)
{
    str    type = STR_NONE, name = STR_NONE;
    str    rest = id, piece, after = STR_NONE;
    size_t i = 0;
    while (str_cut(&rest, '/', &piece))
        if (str_eq_nocase(piece, S("providers"))) after = rest;
    for (rest = after; after.n && str_cut(&rest, '/', &piece); i++) {
        str *to = i == 0 || i % 2 == 1 ? &type : &name;
        *to = to->n ? call_format(c, "%.*s/%.*s", PSTR(*to), PSTR(piece)) : piece;
    }
    const struct kind *kind = kind_of_type(type);
    if (!after.n) return call_format(c, "group %.*s", PSTR(str_from(id, str_find_last(id, '/') + 1)));
    if (kind) return call_format(c, "%s %.*s", kind->word, PSTR(name));
    return call_format(c, "%.*s %.*s", PSTR(type), PSTR(name));
}

static const struct json *change_of(const struct json *before, str id)
{
    const struct json *changes = json_path(before, "properties.changes");
    for (size_t i = 0; i < json_n(changes); i++)
        if (str_eq_nocase(json_get_str(json_at(changes, i), S("resourceId")), id)) return json_at(changes, i);
    return NULL;
}

static str text_of(struct call *c, const struct json *value)
{
    str text = S("nothing");
    if (value && json_text(c, value, &text) != OK) call_forgive(c);
    return text;
}

void deployment_print_delta(struct cli *cli, const struct json *delta, size_t depth)
{
    for (size_t i = 0; i < json_n(delta); i++) {
        const struct json *one = json_at(delta, i), *children = json_get(one, S("children"));
        printf("%*s%.*s", (int)depth * 2 + 4, "", PSTR(json_get_str(one, S("path"))));
        if (json_n(children)) {
            putchar('\n');
            if (depth < JSON_MAX_DEPTH) deployment_print_delta(cli, children, depth + 1);
            continue;
        }
        str before = text_of(&cli->call, json_get(one, S("before"))), after = text_of(&cli->call, json_get(one, S("after")));
        printf(": %.*s -> %.*s\n", PSTR(before), PSTR(after));
    }
}

static const struct { str change; const char *word; int color; } WORDS[] = {
    {S_INIT("Create"), "created", 32}, {S_INIT("Modify"), "changed", 33}, {S_INIT("Delete"), "deleted", 31}, {S_INIT("NoChange"), "unchanged", 0},
};

static bool is_telling(const struct progress *p)
{
    return !p->d->cli->json && !p->d->is_quiet;
}

static void tell(const struct progress *p, const char *word, int color, str id)
{
    if (is_telling(p)) tell_word(p->d, word, color, deployment_words(&p->d->cli->call, id));
}

// What came of it: its status tells what was made, and what-if whether one that was there is another now.
static void tell_done(const struct progress *p, const struct json *properties, str id)
{
    const struct json *foreseen = change_of(p->before, id);
    str                change = json_get_str(foreseen, S("changeType"));
    if (str_eq(json_get_str(properties, S("statusCode")), S("Created"))) change = S("Create");
    if (str_eq(json_get_str(properties, S("provisioningOperation")), S("Delete"))) change = S("Delete");
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (str_eq(WORDS[i].change, change)) {
            tell(p, WORDS[i].word, WORDS[i].color, id);
            if (str_eq(change, S("Modify")) && is_telling(p)) deployment_print_delta(p->d->cli, json_get(foreseen, S("delta")), 1);
            return;
        }
    tell(p, "deployed", 33, id);
}

static bool is_new(struct progress *p, str operation)
{
    for (size_t i = 0; i < p->ended_n; i++)
        if (str_eq(p->ended[i], operation)) return false;
    if (p->ended_n == MOST_ENDED) return false;
    p->ended[p->ended_n++] = operation;
    return true;
}

static enum err see_operations(struct progress *p, str deployment);

static bool see_operation(const struct json *item, void *ctx)
{
    struct progress   *p = ctx;
    const struct json *properties = json_get(item, S("properties")), *target = json_get(properties, S("targetResource"));
    str                id = json_get_str(target, S("id")), state = json_get_str(properties, S("provisioningState"));
    str                doing = json_get_str(properties, S("provisioningOperation"));
    bool               is_change = str_eq(doing, S("Create")) || str_eq(doing, S("Delete"));
    bool               is_nested = str_eq_nocase(json_get_str(target, S("resourceType")), S("Microsoft.Resources/deployments"));
    if (!is_change || !id.n) return true;
    if (is_nested && p->depth < MOST_NESTED) p->failed = see_operations(p, id);
    if (p->failed != OK || is_nested) return p->failed == OK;
    if (str_eq(state, S("Succeeded")) && is_new(p, json_get_str(item, S("id")))) tell_done(p, properties, id);
    if (str_eq(state, S("Failed")) && is_new(p, json_get_str(item, S("id")))) tell(p, "failed", 31, id);
    return true;
}

// A nested deployment has none before it has begun.
static enum err see_operations(struct progress *p, str deployment)
{
    const struct json *first;
    str                path = call_format(&p->d->cli->call, "%.*s/operations?api-version=" VERSION, PSTR(deployment));
    TRY(admin_find(p->d->cli, path, &first));
    if (!first) return OK;
    p->depth++;
    TRY(admin_each(p->d->cli, path, see_operation, p));
    p->depth--;
    return p->failed;
}

static bool has_ended(str state)
{
    static const str ENDS[] = {S_INIT("Succeeded"), S_INIT("Failed"), S_INIT("Canceled")};
    return str_index_nocase(ENDS, COUNT(ENDS), state) != STR_NOWHERE;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_NAP_MS * 1000000L}, NULL);
}

static enum err follow(struct progress *p, const struct json **out)
{
    struct deployment *d = p->d;
    str                id = call_format(&d->cli->call, "%.*s/providers/Microsoft.Resources/deployments/%.*s", PSTR(d->scope), PSTR(d->name));
    for (;;) {
        const struct json *now;
        TRY(admin_json(d->cli, "GET", path_of(d, ""), STR_NONE, &now));
        TRY(see_operations(p, id));
        *out = now;
        if (has_ended(json_str(json_path(now, "properties.provisioningState")))) return OK;
        nap();
    }
}

/* ---- the two requests ---- */

static str header_of(str head, str name)
{
    for (str line; str_cut(&head, '\n', &line);)
        if (str_starts_nocase(line, name) && line.n > name.n && line.at[name.n] == ':') {
            str value = str_trim(str_from(line, name.n + 1));
            return str_ends(value, S("\r")) ? str_upto(value, value.n - 1) : value;
        }
    return STR_NONE;
}

static str path_in(str url)
{
    str rest = str_starts_nocase(url, S("https://")) ? str_from(url, 8) : url;
    return str_from(rest, str_find(rest, '/'));
}

enum err deployment_what_if(struct deployment *d, const struct json **out)
{
    str body, head;
    int status = 0;
    TRY(template_file_body(d->cli, &d->file, d->mode, d->location, &body));
    TRY(send(d, "POST", path_of(d, "/whatIf"), body, &status, &head, out));
    while (*out && status == 202) {
        str location = path_in(header_of(head, S("Location")));
        if (str_empty(location)) return FAIL(&d->cli->call, ERR_IO, "The server does not say where its answer will be.");
        nap();
        TRY(send(d, "GET", location, STR_NONE, &status, &head, out));
    }
    const struct json *error = json_get(*out, S("error"));
    if (!json_is(error, JSON_IS_OBJECT)) return OK;
    tell_error(d, error);
    *out = NULL;
    return OK;
}

enum err deployment_resources(struct deployment *d, const struct json **out)
{
    const struct json *answer;
    str                body, head;
    int                status = 0;
    *out = NULL;
    TRY(template_file_body(d->cli, &d->file, d->mode, d->location, &body));
    TRY(send(d, "POST", path_of(d, "/validate"), body, &status, &head, &answer));
    if (!answer) return OK;
    const struct json *error = json_get(answer, S("error"));
    if (json_is(error, JSON_IS_OBJECT)) tell_error(d, error);
    else *out = json_path(answer, "properties.validatedResources");
    return OK;
}

enum err deployment_run(struct deployment *d, bool *out_done, const struct json **out_result)
{
    struct call       *c = &d->cli->call;
    const struct json *taken;
    struct progress   *p;
    str                body, head;
    int                status = 0;
    *out_done = false;
    *out_result = NULL;
    TRY(NEW(c, &p, 1));
    p->d = d;
    TRY(deployment_what_if(d, &p->before));
    if (!p->before) return remove_made_group(d); // what is refused there would be refused here
    TRY(template_file_body(d->cli, &d->file, d->mode, d->location, &body));
    TRY(send(d, "PUT", path_of(d, ""), body, &status, &head, &taken));
    if (!taken) return OK;
    TRY(follow(p, out_result));
    const struct json *properties = json_get(*out_result, S("properties"));
    *out_done = str_eq(json_get_str(properties, S("provisioningState")), S("Succeeded"));
    if (!*out_done) tell_error(d, json_get(properties, S("error")));
    else if (!p->ended_n && !d->is_quiet && !d->cli->json) printf("nothing to deploy\n");
    return OK;
}

void deployment_print_outputs(struct cli *cli, const struct json *outputs)
{
    if (json_n(outputs)) printf("\nOutputs\n");
    for (size_t i = 0; i < json_n(outputs); i++) {
        const struct json *value = json_get(json_at(outputs, i), S("value"));
        str                text = S(OUTPUT_SECURE);
        if (json_is(value, JSON_IS_STRING)) text = json_str(value);
        else if (value && json_text(&cli->call, value, &text) != OK) call_forgive(&cli->call);
        printf("  %.*s = %.*s\n", PSTR(outputs->u.list.names[i]), PSTR(text));
    }
}
