// An application whose secret or certificate the environment names.
#include "client/entra/client_certificate.h"
#include "client/entra/client_secret.h"

static const char NAME[] = "EnvironmentCredential";

struct environment {
    struct entra_client      *client; // of one of these; NULL: see `lacks`
    struct client_secret      by_secret;
    struct client_certificate by_certificate;
    str                       lacks;
    const char               *fix;
};

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct environment *me = credential_own(self);
    struct trial        t = {.ask = ask, .credential = NAME, .source = ""};
    if (!me->client) return trial_refused(c, &t, ERR_CREDENTIAL_UNAVAILABLE, me->fix, "%.*s", PSTR(me->lacks));
    return entra_acquire(c, &t, me->client, out);
}

static void clear(void *own)
{
    struct environment *me = own;
    client_secret_clear(&me->by_secret);
    client_certificate_clear(&me->by_certificate);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

static bool is_true(str s)
{
    return str_eq(s, S("1")) || str_eq_nocase(s, S("true"));
}

// Which variable is the first that is missing, for a person who has set some.
static void explain(struct environment *me, const struct settings *s, str tenant, str client)
{
    bool has_user = !str_empty(settings_variable_nonempty(s, "AZURE_USERNAME")) && !str_empty(settings_variable_nonempty(s, "AZURE_PASSWORD"));
    me->fix = "Set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH.";
    if (str_empty(tenant) && str_empty(client)) me->lacks = S("AZURE_TENANT_ID and AZURE_CLIENT_ID are not set.");
    else if (str_empty(tenant)) me->lacks = S("AZURE_TENANT_ID is not set.");
    else if (str_empty(client)) me->lacks = S("AZURE_CLIENT_ID is not set.");
    else if (!has_user) me->lacks = S("Neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set.");
    else {
        me->lacks = S("AZURE_USERNAME and AZURE_PASSWORD are set, but signing in by a person's password is deprecated and not done here: it cannot "
                      "ask for a second factor.");
        me->fix = "Use an application: set AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH; or sign in with 'az login'.";
    }
}

struct lanyard_credential *lanyard_environment(const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct environment), settings);
    if (!self) return NULL;
    struct environment    *me = credential_own(self);
    const struct settings *s = credential_settings(self);
    str                    tenant = settings_variable_nonempty(s, "AZURE_TENANT_ID"), client = settings_variable_nonempty(s, "AZURE_CLIENT_ID");
    str secret = settings_variable_nonempty(s, "AZURE_CLIENT_SECRET"), path = settings_variable_nonempty(s, "AZURE_CLIENT_CERTIFICATE_PATH");
    if (str_empty(tenant) || str_empty(client) || (str_empty(secret) && str_empty(path))) {
        explain(me, s, tenant, client);
    } else if (!str_empty(secret)) {
        me->client = &me->by_secret.client;
        client_secret_init(self, &me->by_secret, tenant, client, secret);
    } else {
        me->client = &me->by_certificate.client;
        str                        password = settings_variable_nonempty(s, "AZURE_CLIENT_CERTIFICATE_PASSWORD");
        struct lanyard_certificate certificate = {
            .path = call_zstr(credential_call(self), path),
            .password = str_empty(password) ? NULL : call_zstr(credential_call(self), password),
            .send_chain = is_true(settings_variable_nonempty(s, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")),
        };
        client_certificate_init(self, &me->by_certificate, tenant, client, &certificate);
    }
    return credential_made(self);
}
