#include "cli/token/asked.h"

#include <stdio.h>

#include "cli/token/claims.h"
#include "core/guid.h"

#define TENANTS_ANY     "*" // who names a tenant on the command line means it
#define SCOPE_MAX_SHOWN 256

// --- the credential ---

typedef struct lanyard_credential *make_function(const struct lanyard_identity *which, const struct lanyard_settings *settings);

static struct lanyard_credential *make_default(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    return lanyard_default(which->kind == LANYARD_IDENTITY_DEFAULT ? NULL : which, settings);
}

static struct lanyard_credential *make_environment(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    (void)which;
    return lanyard_environment(settings);
}

static struct lanyard_credential *make_workload_identity(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    return lanyard_workload_identity(NULL, which->kind == LANYARD_IDENTITY_CLIENT_ID ? which->id : NULL, NULL, settings);
}

static struct lanyard_credential *make_azure_cli(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    (void)which;
    return lanyard_azure_cli(NULL, NULL, settings);
}

static struct lanyard_credential *make_azure_developer_cli(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    (void)which;
    return lanyard_azure_developer_cli(NULL, settings);
}

// Which kinds of id a credential can use: a bit for each enum lanyard_identity_kind.
#define TAKES_CLIENT_ID (1u << LANYARD_IDENTITY_CLIENT_ID)
#define TAKES_ANY_ID    (TAKES_CLIENT_ID | 1u << LANYARD_IDENTITY_OBJECT_ID | 1u << LANYARD_IDENTITY_RESOURCE_ID)

static const struct {
    const char    *name, *class_name; /* the second as the SDKs and AZURE_TOKEN_CREDENTIALS spell it */
    make_function *make;
    unsigned       takes;
} CREDENTIALS[] = {
    {"default", "DefaultAzureCredential", make_default, TAKES_ANY_ID},
    {"environment", "EnvironmentCredential", make_environment, 0},
    {"workload-identity", "WorkloadIdentityCredential", make_workload_identity, TAKES_CLIENT_ID},
    {"managed-identity", "ManagedIdentityCredential", lanyard_managed_identity, TAKES_ANY_ID},
    {"azure-cli", "AzureCliCredential", make_azure_cli, 0},
    {"azure-developer-cli", "AzureDeveloperCliCredential", make_azure_developer_cli, 0},
};

static const struct { const char *option; enum lanyard_identity_kind kind; } IDS[] = {
    {"client-id",   LANYARD_IDENTITY_CLIENT_ID},
    {"object-id",   LANYARD_IDENTITY_OBJECT_ID},
    {"resource-id", LANYARD_IDENTITY_RESOURCE_ID},
};

static enum err read_identity(struct cli *cli, struct lanyard_identity *out, const char **out_option)
{
    *out = (struct lanyard_identity){.kind = LANYARD_IDENTITY_DEFAULT};
    *out_option = NULL;
    for (size_t i = 0; i < COUNT(IDS); i++) {
        if (!cli_has(cli, IDS[i].option)) continue;
        if (*out_option) return FAIL(&cli->call, ERR_USAGE, "Name one identity: --%s or --%s, not both.", *out_option, IDS[i].option);
        *out_option = IDS[i].option;
        *out = (struct lanyard_identity){.kind = IDS[i].kind, .id = cli_value(cli, IDS[i].option, "")};
    }
    return OK;
}

// What is no id at all would be looked for, and not found.
static enum err check_identity(struct call *c, const struct lanyard_identity *which, const char *option)
{
    guid parsed;
    if (which->kind == LANYARD_IDENTITY_DEFAULT) return OK;
    if (which->kind == LANYARD_IDENTITY_RESOURCE_ID)
        return str_starts_nocase(str_of(which->id), S("/subscriptions/"))
                   ? OK
                   : FAIL(c, ERR_USAGE, "--%s takes an ARM id, which begins with /subscriptions/: \"%s\" is none.", option, which->id);
    return guid_parse(str_of(which->id), &parsed) ? OK : FAIL(c, ERR_USAGE, "--%s takes a GUID: \"%s\" is none.", option, which->id);
}

static enum err make_credential(struct cli *cli, const struct lanyard_settings *settings, struct lanyard_credential **out)
{
    struct lanyard_identity which;
    const char             *option, *wanted = cli_value(cli, "credential", "default");
    TRY(read_identity(cli, &which, &option));
    for (size_t i = 0; i < COUNT(CREDENTIALS); i++) {
        if (!str_eq_nocase(str_of(wanted), str_of(CREDENTIALS[i].name)) && !str_eq_nocase(str_of(wanted), str_of(CREDENTIALS[i].class_name)))
            continue;
        if (option && !(CREDENTIALS[i].takes & 1u << which.kind))
            return FAIL(&cli->call, ERR_USAGE, "--%s says which managed identity is meant: the credential %s takes none.", option,
                        CREDENTIALS[i].name);
        TRY(check_identity(&cli->call, &which, option));
        *out = CREDENTIALS[i].make(&which, settings);
        return *out ? OK : FAIL_PLAIN(&cli->call, ERR_NO_MEMORY);
    }
    return FAIL(&cli->call, ERR_USAGE, "There is no credential \"%s\". There are: default, " ASKED_CREDENTIALS ".", wanted);
}

