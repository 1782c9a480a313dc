// The credential of a managed identity: it picks the platform when it is made, and asks that one from then on.
#include <unistd.h>

#include "client/managed_identity/arc.h"
#include "client/managed_identity/source.h"

#define IMDS_ORIGIN  "http://169.254.169.254"
#define IMDS_PATH    "/metadata/identity/oauth2/token"
#define ARC_ENDPOINT "http://127.0.0.1:40342/metadata/identity/oauth2/token"
#define ID_MAX_BYTES 2048

static const char NAME[] = "ManagedIdentityCredential";

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct managed_identity *me = credential_own(self);
    struct trial             t = {.ask = ask, .credential = NAME, .source = me->source->title};
    if (me->kind != LANYARD_IDENTITY_DEFAULT && str_empty(me->source->selectors[me->kind]))
        return trial_refused(c, &t, ERR_CREDENTIAL_UNAVAILABLE, "Use the platform's own identity: name none.",
                             "%s has no way to choose an identity by %s.", me->source->title, source_id_name(me->kind));
    return me->source->acquire(c, &t, me, out);
}

static void clear(void *own)
{
    struct managed_identity *me = own;
    secret_clear(&me->secret);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

bool managed_identity_check(struct lanyard_credential *self, const struct lanyard_identity *which)
{
    bool has_id = which && which->id && *which->id;
    if (!which || (which->kind == LANYARD_IDENTITY_DEFAULT && !has_id)) return true;
    if (which->kind == LANYARD_IDENTITY_DEFAULT)
        credential_broken(self, "An id of an identity is given, but not which kind it is: set the kind to client id, object id or resource id.");
    else if (which->kind < 0 || which->kind > LANYARD_IDENTITY_RESOURCE_ID)
        credential_broken(self, "The kind of the identity's id is none of those that lanyard/identity.h has.");
    else if (!is_word(str_of(which->id), ID_MAX_BYTES))
        credential_broken(self, "The id of the identity is missing, or holds characters that no id has.");
    return !lanyard_credential_error(self);
}

static void set_identity(struct lanyard_credential *self, struct managed_identity *me, const struct lanyard_identity *which)
{
    if (!managed_identity_check(self, which) || !which || which->kind == LANYARD_IDENTITY_DEFAULT) return;
    me->kind = which->kind;
    me->id = call_text(credential_call(self), str_of(which->id));
}

static bool is_thumbprint(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (char_hex(s.at[i]) < 0) return false;
    return s.n == 40;
}

static str without_last_slash(str s)
{
    return str_ends(s, S("/")) ? str_upto(s, s.n - 1) : s;
}

// Where the platform's endpoint is. The virtual machine's variable names the origin only; the Arc agent listens on IPv4 alone,
// while "localhost" may be IPv6 first.
static str endpoint_of(struct call *c, const struct settings *s, const struct source *source)
{
    str given = settings_variable_nonempty(s, source->variables[0]), local = S("http://localhost:");
    if (source == &SOURCE_IMDS)
        return str_empty(given) ? S(IMDS_ORIGIN IMDS_PATH) : call_format(c, "%.*s" IMDS_PATH, PSTR(without_last_slash(given)));
    if (source != &SOURCE_ARC) return given;
    if (str_empty(given)) return S(ARC_ENDPOINT);
    return str_starts_nocase(given, local) ? call_format(c, "http://127.0.0.1:%.*s", PSTR(str_from(given, local.n))) : given;
}

static void set_source(struct lanyard_credential *self, struct managed_identity *me)
{
    struct call           *c = credential_call(self);
    const struct settings *s = credential_settings(self);
    const struct source   *source = source_of(s, me->kind, access(ARC_AGENT_PROGRAM, F_OK) == 0);
    struct url_view        view = {0};
    me->source = source;
    if (source == &SOURCE_TOKEN_EXCHANGE) {
        workload_identity_init(self, &me->exchange, STR_NONE, me->id, STR_NONE);
        me->exchange.client.is_trusted = true;
        return;
    }
    credential_has_one_tenant(self); // the endpoints of platforms take no tenant, and @azure/identity sends none
    me->arc_directory = ARC_DIRECTORY;
    me->endpoint = endpoint_of(c, s, source);
    if (!url_read(me->endpoint, &view))
        credential_broken(self, "The variable %s holds no URL that can be asked: http or https, a host, and neither query nor user name.",
                          source->variables[0]);
    if (source == &SOURCE_SERVICE_FABRIC) {
        str thumbprint = settings_variable_nonempty(s, source->variables[2]);
        if (!view.is_https) credential_broken(self, "The variable %s must hold an https URL in a Service Fabric cluster.", source->variables[0]);
        if (!is_thumbprint(thumbprint))
            credential_broken(self, "The variable %s holds no SHA-1 thumbprint of 40 hexadecimal digits.", source->variables[2]);
        me->server_sha1 = call_zstr(c, thumbprint);
    }
    if (source->secret_variable && secret_init(c, &me->secret, str_bytes(settings_variable_nonempty(s, source->secret_variable))) != OK)
        credential_broken(self, "Out of memory.");
}

struct lanyard_credential *lanyard_managed_identity(const struct lanyard_identity *which, const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct managed_identity), settings);
    if (!self) return NULL;
    struct managed_identity *me = credential_own(self);
    set_identity(self, me, which);
    set_source(self, me);
    return credential_made(self);
}
