#include "cli/token/claims.h"

#include "core/b64.h"

const char *claims_kind_name(enum claims_kind kind)
{
    switch (kind) {
    case CLAIMS_MANAGED_IDENTITY: return "managed identity";
    case CLAIMS_APPLICATION: return "application";
    case CLAIMS_USER: return "user";
    case CLAIMS_UNKNOWN: break;
    }
    return "unknown";
}

// A managed identity's token names its ARM id; a user's has scopes or a sign-in name; an application's an app and neither.
static enum claims_kind kind_of(const struct json *claims)
{
    if (!str_empty(json_get_str(claims, S("xms_mirid")))) return CLAIMS_MANAGED_IDENTITY;
    if (str_eq(json_get_str(claims, S("idtyp")), S("app"))) return CLAIMS_APPLICATION;
    if (str_eq(json_get_str(claims, S("idtyp")), S("user")) || json_get(claims, S("scp")) || json_get(claims, S("upn"))) return CLAIMS_USER;
    if (json_get(claims, S("appid")) || json_get(claims, S("azp"))) return CLAIMS_APPLICATION;
    return CLAIMS_UNKNOWN;
}

static str first_of(const struct json *claims, const char *const *names, size_t n)
{
    str found = STR_NONE;
    for (size_t i = 0; i < n && str_empty(found); i++) found = json_get_str(claims, str_of(names[i]));
    return found;
}

static str name_of(const struct json *claims)
{
    static const char *const NAMES[] = {"upn", "preferred_username", "unique_name", "app_displayname", "name"};
    str                      found = first_of(claims, NAMES, COUNT(NAMES)), id = json_get_str(claims, S("xms_mirid"));
    return str_empty(found) && !str_empty(id) ? str_from(id, str_find_last(id, '/') + 1) : found;
}

enum err claims_read(struct call *c, str token, struct claims *out)
{
    static const char *const CLIENT[] = {"appid", "azp"}, *const SUBJECT[] = {"oid", "sub"};
    const struct json *claims, *roles;
    str                rest = token, head = STR_NONE, body = STR_NONE;
    bytes              text;
    if (token.n > CLAIMS_TOKEN_MAX_BYTES || !str_cut(&rest, '.', &head) || !str_cut(&rest, '.', &body) || str_empty(head) || str_empty(rest))
        return FAIL(c, ERR_CONTENT_INVALID, "The token is not a JWT.");
    if (b64url_decode(c, body, &text) != OK || json_parse(c, bytes_str(text), &claims) != OK || !json_is(claims, JSON_IS_OBJECT)) {
        call_forgive(c);
        return FAIL(c, ERR_CONTENT_INVALID, "The claims of the token cannot be read.");
    }
    roles = json_get(claims, S("roles"));
    struct claims read = {
        .kind = kind_of(claims),
        .name = name_of(claims),
        .object_id = first_of(claims, SUBJECT, COUNT(SUBJECT)),
        .client_id = first_of(claims, CLIENT, COUNT(CLIENT)),
        .tenant_id = json_get_str(claims, S("tid")),
        .audience = json_get_str(claims, S("aud")),
        .issuer = json_get_str(claims, S("iss")),
        .identity_id = json_get_str(claims, S("xms_mirid")),
        .resource_id = json_get_str(claims, S("xms_az_rid")),
        .roles = json_is(roles, JSON_IS_ARRAY) ? roles : NULL,
        .scopes = json_get_str(claims, S("scp")),
    };
    if (read.kind == CLAIMS_APPLICATION && str_empty(read.name)) read.name = read.client_id; // Microsoft's tokens of applications have no name
    *out = read;
    return OK;
}
