// App Service with its kin, Machine Learning and Service Fabric: one GET with a secret header.
#include "client/managed_identity/platforms.h"

#include "core/digest.h"

static const short RETRIED[] = {404, 408, 410, 429, 500, 502, 503, 504, 0};

const struct retry_rule PLATFORM_RETRY = {
    .tries = 4,
    .first_delay_ms = 1000,
    .max_delay_ms = 1000,
    .statuses = RETRIED,
    .after_no_reply = true,
    .obeys_retry_after = true,
};

const struct source SOURCE_APP_SERVICE = {
    .title = "App Service",
    .variables = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"},
    .secret_variable = "IDENTITY_HEADER",
    .secret_header = "X-IDENTITY-HEADER",
    .api_version = S_INIT("2019-08-01"),
    .selectors = {[LANYARD_IDENTITY_CLIENT_ID] = S_INIT("client_id"),
                  [LANYARD_IDENTITY_OBJECT_ID] = S_INIT("object_id"),
                  [LANYARD_IDENTITY_RESOURCE_ID] = S_INIT("mi_res_id")},
    .refusal_fix = "Enable a managed identity on this app; if it has user-assigned ones only, name one by its client id.",
    .retry = &PLATFORM_RETRY,
    .acquire = source_ask,
};

// The workspace's identity is named by a variable; without one the endpoint has its own default.
static enum err ask_machine_learning(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    struct transport_reply reply;
    struct token_reply     read;
    struct source_request  more = {0};
    str                    given = settings_variable_nonempty(t->ask->settings, "DEFAULT_IDENTITY_CLIENT_ID");
    if (me->kind == LANYARD_IDENTITY_DEFAULT && !str_empty(given))
        more.extra[0] = (struct form_field){me->source->selectors[LANYARD_IDENTITY_CLIENT_ID], given};
    TRY(source_get(c, t, me, &more, &reply));
    return source_conclude(c, t, me, &reply, &read, out);
}

const struct source SOURCE_MACHINE_LEARNING = {
    .title = "Machine Learning",
    .variables = {"MSI_ENDPOINT", "MSI_SECRET"},
    .secret_variable = "MSI_SECRET",
    .secret_header = "secret",
    .api_version = S_INIT("2017-09-01"),
    .selectors = {[LANYARD_IDENTITY_CLIENT_ID] = S_INIT("clientid")},
    .says_metadata = true,
    .refusal_fix = "Assign a managed identity to this compute, or name one by its client id in DEFAULT_IDENTITY_CLIENT_ID.",
    .retry = &PLATFORM_RETRY,
    .acquire = ask_machine_learning,
};

// Alone among the platforms it takes the claims challenge: the token that was refused, by its digest, and what the program can do.
static enum err ask_service_fabric(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    struct transport_reply reply;
    struct token_reply     read;
    struct source_request  more = {0};
    sha256                 digest;
    char                   hex[2 * SHA256_BYTES];
    if (!str_empty(t->ask->claims) && !str_empty(t->ask->rejected)) {
        TRY(digest_sha256(c, str_bytes(t->ask->rejected), &digest));
        str_write_hex((bytes){digest.b, sizeof digest.b}, hex);
        more.extra[0] = (struct form_field){S("token_sha256_to_refresh"), {hex, sizeof hex}};
    }
    if (t->ask->enable_cae) more.extra[1] = (struct form_field){S("xms_cc"), S("cp1")};
    TRY(source_get(c, t, me, &more, &reply));
    return source_conclude(c, t, me, &reply, &read, out);
}

const struct source SOURCE_SERVICE_FABRIC = {
    .title = "Service Fabric",
    .variables = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"},
    .secret_variable = "IDENTITY_HEADER",
    .secret_header = "secret",
    .api_version = S_INIT("2019-07-01-preview"),
    .refusal_fix = "Give the application an identity in the cluster's resource.",
    .retry = &PLATFORM_RETRY,
    .acquire = ask_service_fabric,
};

// A Kubernetes workload: the pod's own token is exchanged at the token service, which the cluster's webhook has named.
static enum err exchange(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out)
{
    return entra_acquire(c, t, &me->exchange.client, out);
}

const struct source SOURCE_TOKEN_EXCHANGE = {
    .title = "workload identity (token exchange)",
    .variables = {"AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID"},
    .selectors = {[LANYARD_IDENTITY_CLIENT_ID] = S_INIT("client_id")},
    .acquire = exchange,
};
