// Kubernetes clusters: the documents of their issuers, and the file in which a workload finds its service account's token.
#include "endpoints/kubernetes/token_file.h"
#include "endpoints/dialect/arm.h"
#include "endpoints/service.h"
#include "ops/cluster.h"

#define DISCOVERY "/.well-known/openid-configuration"
#define KEYS      "/openid/v1/jwks"

// The cluster whose issuer the request's path lies below.
static enum err find_issuer(struct call *c, const struct work *w, const struct wire *q, str tail, str *out)
{
    const struct resource *cluster;
    bool                   is_ours;
    str                    issuer = call_format(c, "%.*s%.*s", PSTR(names_url_label(c, &q->product->names, &HOST_CLUSTERS, call_lower(c, q->label))),
                                                PSTR(str_upto(q->path, q->path.n - tail.n + 1)));
    TRY(cluster_find(c, w, issuer, &is_ours, &cluster));
    if (!cluster) return FAIL(c, ERR_NOT_FOUND, "No cluster has this issuer.");
    *out = issuer;
    return OK;
}

static enum err get_discovery(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static const struct { const char *name, *value; } LISTS[] = {
        {"response_types_supported", "id_token"}, {"subject_types_supported", "public"}, {"id_token_signing_alg_values_supported", "RS256"}};
    str issuer;
    TRY(find_issuer(c, w, q, S(DISCOVERY), &issuer));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("issuer"), issuer);
    json_put_string(j, S("jwks_uri"), call_format(c, "%.*s%s", PSTR(issuer), &KEYS[1]));
    for (size_t i = 0; i < COUNT(LISTS); i++) {
        json_write_key(j, str_of(LISTS[i].name));
        json_write_array(j);
        json_write_string(j, str_of(LISTS[i].value));
        json_write_end(j);
    }
    json_write_end(j);
    return OK;
}

static enum err get_keys(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(q->product);
    str                                    issuer, document;
    TRY(find_issuer(c, w, q, S(KEYS), &issuer));
    if (!keys || keyring_n(keys) == 0) return FAIL(c, ERR_STORE_UNAVAILABLE, "The first signing key is being made; try again shortly.");
    TRY(keyring_jwks(c, keys, STR_NONE, &document));
    json_write_raw(answer_json(a, 200), document);
    return OK;
}

static enum err project(struct call *c, const struct socket_workload *w, struct net_loop *loop, void **out)
{
    struct token_file *f;
    TRY(token_file_new(c, w, loop, &f));
    *out = f;
    return OK;
}

static void project_end(void *file)
{
    token_file_free(file);
}

// What the webhook of the cloud's clusters sets. Source: https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html
static const struct variable_row VARIABLES[] = {
    {"AZURE_CLIENT_ID", VARIABLE_CLIENT_ID, ""},
    {"AZURE_TENANT_ID", VARIABLE_TENANT, ""},
    {"AZURE_AUTHORITY_HOST", VARIABLE_AUTHORITY, ""},
    {"AZURE_FEDERATED_TOKEN_FILE", VARIABLE_PATH, "/" TOKEN_FILE_NAME},
};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("service-account"), .kind = SOCKET_DIRECTORY, .address = S_INIT("/var/run/secrets/azure/tokens"),
     .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_KUBERNETES), .is_on_host = true, .variables = {VARIABLES, COUNT(VARIABLES)},
     .project = project, .project_end = project_end},
};

#define ISSUER    "/{tenant}/{subscription}/{cluster}/{uid}"
#define EVERYBODY PERMIT_NONE("who asks here checks a cluster's token")

static const struct route ROUTES[] = {
    {HTTP_GET, ISSUER DISCOVERY, GUARD_NONE, EVERYBODY, get_discovery},
    {HTTP_GET, ISSUER KEYS, GUARD_NONE, EVERYBODY, get_keys},
};

const struct service SERVICE_KUBERNETES = {
    .name = "kubernetes",
    .hosts = HOSTS(&HOST_CLUSTERS),
    .dialect = &DIALECT_ARM,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
