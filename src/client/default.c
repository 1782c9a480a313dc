// The chain that fits most programs: what a deployment sets first, then what a developer has signed in to.
#include "client/chain.h"
#include "client/managed_identity/source.h"
#include "client/settings.h"

static const char NAME[] = "DefaultAzureCredential";

enum group { PROD, DEV, ABSENT };

struct choice {
    const struct lanyard_identity *which; // NULL: the default one
    const struct lanyard_settings *settings;
};

static struct lanyard_credential *make_environment(const struct choice *from)
{
    return lanyard_environment(from->settings);
}

// An object id or a resource id is for the platform's endpoints alone. Here, as in @azure/identity, the application is then the one of
// AZURE_CLIENT_ID, and it is asked first: who wants the chosen identity alone uses the credential of managed identities.
static struct lanyard_credential *make_workload_identity(const struct choice *from)
{
    bool has_client = from->which && from->which->kind == LANYARD_IDENTITY_CLIENT_ID;
    return lanyard_workload_identity(NULL, has_client ? from->which->id : NULL, NULL, from->settings);
}

static struct lanyard_credential *make_managed_identity(const struct choice *from)
{
    return lanyard_managed_identity(from->which, from->settings);
}

static struct lanyard_credential *make_azure_cli(const struct choice *from)
{
    return lanyard_azure_cli(NULL, NULL, from->settings);
}

static struct lanyard_credential *make_azure_developer_cli(const struct choice *from)
{
    return lanyard_azure_developer_cli(NULL, from->settings);
}

// In the order in which they are asked. The absent ones are names that other SDKs take.
static const struct {
    str        name;
    enum group group;
    struct lanyard_credential *(*make)(const struct choice *from);
} MEMBERS[] = {
    {S_INIT("EnvironmentCredential"), PROD, make_environment},
    {S_INIT("WorkloadIdentityCredential"), PROD, make_workload_identity},
    {S_INIT("ManagedIdentityCredential"), PROD, make_managed_identity},
    {S_INIT("AzureCliCredential"), DEV, make_azure_cli},
    {S_INIT("AzureDeveloperCliCredential"), DEV, make_azure_developer_cli},
    {S_INIT("VisualStudioCredential"), ABSENT, NULL},
    {S_INIT("VisualStudioCodeCredential"), ABSENT, NULL},
    {S_INIT("AzurePowerShellCredential"), ABSENT, NULL},
    {S_INIT("InteractiveBrowserCredential"), ABSENT, NULL},
    {S_INIT("BrokerCredential"), ABSENT, NULL},
};

// Whether the row is among those that AZURE_TOKEN_CREDENTIALS asks for.
static bool is_wanted(str wanted, size_t row)
{
    if (MEMBERS[row].group == ABSENT) return false;
    if (str_empty(wanted)) return true;
    if (str_eq_nocase(wanted, S("prod"))) return MEMBERS[row].group == PROD;
    if (str_eq_nocase(wanted, S("dev"))) return MEMBERS[row].group == DEV;
    return str_eq_nocase(wanted, MEMBERS[row].name);
}

static void explain(struct lanyard_credential *self, str wanted)
{
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        if (MEMBERS[i].group == ABSENT && str_eq_nocase(wanted, MEMBERS[i].name)) {
            credential_broken(
                self, "AZURE_TOKEN_CREDENTIALS names %.*s, which is not in this library: use AzureCliCredential or AzureDeveloperCliCredential.",
                PSTR(MEMBERS[i].name));
            return;
        }
    }
    credential_broken(self,
                      "AZURE_TOKEN_CREDENTIALS is \"%.*s\": it must be prod, dev, EnvironmentCredential, WorkloadIdentityCredential, "
                      "ManagedIdentityCredential, AzureCliCredential or AzureDeveloperCliCredential.",
                      PSTR(call_printable(credential_call(self), wanted, 60)));
}

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    return chain_acquire(c, credential_own(self), ask, out);
}

static void clear(void *own)
{
    chain_clear(own);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

struct lanyard_credential *lanyard_default(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct chain), settings);
    if (!self) return NULL;
    struct chain           *chain = credential_own(self);
    const struct settings  *s = credential_settings(self);
    str                     wanted = str_trim(settings_variable_nonempty(s, "AZURE_TOKEN_CREDENTIALS"));
    str                     client = settings_variable_nonempty(s, "AZURE_CLIENT_ID");
    struct lanyard_identity by_variable = {LANYARD_IDENTITY_CLIENT_ID, str_empty(client) ? NULL : call_zstr(credential_call(self), client)};
    struct choice           from = {which ? which : by_variable.id ? &by_variable : NULL, settings};
    for (size_t i = 0; i < COUNT(MEMBERS); i++)
        if (is_wanted(wanted, i)) chain_add_take(self, chain, MEMBERS[i].make(&from));
    if (managed_identity_check(self, which) && chain->n == 0) explain(self, wanted);
    return credential_made(self);
}
