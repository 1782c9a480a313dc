// token: a token for this program's identity, in the form that the next program wants.
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/quoted.h"
#include "cli/token/asked.h"
#include "core/json.h"
#include "core/time.h"

static const struct option_row OPTIONS[] = {
    ASKED_OPTIONS,
    {"output", 'o', VALUE_WORD, "FORM", "raw, json, header, curl-config, exec-credential or env (default: raw)", false},
};

// --- the forms ---

static void print_raw(struct json_writer *j, const struct lanyard_token *token)
{
    (void)j;
    printf("%s\n", lanyard_token_value(token));
}

static void print_header(struct json_writer *j, const struct lanyard_token *token)
{
    (void)j;
    printf("Authorization: %s %s\n", lanyard_token_type(token), lanyard_token_value(token));
}

// A line for `curl --config`: in quotes, in which a backslash escapes.
static void print_curl_config(struct json_writer *j, const struct lanyard_token *token)
{
    (void)j;
    printf("header = \"Authorization: %s ", lanyard_token_type(token));
    for (const char *at = lanyard_token_value(token); *at; at++) {
        if (*at == '"' || *at == '\\') putchar('\\');
        putchar(*at);
    }
    puts("\"");
}

static void print_env(struct json_writer *j, const struct lanyard_token *token)
{
    (void)j;
    fputs("export AZURE_ACCESS_TOKEN=", stdout);
    quoted_print(lanyard_token_value(token));
    printf("\nexport AZURE_ACCESS_TOKEN_EXPIRES_ON=%lld\n", (long long)lanyard_token_expires_at(token));
}

static void write_json(struct json_writer *j, const struct lanyard_token *token)
{
    json_put_string(j, S("accessToken"), str_of(lanyard_token_value(token)));
    json_put_string(j, S("tokenType"), str_of(lanyard_token_type(token)));
    json_put_string(j, S("expiresOn"), str_of(time_iso_s(lanyard_token_expires_at(token)).s));
    json_put_int(j, S("expires_on"), lanyard_token_expires_at(token));
    json_put_int(j, S("refresh_on"), lanyard_token_refresh_at(token));
    json_put_string(j, S("credential"), str_of(lanyard_token_credential(token)));
}

// kubectl says in its environment which version of the form it wants.
static str exec_version(void)
{
    const char *asked = getenv("KUBERNETES_EXEC_INFO");
    bool        is_beta = asked && str_find_str(str_of(asked), S("client.authentication.k8s.io/v1beta1")) != STR_NOWHERE;
    return is_beta ? S("client.authentication.k8s.io/v1beta1") : S("client.authentication.k8s.io/v1");
}

static void write_exec_credential(struct json_writer *j, const struct lanyard_token *token)
{
    json_put_string(j, S("apiVersion"), exec_version());
    json_put_string(j, S("kind"), S("ExecCredential"));
    json_write_key(j, S("status"));
    json_write_object(j);
    json_put_string(j, S("expirationTimestamp"), str_of(time_iso_s(lanyard_token_expires_at(token)).s));
    json_put_string(j, S("token"), str_of(lanyard_token_value(token)));
    json_write_end(j);
}

typedef void print_function(struct json_writer *j, const struct lanyard_token *token);

static const struct form { const char *name; bool is_json; print_function *print; } FORMS[] = {
    {"raw",             false, print_raw},
    {"json",            true,  write_json},
    {"header",          false, print_header},
    {"curl-config",     false, print_curl_config},
    {"exec-credential", true,  write_exec_credential},
    {"env",             false, print_env},
};

static enum err read_form(struct cli *cli, const struct form **out)
{
    const char *wanted = cli_value(cli, "output", cli->json ? "json" : "raw");
    if (cli->json && !str_eq(str_of(wanted), S("json")))
        return FAIL(&cli->call, ERR_USAGE, "--json is --output json: \"%s\" is another form.", wanted);
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        if (!str_eq(str_of(FORMS[i].name), str_of(wanted))) continue;
        *out = &FORMS[i];
        return OK;
    }
    return FAIL(&cli->call, ERR_USAGE, "--output has the forms raw, json, header, curl-config, exec-credential and env, not \"%s\".", wanted);
}

