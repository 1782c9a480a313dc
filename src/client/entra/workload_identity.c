#include "client/entra/workload_identity.h"

#include "client/request_text.h"
#include "client/secret_file.h"

#define HOST_NAME_MAX_BYTES 253

static const char FIX[] = "Give the pod the label azure.workload.identity/use and a service account with a client id, or set the variables.";

static bool is_space(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

bool token_file_text(str contents, str *out)
{
    str text = contents;
    while (text.n && is_space(text.at[0])) text = str_from(text, 1);
    while (text.n && is_space(text.at[text.n - 1])) text = str_upto(text, text.n - 1);
    if (!is_word(text, TOKEN_FILE_MAX_BYTES)) return false;
    *out = text;
    return true;
}

static enum err read_file(struct call *c, const char *path, str *out)
{
    struct secret file = {0};
    str           text = STR_NONE;
    TRY(secret_file_read(c, path, TOKEN_FILE_MAX_BYTES, SECRET_FILE_ANY, &file));
    bool is_read = token_file_text(bytes_str(secret_reveal(&file)), &text);
    text = call_text(c, text);
    secret_clear(&file);
    TRY(call_check_texts(c));
    if (!is_read) return FAIL(c, ERR_CONTENT_INVALID, "The file %s holds something else than one token.", path);
    *out = text;
    return OK;
}

static enum err prove(struct call *c, struct trial *t, struct entra_client *client, str audience, struct entra_proof *out)
{
    struct workload_identity *me = CONTAINER_OF(client, struct workload_identity, client);
    (void)audience; // the issuer wrote it into the token
    if (read_file(c, me->file, &out->assertion) == OK) return OK;
    return trial_failed(c, t, ERR_AUTHENTICATION_FAILED, "Check that the token is mounted there and that this user may read it.");
}

// It becomes the host of a URL.
static bool is_host_name(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char low = char_lower(s.at[i]);
        if (!((low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') || low == '-' || low == '.')) return false;
    }
    return s.n > 0 && s.n <= HOST_NAME_MAX_BYTES && s.at[0] != '.' && s.at[0] != '-';
}

static void set_proxy(struct lanyard_credential *self, struct token_proxy *out)
{
    const struct settings *s = credential_settings(self);
    str url = settings_variable_nonempty(s, "AZURE_KUBERNETES_TOKEN_PROXY"), ca_file = settings_variable_nonempty(s, "AZURE_KUBERNETES_CA_FILE");
    str ca_data = settings_variable_nonempty(s, "AZURE_KUBERNETES_CA_DATA"), name = settings_variable_nonempty(s, "AZURE_KUBERNETES_SNI_NAME");
    struct url_view v;
    struct call    *c = credential_call(self);
    if (str_empty(url)) {
        if (!str_empty(ca_file) || !str_empty(ca_data) || !str_empty(name))
            credential_broken(self, "AZURE_KUBERNETES_TOKEN_PROXY is not set, but other variables of the proxy are.");
        return;
    }
    if (!url_read(url, &v) || !v.is_https)
        credential_broken(self, "AZURE_KUBERNETES_TOKEN_PROXY must hold an https URL without user name, query and fragment.");
    if (!str_empty(ca_file) && !str_empty(ca_data))
        credential_broken(self, "AZURE_KUBERNETES_CA_FILE and AZURE_KUBERNETES_CA_DATA are both set: set one of them.");
    if (!str_empty(name) && !is_host_name(name))
        credential_broken(self, "AZURE_KUBERNETES_SNI_NAME must hold the name of a host: letters, digits, '-' and '.'.");
    out->url = str_ends(url, S("/")) ? str_upto(url, url.n - 1) : url;
    if (!str_empty(ca_file)) out->ca_file = call_zstr(c, ca_file);
    if (!str_empty(ca_data)) out->ca_pem = call_zstr(c, ca_data);
    if (!str_empty(name)) out->server_name = call_zstr(c, name);
}

static str given_or_variable(const struct settings *s, str given, const char *variable)
{
    return str_empty(given) ? settings_variable_nonempty(s, variable) : given;
}

static void add_missing(struct buf *b, str value, const char *variable)
{
    if (!str_empty(value)) return;
    if (b->n) buf_add(b, S(", "));
    buf_add(b, str_of(variable));
}

void workload_identity_init(struct lanyard_credential *self, struct workload_identity *me, str tenant_id, str client_id, str token_file)
{
    const struct settings *s = credential_settings(self);
    struct call           *c = credential_call(self);
    struct buf             missing;
    tenant_id = given_or_variable(s, tenant_id, "AZURE_TENANT_ID");
    client_id = given_or_variable(s, client_id, "AZURE_CLIENT_ID");
    token_file = given_or_variable(s, token_file, "AZURE_FEDERATED_TOKEN_FILE");
    buf_init(&missing, &c->arena);
    add_missing(&missing, tenant_id, "AZURE_TENANT_ID");
    add_missing(&missing, client_id, "AZURE_CLIENT_ID");
    add_missing(&missing, token_file, "AZURE_FEDERATED_TOKEN_FILE");
    me->client.prove = prove;
    me->client.lacks_fix = FIX;
    if (missing.n || missing.failed) {
        me->client.lacks = call_format(c, "Neither given nor set in the environment: %.*s.", PSTR(buf_text(c, &missing)));
        return;
    }
    me->file = call_zstr(c, token_file);
    entra_client_init(self, &me->client, tenant_id, client_id);
    set_proxy(self, &me->client.proxy);
}

static const char NAME[] = "WorkloadIdentityCredential";

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct workload_identity *me = credential_own(self);
    return entra_acquire(c, &(struct trial){.ask = ask, .credential = NAME, .source = ""}, &me->client, out);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire};

struct lanyard_credential *lanyard_workload_identity(const char *tenant_id, const char *client_id, const char *token_file,
                                                     const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct workload_identity), settings);
    if (self) workload_identity_init(self, credential_own(self), str_of(tenant_id), str_of(client_id), str_of(token_file));
    return credential_made(self);
}
