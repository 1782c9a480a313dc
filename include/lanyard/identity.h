/*
 * lanyard/identity.h - tokens for this program's identity, on Azure and wherever Lanyard serves one.
 *
 *     struct lanyard_credential *me = lanyard_managed_identity(NULL, NULL);
 *     struct lanyard_token *token = lanyard_token_get(me, "https://vault.azure.net/.default");
 *     bool is_there = lanyard_token_result(token) == LANYARD_OK;
 *     fprintf(is_there ? stdout : stderr, "%s\n", is_there ? lanyard_token_value(token) : lanyard_token_error(token));
 *     lanyard_token_free(token), lanyard_credential_free(me);
 *
 * A credential is a way to get tokens; it keeps those it got and renews them in time, so ask it before each use. A
 * token object is the outcome of asking: a token, or why there is none. No function takes offence at NULL: a credential that is
 * NULL gives a token object that is NULL, whose result is LANYARD_NO_MEMORY.
 *
 * All functions may be called by any thread. A credential may be used by many threads at once. After fork() the child
 * makes credentials of its own; it neither uses nor frees the parent's: a lock may be held by a thread that the child does not
 * have, and open TLS connections are the parent's. No environment variable is read after a credential was made.
 *
 * Source: https://learn.microsoft.com/azure/developer/intro/azure-developer-key-concepts (credentials),
 *         https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
#ifndef LANYARD_IDENTITY_H
#define LANYARD_IDENTITY_H

#include "lanyard/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- credentials --- */

/*
 * Each is NULL only if memory is short. One whose arguments cannot be used is made all the same, and tells what is wrong with
 * it in every token object (LANYARD_INVALID), and by lanyard_credential_error. `settings` may be NULL. Texts are copied.
 */
struct lanyard_credential;

enum lanyard_identity_kind {
    LANYARD_IDENTITY_DEFAULT,   /* the system-assigned one; on a virtual machine without it, its only user-assigned one */
    LANYARD_IDENTITY_CLIENT_ID, /* a user-assigned one, by one of its three ids */
    LANYARD_IDENTITY_OBJECT_ID, /* the principal id */
    LANYARD_IDENTITY_RESOURCE_ID
};

struct lanyard_identity {
    enum lanyard_identity_kind kind;
    const char                *id; /* NULL with LANYARD_IDENTITY_DEFAULT; LANYARD_INVALID if there is one */
};

/*
 * The managed identity of the resource that this program runs on: a virtual machine, App Service, Functions, Container
 * Apps, Arc, Cloud Shell, Service Fabric, Machine Learning, or a Kubernetes workload. `which` may be NULL: the default one.
 * A request's tenant_id is ignored, as in the SDKs, for the platform's endpoint gives tokens of one tenant only; a Kubernetes
 * workload's token is exchanged at the token service of the tenant that is asked for.
 */
LANYARD_API struct lanyard_credential *lanyard_managed_identity(const struct lanyard_identity *which, const struct lanyard_settings *settings);

/*
 * A file that holds a token of another issuer, exchanged for one of the identity that trusts it. The file is read again when it may have changed.
 * NULL: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE.
 */
LANYARD_API struct lanyard_credential *lanyard_workload_identity(const char *tenant_id, const char *client_id, const char *token_file,
                                                                 const struct lanyard_settings *settings);

/*
 * An application whose secret or certificate the environment names: AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or
 * AZURE_CLIENT_CERTIFICATE_PATH with AZURE_CLIENT_CERTIFICATE_PASSWORD and AZURE_CLIENT_SEND_CERTIFICATE_CHAIN.
 */
LANYARD_API struct lanyard_credential *lanyard_environment(const struct lanyard_settings *settings);

LANYARD_API struct lanyard_credential *lanyard_client_secret(const char *tenant_id, const char *client_id, const char *secret,
                                                             const struct lanyard_settings *settings);

