#include "endpoints/dialect/graph.h"

#include "endpoints/dialect/claims_challenge.h"
#include "ops/gate.h"

#define GRAPH_APP "00000003-0000-0000-c000-000000000000"

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
    case ERR_TOO_LARGE: return "Request_EntityTooLarge";
    case ERR_GUID_INVALID:
    case ERR_TIME_INVALID:
    case ERR_BASE64_INVALID:
    case ERR_JSON_INVALID:
    case ERR_CONTENT_INVALID:
    case ERR_FEDERATED_INVALID:
    case ERR_NAME_INVALID:
    case ERR_PARAMETER_INVALID:
    case ERR_OBJECT_EXISTS:
    case ERR_OBJECT_ID_INVALID:
    case ERR_MEMBER_EXISTS:
    case ERR_MEMBER_INVALID: return "Request_BadRequest";
    case ERR_URL_INVALID:
    case ERR_FILTER_INVALID:
    case ERR_NOT_FOUND:
    case ERR_METHOD_NOT_ALLOWED:
    case ERR_FORWARDED:
    case ERR_USER_NEEDED: return "BadRequest";
    case ERR_TOKEN_MISSING:
    case ERR_TOKEN_MALFORMED:
    case ERR_TOKEN_SIGNATURE:
    case ERR_TOKEN_EXPIRED:
    case ERR_CLAIMS_NEEDED:
    case ERR_TOKEN_NOT_YET_VALID:
    case ERR_TOKEN_ISSUER:
    case ERR_TOKEN_AUDIENCE:
    case ERR_CALLER_UNKNOWN: return "InvalidAuthenticationToken";
    case ERR_NOT_AUTHORIZED:
    case ERR_LINKED_NOT_AUTHORIZED:
    case ERR_DENIED: return "Authorization_RequestDenied";
    case ERR_DIRECTORY_QUOTA: return "Directory_QuotaExceeded";
    case ERR_CONFLICT: return "Request_MultipleObjectsWithSameKeyValue";
    case ERR_OBJECT_NOT_FOUND: return "Request_ResourceNotFound";
    case ERR_QUERY_UNSUPPORTED: return "Request_UnsupportedQuery";
    case ERR_USAGE:
    case ERR_ROLE_MISSING:
    case ERR_TOKEN_PRINCIPAL:
    case ERR_TOKEN_TENANT:
    case ERR_DNS_INVALID:
    case ERR_SCOPE_INVALID:
    case ERR_PRECONDITION:
    case ERR_API_VERSION_MISSING:
    case ERR_API_VERSION_INVALID:
    case ERR_API_VERSION_UNKNOWN:
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
    case ERR_TENANT_UNKNOWN:
    case ERR_SUBSCRIPTION_NOT_FOUND:
    case ERR_SUBSCRIPTION_INVALID:
    case ERR_GROUP_NOT_FOUND:
    case ERR_RESOURCE_NOT_FOUND:
    case ERR_PARENT_NOT_FOUND:
    case ERR_NAMESPACE_UNKNOWN:
    case ERR_TYPE_UNKNOWN:
    case ERR_LOCATION_REQUIRED:
    case ERR_LOCATION_INVALID:
    case ERR_GROUP_LOCATION_INVALID:
    case ERR_LOCATION_CONFLICT:
    case ERR_GROUP_LOCATION_CONFLICT:
    case ERR_IDENTITY_VALUES:
    case ERR_IDENTITY_ID_INVALID:
    case ERR_LINKED_ID_INVALID:
    case ERR_IDENTITY_OPERATION:
    case ERR_PRINCIPAL_NOT_FOUND:
    case ERR_PRINCIPAL_TYPE_MISMATCH:
    case ERR_ASSIGNMENT_NOT_FOUND:
    case ERR_ASSIGNMENT_EXISTS:
    case ERR_ASSIGNMENT_IMMUTABLE:
    case ERR_ASSIGNMENT_INVALID:
    case ERR_ASSIGNMENT_ID_INVALID:
    case ERR_ASSIGNMENT_LIMIT:
    case ERR_ROLE_NOT_FOUND:
    case ERR_ROLE_ID_INVALID:
    case ERR_ROLE_NAME_TAKEN:
    case ERR_ROLE_IN_USE:
    case ERR_ROLE_BUILTIN:
    case ERR_ROLE_INVALID:
    case ERR_ROLE_ACTION_UNKNOWN:
    case ERR_ROLE_DATA_ACTION_UNKNOWN:
    case ERR_ROLE_DATA_ACTIONS_UNSAYABLE:
    case ERR_ROLE_LIMIT:
    case ERR_CONDITION_INVALID:
    case ERR_TEMPLATE_INVALID:
    case ERR_TEMPLATE_PARAMETER_VALUE:
    case ERR_TEMPLATE_OUTPUT_INVALID:
    case ERR_TEMPLATE_NOT_YET:
    case ERR_VAULT_NAME_TAKEN:
    case ERR_VAULT_NAME_INVALID:
    case ERR_VAULT_INVALID:
    case ERR_SCOPE_LOCKED:
    case ERR_LOCK_NOT_FOUND:
    case ERR_NOT_REGISTERED:
    case ERR_MOVE_INVALID:
    case ERR_MOVE_UNSUPPORTED:
    case ERR_MOVE_REFUSED:
    case ERR_VAULT_NOT_DELETED:
    case ERR_VAULT_NOT_FOUND:
    case ERR_POLICY_NOT_AUTHORIZED:
    case ERR_PURGE_PROTECTED:
    case ERR_SECRET_NOT_FOUND:
    case ERR_CHILD_TWICE:
    case ERR_PREFIX_FORMAT:
    case ERR_PREFIX_NOTATION:
    case ERR_SUBNET_OUTSIDE:
    case ERR_SUBNET_OVERLAPS:
    case ERR_REFERENCE_NOT_FOUND:
    case ERR_ENVIRONMENT_NOT_FOUND:
    case ERR_ENVIRONMENT_IN_USE:
    case ERR_SUBNET_IN_USE:
    case ERR_NIC_IN_USE:
    case ERR_PUBLIC_ADDRESS_IN_USE:
    case ERR_PUBLIC_ADDRESS_TAKEN:
    case ERR_SECURITY_GROUP_IN_USE:
    case ERR_ROUTE_TABLE_IN_USE:
    case ERR_GROUP_IN_USE:
    case ERR_SECRET_DISABLED:
    case ERR_SECRET_DELETED:
    case ERR_SECRET_EXISTS:
    case ERR_SECRET_TOO_LARGE:
    case ERR_DEPLOYMENT_NAME:
    case ERR_DEPLOYMENT_INVALID:
    case ERR_DEPLOYMENT_REFUSED:
    case ERR_DEPLOYMENT_LINK:
    case ERR_DEPLOYMENT_NOT_FOUND:
    case ERR_DEPLOYMENT_ACTIVE:
    case ERR_DEPLOYMENT_LOCATION:
    case ERR_DEPLOYMENT_QUOTA:
    case ERR_DEPLOYMENT_OVER:
    case ERR_VAULT_REFERENCE_NOT_FOUND:
    case ERR_VAULT_REFERENCE_REFUSED:
    case ERR_VAULT_REFERENCE_SECRET:
    case ERR_BACKUP_MALFORMED:
    case ERR_CREDENTIAL_UNAVAILABLE:
    case ERR_AUTHENTICATION_FAILED:
    case ERR_TIMED_OUT:
    case ERR_CANCELLED: return NULL; // other protocols' failures
    }
    return NULL;
}

