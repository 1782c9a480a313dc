#include "cli/manage/applications.h"

#include "cli/admin_call.h"
#include "cli/find_application.h"
#include "cli/read_file.h"
#include "core/b64.h"
#include "core/digest.h"

#define CERTIFICATE_MAX_BYTES (64u << 10) /* of a PEM file */

// ---- the registration ----

static void begin_body(struct call *c, struct buf *b, struct json_writer *j)
{
    buf_init(b, &c->arena);
    json_begin(j, b);
    json_write_object(j);
}

static enum err send(struct cli *cli, const char *method, str path, struct buf *b, struct json_writer *j, const struct json **out)
{
    str body;
    json_write_end(j);
    TRY(buf_finish(&cli->call, b, &body));
    return admin_json(cli, method, path, body, out);
}

static str path_of(struct call *c, const struct json *application)
{
    return call_format(c, "/v1.0/applications/%.*s", PSTR(json_get_str(application, S("id"))));
}

// A PATCH of a list replaces it, so what is there is sent back.
static void write_kept(struct json_writer *j, str name, const struct json *list)
{
    json_write_key(j, name);
    json_write_array(j);
    for (size_t i = 0; i < json_n(list); i++) json_write_value(j, json_at(list, i));
}

static bool has_text(const struct json *list, str text)
{
    for (size_t i = 0; i < json_n(list); i++)
        if (str_eq_nocase(json_str(json_at(list, i)), text)) return true;
    return false;
}

static const struct json *role_of(const struct json *roles, str word)
{
    for (size_t i = 0; i < json_n(roles); i++)
        if (str_eq_nocase(json_get_str(json_at(roles, i), S("value")), word)) return json_at(roles, i);
    for (size_t i = 0; i < json_n(roles); i++)
        if (str_eq_nocase(json_get_str(json_at(roles, i), S("displayName")), word)) return json_at(roles, i);
    return NULL;
}

static size_t write_uris(struct json_writer *j, const struct ensure_application *wish, const struct json *there)
{
    size_t added = 0;
    write_kept(j, S("identifierUris"), there);
    for (size_t i = 0; i < wish->uri_n; i++)
        if (!has_text(there, wish->uris[i]) && str_index_nocase(wish->uris, i, wish->uris[i]) == STR_NOWHERE) {
            json_write_string(j, wish->uris[i]);
            added++;
        }
    json_write_end(j);
    return added;
}

static void write_role(struct call *c, struct json_writer *j, str value)
{
    json_write_object(j);
    json_put_guid(j, S("id"), guid_new(c));
    json_put_string(j, S("value"), value);
    json_put_string(j, S("displayName"), value);
    json_put_string(j, S("description"), value);
    json_put_bool(j, S("isEnabled"), true);
    json_write_key(j, S("allowedMemberTypes"));
    json_write_raw(j, S("[\"Application\",\"User\"]"));
    json_write_end(j);
}

static size_t write_roles(struct call *c, struct json_writer *j, const struct ensure_application *wish, const struct json *there)
{
    size_t added = 0;
    write_kept(j, S("appRoles"), there);
    for (size_t i = 0; i < wish->role_n; i++)
        if (!role_of(there, wish->roles[i]) && str_index_nocase(wish->roles, i, wish->roles[i]) == STR_NOWHERE) {
            write_role(c, j, wish->roles[i]);
            added++;
        }
    json_write_end(j);
    return added;
}

static enum err ensure_registration(struct cli *cli, const struct ensure_application *wish, struct ensure_result *out)
{
    struct call       *c = &cli->call;
    struct buf         b;
    struct json_writer j;
    const struct json *ignored;
    TRY(application_find(cli, wish->name, &out->now));
    begin_body(c, &b, &j);
    if (!out->now) json_put_string(&j, S("displayName"), wish->name);
    size_t added = write_uris(&j, wish, json_get(out->now, S("identifierUris"))) + write_roles(c, &j, wish, json_get(out->now, S("appRoles")));
    out->what = !out->now ? ENSURE_CREATED : added ? ENSURE_CHANGED : ENSURE_UNCHANGED;
    if (out->what == ENSURE_CREATED) TRY(send(cli, "POST", S("/v1.0/applications"), &b, &j, &out->now));
    if (out->what == ENSURE_CHANGED) {
        TRY(send(cli, "PATCH", path_of(c, out->now), &b, &j, &ignored));
        TRY(admin_json(cli, "GET", path_of(c, out->now), STR_NONE, &out->now));
    }
    out->id = json_get_str(out->now, S("id"));
    return OK;
}

