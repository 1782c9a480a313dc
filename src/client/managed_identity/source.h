/*
 * source.h - where a managed identity's tokens come from: a row for each kind of platform.
 *
 * The environment says which platform this is. Our order is that of the SDKs for JavaScript and .NET:
 *
 *     workload identity   AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID, and a client id
 *     Service Fabric      IDENTITY_ENDPOINT, IDENTITY_HEADER, IDENTITY_SERVER_THUMBPRINT
 *     App Service         IDENTITY_ENDPOINT, IDENTITY_HEADER
 *     Machine Learning    MSI_ENDPOINT, MSI_SECRET
 *     Cloud Shell         MSI_ENDPOINT
 *     Arc                 IDENTITY_ENDPOINT, IMDS_ENDPOINT, or the agent's program in its place
 *     virtual machine     else
 *
 * Go asks for workload identity in a credential of its own only; Python puts Arc before Machine Learning and
 * workload identity in the place before the last, Java leaves Machine Learning out. No platform sets the variables of two rows, so
 * the order matters only where a person set them. A variable that is empty counts as absent, as in all but JavaScript.
 * An identity that is chosen by its object id or resource id is not asked for at the token service, which knows client ids only.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token,
 *         https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference,
 *         https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication,
 *         https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code
 */
#pragma once
#include <stdatomic.h>

#include "client/credential.h"
#include "client/entra/workload_identity.h"
#include "client/request_text.h"
#include "client/settings.h"
#include "client/trial.h"

#define ARC_AGENT_PROGRAM "/opt/azcmagent/bin/himds"

struct managed_identity;

struct source {
    const char              *title;        /* "virtual machine (IMDS)" */
    const char              *variables[3]; /* all of them must be set; the first one is the endpoint */
    const char              *secret_variable;
    const char              *secret_header;
    str                      api_version;
    str                      selectors[4];  /* by enum lanyard_identity_kind: the query's name for it; empty: this platform has none */
    bool                     says_metadata; /* "Metadata: true" */
    const char              *refusal_fix;   /* what to do when it says that there is no such identity */
    const struct retry_rule *retry;
    FALLIBLE (*acquire)(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out);
};

extern const struct source SOURCE_IMDS, SOURCE_ARC, SOURCE_CLOUD_SHELL, SOURCE_SERVICE_FABRIC, SOURCE_APP_SERVICE, SOURCE_MACHINE_LEARNING,
    SOURCE_TOKEN_EXCHANGE;

/* Which of them the environment means for an identity. `arc_agent_is_here`: ARC_AGENT_PROGRAM exists. */
const struct source *source_of(const struct settings *s, enum lanyard_identity_kind kind, bool arc_agent_is_here);

/* Texts live in the credential's call. */
struct managed_identity {
    const struct source       *source;
    enum lanyard_identity_kind kind;
    str                        id;
    str                        endpoint; /* a URL without query */
    struct secret              secret;   /* for the source's header */
    const char                *server_sha1;
    const char                *arc_directory;  /* where challenges may point */
    struct workload_identity   exchange;       /* of SOURCE_TOKEN_EXCHANGE */
    atomic_bool                is_here;        /* of SOURCE_IMDS: a probe found it */
    _Atomic int64_t            absent_since_s; /* of SOURCE_IMDS: a probe found nobody then; 0: none did */
};

/* "client id", of a kind that is not the default one. */
const char *source_id_name(enum lanyard_identity_kind kind);

/* False: `which`, which may be NULL, names no identity in a way that can be used; the credential is then broken. */
MUST_USE bool managed_identity_check(struct lanyard_credential *self, const struct lanyard_identity *which);

#define SOURCE_TIMEOUT_MS         30000 /* of one try */
#define SOURCE_CONNECT_TIMEOUT_MS 2000

/* A request to the endpoint. What is zero is the source's own. */
struct source_request {
    struct form_field extra[3]; /* of the query */
    const char       *header;   /* one more; may be NULL */
};

/* Sends a GET with the source's query and headers. */
FALLIBLE source_get(struct call *c, struct trial *t, const struct managed_identity *me, const struct source_request *more,
                    struct transport_reply *out);
/* The outcome of a reply to a request for a token: the token, or the attempt that is recorded. */
FALLIBLE source_conclude(struct call *c, struct trial *t, const struct managed_identity *me, const struct transport_reply *reply,
                         struct token_reply *out_read, struct access_token *out);
/* source_get and source_conclude: all that most platforms need. */
FALLIBLE source_ask(struct call *c, struct trial *t, struct managed_identity *me, struct access_token *out);

/* The form_field of the identity that was chosen, in the source's spelling; a NULL value for the default one. */
struct form_field source_selector(const struct managed_identity *me);
