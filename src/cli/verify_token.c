#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/read_file.h"

#define TOKEN_MAX_BYTES (64u << 10) // both more than the server takes: it says so itself
#define JWKS_MAX_BYTES  (512u << 10)

static const struct option_row OPTIONS[] = {
    {"audience", 'a', VALUE_WORD, "AUDIENCE", "For this API: its App ID URI or client id; one of these if there are several", true},
    {"role", 'r', VALUE_WORD, "ROLE", "The token must have this app role; all of these", true},
    {"any-role", 0, VALUE_WORD, "ROLE", "The token must have one of these app roles", true},
    {"scope", 0, VALUE_WORD, "SCOPE", "A user's token must have this scope; all of these", true},
    {"issuer", 0, VALUE_WORD, "URL", "It must come from this issuer: one of the server's, or with --jwks any", false},
    {"jwks", 0, VALUE_FILE, "FILE", "The key set of another issuer, as its jwks_uri gives it", false},
    {"tenant", 0, VALUE_WORD, "TENANT", "It must be of this tenant, a GUID", false},
};

static bool is_of_rule(const struct option_row *row)
{
    return row->repeats; // the demands; issuer and tenant are said once
}

static str path_of(struct cli *cli)
{
    struct buf b;
    buf_init(&b, &cli->call.arena);
    buf_add(&b, S("/lanyard/verify-token"));
    for (size_t i = 0, n = 0; i < cli->value_n; i++) {
        if (!is_of_rule(cli->values[i].row)) continue;
        buf_addf(&b, "%c%s=", n++ ? '&' : '?', cli->values[i].row->name);
        admin_escape(&b, str_of(cli->values[i].text));
    }
    return buf_view(&b);
}

// The token as it stands in a file, in a header, or alone.
static str bare(str text)
{
    text = str_trim(text);
    if (str_starts_nocase(text, S("Authorization:"))) text = str_trim(str_from(text, 14));
    return str_starts_nocase(text, S("Bearer ")) ? str_trim(str_from(text, 7)) : text;
}

static enum err ask(struct cli *cli, const struct json **out)
{
    struct call                        *c = &cli->call;
    CLEANUP(secret_clear) struct secret given = {0};
    struct buf                          b;
    struct json_writer                  j;
    str                                 body, keys = STR_NONE;
    if (!cli_has(cli, "audience")) return FAIL(c, ERR_USAGE, "Say for which API: --audience api://…, or its client id.");
    if (cli_has(cli, "jwks") && !cli_has(cli, "issuer")) return FAIL(c, ERR_USAGE, "Say whose keys they are: --issuer URL.");
    if (cli_has(cli, "jwks")) TRY(read_file(c, cli_value(cli, "jwks", NULL), JWKS_MAX_BYTES, &keys));
    TRY(read_file_secret(c, S("-"), TOKEN_MAX_BYTES, &given));
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("token"), bare(bytes_str(secret_reveal(&given))));
    if (cli_has(cli, "issuer")) json_put_string(&j, S("issuer"), str_of(cli_value(cli, "issuer", NULL)));
    if (cli_has(cli, "tenant")) json_put_string(&j, S("tenant"), str_of(cli_value(cli, "tenant", NULL)));
    if (cli_has(cli, "jwks")) json_put_string(&j, S("jwks"), keys);
    json_write_end(&j);
    enum err failed = buf_finish(c, &b, &body);
    if (failed == OK) failed = admin_json(cli, "POST", path_of(cli), body, out);
    secret_wipe(b.at, b.n);
    return failed;
}

static void print_answer(struct cli *cli, const struct json *answer)
{
    const struct json *roles = json_get(answer, S("roles"));
    str                who = json_get_str(answer, S("objectId"));
    if (!json_get_bool(answer, S("valid"), false)) {
        printf("invalid (%.*s): %.*s\n", PSTR(json_get_str(answer, S("check"))), PSTR(json_get_str(answer, S("message"))));
        return;
    }
    printf("valid: %.*s %.*s for %.*s", PSTR(json_get_str(answer, S("kind"))),
           PSTR(str_empty(who) ? call_printable(&cli->call, json_get_str(answer, S("subject")), 512) : who),
           PSTR(call_printable(&cli->call, json_get_str(answer, S("audience")), 512)));
    for (size_t i = 0; i < json_n(roles); i++)
        printf("%s%.*s", i ? ", " : ", roles ", PSTR(call_printable(&cli->call, json_str(json_at(roles, i)), 512)));
    printf(", until %.*s\n", PSTR(json_get_str(answer, S("expiresOn"))));
}

static int run_verify_token(struct cli *cli)
{
    const struct json *answer = NULL;
    str                text = STR_NONE;
    enum err           failed = ask(cli, &answer);
    if (failed == OK) failed = json_text(&cli->call, answer, &text);
    if (failed != OK) {
        cli_failed(cli);
        return STATUS_USAGE; // 1 is an answer here
    }
    if (cli->json) printf("%.*s\n", PSTR(text));
    else print_answer(cli, answer);
    return json_get_bool(answer, S("valid"), false) ? STATUS_OK : STATUS_REFUSED;
}

static const struct example_row EXAMPLES[] = {
    {"lanyard verify-token --audience api://orders --role Orders.Read < token", "Would an API that demands this let its bearer in?"},
};

const struct command COMMAND_VERIFY_TOKEN = {
    .name = "verify-token",
    .summary = "Ask whether a token counts for an API",
    .about =
        "Reads a token from standard input. One of this server is checked as `verify.sock` does for a proxy: signature, issuer, times, audience, "
        "tenant, that its principal exists, is enabled and was not revoked, then app roles and scopes. With "
        "--jwks a token of any issuer is checked by the keys in that file: form, RS256, signature, issuer, times, audience, tenant, roles and "
        "scopes.\n"
        "\n"
        "Says in one line whose token it is, or which check failed. The token is not printed.",
    .exit_status = "0 if it counts, 1 if not, 2 if no answer could be given.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_verify_token,
};
