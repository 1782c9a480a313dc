// The person who is signed in to az.
#include "client/command/tool.h"
#include "core/b64.h"

static const char NAME[] = "AzureCliCredential";

const struct tool TOOL_AZ = {
    .program = "az",
    .token_name = S_INIT("accessToken"),
    .install_fix = "Install the Azure CLI (https://aka.ms/azure-cli) and sign in with 'az login'.",
    .login_fix = "Run 'az login'.",
    .login_signs = {"az login", "az account set"},
    .other_signs = {"az login --scope", "AADSTS"},
};

struct azure_cli {
    struct tool_owner owner;
    const char       *subscription; // NULL: the one that az has chosen
};

// az has no option for claims: the person must sign in with them.
static enum err refuse_claims(struct call *c, struct trial *t)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("Run 'az login --claims-challenge "));
    b64_add(&b, str_bytes(t->ask->claims));
    buf_add(&b, S(" --scope "));
    buf_add(&b, t->ask->scope);
    if (!str_empty(t->ask->tenant_id)) {
        buf_add(&b, S(" --tenant "));
        buf_add(&b, t->ask->tenant_id);
    }
    buf_add(&b, S("'."));
    const char *fix = call_zstr(c, buf_text(c, &b));
    TRY(call_check_texts(c));
    return trial_refused(c, t, ERR_CREDENTIAL_UNAVAILABLE, fix, "az cannot be asked for a token with claims.");
}

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct azure_cli *me = credential_own(self);
    struct trial      t = {.ask = ask, .credential = NAME, .source = ""};
    str               tenant;
    const char       *arguments[TOOL_MAX_ARGUMENTS] = {"az", "account", "get-access-token", "--output", "json", "--resource"};
    size_t            n = 6;
    TRY(tool_check_scope(c, &t));
    TRY(tool_tenant(c, &t, &me->owner, &tenant));
    if (!str_empty(ask->claims)) return refuse_claims(c, &t);
    arguments[n++] = call_zstr(c, ask->resource);
    if (!str_empty(tenant)) {
        arguments[n++] = "--tenant";
        arguments[n++] = call_zstr(c, tenant);
    }
    if (me->subscription) {
        arguments[n++] = "--subscription";
        arguments[n++] = me->subscription;
    }
    TRY(call_check_texts(c));
    return tool_ask(c, &t, &TOOL_AZ, &me->owner, arguments, out);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire};

struct lanyard_credential *lanyard_azure_cli(const char *tenant_id, const char *subscription, const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct azure_cli), settings);
    if (!self) return NULL;
    struct azure_cli *me = credential_own(self);
    tool_owner_init(self, &me->owner, str_of(tenant_id));
    if (subscription && !subscription_is_valid(str_of(subscription)))
        credential_broken(self, "The subscription holds characters that cannot be given to az: give its id instead of its name.");
    if (subscription) me->subscription = call_zstr(credential_call(self), str_of(subscription));
    return credential_made(self);
}
