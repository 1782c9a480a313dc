#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/who.h"

static const struct operand_row OPERANDS[] = {
    {"VERB", "revoke: the tokens that it got so far are refused from now on"},
    {"WHO", WHO_HELP "; of one that was deleted, its object id"},
};

static enum err revoke(struct cli *cli, const struct json **out)
{
    struct call *c = &cli->call;
    str          id, path;
    if (!str_eq(str_of(cli->operands[0]), S("revoke"))) return FAIL(c, ERR_USAGE, "identity has the verb revoke, not \"%s\".", cli->operands[0]);
    TRY(who_find(cli, str_of(cli->operands[1]), &id));
    path = call_format(c, "/lanyard/principals/%.*s/revoke-tokens", PSTR(id));
    if (str_empty(path)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    return admin_json(cli, "POST", path, STR_NONE, out);
}

static int run_identity(struct cli *cli)
{
    const struct json *done = NULL;
    str                text = STR_NONE;
    enum err           failed = revoke(cli, &done);
    if (failed == OK) failed = json_text(&cli->call, done, &text);
    if (failed != OK) return cli_failed(cli);
    str name = json_get_str(done, S("displayName")), id = json_get_str(done, S("principalId"));
    if (cli->json) printf("%.*s\n", PSTR(text));
    else if (json_get_bool(done, S("exists"), false))
        printf("The tokens of %.*s (%.*s) are refused from now on; it may get new ones.\n", PSTR(name), PSTR(id));
    else printf("The tokens of %.*s are refused from now on; no such principal exists any more.\n", PSTR(id));
    return STATUS_OK;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard identity revoke web", "Whoever has a token of the machine web can do nothing more with it"},
    {"lanyard identity revoke 3f1c2f9e-0000-4000-8000-000000000001", "The same for an identity that was deleted, by its object id"},
};

const struct command COMMAND_IDENTITY = {
    .name = "identity",
    .summary = "Revoke the tokens of an identity",
    .about = "A token is valid until it expires, even after its identity was deleted. After a revocation every service "
             "refuses the tokens that were signed so far, at once and also after a restart. An identity that still exists gets a new token the next "
             "time that its program asks.\n"
             "\n"
             "The management API does the same for a user-assigned identity with POST .../userAssignedIdentities/NAME/revokeTokens.",
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_identity,
};
