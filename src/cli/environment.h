/*
 * environment.h - builds the environment of a workload.
 *
 * An SDK reads its environment before it asks the metadata endpoint. So variables that belong to the
 * caller's own sign-in, to another token endpoint, to a proxy or to another resolver are removed;
 * with them the program would act as somebody else.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/azure/developer/javascript/sdk/authentication/credential-chains
 */
#pragma once
#include "core/call.h"

/* Credentials of somebody else, and settings of their sign-in. */
#define ENVIRONMENT_CREDENTIALS(X)                                                                                 \
    X("AZURE_TENANT_ID") X("AZURE_CLIENT_SECRET") X("AZURE_CLIENT_CERTIFICATE_PATH")                               \
    X("AZURE_CLIENT_CERTIFICATE_PASSWORD") X("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN") X("AZURE_USERNAME")            \
    X("AZURE_PASSWORD") X("AZURE_FEDERATED_TOKEN") X("AZURE_FEDERATED_TOKEN_FILE") X("AZURE_AUTHORITY_HOST")       \
    X("AZURE_REGIONAL_AUTHORITY_NAME") X("MSAL_FORCE_REGION") X("SERVICE_CONNECTION_ID") X("SYSTEM_ACCESSTOKEN")   \
    X("AZURESUBSCRIPTION_CLIENT_ID") X("AZURESUBSCRIPTION_TENANT_ID") X("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID") \
    X("ARM_CLIENT_SECRET") X("ARM_CLIENT_CERTIFICATE") X("ARM_CLIENT_CERTIFICATE_PATH")                            \
    X("ARM_CLIENT_CERTIFICATE_PASSWORD") X("ARM_OIDC_TOKEN") X("ARM_OIDC_TOKEN_FILE_PATH")                         \
    X("ARM_OIDC_REQUEST_TOKEN") X("ARM_OIDC_REQUEST_URL") X("ARM_METADATA_HOSTNAME")

/* Token endpoints that are not this one. */
#define ENVIRONMENT_ENDPOINTS(X)                                                                             \
    X("IDENTITY_ENDPOINT") X("IDENTITY_HEADER") X("IDENTITY_SERVER_THUMBPRINT") X("IDENTITY_API_VERSION")    \
    X("IMDS_ENDPOINT") X("MSI_ENDPOINT") X("MSI_SECRET") X("DEFAULT_IDENTITY_CLIENT_ID")                     \
    X("APPSETTING_WEBSITE_SITE_NAME") X("AZURE_POD_IDENTITY_AUTHORITY_HOST") X("AZURE_KUBERNETES_TOKEN_PROXY") X("AZURE_KUBERNETES_CA_FILE")   \
    X("AZURE_KUBERNETES_CA_DATA") X("AZURE_KUBERNETES_SNI_NAME") X("ARM_MSI_ENDPOINT")

/* In any case of letters. */
#define ENVIRONMENT_PROXIES(X) \
    X("http_proxy") X("https_proxy") X("ftp_proxy") X("all_proxy") X("no_proxy") X("grpc_proxy") X("npm_config_proxy") X("npm_config_https_proxy")

#define ENVIRONMENT_RESOLVER(X) X("LOCALDOMAIN") X("RES_OPTIONS") X("HOSTALIASES")

/* Whom to trust: set to the local CA. */
#define ENVIRONMENT_CA(X)                                                                                  \
    X("SSL_CERT_FILE") X("NODE_EXTRA_CA_CERTS") X("REQUESTS_CA_BUNDLE") X("CURL_CA_BUNDLE") X("PIP_CERT")  \
    X("GIT_SSL_CAINFO") X("HTTPLIB2_CA_CERTS") X("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH") X("DENO_CERT") \
    X("NIX_SSL_CERT_FILE")

/* Names of sockets that the sandbox does not show: of terminals, agents, buses, container engines, displays, editors. */
#define ENVIRONMENT_SOCKETS(X)                                                                                    \
    X("TMUX") X("TMUX_PANE") X("STY") X("KITTY_LISTEN_ON") X("ZELLIJ") X("SSH_AUTH_SOCK") X("SSH_AGENT_PID")         \
    X("GPG_AGENT_INFO") X("GNOME_KEYRING_CONTROL") X("DBUS_SESSION_BUS_ADDRESS") X("DBUS_SYSTEM_BUS_ADDRESS")     \
    X("DBUS_STARTER_ADDRESS") X("AT_SPI_BUS_ADDRESS") X("XDG_RUNTIME_DIR") X("NOTIFY_SOCKET") X("LISTEN_FDS")     \
    X("LISTEN_PID") X("LISTEN_FDNAMES") X("JOURNAL_STREAM") X("SESSION_MANAGER") X("DOCKER_HOST") X("DOCKER_CONTEXT")  \
    X("CONTAINER_HOST") X("CONTAINERD_ADDRESS") X("BUILDKIT_HOST") X("LXD_SOCKET") X("INCUS_SOCKET")              \
    X("LIBVIRT_DEFAULT_URI") X("NIX_REMOTE") X("WSL_INTEROP") X("DISPLAY") X("WAYLAND_DISPLAY") X("WAYLAND_SOCKET")  \
    X("XAUTHORITY") X("ICEAUTHORITY") X("SWAYSOCK") X("I3SOCK") X("HYPRLAND_INSTANCE_SIGNATURE") X("PULSE_SERVER")  \
    X("PIPEWIRE_REMOTE") X("PIPEWIRE_RUNTIME_DIR") X("VSCODE_IPC_HOOK") X("VSCODE_IPC_HOOK_CLI")                  \
    X("VSCODE_GIT_IPC_HANDLE") X("VSCODE_GIT_ASKPASS_NODE") X("GIT_ASKPASS") X("SSH_ASKPASS") X("NVIM")          \
    X("NVIM_LISTEN_ADDRESS") X("EMACS_SOCKET_NAME") X("MYSQL_UNIX_PORT") X("KRB5CCNAME")

struct view_place; /* cli/sandbox/view.h */

struct variable {
    const char *name;
    const char *value;
};

struct environment {
    struct call *c;
    const char **at; /* "NAME=VALUE" each, NULL behind the last */
    size_t       n;
    size_t       room;
};

/*
 * Begins with the caller's environment less what would misdirect. AZURE_CLIENT_ID stays - it picks one of the
 * workload's identities - unless it stands beside a credential that it belongs to. On the host proxies stay, too,
 * but not for this machine.
 */
enum environment_network { ENVIRONMENT_ALONE, ENVIRONMENT_ON_HOST };
FALLIBLE environment_begin(struct call *c, const char *const *caller, enum environment_network network, struct environment *out);
FALLIBLE environment_set(struct environment *e, const char *name, const char *value);
void     environment_remove(struct environment *e, const char *name);
/* Removes ENVIRONMENT_SOCKETS, but for those that name a socket or a directory which the sandbox was asked to show. */
void environment_drop_sockets(struct environment *e, const struct view_place *shown, size_t n);
/* Points every program at the bundle. */
FALLIBLE    environment_trust(struct environment *e, const char *bundle_path);
const char *environment_get(const struct environment *e, const char *name);