// --- the token ---

static enum err read_scope(struct cli *cli, const char *fallback, const char **out)
{
    if (cli_has(cli, "scope") && cli_has(cli, "resource"))
        return FAIL(&cli->call, ERR_USAGE, "Give --resource or --scope, not both: they say the same.");
    *out = cli_value(cli, "scope", cli_value(cli, "resource", fallback));
    if (!*out) return FAIL(&cli->call, ERR_USAGE, "Say whom the token is for: --resource https://vault.azure.net");
    return OK;
}

static const struct { enum lanyard_result result; int status; const char *words; } RESULTS[] = {
    {LANYARD_UNAVAILABLE,           STATUS_UNAVAILABLE, "unavailable"},
    {LANYARD_AUTHENTICATION_FAILED, STATUS_REFUSED,     "refused"},
    {LANYARD_INVALID,               STATUS_USAGE,       "cannot be used"},
    {LANYARD_TIMED_OUT,             STATUS_TIMED_OUT,   "not in time"},
    {LANYARD_OK,                    STATUS_OK,          "has a token"},
};

static size_t row_of(enum lanyard_result result)
{
    size_t i = 0;
    while (i < COUNT(RESULTS) && RESULTS[i].result != result) i++;
    return i;
}

static void print_attempt(const struct lanyard_attempt *a)
{
    size_t row = row_of(a->result);
    fprintf(stderr, "  %s", a->credential);
    if (*a->source) fprintf(stderr, ", %s", a->source);
    fprintf(stderr, ": %s", row < COUNT(RESULTS) ? RESULTS[row].words : "failed");
    if (a->http_status) fprintf(stderr, ", HTTP %d", a->http_status);
    if (*a->code) fprintf(stderr, ", %s", a->code);
    fprintf(stderr, "\n    %s\n", a->text);
    if (*a->fix) fprintf(stderr, "    To do: %s\n", a->fix);
    if (*a->correlation_id) fprintf(stderr, "    Correlation id: %s\n", a->correlation_id);
}

// The library's first line repeats the attempt that tells best what to do; one that is alone follows anyway.
static int print_failure(struct cli *cli, const struct lanyard_token *token, const char *scope)
{
    enum lanyard_result result = lanyard_token_result(token);
    str                 error = str_of(lanyard_token_error(token));
    size_t              row = row_of(result);
    if (str_empty(error)) error = S("Out of memory."); // then there may be no token object at all
    if (lanyard_token_attempt_n(token) == 1) cli_fail(cli, "No token for %.*s:", PSTR(call_printable(&cli->call, str_of(scope), SCOPE_MAX_SHOWN)));
    else cli_fail(cli, "%.*s", PSTR(str_upto(error, str_find(error, '\n'))));
    for (size_t i = 0; i < lanyard_token_attempt_n(token); i++) print_attempt(lanyard_token_attempt(token, i));
    return row < COUNT(RESULTS) ? RESULTS[row].status : STATUS_REFUSED;
}

// A managed identity's endpoint takes no tenant and gives a token of its own one: who asked for another is to know. A tenant's domain is
// in no token, and a token that is no JWT tells nobody its tenant.
static enum err check_tenant(struct cli *cli, const struct lanyard_token *token, const char *asked)
{
    struct call  *c = &cli->call;
    struct claims claims = {0};
    guid          wanted, given;
    if (!asked || !guid_parse(str_of(asked), &wanted)) return OK;
    if (claims_read(c, str_of(lanyard_token_value(token)), &claims) != OK) call_forgive(c);
    if (!guid_parse(claims.tenant_id, &given) || guid_eq(given, wanted)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID,
                "%s gave a token of the tenant %.*s, not of %s: a managed identity has one tenant. Leave --tenant out, or use another credential.",
                lanyard_token_credential(token), PSTR(claims.tenant_id), asked);
}

int asked_token(struct cli *cli, const char *fallback, struct lanyard_token **out)
{
    static const char *const   ANY[] = {TENANTS_ANY};
    struct lanyard_settings    settings = {.size = sizeof settings, .additionally_allowed_tenants = ANY, .additionally_allowed_tenant_n = COUNT(ANY)};
    struct lanyard_credential *credential = NULL;
    struct lanyard_token_request request = {.size = sizeof request};
    enum err                     failed = read_scope(cli, fallback, &request.scope);
    if (failed == OK) failed = make_credential(cli, &settings, &credential);
    if (failed != OK) return cli_failed(cli);
    request.tenant_id = cli_value(cli, "tenant", NULL);
    request.claims = cli_value(cli, "claims", NULL);
    if (cli_has(cli, "timeout")) request.timeout_ms = cli->silence_max_s * 1000;
    struct lanyard_token *token = lanyard_token_ask(credential, &request);
    lanyard_credential_free(credential);
    int status = STATUS_OK;
    if (lanyard_token_result(token) != LANYARD_OK) status = print_failure(cli, token, request.scope);
    else if (check_tenant(cli, token, request.tenant_id) != OK) status = cli_failed(cli);
    if (status == STATUS_OK) *out = token;
    else lanyard_token_free(token);
    return status;
}
