#include "cli/verify/endpoint.h"

#include "cli/admin_call.h"
#include "cli/launch.h"
#include "cli/read_file.h"
#include "lanyard/url.h"

#define KEY_MAX_BYTES 4096 // of Arc's key file, as its clients bound it
#define CHALLENGED    401
#define TOKEN_FOUND   200
#define HEADERS_MAX   3
#define MAX_WHY_BYTES 400

/*
 * How a platform is asked. The first row counts whose variables are all set: what one platform has beside another's tells it apart.
 * Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference,
 *         https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
struct endpoint_platform {
    const char *name;
    const char *variable, *besides; // the URL, and what must be set as well; NULL: nothing
    const char *path;               // behind the URL
    const char *version;            // NULL: it has none
    const char *header, *secret;    // the header, and the variable that its value stands in; NULL: "true"
    const char *selector;           // names the identity by its client id; NULL: it has the system-assigned one alone
    bool        is_posted;          // the parameters are a form
    bool        has_challenge;      // answers 401 at first, with the name of a file whose content is the key
};

static const struct endpoint_platform PLATFORMS[] = {
    {"Azure Arc", .variable = "IDENTITY_ENDPOINT", .besides = "IMDS_ENDPOINT", .version = "2020-06-01", .header = "Metadata", .has_challenge = true},
    {"App Service", .variable = "IDENTITY_ENDPOINT", .besides = "IDENTITY_HEADER", .version = "2019-08-01", .header = "X-IDENTITY-HEADER",
     .secret = "IDENTITY_HEADER", .selector = "client_id"},
    {"Machine Learning", .variable = "MSI_ENDPOINT", .besides = "MSI_SECRET", .version = "2017-09-01", .header = "secret", .secret = "MSI_SECRET",
     .selector = "clientid"},
    {"Cloud Shell", .variable = "MSI_ENDPOINT", .header = "Metadata", .is_posted = true},
    {"the metadata endpoint", .variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST", .path = "/metadata/identity/oauth2/token", .version = "2018-02-01",
     .header = "Metadata", .selector = "client_id"},
};

static const char *variable(const struct endpoint *e, const char *name)
{
    const struct lanyard_variable *v;
    size_t                         n = lanyard_workload_environment(e->workload, &v);
    for (size_t i = 0; name && i < n; i++)
        if (str_eq(str_of(v[i].name), str_of(name))) return v[i].value;
    return NULL;
}

// Service Fabric's certificate is known by its thumbprint alone, and whom libcurl cannot check is not asked.
static enum err find_platform(struct endpoint *e)
{
    struct call *c = &e->cli->call;
    if (variable(e, "IDENTITY_SERVER_THUMBPRINT")) return FAIL(c, ERR_NOT_FOUND, "the endpoint of Service Fabric is not asked yet");
    for (size_t i = 0; i < COUNT(PLATFORMS) && !e->platform; i++)
        if (variable(e, PLATFORMS[i].variable) && (!PLATFORMS[i].besides || variable(e, PLATFORMS[i].besides))) e->platform = &PLATFORMS[i];
    return e->platform ? OK : FAIL(c, ERR_NOT_FOUND, "its platform has no token endpoint that is asked here");
}

enum err endpoint_open(struct cli *cli, str resource, struct endpoint *out)
{
    struct call                            *c = &cli->call;
    struct lanyard_error                    why;
    const char                             *id = call_zstr(c, resource);
    CLEANUP(endpoint_clear) struct endpoint e = {.cli = cli};
    if (!id) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (lanyard_workload_open(cli->data_dir, id, "", false, &e.workload, &why) != LANYARD_OK) return FAIL(c, ERR_IO, "%s", why.text);
    TRY(launch_hand_over(c, e.workload));
    TRY(find_platform(&e));
    *out = e;
    e.workload = NULL;
    return OK;
}

void endpoint_clear(struct endpoint *e)
{
    lanyard_workload_close(e->workload);
    *e = (struct endpoint){0};
}

const char *endpoint_name(const struct endpoint *e)
{
    return e->platform->name;
}

static str parameters(const struct endpoint *e, str client_id, str audience)
{
    struct buf b;
    buf_init(&b, &e->cli->call.arena);
    buf_add(&b, S("resource="));
    admin_escape(&b, audience);
    if (e->platform->version) buf_addf(&b, "&api-version=%s", e->platform->version);
    if (client_id.n && e->platform->selector) buf_addf(&b, "&%s=%.*s", e->platform->selector, PSTR(client_id));
    return buf_view(&b);
}

static enum err send(const struct endpoint *e, str said, const char *key, struct lanyard_reply *out)
{
    struct call                    *c = &e->cli->call;
    const struct endpoint_platform *p = e->platform;
    struct lanyard_error            why;
    const char                     *headers[HEADERS_MAX];
    const char                     *value = p->secret ? variable(e, p->secret) : "true";
    const char                     *base = variable(e, p->variable), *path = p->path ? p->path : "";
    str                             url = call_format(c, "%s%s%s%.*s", base, path, p->is_posted ? "" : "?", PSTR(p->is_posted ? STR_NONE : said));
    struct lanyard_request          r = {.method = p->is_posted ? "POST" : "GET", .headers = headers, .silence_max_s = e->cli->silence_max_s};
    headers[r.header_n++] = call_format(c, "%s: %s", p->header, value).at;
    if (key) headers[r.header_n++] = key;
    if (p->is_posted) {
        headers[r.header_n++] = "Content-Type: application/x-www-form-urlencoded";
        r.body = said.at;
        r.body_n = said.n;
    }
    if (!url.at || !headers[0]) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (lanyard_url_call(&(struct lanyard_url){.url = url.at}, &r, out, &why) != LANYARD_OK) return FAIL(c, ERR_IO, "%s", why.text);
    return OK;
}

// `WWW-Authenticate: Basic realm=/var/opt/azcmagent/tokens/NAME.key`: who can read the file is the machine's.
static enum err read_key(const struct endpoint *e, str head, const char **out)
{
    struct call                        *c = &e->cli->call;
    CLEANUP(secret_clear) struct secret key = {0};
    str                                 marker = S("Basic realm=");
    size_t                              at = str_find_str(head, marker);
    if (at == STR_NOWHERE) return FAIL(c, ERR_IO, "the endpoint's challenge names no file");
    str rest = str_from(head, at + marker.n), path = str_trim(str_upto(rest, str_find(rest, '\r')));
    TRY(read_file_secret(c, path, KEY_MAX_BYTES, &key));
    *out = call_format(c, "Authorization: Basic %.*s", PSTR(bytes_str(secret_reveal(&key)))).at;
    return *out ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static enum err read_answer(const struct endpoint *e, const struct lanyard_reply *reply, struct endpoint_answer *out)
{
    struct call       *c = &e->cli->call;
    const struct json *body = NULL;
    str                text = {reply->body, reply->body_n}, code = STR_NONE, message = STR_NONE;
    if (json_parse(c, text, &body) != OK) call_forgive(c);
    out->status = reply->status;
    if (reply->status == TOKEN_FOUND) return secret_init(c, &out->token, str_bytes(json_get_str(body, S("access_token"))));
    admin_error(body, &code, &message);
    if (str_empty(message)) message = json_get_str(body, S("message")); // App Service's form
    return call_copy_str(c, call_printable(c, str_empty(message) ? str_upto(text, MAX_WHY_BYTES) : message, MAX_WHY_BYTES), &out->why);
}

enum err endpoint_token(const struct endpoint *e, str client_id, str audience, struct endpoint_answer *out)
{
    CLEANUP(lanyard_reply_clear) struct lanyard_reply reply = {0};
    const char                                       *key = NULL;
    str                                               said = parameters(e, client_id, audience);
    if (client_id.n && !e->platform->selector) {
        *out = (struct endpoint_answer){.why = S("the platform's endpoint knows no user-assigned identity")};
        return OK;
    }
    TRY(send(e, said, NULL, &reply));
    if (reply.status == CHALLENGED && e->platform->has_challenge) {
        TRY(read_key(e, str_of(reply.head), &key));
        lanyard_reply_clear(&reply);
        TRY(send(e, said, key, &reply));
    }
    return read_answer(e, &reply, out);
}