/* A certificate with its private key, which is RSA of 2048 bits or more: PEM or PKCS #12 (PFX). */
struct lanyard_certificate {
    const char *path;  /* of the file; read when a token is needed and it has changed; NULL: `bytes` */
    const void *bytes; /* the file's contents */
    size_t      bytes_n;
    const char *password;   /* of the private key; NULL: none */
    bool        send_chain; /* x5c: for applications that trust a subject name and an issuer */
};
LANYARD_API struct lanyard_credential *lanyard_client_certificate(const char *tenant_id, const char *client_id,
                                                                  const struct lanyard_certificate *certificate,
                                                                  const struct lanyard_settings    *settings);

/*
 * Writes an assertion, NUL-terminated, into `out` of `room` bytes. Called by the thread that asks for a token, one at a time for a
 * credential. Returns LANYARD_OK, or why there is none; `out` is then one line for a person, or empty.
 */
typedef enum lanyard_result            lanyard_assertion_function(char *out, size_t room, void *context);
LANYARD_API struct lanyard_credential *lanyard_client_assertion(const char *tenant_id, const char *client_id, lanyard_assertion_function *assertion,
                                                                void *context, const struct lanyard_settings *settings);

/*
 * The person who is signed in to az, or azd. `tenant_id` and `subscription` may be NULL. The tool is looked for in the absolute directories of PATH, and
 * runs without a shell, with the environment that the program then has.
 */
LANYARD_API struct lanyard_credential *lanyard_azure_cli(const char *tenant_id, const char *subscription, const struct lanyard_settings *settings);
LANYARD_API struct lanyard_credential *lanyard_azure_developer_cli(const char *tenant_id, const struct lanyard_settings *settings);

/*
 * Each in turn until one has a token, which alone is asked from then on. One that is unavailable is passed over; any other failure ends the chain.
 * Where more than one is asked, the metadata endpoint of a virtual machine is waited for no longer than a second. Keeps references.
 */
LANYARD_API struct lanyard_credential *lanyard_chain(struct lanyard_credential *const *credentials, size_t n,
                                                     const struct lanyard_settings *settings);

/*
 * A chain of environment, workload identity, managed identity, az, azd: in that order, as the SDKs of other languages have them.
 * AZURE_TOKEN_CREDENTIALS ("prod", "dev" or one credential's name, "ManagedIdentityCredential") chooses among them. `which`
 * is for the managed identity; NULL: AZURE_CLIENT_ID, else the default one.
 */
LANYARD_API struct lanyard_credential *lanyard_default(const struct lanyard_identity *which, const struct lanyard_settings *settings);

LANYARD_API const char                *lanyard_credential_name(const struct lanyard_credential *credential);  /* "ManagedIdentityCredential" */
LANYARD_API const char                *lanyard_credential_error(const struct lanyard_credential *credential); /* NULL: it can be used */
LANYARD_API struct lanyard_credential *lanyard_credential_ref(struct lanyard_credential *credential);
/* Gives up a reference. Requests that are under way keep their own. */
LANYARD_API void lanyard_credential_free(struct lanyard_credential *credential);

/* --- asking for a token --- */

struct lanyard_cancel; /* a switch that threads share: once set, it stays set */
LANYARD_API struct lanyard_cancel *lanyard_cancel_new(void);
LANYARD_API void                   lanyard_cancel_set(struct lanyard_cancel *cancel);  /* also fit for a signal handler */
LANYARD_API void                   lanyard_cancel_free(struct lanyard_cancel *cancel); /* once no request has it */

struct lanyard_token_request {
    size_t                 size;       /* sizeof(struct lanyard_token_request) */
    const char            *scope;      /* "https://vault.azure.net/.default"; a resource without "/.default" is taken as one */
    const char            *tenant_id;  /* another tenant than the credential's own; NULL: its own. See lanyard_managed_identity */
    const char            *claims;     /* of a challenge: JSON text; a token that is kept is then not used again */
    bool                   enable_cae; /* this program can answer claims challenges */
    unsigned               timeout_ms; /* for all of it; 0: what the sources' own rules give */
    struct lanyard_cancel *cancel;     /* may be NULL */
};

