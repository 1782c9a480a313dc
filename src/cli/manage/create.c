#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/manage/report.h"

#define MOST_IDENTITIES 32

static const struct option_row OPTIONS[] = {
    {"group", 'g', VALUE_WORD, "GROUP", "The resource group (default: the only one)", false},
    {"location", 'l', VALUE_WORD, "LOCATION", "Where it is (default: " DEFAULT_LOCATION ")", false},
    {"identity", 'i', VALUE_WORD, "IDENTITY", "system, or a user-assigned identity's name or ARM id", true},
    {"member", 'm', VALUE_WORD, "WHO", "Of a usergroup: who is in it", true},
};

static const struct operand_row OPERANDS[] = {
    {"KIND", "group (a resource group), vm, app, function, slot, container-app, identity, vault, storage, user, usergroup, or an ARM type"},
    {"NAME", "Its name; a slot's is APP/SLOT, a user's its user principal name"},
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

static enum err create(struct cli *cli, str word, str name, struct ensure_result *out)
{
    struct call *c = &cli->call;
    if (!str_eq_nocase(word, S("usergroup")) && cli_has(cli, "member")) return FAIL(c, ERR_USAGE, "Only a usergroup has members.");
    if (str_eq_nocase(word, S("group"))) return ensure_group(cli, name, str_of(cli_value(cli, "location", NULL)), out);
    if (str_eq_nocase(word, S("user"))) return ensure_user(cli, name, out);
    if (str_eq_nocase(word, S("usergroup"))) return create_usergroup(cli, name, out);
    const struct kind *kind = kind_find(c, word);
    if (kind) return create_resource(cli, kind, name, out);
    return FAIL(c, ERR_USAGE, "\"%.*s\" is not a kind of resource. The kinds are group, user, usergroup, %.*s, or an ARM type.", PSTR(word),
                PSTR(kind_words(c)));
}

static int run_create(struct cli *cli)
{
    struct ensure_result result = {0};
    str                  name = str_of(cli->operands[1]);
    if (create(cli, str_of(cli->operands[0]), name, &result) != OK) return cli_failed(cli);
    return report_result(cli, cli->operands[0], name, &result) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard create group shop", "A resource group"},
    {"lanyard create vm web --identity system", "A machine with an identity of its own"},
    {"lanyard create identity billing", "An identity that many resources can carry"},
    {"lanyard create app shop-front --identity billing", "A web app that carries it"},
    {"lanyard create vault my-shop", "A vault in which roles decide"},
    {"lanyard create user ada@shop.example", "A person"},
};

const struct command COMMAND_CREATE = {
    .name = "create",
    .summary = "Make a resource group, a machine, an app, an identity, a vault, a user",
    .about = "Makes it through the management API, or Graph for users. If it exists already, only identities that are named and "
             "missing are added, so the command can be given twice.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_create,
};
