// whoami: whose token a program gets here, by what the token itself says. The token is not printed.
#include <stdio.h>

#include "cli/commands.h"
#include "cli/token/asked.h"
#include "cli/token/claims.h"
#include "core/time.h"

#define SHOWN_MAX_BYTES 512 // of a claim

static const struct option_row OPTIONS[] = {
    ASKED_OPTIONS,
};

struct line {
    const char *title, *member;
    str         text;
};

static void print_lines(struct call *c, const struct line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!str_empty(lines[i].text)) printf("%-12s %.*s\n", lines[i].title, PSTR(call_printable(c, lines[i].text, SHOWN_MAX_BYTES)));
}

// The texts of a list with commas between them.
static str joined(struct call *c, const struct json *list)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < json_n(list); i++) {
        if (i) buf_add(&b, S(", "));
        buf_add(&b, json_str(json_at(list, i)));
    }
    return buf_text(c, &b);
}

static enum err print_json(struct cli *cli, const struct line *lines, size_t n, const struct claims *claims, int64_t expires_at_s)
{
    struct buf         b;
    struct json_writer j;
    str                text = STR_NONE, rest = claims->scopes, scope;
    buf_init(&b, &cli->call.arena);
    json_begin(&j, &b);
    json_write_object(&j);
    for (size_t i = 0; i < n; i++)
        if (lines[i].member && !str_empty(lines[i].text)) json_put_string(&j, str_of(lines[i].member), lines[i].text);
    json_put_int(&j, S("expires_on"), expires_at_s);
    json_write_key(&j, S("roles"));
    json_write_array(&j);
    for (size_t i = 0; i < json_n(claims->roles); i++) json_write_string(&j, json_str(json_at(claims->roles, i)));
    json_write_end(&j);
    json_write_key(&j, S("scopes"));
    json_write_array(&j);
    while (!str_empty(rest) && str_cut(&rest, ' ', &scope))
        if (!str_empty(scope)) json_write_string(&j, scope);
    json_write_end(&j);
    json_write_end(&j);
    TRY(buf_finish(&cli->call, &b, &text));
    printf("%.*s\n", PSTR(text));
    return OK;
}

static enum err print_claims(struct cli *cli, const struct lanyard_token *token)
{
    struct call     *c = &cli->call;
    struct claims    claims = {.kind = CLAIMS_UNKNOWN};
    int64_t          expires_at_s = lanyard_token_expires_at(token);
    struct time_text until = time_iso_s(expires_at_s);
    // A token that is no JWT is a token all the same: its service alone can read it.
    bool is_readable = claims_read(c, str_of(lanyard_token_value(token)), &claims) == OK;
    if (!is_readable) call_forgive(c);
    const struct line lines[] = {
        {"who",        "name",               claims.name},
        {"kind",       "kind",               is_readable ? str_of(claims_kind_name(claims.kind)) : S("unknown: the token can be read by its service alone")},
        {"object id",  "objectId",           claims.object_id},
        {"client id",  "clientId",           claims.client_id},
        {"tenant",     "tenantId",           claims.tenant_id},
        {"identity",   "identityResourceId", claims.identity_id},
        {"runs on",    "resourceId",         claims.resource_id},
        {"audience",   "audience",           claims.audience},
        {"roles",      NULL,                 joined(c, claims.roles)},
        {"scopes",     NULL,                 claims.scopes},
        {"issuer",     "issuer",             claims.issuer},
        {"expires",    "expiresOn",          str_of(until.s)},
        {"credential", "credential",         str_of(lanyard_token_credential(token))},
    };
    if (cli->json) return print_json(cli, lines, COUNT(lines), &claims, expires_at_s);
    print_lines(c, lines, COUNT(lines));
    return OK;
}

static int run_whoami(struct cli *cli)
{
    struct lanyard_token *token = NULL;
    int                   status = asked_token(cli, "https://management.azure.com/.default", &token);
    if (status != STATUS_OK) return status;
    enum err failed = print_claims(cli, token);
    lanyard_token_free(token);
    return failed == OK ? STATUS_OK : cli_failed(cli);
}

static const struct section_row SECTIONS[] = {
    ASKED_PATIENCE,
};

static const struct example_row EXAMPLES[] = {
    {"lanyard whoami", "Who a program is here that uses the default chain"},
    {"lanyard run --as web -- lanyard whoami --resource https://vault.azure.net", "Who a program of the machine web is, and which roles its token has"},
};

const struct command COMMAND_WHOAMI = {
    .name = "whoami",
    .summary = "Say whose token a program gets here",
    .about = "Gets a token as `lanyard token` does and tells what it says: who, of which kind and tenant, for which audience, until when, with which "
             "roles or "
             "scopes, and which credential gave it. The token is neither printed nor verified; `lanyard verify-token` verifies one.\n"
             "\n"
             "Without --resource the token is one for the management API.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .exit_status = ASKED_EXIT_STATUS,
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_whoami,
};
