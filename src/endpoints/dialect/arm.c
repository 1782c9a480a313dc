#include "endpoints/dialect/arm.h"

#include "endpoints/dialect/claims_challenge.h"
// The code that goes over the wire; NULL: a failure that this API does not know, said as a server error.
static const char *code_of(enum err kind)
{
    switch (kind) {
    case OK: return NULL;
    case ERR_NO_MEMORY:
    case ERR_INTERNAL:
    case ERR_IO:
    case ERR_CRYPTO:
    case ERR_STORE_DAMAGED: return "InternalServerError";
    case ERR_STORE_UNAVAILABLE: return "ServiceUnavailable";
    case ERR_BUSY: return "TooManyRequests";
    case ERR_TOO_LARGE: return "RequestEntityTooLarge";
    case ERR_GUID_INVALID:
    case ERR_TIME_INVALID:
    case ERR_BASE64_INVALID:
    case ERR_JSON_INVALID:
    case ERR_CONTENT_INVALID: return "InvalidRequestContent";
    case ERR_URL_INVALID: return "InvalidRequestUri";
    case ERR_SCOPE_INVALID: return "InvalidResourceId";
    case ERR_FILTER_INVALID: return "InvalidFilter";
    case ERR_QUERY_UNSUPPORTED: return "UnsupportedQuery";
    case ERR_NAME_INVALID: return "InvalidResourceName";
    case ERR_FORWARDED: return "BadRequest";
    case ERR_PARAMETER_INVALID: return "InvalidParameter";
    case ERR_NOT_FOUND: return "NotFound";
    case ERR_METHOD_NOT_ALLOWED: return "MethodNotAllowed";
    case ERR_CONFLICT: return "Conflict";
    case ERR_PRECONDITION: return "PreconditionFailed";
    case ERR_API_VERSION_MISSING: return "MissingApiVersionParameter";
    case ERR_API_VERSION_INVALID: return "InvalidApiVersionParameter";
    case ERR_API_VERSION_UNKNOWN: return "NoRegisteredProviderFound";
    case ERR_LOCATION_INVALID: return "LocationNotAvailableForResourceType";
    case ERR_GROUP_LOCATION_INVALID: return "LocationNotAvailableForResourceGroup";
    case ERR_IDENTITY_ID_INVALID: return "InvalidParameter";
    case ERR_LINKED_ID_INVALID: return "LinkedInvalidPropertyId";
    case ERR_TOKEN_MISSING:
    case ERR_CALLER_UNKNOWN: return "AuthenticationFailed";
    case ERR_TOKEN_MALFORMED:
    case ERR_TOKEN_SIGNATURE:
    case ERR_TOKEN_NOT_YET_VALID: return "InvalidAuthenticationToken";
    case ERR_TOKEN_EXPIRED: return "ExpiredAuthenticationToken";
    case ERR_CLAIMS_NEEDED: return "InvalidAuthenticationToken";
    case ERR_TOKEN_ISSUER: return "InvalidAuthenticationTokenTenant";
    case ERR_TOKEN_AUDIENCE: return "InvalidAuthenticationTokenAudience";
    case ERR_NOT_AUTHORIZED: return "AuthorizationFailed";
    case ERR_LINKED_NOT_AUTHORIZED: return "LinkedAuthorizationFailed";
    case ERR_DENIED: return "DenyAssignmentAuthorizationFailed";
    case ERR_TENANT_UNKNOWN: return "InvalidTenant";
    case ERR_SUBSCRIPTION_NOT_FOUND: return "SubscriptionNotFound";
    case ERR_SUBSCRIPTION_INVALID: return "InvalidSubscriptionId";
    case ERR_GROUP_NOT_FOUND: return "ResourceGroupNotFound";
    case ERR_RESOURCE_NOT_FOUND: return "ResourceNotFound";
    case ERR_PARENT_NOT_FOUND: return "ParentResourceNotFound";
    case ERR_NAMESPACE_UNKNOWN: return "InvalidResourceNamespace";
    case ERR_TYPE_UNKNOWN: return "InvalidResourceType";
    case ERR_LOCATION_REQUIRED: return "LocationRequired";
    case ERR_LOCATION_CONFLICT: return "InvalidResourceLocation";
    case ERR_GROUP_LOCATION_CONFLICT: return "InvalidResourceGroupLocation";
    case ERR_IDENTITY_VALUES: return "InvalidIdentityValues";
    case ERR_IDENTITY_OPERATION: return "FailedIdentityOperation";
    case ERR_CHILD_TWICE: return "DuplicateResourceName";
    case ERR_PREFIX_FORMAT: return "InvalidAddressPrefixFormat";
    case ERR_PREFIX_NOTATION: return "InvalidCIDRNotation";
    case ERR_SUBNET_OUTSIDE: return "NetcfgSubnetRangeOutsideVnet";
    case ERR_SUBNET_OVERLAPS: return "NetcfgSubnetRangesOverlap";
    case ERR_REFERENCE_NOT_FOUND: return "InvalidResourceReference";
    case ERR_ENVIRONMENT_NOT_FOUND: return "ManagedEnvironmentNotFound";
    case ERR_ENVIRONMENT_IN_USE: return "ManagedEnvironmentHasContainerApps";
    case ERR_SUBNET_IN_USE: return "InUseSubnetCannotBeDeleted";
    case ERR_NIC_IN_USE: return "NicInUse";
    case ERR_PUBLIC_ADDRESS_IN_USE: return "PublicIPAddressCannotBeDeleted";
    case ERR_PUBLIC_ADDRESS_TAKEN: return "PublicIPAddressInUse";
    case ERR_SECURITY_GROUP_IN_USE: return "InUseNetworkSecurityGroupCannotBeDeleted";
    case ERR_ROUTE_TABLE_IN_USE: return "InUseRouteTableCannotBeDeleted";
    case ERR_GROUP_IN_USE: return "ResourceGroupDeletionBlocked";
    case ERR_PRINCIPAL_NOT_FOUND: return "PrincipalNotFound";
    case ERR_PRINCIPAL_TYPE_MISMATCH: return "UnmatchedPrincipalType";
    case ERR_ASSIGNMENT_NOT_FOUND: return "RoleAssignmentNotFound";
    case ERR_SCOPE_LOCKED: return "ScopeLocked";
    case ERR_LOCK_NOT_FOUND: return "LockNotFound";
    case ERR_NOT_REGISTERED: return "MissingSubscriptionRegistration";
    case ERR_MOVE_INVALID: return "InvalidResourceMoveRequest"; // inferred: no published word was found
    case ERR_MOVE_UNSUPPORTED: return "ResourceMoveNotSupported";
    case ERR_MOVE_REFUSED: return "ResourceMoveProviderValidationFailed";
    case ERR_ASSIGNMENT_EXISTS: return "RoleAssignmentExists";
    case ERR_ASSIGNMENT_IMMUTABLE: return "RoleAssignmentUpdateNotPermitted";
    case ERR_ASSIGNMENT_INVALID: return "InvalidCreateRoleAssignmentRequest";
    case ERR_ASSIGNMENT_ID_INVALID: return "InvalidRoleAssignmentId";
    case ERR_ASSIGNMENT_LIMIT: return "RoleAssignmentLimitExceeded";
    case ERR_ROLE_NOT_FOUND: return "RoleDefinitionDoesNotExist";
    case ERR_ROLE_ID_INVALID: return "InvalidRoleDefinitionId";
    case ERR_ROLE_NAME_TAKEN: return "RoleDefinitionWithSameNameExists";
    case ERR_ROLE_IN_USE: return "RoleDefinitionHasAssignments";
    case ERR_ROLE_BUILTIN: return "RoleDefinitionIsBuiltIn";
    case ERR_ROLE_INVALID: return "InvalidRoleDefinition";
    case ERR_ROLE_ACTION_UNKNOWN: return "InvalidActionOrNotAction";
    case ERR_ROLE_DATA_ACTION_UNKNOWN: return "InvalidDataActionOrNotDataAction";
    case ERR_ROLE_DATA_ACTIONS_UNSAYABLE: return "UnsupportedApiVersionForRoleDefinitionHasDataActions";
    case ERR_ROLE_LIMIT: return "RoleDefinitionLimitExceeded";
    case ERR_TEMPLATE_INVALID:
    case ERR_TEMPLATE_NOT_YET: return "InvalidTemplate";
    case ERR_TEMPLATE_PARAMETER_VALUE: return "InvalidDeploymentParameterValue";
    case ERR_TEMPLATE_OUTPUT_INVALID: return "DeploymentOutputEvaluationFailed";
    case ERR_CONDITION_INVALID: return "InvalidRoleAssignmentCondition";
    case ERR_VAULT_NAME_TAKEN: return "VaultAlreadyExists";
    case ERR_VAULT_NAME_INVALID: return "VaultNameNotValid";
    case ERR_FEDERATED_INVALID:
    case ERR_VAULT_INVALID: return "BadRequest"; // the providers' own word for what they do not take
    case ERR_VAULT_NOT_DELETED: return "SoftDeletedVaultDoesNotExist";
    case ERR_VAULT_NOT_FOUND: return "ResourceNotFound";
    case ERR_PURGE_PROTECTED: return "MethodNotAllowed";
    case ERR_SECRET_NOT_FOUND: return "SecretNotFound";
    case ERR_SECRET_DELETED: return "ObjectIsDeletedButRecoverable";
    case ERR_SECRET_TOO_LARGE: return "BadParameter";
    case ERR_DEPLOYMENT_NAME: return "InvalidDeploymentName";
    case ERR_DEPLOYMENT_INVALID: return "InvalidDeployment";
    case ERR_DEPLOYMENT_REFUSED: return "InvalidTemplateDeployment";
    case ERR_DEPLOYMENT_LINK: return "InvalidContentLink";
    case ERR_DEPLOYMENT_NOT_FOUND: return "DeploymentNotFound";
    case ERR_DEPLOYMENT_ACTIVE: return "DeploymentActive";
    case ERR_DEPLOYMENT_LOCATION: return "InvalidDeploymentLocation";
    case ERR_DEPLOYMENT_QUOTA: return "DeploymentQuotaExceeded";
    case ERR_DEPLOYMENT_OVER: return "DeploymentCannotBeCancelled";
    case ERR_VAULT_REFERENCE_NOT_FOUND: return "KeyVaultParameterReferenceNotFound";
    case ERR_VAULT_REFERENCE_REFUSED: return "KeyVaultParameterReferenceAuthorizationFailed";
    case ERR_VAULT_REFERENCE_SECRET: return "KeyVaultParameterReferenceSecretRetrieveFailed";
    case ERR_USAGE:
    case ERR_DNS_INVALID:
    case ERR_BINDING_INVALID:
    case ERR_BINDING_MISSING:
    case ERR_BINDING_AMBIGUOUS:
    case ERR_PEER_UNKNOWN:
    case ERR_METADATA_MISSING:
    case ERR_APP_NOT_ASSIGNED:
    case ERR_AUDIENCE_MISSING:
    case ERR_AUDIENCE_DISABLED:
    case ERR_AUDIENCE_UNKNOWN:
    case ERR_ISSUER_UNUSABLE:
    case ERR_IDENTITY_NOT_FOUND:
    case ERR_IDENTITY_AMBIGUOUS:
    case ERR_IDENTITY_SELECTORS:
    case ERR_OBJECT_NOT_FOUND:
    case ERR_OBJECT_EXISTS:
    case ERR_OBJECT_ID_INVALID:
    case ERR_DIRECTORY_QUOTA:
    case ERR_MEMBER_EXISTS:
    case ERR_MEMBER_INVALID:
    case ERR_USER_NEEDED:
    case ERR_ROLE_MISSING:
    case ERR_TOKEN_PRINCIPAL:
    case ERR_TOKEN_TENANT:
    case ERR_POLICY_NOT_AUTHORIZED:
    case ERR_SECRET_DISABLED:
    case ERR_SECRET_EXISTS:
    case ERR_BACKUP_MALFORMED:
    case ERR_CREDENTIAL_UNAVAILABLE:
    case ERR_AUTHENTICATION_FAILED:
    case ERR_TIMED_OUT:
    case ERR_CANCELLED: return NULL; // other protocols' failures
    }
    return NULL;
}