struct lanyard_token;

/* Waits for the token. Free it with lanyard_token_free. */
LANYARD_API struct lanyard_token *lanyard_token_get(struct lanyard_credential *credential, const char *scope);
LANYARD_API struct lanyard_token *lanyard_token_ask(struct lanyard_credential *credential, const struct lanyard_token_request *request);

/*
 * Does not wait. The descriptor becomes readable, and stays so, once lanyard_pending_finish would not wait: for poll and its like; never read from
 * it. finish takes the pending object; cancel makes its end come soon.
 */
struct lanyard_pending;
LANYARD_API struct lanyard_pending *lanyard_token_begin(struct lanyard_credential *credential, const struct lanyard_token_request *request);
LANYARD_API int  lanyard_pending_fd(const struct lanyard_pending *pending); /* -1: there is none; finish does not wait, and tells why */
LANYARD_API void lanyard_pending_cancel(struct lanyard_pending *pending);
LANYARD_API struct lanyard_token *lanyard_pending_finish(struct lanyard_pending *pending);

/* --- the outcome --- */

/* Every text lives as long as the token object. A token object does not change. */
LANYARD_API enum lanyard_result lanyard_token_result(const struct lanyard_token *token);
LANYARD_API const char         *lanyard_token_value(const struct lanyard_token *token);      /* NULL unless LANYARD_OK */
LANYARD_API const char         *lanyard_token_type(const struct lanyard_token *token);       /* "Bearer" */
LANYARD_API int64_t             lanyard_token_expires_at(const struct lanyard_token *token); /* seconds since 1970; 0: no token */
LANYARD_API int64_t             lanyard_token_refresh_at(const struct lanyard_token *token); /* from then on a credential renews it */
LANYARD_API const char         *lanyard_token_credential(const struct lanyard_token *token); /* which gave it: "AzureCliCredential" */
/* One line or several: what failed, and what to do. "" with LANYARD_OK. */
LANYARD_API const char *lanyard_token_error(const struct lanyard_token *token);

/* One credential that was tried. */
struct lanyard_attempt {
    const char         *credential; /* "ManagedIdentityCredential" */
    const char         *source;     /* "virtual machine (IMDS)"; "" where a credential has one source only */
    enum lanyard_result result;
    int                 http_status;    /* of the last reply; 0: none came */
    const char         *code;           /* "invalid_client", "AADSTS7000215"; "" if none was given */
    const char         *correlation_id; /* "" if none is known */
    const char         *text;           /* what was lacking or refused */
    const char         *fix;            /* what to do; may be "" */
};
/* In the order in which they were tried; the last one of a token is the one that gave it. */
LANYARD_API size_t                        lanyard_token_attempt_n(const struct lanyard_token *token);
LANYARD_API const struct lanyard_attempt *lanyard_token_attempt(const struct lanyard_token *token, size_t i); /* NULL: there is no such one */

/* Wipes it once nobody else has it. */
LANYARD_API void lanyard_token_free(struct lanyard_token *token);

/* --- challenges --- */

/* What a service's 401 asks for. Texts are "" where the header has none of it. */
struct lanyard_challenge {
    char authority[256]; /* "https://login.microsoftonline.com/TENANT" */
    char tenant_id[64];
    char scope[256];   /* for lanyard_token_request.scope: from `scope` or `resource` */
    char error[64];    /* "insufficient_claims" */
    char claims[4096]; /* decoded: for lanyard_token_request.claims */
};
/* Reads a WWW-Authenticate header's value. False: it holds no Bearer challenge that can be read; *out is then untouched. */
LANYARD_API bool lanyard_challenge_read(const char *www_authenticate, struct lanyard_challenge *out);

/* "0.1.0": of the library that runs. */
LANYARD_API const char *lanyard_version(void);

#ifdef __cplusplus
}
#endif
#endif
