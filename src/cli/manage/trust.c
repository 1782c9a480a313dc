// trust: which outside tokens an identity or an application takes for its own credential.
#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/find_application.h"
#include "cli/manage/report.h"

#define USUAL_AUDIENCE "api://AzureADTokenExchange"

static const struct option_row OPTIONS[] = {
    {"issuer", 0, VALUE_WORD, "URL", "The issuer of those tokens, as their iss says it to the letter", false},
    {"subject", 0, VALUE_WORD, "SUBJECT", "Whom they speak for, as their sub says it to the letter", false},
    {"audience", 0, VALUE_WORD, "AUDIENCE", "Whom they are for (default: " USUAL_AUDIENCE ")", false},
    {"name", 0, VALUE_WORD, "NAME", "What the credential is called (default: one is made up)", false},
    {"remove", 0, VALUE_WORD, "NAME", "Take that credential away", false},
};

static const struct operand_row OPERANDS[] = {
    {"WHO", "A user-assigned identity's name or ARM id, or " APPLICATION_HELP},
};

// Where the federated credentials are kept. An application's are asked of beta, which shows their flexible form too.
struct place {
    str  list;
    str  query; /* the api-version of the management API; empty: Graph */
    bool is_graph;
};

static enum err find_identity(struct cli *cli, str who, struct place *out)
{
    struct call *c = &cli->call;
    str          id;
    TRY(find_resource(cli, who, &id));
    if (!str_contains_nocase(id, S("/providers/Microsoft.ManagedIdentity/userAssignedIdentities/")))
        return FAIL(c, ERR_USAGE, "%.*s is neither a user-assigned identity nor an application: only those trust issuers.", PSTR(who));
    *out = (struct place){.list = call_format(c, "%.*s/federatedIdentityCredentials", PSTR(id)), .query = S("?api-version=2023-01-31")};
    return call_check_texts(c);
}

static enum err find_place(struct cli *cli, str who, struct place *out)
{
    struct call       *c = &cli->call;
    const struct json *application = NULL;
    struct candidates  resources;
    if (str_starts(who, S("/"))) return find_identity(cli, who, out);
    if (application_is_meant(who)) TRY(application_get(cli, who, &application));
    else TRY(application_find(cli, who, &application));
    if (!application) return find_identity(cli, who, out);
    candidates_init(&resources, c, who);
    if (!application_is_meant(who)) TRY(find_resources_named(cli, &resources));
    if (resources.n)
        return FAIL(c, ERR_USAGE, "%.*s is the name of an application and of a resource: give the application's client id %.*s, or the ARM id.",
                    PSTR(who), PSTR(json_get_str(application, S("appId"))));
    str id = json_get_str(application, S("id"));
    *out = (struct place){.list = call_format(c, "/beta/applications/%.*s/federatedIdentityCredentials", PSTR(id)), .is_graph = true};
    return call_check_texts(c);
}

// The management API has the members in an object of their own.
static const struct json *members_of(const struct json *item)
{
    const struct json *properties = json_get(item, S("properties"));
    return properties ? properties : item;
}

static str audience_of(const struct json *item)
{
    return json_str(json_at(json_get(members_of(item), S("audiences")), 0));
}

static str subject_of(const struct json *item)
{
    str expression = json_str(json_path(members_of(item), "claimsMatchingExpression.value"));
    return str_empty(expression) ? json_get_str(members_of(item), S("subject")) : expression;
}

// ---- one more ----

struct search {
    str                issuer, subject, audience, name; // the name alone, if there is one
    const struct json *found;
};

static bool see(const struct json *item, void *context)
{
    struct search *s = context;
    bool           same = str_eq(json_get_str(members_of(item), S("issuer")), s->issuer) && str_eq(subject_of(item), s->subject) &&
                str_eq(audience_of(item), s->audience);
    if (str_empty(s->name) ? same : str_eq_nocase(json_get_str(item, S("name")), s->name)) s->found = item;
    return !s->found;
}

static enum err search(struct cli *cli, const struct place *place, struct search *s)
{
    return admin_each(cli, call_format(&cli->call, "%.*s%.*s", PSTR(place->list), PSTR(place->query)), see, s);
}