str arm_error_code(enum err kind)
{
    const char *code = code_of(kind);
    return code ? str_of(code) : S("InternalServerError");
}

static str login_url(struct call *c, const struct product *p)
{
    return call_format(c, "%.*s/%s", PSTR(names_url(c, &p->names, &HOST_LOGIN)), guid_text(p->tenant.g).s);
}

// Clients learn the tenant from it: they ask once without a token on purpose.
static void challenge(struct call *c, const struct wire *q, struct answer *a)
{
    bool missing = c->failure.kind == ERR_TOKEN_MISSING;
    if (c->failure.kind == ERR_CLAIMS_NEEDED) {
        answer_header(a, "WWW-Authenticate",
                      call_format(c, "Bearer realm=\"\", authorization_uri=\"%.*s/oauth2/v2.0/authorize\"%.*s", PSTR(login_url(c, q->product)),
                                  PSTR(claims_challenge(c))));
        return;
    }
    answer_header(a, "WWW-Authenticate",
                  call_format(c, "Bearer authorization_uri=\"%.*s\", error=\"invalid_token\", error_description=\"%s\"",
                              PSTR(login_url(c, q->product)),
                              missing ? "The authentication failed because of missing 'Authorization' header." : "The access token is not valid."));
}

static str message_of(struct call *c, const struct work *w, const struct wire *q)
{
    const struct refusal *r = w ? &w->refusal : NULL;
    if (c->failure.kind == ERR_CLAIMS_NEEDED) return S(CLAIMS_CHALLENGE_WORDS);
    if (c->failure.kind == ERR_TOKEN_MISSING) return S("Authentication failed. The 'Authorization' header is missing.");
    if (c->failure.kind == ERR_ROLE_DATA_ACTIONS_UNSAYABLE)
        return call_format(
            c,
            "Assignments to roles with DataActions and NotDataActions are not supported on API version '%.*s'. The minimum required API "
            "version for this operations is '2018-01-01-preview'.",
            PSTR(q->api_version));
    if (c->failure.kind == ERR_API_VERSION_MISSING) return S("The api-version query parameter (?api-version=) is required for all requests.");
    if (c->failure.kind == ERR_NOT_AUTHORIZED && r)
        return call_format(c,
                           "The client '%.*s' with object id '%s' does not have authorization to perform action '%.*s' over scope '%.*s' or the "
                           "scope is invalid. If access was recently granted, please refresh your credentials.",
                           PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(r->action), PSTR(r->scope));
    if (c->failure.kind == ERR_DENIED && w && c->caller) {
        const struct deny_assignment *d = rbac_find_deny(w->world->rules, r->answer.decided_by);
        return call_format(c,
                           "The client '%.*s' with object id '%s' has permission to perform action '%.*s' on scope '%.*s'; however, the access is "
                           "denied because of the deny assignment with name '%.*s' and Id '%s' at scope '%.*s'.",
                           PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(r->action), PSTR(r->scope), PSTR(d ? d->name : S("")),
                           guid_digits(r->answer.decided_by).s, PSTR(d ? d->scope : S("")));
    }
    return str_of(c->failure.text);
}

