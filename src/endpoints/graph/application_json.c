#include "endpoints/graph/application_json.h"

#include <stdio.h>

static void put_text(struct json_writer *j, const char *name, str text)
{
    if (str_empty(text)) json_put_null(j, str_of(name));
    else json_put_string(j, str_of(name), text);
}

static void put_time(struct json_writer *j, const char *name, int64_t ns)
{
    json_put_string(j, str_of(name), str_of(time_iso_s(ns / NS_PER_S).s));
}

// Text that was just written is read into the tree that the tables of properties work on.
static enum err read_back(struct call *c, const struct buf *b, struct json *out)
{
    str                text;
    const struct json *tree;
    TRY(buf_finish(c, b, &text));
    TRY(json_parse(c, text, &tree));
    *out = *tree;
    return OK;
}

static void begin_list(struct call *c, struct buf *b, struct json_writer *j)
{
    buf_init(b, &c->arena);
    json_begin(j, b);
    json_write_array(j);
}

static enum err end_list(struct call *c, struct buf *b, struct json_writer *j, struct json *out)
{
    json_write_end(j);
    return read_back(c, b, out);
}

static void write_role(struct json_writer *j, const struct app_role *r)
{
    json_write_object(j);
    json_write_key(j, S("allowedMemberTypes"));
    json_write_array(j);
    if (r->for_users) json_write_string(j, S("User"));
    if (r->for_apps) json_write_string(j, S("Application"));
    json_write_end(j);
    put_text(j, "description", r->description);
    put_text(j, "displayName", r->name);
    json_put_guid(j, S("id"), r->id);
    json_put_bool(j, S("isEnabled"), r->is_enabled);
    json_put_string(j, S("origin"), S("Application"));
    put_text(j, "value", r->value);
    json_write_end(j);
}

enum err app_roles_json(struct call *c, const struct application *a, struct json *out)
{
    struct buf         b;
    struct json_writer j;
    begin_list(c, &b, &j);
    for (size_t i = 0; a && i < a->role_n; i++) write_role(&j, &a->roles[i]);
    return end_list(c, &b, &j, out);
}

static void write_scopes(struct json_writer *j, const struct application *a)
{
    json_write_array(j);
    for (size_t i = 0; a && i < a->scope_n; i++) {
        const struct app_scope *s = &a->scopes[i];
        json_write_object(j);
        put_text(j, "adminConsentDescription", s->admin_description);
        put_text(j, "adminConsentDisplayName", s->admin_name);
        json_put_guid(j, S("id"), s->id);
        json_put_bool(j, S("isEnabled"), s->is_enabled);
        json_put_string(j, S("type"), s->for_admins ? S("Admin") : S("User"));
        put_text(j, "userConsentDescription", s->user_description);
        put_text(j, "userConsentDisplayName", s->user_name);
        put_text(j, "value", s->value);
        json_write_end(j);
    }
    json_write_end(j);
}

enum err app_scopes_json(struct call *c, const struct application *a, struct json *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    write_scopes(&j, a);
    return read_back(c, &b, out);
}

void app_secret_write(struct json_writer *j, const struct app_secret *s, const struct secret *shown)
{
    json_put_null(j, S("customKeyIdentifier"));
    put_text(j, "displayName", s->name);
    put_time(j, "endDateTime", s->until_ns);
    json_put_string(j, S("hint"), str_of(s->hint));
    json_put_guid(j, S("keyId"), s->id);
    put_text(j, "secretText", shown ? bytes_str(secret_reveal(shown)) : STR_NONE);
    put_time(j, "startDateTime", s->from_ns);
}

enum err app_secrets_json(struct call *c, const struct application *a, struct json *out)
{
    struct buf         b;
    struct json_writer j;
    begin_list(c, &b, &j);
    for (size_t i = 0; a && i < a->secret_n; i++) {
        json_write_object(&j);
        app_secret_write(&j, &a->secrets[i], NULL);
        json_write_end(&j);
    }
    return end_list(c, &b, &j, out);
}

// Certificates are told apart by their SHA-1, in upper-case hexadecimal.
static enum err write_certificate(struct call *c, struct json_writer *j, const struct app_certificate *certificate)
{
    uint8_t sha1[SHA1_BYTES];
    char    text[2 * SHA1_BYTES + 1];
    TRY(digest_sha1(c, str_bytes(certificate->der), sha1));
    for (size_t i = 0; i < sizeof sha1; i++) snprintf(text + 2 * i, 3, "%02X", sha1[i]);
    json_write_object(j);
    json_put_string(j, S("customKeyIdentifier"), str_of(text));
    put_text(j, "displayName", certificate->name);
    put_time(j, "endDateTime", certificate->until_ns);
    json_put_null(j, S("key"));
    json_put_guid(j, S("keyId"), certificate->id);
    put_time(j, "startDateTime", certificate->from_ns);
    json_put_string(j, S("type"), S("AsymmetricX509Cert"));
    json_put_string(j, S("usage"), S("Verify"));
    json_write_end(j);
    return OK;
}

enum err app_certificates_json(struct call *c, const struct application *a, struct json *out)
{
    struct buf         b;
    struct json_writer j;
    begin_list(c, &b, &j);
    for (size_t i = 0; a && i < a->certificate_n; i++) TRY(write_certificate(c, &j, &a->certificates[i]));
    return end_list(c, &b, &j, out);
}

static void put_list(struct json_writer *j, const char *name, const struct json *extra)
{
    const struct json *list = json_get(extra, str_of(name));
    json_write_key(j, str_of(name));
    json_write_array(j);
    for (size_t i = 0; i < json_n(list); i++) json_write_value(j, json_at(list, i));
    json_write_end(j);
}

enum err app_api_json(struct call *c, const struct application *a, const struct json *extra, struct json *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_value(&j, S("acceptMappedClaims"), json_get(extra, S("acceptMappedClaims")));
    put_list(&j, "knownClientApplications", extra);
    if (a->token_version == 2) json_put_int(&j, S("requestedAccessTokenVersion"), 2);
    else json_put_null(&j, S("requestedAccessTokenVersion"));
    json_write_key(&j, S("oauth2PermissionScopes"));
    write_scopes(&j, a);
    put_list(&j, "preAuthorizedApplications", extra);
    json_write_end(&j);
    return read_back(c, &b, out);
}