static str about_path(struct call *c, str path)
{
    str rest = str_from(path, 1), version = STR_NONE;
    str_cut(&rest, '/', &version);
    if (!str_eq_nocase(version, S("v1.0")) && !str_eq_nocase(version, S("beta")))
        return call_format(c, "Invalid version: %.*s.", PSTR(call_printable(c, version, 64)));
    str last = call_printable(c, str_from(path, str_find_last(path, '/') + 1), 128);
    return call_format(c, "Resource not found for the segment '%.*s'.", PSTR(last));
}

// What is published in one sentence for all of a kind; else what was said.
static str message_of(struct call *c, const struct wire *q)
{
    if (c->failure.kind == ERR_NOT_FOUND) return about_path(c, q->path);
    switch (err_status(c->failure.kind)) {
    case 401:
        if (c->failure.kind == ERR_CLAIMS_NEEDED) return S(CLAIMS_CHALLENGE_WORDS);
        return c->failure.kind == ERR_TOKEN_MISSING ? S("Access token is empty.") : str_of(c->failure.text);
    case 403: return S("Insufficient privileges to complete the operation.");
    default: return str_of(c->failure.text);
    }
}

// A path that leads nowhere is a bad request here.
static int status_of(enum err kind)
{
    return kind == ERR_NOT_FOUND ? 400 : err_status(kind);
}

static str request_id(struct call *c)
{
    return guid_str(c, c->correlation_id);
}

static str client_request_id(struct call *c, const struct wire *q)
{
    str given = wire_client_request_id(c, q, "client-request-id");
    return str_empty(given) ? request_id(c) : given;
}

static void challenge(struct call *c, const struct wire *q, struct answer *a)
{
    str demand = c->failure.kind == ERR_CLAIMS_NEEDED ? claims_challenge(c) : STR_NONE;
    answer_header(a, "WWW-Authenticate",
                  call_format(c, "Bearer realm=\"\", authorization_uri=\"%.*s/common/oauth2/authorize\", client_id=\"" GRAPH_APP "\"%.*s",
                              PSTR(names_url(c, &q->product->names, &HOST_LOGIN)), PSTR(demand)));
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const char         *code = code_of(c->failure.kind);
    struct json_writer *j = answer_json(a, code ? status_of(c->failure.kind) : 500);
    (void)w;
    a->content_type = S("application/json");
    if (a->status == 401) challenge(c, q, a);
    json_write_object(j);
    json_write_key(j, S("error"));
    json_write_object(j);
    json_put_string(j, S("code"), str_of(code ? code : "InternalServerError"));
    json_put_string(j, S("message"), message_of(c, q));
    json_write_key(j, S("innerError"));
    json_write_object(j);
    json_put_string(j, S("date"), str_upto(str_of(time_iso_s(c->now_s).s), sizeof "2026-01-01T00:00:00" - 1));
    json_put_string(j, S("request-id"), request_id(c));
    json_put_string(j, S("client-request-id"), client_request_id(c, q));
    json_write_end(j);
    json_write_end(j);
    json_write_end(j);
}

static void headers(struct call *c, const struct wire *q, struct answer *a)
{
    static const struct { const char *name; str value; } FIXED[] = {
        {"Cache-Control", S_INIT("no-cache")},
        {"Strict-Transport-Security", S_INIT("max-age=31536000")},
        {"x-ms-ags-diagnostic",
         S_INIT("{\"ServerInfo\":{\"DataCenter\":\"Local\",\"Slice\":\"E\",\"Ring\":\"1\",\"ScaleUnit\":\"000\",\"RoleInstance\":\"LANYARD\"}}")},
    };
    for (size_t i = 0; i < COUNT(FIXED); i++) answer_header(a, FIXED[i].name, FIXED[i].value);
    answer_header(a, "request-id", request_id(c));
    answer_header(a, "client-request-id", client_request_id(c, q));
}

const struct dialect DIALECT_GRAPH = {.name = "graph", .error = error, .headers = headers};