static void note_change(struct ensure_result *io)
{
    if (io->what == ENSURE_UNCHANGED) io->what = ENSURE_CHANGED;
}

static enum err ensure_service(struct cli *cli, const struct ensure_application *wish, struct ensure_result *io)
{
    struct call       *c = &cli->call;
    const struct json *service, *ignored;
    TRY(application_service(cli, io->now, &service));
    if (!service) {
        str body = call_format(c, "{\"appId\":\"%.*s\"}", PSTR(json_get_str(io->now, S("appId"))));
        TRY(admin_json(cli, "POST", S("/v1.0/servicePrincipals"), body, &service));
        note_change(io);
    }
    if (!wish->needs_assignment || json_get_bool(service, S("appRoleAssignmentRequired"), false)) return OK;
    note_change(io);
    return admin_json(cli, "PATCH", call_format(c, "/v1.0/servicePrincipals/%.*s", PSTR(json_get_str(service, S("id")))),
                      S("{\"appRoleAssignmentRequired\":true}"), &ignored);
}

enum err ensure_application(struct cli *cli, const struct ensure_application *wish, struct ensure_result *out)
{
    if (application_is_meant(wish->name)) return FAIL(&cli->call, ERR_USAGE, "\"%.*s\" is a URI or an id, not a name.", PSTR(wish->name));
    TRY(ensure_registration(cli, wish, out));
    return ensure_service(cli, wish, out);
}

// ---- credentials ----

enum err ensure_app_secret(struct cli *cli, struct ensure_result *io_application, str *out_text)
{
    const struct json *made;
    *out_text = STR_NONE;
    if (json_n(json_get(io_application->now, S("passwordCredentials")))) return OK;
    TRY(admin_json(cli, "POST", call_format(&cli->call, "%.*s/addPassword", PSTR(path_of(&cli->call, io_application->now))), S("{}"), &made));
    note_change(io_application);
    *out_text = json_get_str(made, S("secretText"));
    return OK;
}

// What stands between the lines of the first certificate: base64 of its DER.
static enum err read_pem(struct call *c, const char *file, str *out)
{
    static const str BEGIN = S_INIT("-----BEGIN CERTIFICATE-----"), END = S_INIT("-----END CERTIFICATE-----");
    struct buf       b;
    str              text;
    TRY(read_file(c, file, CERTIFICATE_MAX_BYTES, &text));
    size_t begin = str_find_str(text, BEGIN), end = str_find_str(text, END);
    if (begin == STR_NOWHERE || end == STR_NOWHERE || end < begin + BEGIN.n) return FAIL(c, ERR_USAGE, "%s holds no certificate as PEM.", file);
    buf_init(&b, &c->arena);
    for (size_t i = begin + BEGIN.n; i < end; i++)
        if (text.at[i] != '\n' && text.at[i] != '\r' && text.at[i] != ' ') buf_add_char(&b, text.at[i]);
    return buf_finish(c, &b, out);
}

static enum err thumbprint(struct call *c, str base64, str *out)
{
    bytes   der;
    uint8_t sha1[SHA1_BYTES];
    char    hex[2 * SHA1_BYTES];
    TRY(b64_decode(c, base64, &der));
    TRY(digest_sha1(c, der, sha1));
    str_write_hex((bytes){sha1, sizeof sha1}, hex);
    return call_copy_str(c, (str){hex, sizeof hex}, out);
}

enum err app_certificate_read(struct call *c, const char *file, struct app_certificate *out)
{
    TRY(read_pem(c, file, &out->base64));
    if (thumbprint(c, out->base64, &out->sha1) == OK) return OK;
    call_forgive(c);
    return FAIL(c, ERR_USAGE, "%s holds no certificate as PEM.", file);
}

