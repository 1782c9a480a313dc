#include <stdio.h>

#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/applications.h"
#include "cli/manage/report.h"
#include "cli/read_file.h"

#define MOST_IDENTITIES         32
#define PASSWORD_FILE_MAX_BYTES 4096 /* more than a password may have: the server says so itself */

static const struct option_row OPTIONS[] = {
    {"group", 'g', VALUE_WORD, "GROUP", "The resource group (default: the only one)", false},
    {"location", 'l', VALUE_WORD, "LOCATION", "Where it is (default: " DEFAULT_LOCATION ")", false},
    {"identity", 'i', VALUE_WORD, "IDENTITY", "system, or a user-assigned identity's name or ARM id", true},
    {"member", 'm', VALUE_WORD, "WHO", "Of a usergroup: who is in it", true},
    {"uri", 0, VALUE_WORD, "URI", "Of an application: an App ID URI, as api://orders", true},
    {"role", 0, VALUE_WORD, "ROLE", "Of an application: the value of an app role, as Orders.Read", true},
    {"assignment-required", 0, VALUE_NONE, NULL, "Of an application: only who is assigned gets a token for it", false},
    {"secret", 0, VALUE_NONE, NULL, "Of an application: make a secret if it has none, and print it; it is shown only then", false},
    {"password", 0, VALUE_FILE, "FILE", "Of a user: its password, from a file or with - from standard input (default: one is made, and shown once)", false},
    {"certificate", 0, VALUE_FILE, "FILE", "Of an application: a PEM file's certificate, by whose key it signs in", false},
};

static const struct operand_row OPERANDS[] = {
    {"KIND", "group (a resource group), vm, app, function, slot, container-app, identity, vault, storage, user, usergroup, application, or an ARM type"},
    {"NAME", "Its name; a slot's is APP/SLOT, a user's is ada or ada@lanyard.localhost"},
};

static size_t values_of(const struct cli *cli, const char *option, str *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->value_n && n < room; i++)
        if (str_eq(str_of(cli->values[i].row->name), str_of(option))) out[n++] = str_of(cli->values[i].text);
    return n;
}

static enum err create_resource(struct cli *cli, const struct kind *kind, str name, struct ensure_result *out)
{
    str                    identities[MOST_IDENTITIES];
    struct ensure_resource wish = {.kind = kind, .name = name, .location = str_of(cli_value(cli, "location", NULL)), .identities = identities};
    wish.identity_n = values_of(cli, "identity", identities, COUNT(identities));
    TRY(find_group(cli, str_of(cli_value(cli, "group", NULL)), &wish.group));
    return ensure_resource(cli, &wish, out);
}

static enum err create_usergroup(struct cli *cli, str name, struct ensure_result *out)
{
    str    members[MOST_IDENTITIES];
    size_t n = values_of(cli, "member", members, COUNT(members));
    TRY(ensure_usergroup(cli, name, out));
    for (size_t i = 0; i < n; i++) TRY(ensure_member(cli, members[i], out));
    return OK;
}

// What is printed once and kept nowhere.
struct shown {
    const char *word, *member; // in JSON
    str         text;          // empty: nothing
};

// A password that is given is set also where the user is there already; one that is made is only for a new user.
static enum err create_user(struct cli *cli, str name, struct shown *shown, struct ensure_result *out)
{
    struct call                        *c = &cli->call;
    const char                         *file = cli_value(cli, "password", NULL);
    CLEANUP(secret_clear) struct secret password = {0};
    if (file) TRY(read_file_secret(c, str_of(file), PASSWORD_FILE_MAX_BYTES, &password));
    else TRY(user_password_make(c, &password));
    TRY(ensure_user(cli, name, &password, out));
    if (file && out->what == ENSURE_UNCHANGED) return ensure_user_password(cli, &password, out);
    if (file || out->what != ENSURE_CREATED) return OK;
    shown->word = shown->member = "password";
    return call_copy_str(c, bytes_str(secret_reveal(&password)), &shown->text);
}

