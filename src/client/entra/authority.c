#include "client/entra/authority.h"

#include "client/request_text.h"

#define DISCOVERY            "https://login.microsoftonline.com/common/discovery/instance"
#define DISCOVERY_TIMEOUT_MS 10000

static const str KNOWN_HOSTS[] = {
    S_INIT("login.microsoftonline.com"),
    S_INIT("login.microsoft.com"),
    S_INIT("login.windows.net"),
    S_INIT("sts.windows.net"),
    S_INIT("login.microsoftonline.us"),
    S_INIT("login.usgovcloudapi.net"),
    S_INIT("login-us.microsoftonline.com"),
    S_INIT("login.chinacloudapi.cn"),
    S_INIT("login.partner.microsoftonline.cn"),
    S_INIT("login.microsoftonline.de"),
    S_INIT("login.sovcloud-identity.fr"),
    S_INIT("login.sovcloud-identity.de"),
    S_INIT("login.sovcloud-identity.sg"),
};

static const struct retry_rule RETRY = {
    .tries = 3,
    .first_delay_ms = 500,
    .max_delay_ms = 2000,
    .statuses = (const short[]){408, 429, 500, 502, 503, 504, 0},
    .after_no_reply = true,
    .obeys_retry_after = true,
};

bool authority_is_known(str host)
{
    return str_index_nocase(KNOWN_HOSTS, COUNT(KNOWN_HOSTS), host) != STR_NOWHERE;
}

bool tenant_is_valid(str tenant)
{
    for (size_t i = 0; i < tenant.n; i++) {
        char low = char_lower(tenant.at[i]);
        bool is_inner = (low == '-' || low == '.') && i > 0;
        if (!((low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') || is_inner)) return false;
    }
    return tenant.n > 0 && tenant.n <= TENANT_MAX_BYTES;
}

void authority_init(struct lanyard_credential *self, struct authority *out)
{
    str             origin = settings_authority_host(credential_settings(self));
    struct url_view v;
    out->origin = origin;
    if (!url_read(origin, &v) || !v.is_https || !str_empty(v.path))
        credential_broken(self,
                          "The authority host must be an https URL without a path, such as https://login.microsoftonline.com: check the settings and "
                          "AZURE_AUTHORITY_HOST.");
    else out->is_known = authority_is_known(v.host);
}

str authority_token_endpoint(struct call *c, const struct authority *a, str tenant)
{
    return call_format(c, "%.*s/%.*s/oauth2/v2.0/token", PSTR(a->origin), PSTR(tenant));
}

enum err authority_check(struct call *c, struct trial *t, struct authority *a, str tenant)
{
    static const char        FIX[] = "If this host is trusted, set disable_instance_discovery in the settings; else correct AZURE_AUTHORITY_HOST.";
    static const char *const HEADERS[] = {"Accept: application/json"};
    struct transport_reply   reply;
    struct error_reply       error;
    const struct json       *document;
    if (a->is_known || atomic_load(&a->is_discovered) || !settings_discovers_instances(t->ask->settings)) return OK;
    struct form_field fields[] = {
        {S("api-version"), S("1.1")},
        {S("authorization_endpoint"), call_format(c, "%.*s/%.*s/oauth2/v2.0/authorize", PSTR(a->origin), PSTR(tenant))},
    };
    struct lanyard_http_request request = {
        .method = "GET",
        .url = url_with_query(c, S(DISCOVERY), fields, COUNT(fields)),
        .headers = HEADERS,
        .header_n = COUNT(HEADERS),
        .timeout_ms = DISCOVERY_TIMEOUT_MS,
        .connect_timeout_ms = DISCOVERY_TIMEOUT_MS / 2,
        .ca_file = settings_ca_file(t->ask->settings),
    };
    TRY(call_check_texts(c));
    TRY(trial_send(c, t, &request, &RETRY, &reply));
    if (reply.status == 0)
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, FIX, "Whether %.*s is a token service of Microsoft's could not be asked at %s: %.*s.",
                             PSTR(a->origin), DISCOVERY, PSTR(reply.why));
    if (reply.status == 200 && json_parse(c, reply.body, &document) == OK && !str_empty(json_get_str(document, S("tenant_discovery_endpoint")))) {
        atomic_store(&a->is_discovered, true);
        return OK;
    }
    call_forgive(c);
    error_reply_read(c, reply.body, t->sent_secret, &error);
    return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, FIX, "%.*s is not known as a token service of Microsoft's (status %d%s%.*s).",
                         PSTR(a->origin), reply.status, str_empty(error.text) ? "" : ": ", PSTR(error.text));
}
