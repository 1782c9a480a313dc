/*
 * aadsts.h - the token service's refusals: a number, a status, a word and a sentence each.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
#pragma once
#include "endpoints/service.h"

/* kind, number, status, error, sentence: "{}" is what it is about, "{tenant}" the tenant's name */
#define AADSTS_TABLE(X)                                                                                                       \
    X(TENANT_UNKNOWN, 90002, 400, "invalid_request",                                                                          \
      "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "     \
      "Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.")     \
    X(TENANT_MALFORMED, 900023, 400, "invalid_request",                                                                       \
      "Specified tenant identifier '{}' is neither a valid DNS name, nor a valid external domain.")                           \
    X(INSTANCE_UNKNOWN, 50049, 400, "invalid_instance", "Unknown or invalid instance.")                                       \
    X(FIELD_MISSING, 90014, 400, "invalid_request",                                                                           \
      "The required field '{}' is missing from the credential. Ensure that you have all the necessary parameters for the "    \
      "login request.")                                                                                                       \
    X(PARAMETER_MISSING, 900144, 400, "invalid_request", "The request body must contain the following parameter: '{}'.")      \
    X(PARAMETER_TWICE, 9000411, 400, "invalid_request", "The request is not properly formatted. The parameter '{}' is duplicated.") \
    X(INPUT_INVALID, 90013, 400, "invalid_request", "Invalid input received from the user.")                                  \
    X(POST_ONLY, 900561, 400, "invalid_request", "The endpoint only accepts POST, OPTIONS requests. Received a {} request.")  \
    X(GET_ONLY, 900561, 400, "invalid_request", "The endpoint only accepts GET, OPTIONS requests. Received a {} request.")    \
    X(GRANT_UNKNOWN, 70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type '{}'.")               \
    X(BROWSER_NONE, 70005, 400, "unsupported_response_type",                                                                  \
      "The app returned an unsupported response type: there is no sign-in in a browser here. Sign in by a device code or by " \
      "a password.")                                                                                                          \
    X(SCOPE_INVALID, 70011, 400, "invalid_scope",                                                                             \
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is "   \
      "not valid. The scope {} is not valid.")                                                                                \
    X(SCOPE_NOT_DEFAULT, 1002012, 400, "invalid_scope",                                                                       \
      "The provided value for scope {} is not valid. Client credential flows must have a scope value with /.default "         \
      "suffixed to the resource identifier (application ID URI).")                                                            \
    X(APP_UNKNOWN, 700016, 400, "unauthorized_client",                                                                        \
      "Application with identifier '{}' was not found in the directory '{tenant}'. This can happen if the application has "   \
      "not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent "   \
      "your authentication request to the wrong tenant.")                                                                     \
    X(CREDENTIAL_MISSING, 7000218, 401, "invalid_client",                                                                     \
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")                        \
    X(SECRET_WRONG, 7000215, 401, "invalid_client",                                                                           \
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "      \
      "client secret ID, for a secret added to app '{}'.")                                                                    \
    X(ASSERTION_UNKNOWN, 700027, 401, "invalid_client",                                                                       \
      "The certificate with identifier used to sign the client assertion is not registered on application.")                  \
    X(ASSERTION_TYPE, 50027, 401, "invalid_client", "JWT token is invalid or malformed.")                                     \
    X(SECRET_EXPIRED, 7000222, 401, "invalid_client",                                                                         \
      "The provided client secret keys for app '{}' are expired. Add a new one.")                                             \
    X(ASSERTION_AUDIENCE, 700023, 401, "invalid_client", "Client assertion audience claim does not match Realm issuer.")      \
    X(ASSERTION_APP, 700021, 401, "invalid_client",                                                                           \
      "Client assertion application identifier doesn't match 'client_id' parameter.")                                         \
    X(ASSERTION_TIME, 700024, 401, "invalid_client", "Client assertion is not within its valid time range.")                  \
    X(FEDERATED_NONE, 70025, 401, "invalid_client",                                                                           \
      "The client '{}' has no configured federated identity credentials.")                                                    \
    X(FEDERATED_ISSUER, 700211, 401, "invalid_client",                                                                        \
      "No matching federated identity record found for presented assertion issuer '{}'. Check your federated identity "       \
      "credential Subject, Audience and Issuer against the presented assertion.")                                             \
    X(FEDERATED_AUDIENCE, 700212, 401, "invalid_client",                                                                      \
      "No matching federated identity record found for presented assertion audience '{}'. Check your federated identity "     \
      "credential Subject, Audience and Issuer against the presented assertion.")                                             \
    X(FEDERATED_SUBJECT, 700213, 401, "invalid_client",                                                                       \
      "No matching federated identity record found for presented assertion subject '{}'. Check your federated identity "      \
      "credential Subject, Audience and Issuer against the presented assertion.")                                             \
    X(FEDERATED_CASE, 7002138, 401, "invalid_client",                                                                         \
      "No matching federated identity record found for presented assertion subject '{}'. The subject matches a credential "   \
      "only when case is ignored; case counts.")                                                                              \
    X(FEDERATED_OURS, 700222, 401, "invalid_client",                                                                          \
      "Tokens of the issuer '{}' may not be used here as a federated identity credential: an application takes those of a "   \
      "user-assigned managed identity, from the issuer of version 2; an identity takes none of this token service.")          \
    X(FEDERATED_NO_IDENTITY, 700226, 401, "invalid_client",                                                                   \
      "Of the tokens of this token service only those of a user-assigned managed identity may be used as a federated "        \
      "identity credential.")                                                                                                 \
    X(FEDERATED_TENANT, 700236, 401, "invalid_client",                                                                        \
      "Tokens that this token service issued for another tenant may not be used as a federated identity credential. The "     \
      "assertion's issuer is '{}'.")                                                                                          \
    X(FEDERATED_FETCH, 50166, 401, "invalid_client", "Request to External OIDC endpoint failed: the keys of the issuer '{}' cannot be had.") \
    X(FEDERATED_SIGNATURE, 700027, 401, "invalid_client", "Client assertion failed signature validation.")                    \
    X(APP_DISABLED, 7000112, 400, "unauthorized_client", "Application '{}' is disabled.")                                     \
    X(SERVICE_MISSING, 7000229, 400, "unauthorized_client",                                                                   \
      "The client application '{}' is missing service principal in the tenant '{tenant}'.")                                   \
    X(RESOURCE_UNKNOWN, 500011, 400, "invalid_resource",                                                                      \
      "The resource principal named {} was not found in the tenant named {tenant}. This can happen if the application has "   \
      "not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent " \
      "your authentication request to the wrong tenant.")                                                                     \
    X(RESOURCE_DISABLED, 500014, 400, "invalid_resource",                                                                     \
      "The service principal for resource '{}' is disabled. This indicate that a subscription within the tenant has lapsed, " \
      "or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.")  \
    X(APP_NOT_ASSIGNED, 501051, 400, "invalid_grant",                                                                         \
      "Application '{}' is not assigned to a role for the application that the token is for.")                                \
    X(USER_NOT_ASSIGNED, 50105, 400, "invalid_grant", "The signed in user is not assigned to a role for the application '{}'.") \
    X(SCOPE_UNKNOWN, 650053, 400, "invalid_client", "The application asked for scope '{}' that doesn't exist on the resource.") \
    X(CONSENT_MISSING, 65001, 400, "invalid_grant",                                                                           \
      "The user or administrator has not consented to use the application with ID '{}'. Send an interactive authorization "   \
      "request for this user and resource.")                                                                                  \
    X(CLAIMS_INVALID, 9002331, 400, "invalid_request", "The 'claims' parameter is no JSON object.")                           \
    X(PUBLIC_ONLY, 700025, 401, "invalid_client",                                                                             \
      "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")                              \
    X(GRANT_INVALID, 70000, 400, "invalid_grant", "Provided grant is invalid or malformed.")                                  \
    X(USER_ASSERTION, 50013, 400, "invalid_grant", "Assertion failed signature validation.")                                  \
    X(USER_ASSERTION_EXPIRED, 500133, 400, "invalid_grant", "Assertion is not within its valid time range.")                  \
    X(USER_ASSERTION_AUDIENCE, 500131, 400, "invalid_grant",                                                                  \
      "Assertion audience does not match the Client app presenting the assertion.")                                           \
    X(USER_ASSERTION_OF_APP, 7000114, 400, "invalid_grant", "Application '{}' is not allowed to make application on-behalf-of calls.") \
    X(REFRESH_EXPIRED, 700082, 400, "invalid_grant", "The refresh token has expired due to inactivity.")                      \
    X(REFRESH_REVOKED, 50173, 400, "invalid_grant",                                                                           \
      "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or " \
      "reset their password.")                                                                                                \
    X(USER_LOCKED, 50053, 400, "invalid_grant",                                                                               \
      "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.")                 \
    X(PASSWORD_EXPIRED, 50055, 400, "invalid_grant", "The password is expired: it has to be changed first.")                  \
    X(USER_DISABLED, 50057, 400, "invalid_grant", "The user account is disabled.")                                            \
    X(DEVICE_PENDING, 70016, 400, "authorization_pending",                                                                    \
      "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")                                             \
    X(DEVICE_CODE_INVALID, 70018, 400, "bad_verification_code", "The verification code is not valid.")                        \
    X(DEVICE_CODE_EXPIRED, 70019, 400, "expired_token", "The verification code has expired.")                                 \
    X(DEVICE_DECLINED, 65004, 400, "authorization_declined", "The user declined to sign in at the device.")                   \
    X(USER_UNKNOWN, 50034, 400, "invalid_grant",                                                                              \
      "The user account {EUII Hidden} does not exist in the {tenant} directory. To sign into this application, the account "  \
      "must be added to the directory.")                                                                                      \
    X(PASSWORD_WRONG, 50126, 400, "invalid_grant", "Error validating credentials due to invalid username or password.")       \
    X(PATH_UNKNOWN, 90013, 404, "invalid_request", "Nothing answers at '{}'.")                                               \
    X(THROTTLED, 90055, 429, "temporarily_unavailable", "Tenant throttled, please try again shortly.")                        \
    X(TRANSIENT, 90033, 503, "temporarily_unavailable",                                                                       \
      "A transient error has occurred. Please try again.")

enum aadsts {
#define X(kind, number, status, error, text) AADSTS_##kind,
    AADSTS_TABLE(X)
#undef X
        AADSTS_N /* how many; where a refusal is looked for: none */
};

/* Writes the whole refusal. Always OK: the answer is complete. `about` is a stranger's: it is made printable and cut. */
FALLIBLE login_refuse(struct call *c, const struct wire *q, struct answer *a, enum aadsts kind, str about);
/* The same under another word than the table's. */
FALLIBLE login_refuse_as(struct call *c, const struct wire *q, struct answer *a, enum aadsts kind, str error, str about);

/* The same for the sign-in log alone, in words that quote nobody: of an answer that is worded otherwise. */
void login_note(struct call *c, const struct wire *q, struct answer *a, enum aadsts kind);

/* For failures that no handler worded, and the headers of all answers. */
extern const struct dialect DIALECT_LOGIN;