static enum err create_application(struct cli *cli, str name, struct shown *shown, struct ensure_result *out)
{
    str                       uris[APPLICATION_MAX_WORDS], roles[APPLICATION_MAX_WORDS];
    struct ensure_application wish = {.name = name, .uris = uris, .roles = roles, .needs_assignment = cli_has(cli, "assignment-required")};
    const char               *file = cli_value(cli, "certificate", NULL);
    struct app_certificate    certificate;
    wish.uri_n = values_of(cli, "uri", uris, COUNT(uris));
    wish.role_n = values_of(cli, "role", roles, COUNT(roles));
    if (file) TRY(app_certificate_read(&cli->call, file, &certificate));
    TRY(ensure_application(cli, &wish, out));
    if (file) TRY(ensure_app_certificate(cli, &certificate, out));
    shown->word = "secret";
    shown->member = "secretText";
    return cli_has(cli, "secret") ? ensure_app_secret(cli, out, &shown->text) : OK;
}

// Options that only one kind takes.
static const struct { const char *option, *kind, *words; } OF_ONE_KIND[] = {
    {"member", "usergroup", "Only a usergroup has members."},
    {"uri", "application", "Only an application has URIs."},
    {"role", "application", "Only an application has app roles."},
    {"assignment-required", "application", "Only an application requires assignments."},
    {"secret", "application", "Only an application has a secret of this kind."},
    {"password", "user", "Only a user has a password."},
    {"certificate", "application", "Only an application has a certificate."},
};

static enum err create(struct cli *cli, str word, str name, struct shown *shown, struct ensure_result *out)
{
    struct call *c = &cli->call;
    for (size_t i = 0; i < COUNT(OF_ONE_KIND); i++)
        if (cli_has(cli, OF_ONE_KIND[i].option) && !str_eq_nocase(word, str_of(OF_ONE_KIND[i].kind)))
            return FAIL(c, ERR_USAGE, "%s", OF_ONE_KIND[i].words);
    if (str_eq_nocase(word, S("group"))) return ensure_group(cli, name, str_of(cli_value(cli, "location", NULL)), out);
    if (str_eq_nocase(word, S("user"))) return create_user(cli, name, shown, out);
    if (str_eq_nocase(word, S("usergroup"))) return create_usergroup(cli, name, out);
    if (str_eq_nocase(word, S("application"))) return create_application(cli, name, shown, out);
    const struct kind *kind = kind_find(c, word);
    if (kind) return create_resource(cli, kind, name, out);
    return FAIL(c, ERR_USAGE, "\"%.*s\" is not a kind of resource. The kinds are group, user, usergroup, application, %.*s, or an ARM type.",
                PSTR(word), PSTR(kind_words(c)));
}

// With --json it is one more member of the thing.
static enum err add_shown(struct call *c, const struct shown *shown, const struct json **io)
{
    struct json text = {.kind = JSON_IS_STRING, .u.string = shown->text};
    return json_with(c, *io, str_of(shown->member), &text, io);
}

static enum err report(struct cli *cli, str name, const struct shown *shown, struct ensure_result *result)
{
    if (cli->json && !str_empty(shown->text)) TRY(add_shown(&cli->call, shown, &result->now));
    TRY(report_result(cli, cli->operands[0], name, result));
    if (cli->json) return OK;
    if (!str_empty(shown->text)) printf("%-9s %.*s (keep it: it is not shown again)\n", shown->word, PSTR(shown->text));
    else if (cli_has(cli, "secret")) printf("%-9s %.*s has one already, which is not shown again\n", "secret", PSTR(name));
    return OK;
}

static int run_create(struct cli *cli)
{
    struct ensure_result result = {0};
    struct shown         shown = {0};
    str                  name = str_of(cli->operands[1]);
    if (create(cli, str_of(cli->operands[0]), name, &shown, &result) != OK) return cli_failed(cli);
    return report(cli, name, &shown, &result) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard create group shop", "A resource group"},
    {"lanyard create vm web --identity system", "A machine with an identity of its own"},
    {"lanyard create identity billing", "An identity that many resources can carry"},
    {"lanyard create app shop-front --identity billing", "A web app that carries it"},
    {"lanyard create vault my-shop", "A vault in which roles decide"},
    {"lanyard create user ada", "A person, ada@lanyard.localhost, whose password is shown once"},
    {"lanyard create user ada --password - <password.txt", "The same with a password of your own, or a new password for ada"},
    {"lanyard create application Orders --uri api://orders --role Orders.Read", "An API that has an app role"},
};

const struct command COMMAND_CREATE = {
    .name = "create",
    .summary = "Make a group, a machine, an app, an identity, a vault, a user, an application",
    .about = "Makes it through the management API, or Graph for users and applications. If it exists already, only identities, members, URIs, app "
             "roles and "
             "certificates that are named and missing are added, so the command can be given twice.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_create,
};