static enum err write_body(struct call *c, const struct place *place, const struct search *s, str name, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    if (place->is_graph) {
        json_put_string(&j, S("name"), name);
    } else {
        json_write_key(&j, S("properties"));
        json_write_object(&j);
    }
    json_put_string(&j, S("issuer"), s->issuer);
    json_put_string(&j, S("subject"), s->subject);
    json_write_key(&j, S("audiences"));
    json_write_array(&j);
    json_write_string(&j, s->audience);
    json_write_end(&j);
    if (!place->is_graph) json_write_end(&j);
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

static enum err make(struct cli *cli, const struct place *place, const struct search *s, struct ensure_result *out)
{
    struct call *c = &cli->call;
    str          name = str_of(cli_value(cli, "name", NULL)), body, path;
    if (str_empty(name)) name = call_format(c, "trust-%.8s", guid_text(guid_new(c)).s);
    TRY(find_check_name(c, name));
    TRY(write_body(c, place, s, name, &body));
    path = place->is_graph ? place->list : call_format(c, "%.*s/%.*s%.*s", PSTR(place->list), PSTR(name), PSTR(place->query));
    out->what = ENSURE_CREATED;
    return admin_json(cli, place->is_graph ? "POST" : "PUT", path, body, &out->now);
}

static enum err add(struct cli *cli, const struct place *place)
{
    struct ensure_result result = {0};
    struct search        s = {.issuer = str_of(cli_value(cli, "issuer", NULL)),
                              .subject = str_of(cli_value(cli, "subject", NULL)),
                              .audience = str_of(cli_value(cli, "audience", USUAL_AUDIENCE))};
    if (str_empty(s.issuer) || str_empty(s.subject)) return FAIL(&cli->call, ERR_USAGE, "To trust an issuer takes --issuer and --subject.");
    TRY(search(cli, place, &s));
    result.now = s.found;
    if (!s.found) TRY(make(cli, place, &s, &result));
    str words = call_format(&cli->call, "%s in %.*s of %.*s", cli->operands[0], PSTR(s.subject), PSTR(s.issuer));
    return report_result(cli, "trust", words, &result);
}

// ---- one less, and all ----

static enum err take_away(struct cli *cli, const struct place *place, str name)
{
    struct call       *c = &cli->call;
    struct search      s = {.name = name};
    const struct json *ignored;
    TRY(find_check_name(c, name));
    TRY(search(cli, place, &s));
    if (!s.found) return FAIL(c, ERR_NOT_FOUND, "%s has no federated credential \"%.*s\".", cli->operands[0], PSTR(name));
    TRY(admin_json(cli, "DELETE", call_format(c, "%.*s/%.*s%.*s", PSTR(place->list), PSTR(name), PSTR(place->query)), STR_NONE, &ignored));
    if (cli->json) printf("{\"deleted\":\"%.*s\"}\n", PSTR(name));
    else printf("%-9s trust %s in %.*s\n", "deleted", cli->operands[0], PSTR(name));
    return OK;
}

struct listing {
    struct cli  *cli;
    struct table table;
    enum err     failed;
};

static enum err list_one(struct listing *l, const struct json *item)
{
    str text;
    if (l->cli->json) {
        TRY(json_text(&l->cli->call, item, &text));
        printf("%.*s\n", PSTR(text));
        return OK;
    }
    TRY(table_add(&l->table, json_get_str(item, S("name"))));
    TRY(table_add(&l->table, json_get_str(members_of(item), S("issuer"))));
    TRY(table_add(&l->table, subject_of(item)));
    return table_add(&l->table, audience_of(item));
}

static bool see_listed(const struct json *item, void *context)
{
    struct listing *l = context;
    l->failed = list_one(l, item);
    return l->failed == OK;
}

static enum err list(struct cli *cli, const struct place *place)
{
    static const char *const TITLES[] = {"NAME", "ISSUER", "SUBJECT", "AUDIENCE"};
    struct listing           l = {.cli = cli};
    table_init(&l.table, cli, TITLES, COUNT(TITLES));
    TRY(admin_each(cli, call_format(&cli->call, "%.*s%.*s", PSTR(place->list), PSTR(place->query)), see_listed, &l));
    TRY(l.failed);
    if (!cli->json && l.table.n) table_print(&l.table);
    return OK;
}

static enum err trust(struct cli *cli)
{
    struct place place;
    const char  *removed = cli_value(cli, "remove", NULL);
    bool         adds = cli_has(cli, "issuer") || cli_has(cli, "subject") || cli_has(cli, "audience") || cli_has(cli, "name");
    if (adds && removed) return FAIL(&cli->call, ERR_USAGE, "--remove goes alone.");
    TRY(find_place(cli, str_of(cli->operands[0]), &place));
    return removed ? take_away(cli, &place, str_of(removed)) : adds ? add(cli, &place) : list(cli, &place);
}

static int run_trust(struct cli *cli)
{
    return trust(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard trust deployer --issuer \"$ISSUER\" --subject repo:contoso/shop:ref:refs/heads/main",
     "Workflows on that branch get its tokens; ISSUER: https://token.actions.githubusercontent.com"},
    {"lanyard trust deployer", "List whose tokens it takes"},
    {"lanyard trust deployer --remove trust-1f3c2a9e", "Take one of them away"},
};

const struct command COMMAND_TRUST = {
    .name = "trust",
    .summary = "Let tokens of an outside issuer be an identity's credential",
    .about = "A program that has a token of that issuer for that subject and audience exchanges it at the token service for one of the identity or "
             "application, without any secret. Makes a federated credential through the management API or Graph; if there is the same one "
             "already, nothing changes. Without options it lists those that there are.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_trust,
};
