// The person who is signed in to azd.
#include "client/command/tool.h"
#include "core/b64.h"

static const char NAME[] = "AzureDeveloperCliCredential";

const struct tool TOOL_AZD = {
    .program = "azd",
    .token_name = S_INIT("token"),
    .install_fix = "Install the Azure Developer CLI (https://aka.ms/azd-install) and sign in with 'azd auth login'.",
    .login_fix = "Run 'azd auth login'.",
    .login_signs = {"not logged in", "azd auth login", "azd login"},
};

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct tool_owner *me = credential_own(self);
    struct trial       t = {.ask = ask, .credential = NAME, .source = ""};
    str                tenant;
    const char        *arguments[TOOL_MAX_ARGUMENTS] = {"azd", "auth", "token", "--output", "json", "--no-prompt", "--scope"};
    size_t             n = 7;
    TRY(tool_check_scope(c, &t));
    TRY(tool_tenant(c, &t, me, &tenant));
    arguments[n++] = call_zstr(c, ask->scope);
    if (!str_empty(tenant)) {
        arguments[n++] = "--tenant-id";
        arguments[n++] = call_zstr(c, tenant);
    }
    if (!str_empty(ask->claims)) {
        struct buf b;
        buf_init(&b, &c->arena);
        b64_add(&b, str_bytes(ask->claims));
        arguments[n++] = "--claims";
        arguments[n++] = call_zstr(c, buf_text(c, &b));
    }
    TRY(call_check_texts(c));
    return tool_ask(c, &t, &TOOL_AZD, me, arguments, out);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire};

struct lanyard_credential *lanyard_azure_developer_cli(const char *tenant_id, const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct tool_owner), settings);
    if (self) tool_owner_init(self, credential_own(self), str_of(tenant_id));
    return credential_made(self);
}
