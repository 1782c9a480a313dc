// The token endpoint of Azure Arc: a key in a file proves that the caller may read the machine's files.
#include "core/json.h"
#include "endpoints/arc/keys.h"
#include "endpoints/imds/parts.h"

extern const struct service SERVICE_ARC;

static const struct selector_row SELECTORS[] = {
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},    {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("principal_id"), offsetof(struct identity_choice, object_id)}, {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)},
};

static const enum token_field FIELDS[] = {
    TOKEN_FIELD_ACCESS_TOKEN,   TOKEN_FIELD_CLIENT_ID,  TOKEN_FIELD_EXPIRES_IN, TOKEN_FIELD_EXPIRES_ON, TOKEN_FIELD_EXT_EXPIRES_IN,
    TOKEN_FIELD_NOT_BEFORE, TOKEN_FIELD_RESOURCE,   TOKEN_FIELD_TOKEN_TYPE, TOKEN_FIELD_SELECTED,
};

// What clients of several years send.
static const str VERSIONS[] = {S_INIT("2020-06-01"), S_INIT("2019-11-01"), S_INIT("2019-08-15")};

static enum err check(struct call *c, const struct wire *q, const struct workload_ask *ask)
{
    TRY(workload_check_fields(c, ask->fields, ask->field_n));
    if (str_empty(q->api_version)) return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    return str_index_nocase(VERSIONS, COUNT(VERSIONS), q->api_version) != STR_NOWHERE ? OK : FAIL_PLAIN(c, ERR_API_VERSION_INVALID);
}

static const struct token_protocol PROTOCOL = {
    .selectors = SELECTORS,
    .selector_n = COUNT(SELECTORS),
    .selector_names = "client_id, object_id and msi_res_id",
    .check = check,
    .fields = FIELDS,
    .field_n = COUNT(FIELDS),
};

// One "=" and nothing behind the path: some clients split the value there.
static enum err challenge(struct call *c, struct arc_keys *keys, struct answer *a)
{
    str path;
    TRY(arc_keys_issue(c, keys, &path));
    struct json_writer *j = answer_json(a, 401);
    answer_header(a, "WWW-Authenticate", call_format(c, "Basic realm=%.*s", PSTR(path)));
    json_write_object(j);
    json_put_string(j, S("error"), S("unauthorized_client"));
    json_put_string(j, S("error_description"), S("Send the content of the file that WWW-Authenticate names, as Authorization: Basic."));
    json_write_end(j);
    return OK;
}

static enum err get_token(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct arc_keys *keys = workload_listener_of(q)->own;
    str              shown = STR_NONE, basic = S("Basic ");
    bool             shows = http_has_header(q->http, S("Authorization"));
    bool             is_readable = workload_only_header(q->http, S("Authorization"), &shown) && str_starts_nocase(shown, basic);
    if (is_readable && arc_keys_use(c, keys, str_from(shown, basic.n))) return workload_get_token(c, w, q, a);
    a->is_challenge = !shows;
    if (shows) {
        a->signin.error_code = 401;
        a->signin.error = str_of(err_name(ERR_CALLER_UNKNOWN));
        a->signin.reason = S("The key is none of those that are good.");
    }
    return challenge(c, keys, a);
}

static void free_keys(void *keys)
{
    arc_keys_free(keys);
}

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    struct arc_keys *keys;
    TRY(arc_keys_new(c, w->directory, &keys));
    struct workload_settings settings = {.product = w->product,
                                         .service = &SERVICE_ARC,
                                         .protocol = &PROTOCOL,
                                         .place = w->place,
                                         .known_by = w->known_by,
                                         .own = keys,
                                         .own_free = free_keys};
    enum err                 failed = workload_listener_settings(c, &settings, out);
    if (failed != OK) arc_keys_free(keys);
    return failed;
}

#define PATH "/metadata/identity/oauth2/token"
#define BIT  TOKEN_ENDPOINT_BIT(ENDPOINT_ARC)

static const struct variable_row VARIABLES[] = {
    {"IDENTITY_ENDPOINT", VARIABLE_URL, PATH},
    {"IMDS_ENDPOINT", VARIABLE_URL, ""},
};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("arc-keys"), .kind = SOCKET_DIRECTORY, .address = S_INIT(ARC_KEYS_DIRECTORY), .endpoints = BIT, .is_on_host = true},
    {.name = S_INIT("arc"), .address = S_INIT("127.0.0.1"), .port = 40342, .endpoints = BIT, .is_on_host = true,
     .variables = {VARIABLES, COUNT(VARIABLES)}, .open = open_socket},
};

static const struct route ROUTES[] = {
    {HTTP_GET, PATH, GUARD_NONE, PERMIT_NONE("the listener is the workload's, and the key in a file that it alone reads"), get_token,
     .gives_tokens_to = SIGNIN_MANAGED_IDENTITY},
};

const struct service SERVICE_ARC = {
    .name = "arc",
    .dialect = &DIALECT_IMDS, // the agent's words are those of a virtual machine's endpoint
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .correlation = "x-ms-client-request-id",
    .at_door = workload_check_metadata,
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