static enum err print_json_form(struct cli *cli, const struct form *form, const struct lanyard_token *token)
{
    struct buf         b;
    struct json_writer j;
    str                text = STR_NONE;
    buf_init(&b, &cli->call.arena);
    json_begin(&j, &b);
    json_write_object(&j);
    form->print(&j, token);
    json_write_end(&j);
    TRY(buf_finish(&cli->call, &b, &text));
    printf("%.*s\n", PSTR(text));
    return OK;
}

// What stands in a header must not end it.
static enum err check_letters(struct call *c, const char *token)
{
    for (const char *at = token; *at; at++)
        if (*at < '!' || *at > '~') return FAIL(c, ERR_CONTENT_INVALID, "The token holds a character that no token has: it is not printed.");
    return OK;
}

static int run_token(struct cli *cli)
{
    const struct form    *form;
    struct lanyard_token *token = NULL;
    if (read_form(cli, &form) != OK) return cli_failed(cli);
    int status = asked_token(cli, NULL, &token);
    if (status != STATUS_OK) return status;
    enum err failed = check_letters(&cli->call, lanyard_token_value(token));
    if (failed == OK && form->is_json) failed = print_json_form(cli, form, token);
    else if (failed == OK) form->print(NULL, token);
    lanyard_token_free(token);
    return failed == OK ? STATUS_OK : cli_failed(cli);
}

static const struct section_row SECTIONS[] = {
    {"The forms", "raw: the token and a line feed, for $(...).\n"
                  "\n"
                  "json: an object with accessToken, tokenType, expiresOn, expires_on, refresh_on and credential.\n"
                  "\n"
                  "header: a line \"Authorization: Bearer ...\", as `curl -H @FILE` reads it.\n"
                  "\n"
                  "curl-config: the same line for `curl --config -`.\n"
                  "\n"
                  "exec-credential: what kubectl expects of a credential plugin, in the version that it asks for.\n"
                  "\n"
                  "env: AZURE_ACCESS_TOKEN and AZURE_ACCESS_TOKEN_EXPIRES_ON, for a shell to read."},
    {"Where the token comes from",
     "By default each of these in turn, until one has a token: the application whose secret or certificate the environment names, the workload "
     "identity of a Kubernetes pod, the managed identity of this machine, az, azd. AZURE_TOKEN_CREDENTIALS chooses among them, as in other SDKs; "
     "AZURE_AUTHORITY_HOST names another cloud. Inside `lanyard run` it is the identity of the resource that the program runs as."},
    ASKED_PATIENCE,
};

static const struct example_row EXAMPLES[] = {
    {"lanyard token --resource https://vault.azure.net", "A token for Key Vault"},
    {"lanyard token -r api://orders -o curl-config | curl -K - https://orders.example/v1/orders",
     "Ask an API, without the token in the list of processes"},
    {"PGPASSWORD=\"$(lanyard token -r https://ossrdbms-aad.database.windows.net)\" psql -h db -U web", "Sign in to PostgreSQL"},
    {"lanyard token -r https://vault.azure.net --client-id 3f1c2f9e-0000-4000-8000-000000000001", "The token of one user-assigned identity"},
};

const struct command COMMAND_TOKEN = {
    .name = "token",
    .summary = "Get a token for this program's identity",
    .about = "Gets an access token as a program with the library gets one: on Azure, or from a server of Lanyard, which need not be on this machine. "
             "Nothing "
             "is kept: each call asks anew.\n"
             "\n"
             "If there is none, it says which credentials were tried, in their order, what each lacked, and what to do.\n"
             "\n"
             "Whoever has a token can do what its identity may, until it expires: keep it out of command lines and logs.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .exit_status = ASKED_EXIT_STATUS,
    .sections = SECTIONS,
    .section_n = COUNT(SECTIONS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_token,
};
