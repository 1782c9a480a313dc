#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/who.h"

#define MOST_SHOWN 20 /* of what was considered; --json has all */

static const struct option_row OPTIONS[] = {
    ASK_PLANE_OPTION("as the built-in roles name the action"),
    {"all", 'a', VALUE_NONE, NULL, "Show every assignment that was considered, not the nearest only", false},
};

static const struct operand_row OPERANDS[] = {
    {"WHO", WHO_HELP ". Alone: the id of a refused request, from its x-lanyard-denial header"},
    {"[ACTION]", ASK_ACTION_HELP},
    {"[SCOPE]", SCOPE_HELP},
};

static enum err write_question(struct cli *cli, str principal, str action, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &cli->call.arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("principal"), principal);
    json_put_string(&j, S("action"), action);
    TRY(ask_write_plane(cli, &j, "isDataAction"));
    json_write_end(&j);
    return buf_finish(&cli->call, &b, out);
}

static enum err ask(struct cli *cli, const struct json **out)
{
    struct call *c = &cli->call;
    str          principal, question, scope, action = str_of(cli->operands[1]);
    TRY(find_scope(cli, str_of(cli->operands[2]), &scope));
    TRY(who_find(cli, str_of(cli->operands[0]), &principal));
    TRY(write_question(cli, principal, action, &question));
    TRY(ask_validate(cli, principal, action, scope));
    return admin_json(cli, "POST", call_format(c, "%.*s/providers/Lanyard.Authorization/explain", PSTR(ask_path(scope))), question, out);
}

static enum err look_up(struct cli *cli, const struct json **out)
{
    guid id;
    str  text = str_of(cli->operands[0]);
    if (!guid_parse(text, &id))
        return FAIL(&cli->call, ERR_USAGE, "\"%.*s\" is not the id of a refused request. To ask about a principal, give WHO, ACTION and SCOPE.",
                    PSTR(text));
    return admin_json(cli, "GET", call_format(&cli->call, "/lanyard/denials/%s", guid_text(id).s), STR_NONE, out);
}

static const char *paint(const struct cli *cli, int color, str text)
{
    struct call *c = (struct call *)&cli->call;
    return call_zstr(c, cli->color ? call_format(c, "\033[%dm%.*s\033[0m", color, PSTR(text)) : text);
}

static void print_item(struct cli *cli, const struct json *item)
{
    const struct json *holder = json_get(item, S("principal"));
    bool               is_group = str_eq(json_get_str(holder, S("type")), S("Group"));
    bool               grants = str_eq(json_get_str(item, S("outcome")), S("Grants"));
    printf("  %s at %.*s", paint(cli, 1, json_get_str(item, S("name"))), PSTR(json_get_str(item, S("scope"))));
    if (is_group) printf(", through the group %.*s", PSTR(json_get_str(holder, S("name"))));
    printf("\n    %s: %.*s\n    %.*s\n", paint(cli, grants ? 32 : 33, json_get_str(item, S("outcome"))), PSTR(json_get_str(item, S("detail"))),
           PSTR(json_get_str(item, S("id"))));
}

static void print_considered(struct cli *cli, const struct json *list)
{
    size_t shown = cli_has(cli, "all") || json_n(list) < MOST_SHOWN ? json_n(list) : MOST_SHOWN;
    if (shown) printf("\nWhat was considered, the nearest first:\n");
    for (size_t i = 0; i < shown; i++) print_item(cli, json_at(list, i));
    if (shown < json_n(list)) printf("  and %zu more (--all)\n", json_n(list) - shown);
}

static void print_suggestions(struct cli *cli, const struct json *list)
{
    if (json_n(list) == 0) return;
    printf("\nBuilt-in roles that would allow it at %.*s, the best first:\n", PSTR(json_get_str(json_at(list, 0), S("scope"))));
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json *one = json_at(list, i);
        printf("  %s\n    %.*s\n", paint(cli, 1, json_get_str(one, S("roleName"))), PSTR(json_get_str(one, S("detail"))));
    }
}

static void print_explanation(struct cli *cli, const struct json *e)
{
    bool allowed = json_get_bool(e, S("allowed"), false);
    str  summary = json_get_str(e, S("summary"));
    str  words = str_from(summary, str_find(summary, ':'));
    printf("%s%.*s\n", paint(cli, allowed ? 32 : 31, allowed ? S("yes") : S("no")), PSTR(words));
    print_considered(cli, json_get(e, S("considered")));
    print_suggestions(cli, json_get(e, S("suggestions")));
}

static void print_record(const struct json *record)
{
    static const struct { const char *title; str name; } ROWS[] = {
        {"when", S_INIT("time")}, {"who", S_INIT("client")}, {"what", S_INIT("action")}, {"where", S_INIT("scope")},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) printf("%-6s %.*s\n", ROWS[i].title, PSTR(json_get_str(record, ROWS[i].name)));
    putchar('\n');
}

static int run_why(struct cli *cli)
{
    const struct json *answer = NULL;
    str                text = STR_NONE;
    bool               is_record = cli->operand_n == 1;
    if (cli->operand_n == 2) return cli_usage(cli, "SCOPE is missing after ACTION.");
    enum err failed = is_record ? look_up(cli, &answer) : ask(cli, &answer);
    if (failed == OK) failed = json_text(&cli->call, answer, &text);
    if (failed != OK) {
        cli_failed(cli);
        return STATUS_USAGE; // 1 is an answer here
    }
    const struct json *explanation = is_record ? json_get(answer, S("explanation")) : answer;
    if (cli->json) {
        printf("%.*s\n", PSTR(text));
    } else {
        if (is_record) print_record(answer);
        print_explanation(cli, explanation);
    }
    return json_get_bool(explanation, S("allowed"), false) ? STATUS_OK : STATUS_REFUSED;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard why web Microsoft.KeyVault/vaults/secrets/getSecret/action \"$VAULT/secrets/db\"", "Why may, or may not, the machine web read this secret?"},
    {"lanyard why 6f0c1b1e-6a7e-4f0e-9b61-0d4f0f6f2a51", "Why was that request refused?"},
};

const struct command COMMAND_WHY = {
    .name = "why",
    .summary = "Explain why a principal may or may not do something somewhere",
    .about =
        "Lists the role and deny assignments that were considered, and why each of them did or did not help: wrong scope, wrong plane, taken away "
        "by NotActions, a condition that is not true, a deny, not yet propagated; where there are several causes, all of them. Where the answer is "
        "no, it names up to three built-in roles that would allow it at the narrowest scope, with what each allows beyond that: roles made for "
        "the resource's provider come before general ones and those before roles of other products, and among them the one that allows least.\n\n"
        "A refused request is answered with its id in the header x-lanyard-denial; given that id alone, the command explains that very request as it "
        "stood then.",
    .exit_status = "0 for yes, 1 for no, 2 if no answer could be given.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_why,
};