// A refusal that is recorded says how to have it explained, in the member that is there for such things.
static void write_error(struct call *c, const struct work *w, const struct wire *q, struct answer *a, int status, str code)
{
    str                 message = message_of(c, w, q);
    struct json_writer *j = answer_json(a, status);
    json_write_object(j);
    json_write_key(j, S("error"));
    json_write_object(j);
    json_put_string(j, S("code"), code);
    json_put_string(j, S("message"), message);
    if (!str_empty(c->failure.details)) {
        json_write_key(j, S("details"));
        json_write_raw(j, c->failure.details);
    }
    if (w && !guid_is_none(w->refusal.record)) {
        json_write_key(j, S("additionalInfo"));
        json_write_array(j);
        json_write_object(j);
        json_put_string(j, S("type"), S("LanyardDenial"));
        json_write_key(j, S("info"));
        json_write_object(j);
        json_put_guid(j, S("id"), w->refusal.record);
        json_put_string(j, S("explain"), call_format(c, "lanyard why %s", guid_text(w->refusal.record).s));
        json_write_end(j);
        json_write_end(j);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const char *code = code_of(c->failure.kind);
    int         status = code ? err_status(c->failure.kind) : 500;
    if (status == 401) challenge(c, q, a);
    if (status == 429 || status == 503) answer_header(a, "Retry-After", S("1"));
    answer_header(a, "x-ms-failure-cause", S("gateway"));
    write_error(c, w, q, a, status, str_of(code ? code : "InternalServerError"));
}

// How many more requests a caller may make at once. Nothing is throttled here: what is left is always the published bucket, less this one.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
static void budget(const struct wire *q, struct answer *a)
{
    static const struct budget {
        const char *subscription, *global, *tenant;
        str         left, left_of_global;
    } READS = {"x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-global-reads",
               "x-ms-ratelimit-remaining-tenant-reads", S_INIT("249"), S_INIT("3749")},
      WRITES = {"x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-global-writes",
                "x-ms-ratelimit-remaining-tenant-writes", S_INIT("199"), S_INIT("2999")},
      DELETES = {"x-ms-ratelimit-remaining-subscription-deletes", "x-ms-ratelimit-remaining-subscription-global-deletes",
                 "x-ms-ratelimit-remaining-tenant-deletes", S_INIT("199"), S_INIT("2999")};
    enum http_method     method = q->http->method;
    const struct budget *b = method == HTTP_DELETE ? &DELETES : method == HTTP_GET || method == HTTP_HEAD ? &READS : &WRITES;
    bool                 is_of_subscription = str_starts_nocase(q->path, S("/subscriptions/"));
    answer_header(a, is_of_subscription ? b->subscription : b->tenant, b->left);
    if (is_of_subscription) answer_header(a, b->global, b->left_of_global);
}

static void headers(struct call *c, const struct wire *q, struct answer *a)
{
    static const struct { const char *name; str value; } FIXED[] = {
        {"Cache-Control", S_INIT("no-cache")},
        {"Pragma", S_INIT("no-cache")},
        {"Expires", S_INIT("-1")},
        {"Strict-Transport-Security", S_INIT("max-age=31536000; includeSubDomains")},
        {"X-Content-Type-Options", S_INIT("nosniff")},
    };
    for (size_t i = 0; i < COUNT(FIXED); i++) answer_header(a, FIXED[i].name, FIXED[i].value);
    budget(q, a);
    answer_header(a, "x-ms-request-id", guid_str(c, guid_new(c)));
    answer_header(a, "x-ms-correlation-request-id", guid_str(c, c->correlation_id)); // the records' own
    answer_header(a, "x-ms-routing-request-id", call_format(c, "LOCAL:%s:%s", time_compact(c->now_s).s, guid_text(guid_new(c)).s));
    str client = wire_client_request_id(c, q, "x-ms-client-request-id");
    if (!str_empty(client) && str_eq_nocase(http_header(q->http, S("x-ms-return-client-request-id")), S("true")))
        answer_header(a, "x-ms-client-request-id", client);
}

const struct dialect DIALECT_ARM = {.name = "arm", .error = error, .headers = headers};