enum err ensure_app_certificate(struct cli *cli, const struct app_certificate *certificate, struct ensure_result *io_application)
{
    struct call       *c = &cli->call;
    const struct json *there = json_get(io_application->now, S("keyCredentials")), *ignored;
    struct buf         b;
    struct json_writer j;
    for (size_t i = 0; i < json_n(there); i++)
        if (str_eq_nocase(json_get_str(json_at(there, i), S("customKeyIdentifier")), certificate->sha1)) return OK;
    begin_body(c, &b, &j);
    write_kept(&j, S("keyCredentials"), there);
    json_write_object(&j);
    json_put_string(&j, S("type"), S("AsymmetricX509Cert"));
    json_put_string(&j, S("usage"), S("Verify"));
    json_put_string(&j, S("key"), certificate->base64);
    json_write_end(&j);
    json_write_end(&j);
    TRY(send(cli, "PATCH", path_of(c, io_application->now), &b, &j, &ignored));
    note_change(io_application);
    return admin_json(cli, "GET", path_of(c, io_application->now), STR_NONE, &io_application->now);
}

// ---- roles ----

static enum err no_such_role(struct call *c, str application, str role, const struct json *roles)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < json_n(roles); i++) buf_addf(&b, "\n  %.*s", PSTR(json_get_str(json_at(roles, i), S("value"))));
    if (!json_n(roles)) return FAIL(c, ERR_NOT_FOUND, "The application %.*s has no app roles.", PSTR(application));
    return FAIL(c, ERR_NOT_FOUND, "The application %.*s has no app role \"%.*s\"; it has these:%.*s", PSTR(application), PSTR(role),
                PSTR(buf_view(&b)));
}

enum err app_role_find(struct cli *cli, str application, str role, struct ensure_app_role *out, str *out_value)
{
    const struct json *found, *service, *roles, *one;
    TRY(application_find(cli, application, &found));
    if (found) TRY(application_service(cli, found, &service));
    else TRY(application_cloud_service(cli, application, &service));
    if (!found && !service) return application_get(cli, application, &found); // for its message
    roles = json_get(found ? found : service, S("appRoles"));
    one = role_of(roles, role);
    if (!one) return no_such_role(&cli->call, application, role, roles);
    if (!service)
        return FAIL(&cli->call, ERR_NOT_FOUND, "The application %.*s has no service principal: `lanyard create application \"%.*s\"` makes it.",
                    PSTR(application), PSTR(json_get_str(found, S("displayName"))));
    out->service = json_get_str(service, S("id"));
    out->role = json_get_str(one, S("id"));
    *out_value = json_get_str(one, S("value"));
    return OK;
}

struct role_search {
    const struct ensure_app_role *wish;
    const struct json            *found;
};

static bool see_assignment(const struct json *item, void *ctx)
{
    struct role_search *s = ctx;
    bool                fits =
        str_eq_nocase(json_get_str(item, S("principalId")), s->wish->principal) && str_eq_nocase(json_get_str(item, S("appRoleId")), s->wish->role);
    if (fits) s->found = item;
    return !fits;
}

static str assignments_of(struct call *c, const struct ensure_app_role *wish)
{
    return call_format(c, "/v1.0/servicePrincipals/%.*s/appRoleAssignedTo", PSTR(wish->service));
}

static enum err search(struct cli *cli, const struct ensure_app_role *wish, const struct json **out)
{
    struct role_search s = {.wish = wish};
    TRY(admin_each(cli, assignments_of(&cli->call, wish), see_assignment, &s));
    *out = s.found;
    return OK;
}

enum err ensure_app_role(struct cli *cli, const struct ensure_app_role *wish, struct ensure_result *out)
{
    struct buf         b;
    struct json_writer j;
    TRY(search(cli, wish, &out->now));
    out->what = out->now ? ENSURE_UNCHANGED : ENSURE_CREATED;
    if (!out->now) {
        begin_body(&cli->call, &b, &j);
        json_put_string(&j, S("principalId"), wish->principal);
        json_put_string(&j, S("resourceId"), wish->service);
        json_put_string(&j, S("appRoleId"), wish->role);
        TRY(send(cli, "POST", assignments_of(&cli->call, wish), &b, &j, &out->now));
    }
    out->id = json_get_str(out->now, S("id"));
    return OK;
}

enum err ensure_no_app_role(struct cli *cli, const struct ensure_app_role *wish, size_t *out_n)
{
    struct call       *c = &cli->call;
    const struct json *found, *gone;
    TRY(search(cli, wish, &found));
    *out_n = found != NULL;
    if (!found) return OK;
    return admin_json(cli, "DELETE", call_format(c, "%.*s/%.*s", PSTR(assignments_of(c, wish)), PSTR(json_get_str(found, S("id")))), STR_NONE, &gone);
}
