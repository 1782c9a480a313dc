/*
 * err.h - every way in which the product can fail, in one table.
 *
 * The status is the default for HTTP; a protocol's dialect may give another one,
 * and gives the word that goes over the wire. The text is what a person reads
 * when nobody said it better with FAIL.
 *
 * Layer:  core
 */
#pragma once

/* kind, HTTP status, what a person should read */
#define ERR_TABLE(X)                                                                        \
    /* the machine */                                                                       \
    X(NO_MEMORY,               500, "Out of memory.")                                       \
    X(INTERNAL,                500, "The server made a mistake; its log says more.")        \
    X(IO,                      500, "The operating system refused.")                        \
    X(CRYPTO,                  500, "A cryptographic operation failed.")                    \
    X(STORE_UNAVAILABLE,       503, "The store did not answer.")                            \
    X(STORE_DAMAGED,           500, "The store holds a record that cannot be read.")        \
    X(BUSY,                    429, "Too many requests at once; try again shortly.")        \
    X(USAGE,                   400, "The command line is not well formed.")                 \
    /* forms */                                                                             \
    X(TOO_LARGE,               413, "The input is larger than the limit.")                  \
    X(GUID_INVALID,            400, "That is not a GUID.")                                  \
    X(TIME_INVALID,            400, "That is not a date and time.")                         \
    X(BASE64_INVALID,          400, "That is not base64.")                                  \
    X(JSON_INVALID,            400, "The JSON is not well formed.")                         \
    X(URL_INVALID,             400, "The URL is not well formed.")                          \
    X(DNS_INVALID,             400, "The DNS message is not well formed.")                  \
    X(SCOPE_INVALID,           400, "The scope is not well formed.")                        \
    X(FILTER_INVALID,          400, "The filter is not well formed.")                       \
    X(CONTENT_INVALID,         400, "The request content is invalid.")                      \
    X(NAME_INVALID,            400, "The name breaks the rules for its type.")              \
    X(PARAMETER_INVALID,       400, "A parameter is invalid.")                              \
    /* asking */                                                                            \
    X(NOT_FOUND,               404, "Nothing by that name exists here.")                    \
    X(METHOD_NOT_ALLOWED,      405, "The method is not allowed here.")                      \
    X(CONFLICT,                409, "That conflicts with what exists.")                     \
    X(PRECONDITION,            412, "The precondition is not met.")                         \
    X(API_VERSION_MISSING,     400, "The api-version query parameter is required.")         \
    X(API_VERSION_INVALID,     400, "The api-version is not supported.")                    \
    X(API_VERSION_UNKNOWN,     400, "No registered resource provider knows that api-version for the type.") \
    /* who is asking */                                                                     \
    X(TOKEN_MISSING,           401, "The request carries no token.")                        \
    X(TOKEN_MALFORMED,         401, "The token is not well formed.")                        \
    X(TOKEN_SIGNATURE,         401, "The token's signature does not verify.")               \
    X(TOKEN_EXPIRED,           401, "The token has expired.")                               \
    X(TOKEN_NOT_YET_VALID,     401, "The token is not valid yet.")                          \
    X(TOKEN_ISSUER,            401, "The token comes from the wrong issuer.")               \
    X(TOKEN_AUDIENCE,          401, "The token is for another audience.")                   \
    X(CALLER_UNKNOWN,          401, "The caller cannot be told.")                           \
    /* what is allowed */                                                                   \
    X(NOT_AUTHORIZED,          403, "The caller may not do this here.")                     \
    X(LINKED_NOT_AUTHORIZED,   403, "The caller may not use the linked resource.")          \
    X(DENIED,                  403, "A deny assignment forbids this.")                      \
    /* local token endpoints */                                                             \
    X(METADATA_MISSING,        400, "Required metadata header not specified")               \
    X(FORWARDED,               400, "Forwarded requests are refused.")                      \
    X(AUDIENCE_MISSING,        400, "Required audience parameter not specified")            \
    X(AUDIENCE_UNKNOWN,        400, "The resource principal was not found in the tenant.")  \
    X(IDENTITY_NOT_FOUND,      400, "Identity not found")                                   \
    X(IDENTITY_AMBIGUOUS,      400, "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request") \
    X(IDENTITY_SELECTORS,      400, "Only one of client_id, object_id and msi_res_id may be given.") \
    X(TENANT_UNKNOWN,          400, "The tenant was not found.")                            \
    /* resources */                                                                         \
    X(SUBSCRIPTION_NOT_FOUND,  404, "The subscription could not be found.")                 \
    X(SUBSCRIPTION_INVALID,    400, "The subscription identifier is malformed.")            \
    X(GROUP_NOT_FOUND,         404, "The resource group could not be found.")               \
    X(RESOURCE_NOT_FOUND,      404, "The resource was not found.")                          \
    X(PARENT_NOT_FOUND,        404, "The parent resource could not be found.")              \
    X(NAMESPACE_UNKNOWN,       404, "The resource namespace is invalid.")                   \
    X(TYPE_UNKNOWN,            404, "The resource type could not be found.")                \
    X(LOCATION_REQUIRED,       400, "The location property is required for this definition.") \
    X(LOCATION_INVALID,        400, "That is not a location.")                              \
    X(LOCATION_CONFLICT,       409, "The resource exists in another location.")             \
    X(GROUP_LOCATION_CONFLICT, 409, "The resource group exists in another location.")       \
    X(IDENTITY_VALUES,         400, "The identity block is not well formed.")               \
    X(IDENTITY_ID_INVALID,     400, "An identity id is invalid.")                           \
    X(LINKED_ID_INVALID,       400, "A property is not the id of a resource.")              \
    X(IDENTITY_OPERATION,      400, "The identity could not be attached.")                  \
    /* directory */                                                                         \
    X(OBJECT_NOT_FOUND,        404, "The directory holds no such object.")                  \
    X(OBJECT_EXISTS,           400, "Another object with the same value already exists.")   \
    X(OBJECT_ID_INVALID,       400, "That is not the id of an object.")                     \
    X(MEMBER_EXISTS,           400, "One or more added object references already exist for the following modified properties: 'members'.") \
    X(MEMBER_INVALID,          400, "An invalid operation was included in the following modified references: 'members'.") \
    X(QUERY_UNSUPPORTED,       400, "Unsupported Query.")                                   \
    X(USER_NEEDED,             400, "/me request is only valid with delegated authentication flow.") \
    /* roles */                                                                             \
    X(PRINCIPAL_NOT_FOUND,     400, "The principal does not exist in the directory.")       \
    X(PRINCIPAL_TYPE_MISMATCH, 400, "The principal has another type.")                      \
    X(ASSIGNMENT_NOT_FOUND,    404, "The role assignment is not found.")                    \
    X(ASSIGNMENT_EXISTS,       409, "The role assignment already exists.")                  \
    X(ASSIGNMENT_IMMUTABLE,    400, "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.") \
    X(ASSIGNMENT_INVALID,      400, "The request to create the role assignment is not valid.") \
    X(ASSIGNMENT_ID_INVALID,   400, "The role assignment ID must be a GUID.")               \
    X(ASSIGNMENT_LIMIT,        400, "The number of role assignments is exhausted.")         \
    X(ROLE_NOT_FOUND,          404, "The specified role definition does not exist.")        \
    X(ROLE_ID_INVALID,         400, "The role definition ID must be a GUID.")               \
    X(ROLE_NAME_TAKEN,         409, "A custom role with the same name already exists in this directory. Use a different name") \
    X(ROLE_IN_USE,             400, "There are existing role assignments referencing the role.") \
    X(ROLE_BUILTIN,            400, "Built-in roles cannot be changed.")                    \
    X(ROLE_INVALID,            400, "The role definition is not well formed.")              \
    X(ROLE_ACTION_UNKNOWN,     400, "An action matches nothing that the providers support.") \
    X(ROLE_DATA_ACTION_UNKNOWN, 400, "A data action matches nothing that the providers support.") \
    X(ROLE_DATA_ACTIONS_UNSAYABLE, 400, "The api-version is older than roles with data actions.") \
    X(ROLE_LIMIT,              400, "The number of custom roles is exhausted.")             \
    X(CONDITION_INVALID,       400, "The condition is not well formed.")                    \
    /* vaults */                                                                            \
    X(VAULT_NAME_TAKEN,        409, "The vault name is already in use.")                    \
    X(VAULT_NAME_INVALID,      400, "The vault name breaks the rules.")                     \
    X(VAULT_NOT_FOUND,         404, "No vault of that name answers here.")                  \
    X(POLICY_NOT_AUTHORIZED,   403, "No access policy of the vault allows this.")           \
    X(PURGE_PROTECTED,         403, "Purge protection is on.")                              \
    X(SECRET_NOT_FOUND,        404, "The secret was not found in this key vault.")          \
    X(SECRET_DISABLED,         403, "The secret is disabled.")                              \
    X(SECRET_DELETED,          409, "The secret is deleted but recoverable.")               \
    X(SECRET_EXISTS,           409, "A secret of that name is in the vault.")               \
    X(SECRET_TOO_LARGE,        400, "The secret is longer than the limit.")                 \
    X(BACKUP_MALFORMED,        400, "The backup is not one of this product's.")

enum err {
    OK = 0,
#define X(kind, status, text) ERR_##kind,
    ERR_TABLE(X)
#undef X
};

/* "SCOPE_INVALID", 400, "The scope is not well formed."; for OK: "OK", 200, "". */
const char *err_name(enum err kind);
int         err_status(enum err kind);
const char *err_text(enum err kind);
