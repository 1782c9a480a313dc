#include "endpoints/graph/schema.h"

#include "core/b64.h"
#include "core/digest.h"
#include "endpoints/graph/application_json.h"
#include "ops/app_access.h"
#include "token/first_party.h"

// Where a value comes from.
enum source {
    FROM_NOTHING, // null, or an empty list
    FROM_TRUE,
    FROM_FALSE,
    FROM_ID,
    FROM_APP,
    FROM_NAME,
    FROM_USER_NAME,
    FROM_CREATED,
    FROM_DOCUMENT,      // or null, or an empty list
    FROM_DOCUMENT_TRUE, // true where the document is silent
    FROM_SID,
    FROM_SERVICE_TYPE,
    FROM_SERVICE_NAMES,
    FROM_OTHER_NAMES,
    FROM_APP_NAME, // the application's
    FROM_ROLES,
    FROM_SCOPES,
    FROM_SECRETS,
    FROM_CERTIFICATES,
    FROM_URIS,
    FROM_API,
    FROM_PUBLIC_CLIENT,
};

struct property {
    str             name;
    enum graph_type type;
    enum source     source;
    bool            is_shown;  // without $select
    const char     *otherwise; // JSON, where the document is silent; NULL: null, or an empty list
};

#define SHOWN  true
#define HIDDEN false

static const struct property USER[] = {
    {S_INIT("businessPhones"), GRAPH_TEXTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("displayName"), GRAPH_TEXT, FROM_NAME, SHOWN},
    {S_INIT("givenName"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("jobTitle"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("mail"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("mobilePhone"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("officeLocation"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("preferredLanguage"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("surname"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("userPrincipalName"), GRAPH_TEXT, FROM_USER_NAME, SHOWN},
    {S_INIT("id"), GRAPH_TEXT, FROM_ID, SHOWN},
    {S_INIT("accountEnabled"), GRAPH_BOOL, FROM_DOCUMENT_TRUE, HIDDEN},
    {S_INIT("city"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("companyName"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("country"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("createdDateTime"), GRAPH_TEXT, FROM_CREATED, HIDDEN},
    {S_INIT("deletedDateTime"), GRAPH_TEXT, FROM_NOTHING, HIDDEN},
    {S_INIT("department"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("employeeId"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("employeeType"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("faxNumber"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("identities"), GRAPH_OBJECTS, FROM_NOTHING, HIDDEN},
    {S_INIT("mailNickname"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("onPremisesImmutableId"), GRAPH_TEXT, FROM_NOTHING, HIDDEN},
    {S_INIT("onPremisesSyncEnabled"), GRAPH_TEXT, FROM_NOTHING, HIDDEN},
    {S_INIT("otherMails"), GRAPH_TEXTS, FROM_DOCUMENT, HIDDEN},
    {S_INIT("passwordPolicies"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("postalCode"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("proxyAddresses"), GRAPH_TEXTS, FROM_NOTHING, HIDDEN},
    {S_INIT("securityIdentifier"), GRAPH_TEXT, FROM_SID, HIDDEN},
    {S_INIT("state"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("streetAddress"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("usageLocation"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
    {S_INIT("userType"), GRAPH_TEXT, FROM_DOCUMENT, HIDDEN},
};

static const struct property GROUP[] = {
    {S_INIT("id"), GRAPH_TEXT, FROM_ID, SHOWN},
    {S_INIT("deletedDateTime"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("classification"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("createdDateTime"), GRAPH_TEXT, FROM_CREATED, SHOWN},
    {S_INIT("creationOptions"), GRAPH_TEXTS, FROM_NOTHING, SHOWN},
    {S_INIT("description"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("displayName"), GRAPH_TEXT, FROM_NAME, SHOWN},
    {S_INIT("expirationDateTime"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("groupTypes"), GRAPH_TEXTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("isAssignableToRole"), GRAPH_BOOL, FROM_DOCUMENT, SHOWN},
    {S_INIT("mail"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("mailEnabled"), GRAPH_BOOL, FROM_FALSE, SHOWN},
    {S_INIT("mailNickname"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("membershipRule"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("membershipRuleProcessingState"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("onPremisesSyncEnabled"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("preferredDataLocation"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("preferredLanguage"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("proxyAddresses"), GRAPH_TEXTS, FROM_NOTHING, SHOWN},
    {S_INIT("renewedDateTime"), GRAPH_TEXT, FROM_CREATED, SHOWN},
    {S_INIT("resourceBehaviorOptions"), GRAPH_TEXTS, FROM_NOTHING, SHOWN},
    {S_INIT("resourceProvisioningOptions"), GRAPH_TEXTS, FROM_NOTHING, SHOWN},
    {S_INIT("securityEnabled"), GRAPH_BOOL, FROM_TRUE, SHOWN},
    {S_INIT("securityIdentifier"), GRAPH_TEXT, FROM_SID, SHOWN},
    {S_INIT("theme"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("uniqueName"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("visibility"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("onPremisesProvisioningErrors"), GRAPH_OBJECTS, FROM_NOTHING, SHOWN},
};

static const struct property SERVICE[] = {
    {S_INIT("id"), GRAPH_TEXT, FROM_ID, SHOWN},
    {S_INIT("deletedDateTime"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("accountEnabled"), GRAPH_BOOL, FROM_DOCUMENT_TRUE, SHOWN},
    {S_INIT("alternativeNames"), GRAPH_TEXTS, FROM_OTHER_NAMES, SHOWN},
    {S_INIT("appDisplayName"), GRAPH_TEXT, FROM_APP_NAME, SHOWN},
    {S_INIT("appDescription"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("appId"), GRAPH_TEXT, FROM_APP, SHOWN},
    {S_INIT("applicationTemplateId"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("appOwnerOrganizationId"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("appRoleAssignmentRequired"), GRAPH_BOOL, FROM_DOCUMENT, SHOWN, "false"},
    {S_INIT("createdDateTime"), GRAPH_TEXT, FROM_CREATED, SHOWN},
    {S_INIT("description"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("disabledByMicrosoftStatus"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("displayName"), GRAPH_TEXT, FROM_NAME, SHOWN},
    {S_INIT("homepage"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("loginUrl"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("logoutUrl"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("notes"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("notificationEmailAddresses"), GRAPH_TEXTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("preferredSingleSignOnMode"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("preferredTokenSigningKeyThumbprint"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("replyUrls"), GRAPH_TEXTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("servicePrincipalNames"), GRAPH_TEXTS, FROM_SERVICE_NAMES, SHOWN},
    {S_INIT("servicePrincipalType"), GRAPH_TEXT, FROM_SERVICE_TYPE, SHOWN},
    {S_INIT("signInAudience"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("tags"), GRAPH_TEXTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("tokenEncryptionKeyId"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("addIns"), GRAPH_OBJECTS, FROM_NOTHING, SHOWN},
    {S_INIT("appRoles"), GRAPH_OBJECTS, FROM_ROLES, SHOWN},
    {S_INIT("keyCredentials"), GRAPH_OBJECTS, FROM_CERTIFICATES, SHOWN},
    {S_INIT("oauth2PermissionScopes"), GRAPH_OBJECTS, FROM_SCOPES, SHOWN},
    {S_INIT("passwordCredentials"), GRAPH_OBJECTS, FROM_SECRETS, SHOWN},
    {S_INIT("resourceSpecificApplicationPermissions"), GRAPH_OBJECTS, FROM_NOTHING, SHOWN},
};

// "redirectUris" and their like are read by clients without asking whether they are there.
static const struct property APPLICATION[] = {
    {S_INIT("id"), GRAPH_TEXT, FROM_ID, SHOWN},
    {S_INIT("deletedDateTime"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("appId"), GRAPH_TEXT, FROM_APP, SHOWN},
    {S_INIT("applicationTemplateId"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("disabledByMicrosoftStatus"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("createdDateTime"), GRAPH_TEXT, FROM_CREATED, SHOWN},
    {S_INIT("displayName"), GRAPH_TEXT, FROM_NAME, SHOWN},
    {S_INIT("description"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("groupMembershipClaims"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("identifierUris"), GRAPH_TEXTS, FROM_URIS, SHOWN},
    {S_INIT("isDeviceOnlyAuthSupported"), GRAPH_BOOL, FROM_DOCUMENT, SHOWN},
    {S_INIT("isFallbackPublicClient"), GRAPH_BOOL, FROM_PUBLIC_CLIENT, SHOWN},
    {S_INIT("notes"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("publisherDomain"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("serviceManagementReference"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("signInAudience"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN, "\"AzureADMyOrg\""},
    {S_INIT("tags"), GRAPH_TEXTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("tokenEncryptionKeyId"), GRAPH_TEXT, FROM_NOTHING, SHOWN},
    {S_INIT("uniqueName"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("samlMetadataUrl"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("defaultRedirectUri"), GRAPH_TEXT, FROM_DOCUMENT, SHOWN},
    {S_INIT("certification"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "null"},
    {S_INIT("optionalClaims"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "null"},
    {S_INIT("servicePrincipalLockConfiguration"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "null"},
    {S_INIT("addIns"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("api"), GRAPH_OBJECTS, FROM_API, SHOWN},
    {S_INIT("appRoles"), GRAPH_OBJECTS, FROM_ROLES, SHOWN},
    {S_INIT("info"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "{\"logoUrl\":null,\"marketingUrl\":null,\"privacyStatementUrl\":null,\"supportUrl\":null,\"termsOfServiceUrl\":null}"},
    {S_INIT("keyCredentials"), GRAPH_OBJECTS, FROM_CERTIFICATES, SHOWN},
    {S_INIT("parentalControlSettings"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "{\"countriesBlockedForMinors\":[],\"legalAgeGroupRule\":\"Allow\"}"},
    {S_INIT("passwordCredentials"), GRAPH_OBJECTS, FROM_SECRETS, SHOWN},
    {S_INIT("publicClient"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "{\"redirectUris\":[]}"},
    {S_INIT("requiredResourceAccess"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN},
    {S_INIT("verifiedPublisher"), GRAPH_OBJECTS, FROM_NOTHING, SHOWN, "{\"displayName\":null,\"verifiedPublisherId\":null,\"addedDateTime\":null}"},
    {S_INIT("web"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN,
     "{\"homePageUrl\":null,\"logoutUrl\":null,\"redirectUris\":[],\"implicitGrantSettings\":{\"enableAccessTokenIssuance\":false,\"enableIdTokenIssuance\":false},\"redirectUriSettings\":[]}"},
    {S_INIT("spa"), GRAPH_OBJECTS, FROM_DOCUMENT, SHOWN, "{\"redirectUris\":[]}"},
};

static const struct {
    const char            *name;
    const struct property *properties;
    size_t                 n;
} TYPES[] = {
    [PRINCIPAL_USER] = {"user", USER, COUNT(USER)},
    [PRINCIPAL_GROUP] = {"group", GROUP, COUNT(GROUP)},
    [PRINCIPAL_APP] = {"servicePrincipal", SERVICE, COUNT(SERVICE)},
    [PRINCIPAL_MANAGED] = {"servicePrincipal", SERVICE, COUNT(SERVICE)},
    [GRAPH_APPLICATION] = {"application", APPLICATION, COUNT(APPLICATION)},
};

struct graph_object graph_principal(const struct world *w, const struct principal *p)
{
    struct graph_object o = {.kind = p->kind, .id = p->id.g, .principal = p};
    if (p->kind == PRINCIPAL_APP) o.application = app_definition(w, p->app);
    return o;
}

struct graph_object graph_application(const struct application *a)
{
    return (struct graph_object){.kind = GRAPH_APPLICATION, .id = a->id.g, .application = a};
}

const char *graph_type_name(unsigned kind)
{
    return TYPES[kind].name;
}

static const struct property *property_of(unsigned kind, str name)
{
    for (size_t i = 0; i < TYPES[kind].n; i++)
        if (str_eq_nocase(TYPES[kind].properties[i].name, name)) return &TYPES[kind].properties[i];
    return NULL;
}

static const struct property *property_of_any(unsigned kinds, str name)
{
    const struct property *found = NULL;
    for (unsigned kind = 0; kind < COUNT(TYPES) && !found; kind++)
        if (kinds & 1u << kind) found = property_of(kind, name);
    return found;
}

bool graph_has_property(unsigned kinds, str name, enum graph_type *out)
{
    const struct property *p = property_of_any(kinds, name);
    if (p) *out = p->type;
    return p != NULL;
}

static struct json text(str s)
{
    return str_empty(s) ? (struct json){.kind = JSON_IS_NULL} : (struct json){.kind = JSON_IS_STRING, .u.string = s};
}

static struct json truth(bool is)
{
    return (struct json){.kind = JSON_IS_BOOL, .u.boolean = is};
}

static struct json nothing(enum graph_type type)
{
    return (struct json){.kind = type == GRAPH_TEXTS || type == GRAPH_OBJECTS ? JSON_IS_ARRAY : JSON_IS_NULL};
}

static enum err texts(struct call *c, const str *from, size_t n, struct json *out)
{
    struct json *items;
    TRY(NEW(c, &items, n));
    for (size_t i = 0; i < n; i++) items[i] = text(from[i]);
    *out = (struct json){.kind = JSON_IS_ARRAY, .u.list = {.items = items, .n = n}};
    return OK;
}

// S-1-12-1 and the id as four numbers, its bytes as Windows keeps a GUID.
static str sid_of(struct call *c, guid g)
{
    const uint8_t *b = g.b;
    uint32_t       a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    uint32_t       d = (uint32_t)b[6] << 24 | (uint32_t)b[7] << 16 | (uint32_t)b[4] << 8 | b[5];
    uint32_t       e = (uint32_t)b[11] << 24 | (uint32_t)b[10] << 16 | (uint32_t)b[9] << 8 | b[8];
    uint32_t       f = (uint32_t)b[15] << 24 | (uint32_t)b[14] << 16 | (uint32_t)b[13] << 8 | b[12];
    return call_format(c, "S-1-12-1-%u-%u-%u-%u", a, d, e, f);
}

static void from_document(const struct json *document, const struct property *row, struct json *out)
{
    const struct json *value = json_get(document, row->name);
    if (value) *out = *value;
}

// A managed identity's second name is opaque; it is the same whenever it is asked for.
static enum err managed_names(struct call *c, const struct principal *p, struct json *out)
{
    struct buf b;
    sha256     digest;
    str        names[2] = {guid_str(c, p->app.g)};
    TRY(digest_sha256(c, (bytes){p->id.g.b, sizeof p->id.g.b}, &digest));
    buf_init(&b, &c->arena);
    buf_add(&b, S("https://identity.azure.net/"));
    b64_add(&b, (bytes){digest.b, sizeof digest.b});
    TRY(buf_finish(c, &b, &names[1]));
    return texts(c, names, COUNT(names), out);
}

// By which a service can be asked for: its id, and the App ID URIs of its application.
static enum err service_names(struct call *c, const struct graph_object *o, struct json *out)
{
    str    names[1 + APPLICATION_MAX_URIS] = {guid_str(c, o->principal->app.g)};
    size_t n = 1;
    if (o->kind == PRINCIPAL_MANAGED) return managed_names(c, o->principal, out);
    for (size_t i = 0; o->application && i < o->application->uri_n; i++) names[n++] = o->application->uris[i];
    return texts(c, names, n, out);
}

static enum err other_names(struct call *c, const struct principal *p, const struct json *document, const struct property *row, struct json *out)
{
    str names[] = {p->is_system_assigned ? S("isExplicit=False") : S("isExplicit=True"), p->resource};
    if (p->kind == PRINCIPAL_MANAGED) return texts(c, names, COUNT(names), out);
    from_document(document, row, out);
    return OK;
}

// A service of the cloud was made before everything here, nobody knows when.
static str created(struct call *c, const struct graph_object *o)
{
    if (o->principal && o->kind == PRINCIPAL_APP && first_party_application(o->principal->app)) return STR_NONE;
    return call_format(c, "%s", time_iso_s((o->principal ? o->principal->created_ns : o->application->created_ns) / NS_PER_S).s);
}

static enum err value_of(struct call *c, const struct graph_object *o, const struct json *document, const struct property *row, struct json *out)
{
    const struct principal   *p = o->principal;
    const struct application *a = o->application;
    const struct json        *otherwise;
    *out = nothing(row->type);
    if (row->otherwise) TRY(json_parse(c, str_of(row->otherwise), &otherwise));
    if (row->otherwise) *out = *otherwise;
    switch (row->source) {
    case FROM_NOTHING: return OK;
    case FROM_TRUE: *out = truth(true); return OK;
    case FROM_FALSE: *out = truth(false); return OK;
    case FROM_ID: *out = text(guid_str(c, o->id)); return OK;
    case FROM_APP: *out = text(guid_str(c, p ? p->app.g : a->app.g)); return OK;
    case FROM_NAME: *out = text(p ? p->name : a->name); return OK;
    case FROM_USER_NAME: *out = text(p->user_name); return OK;
    case FROM_CREATED: *out = text(created(c, o)); return OK;
    case FROM_SID: *out = text(sid_of(c, o->id)); return OK;
    case FROM_SERVICE_TYPE: *out = text(p->kind == PRINCIPAL_MANAGED ? S("ManagedIdentity") : S("Application")); return OK;
    case FROM_SERVICE_NAMES: return service_names(c, o, out);
    case FROM_OTHER_NAMES: return other_names(c, p, document, row, out);
    case FROM_APP_NAME: *out = text(a ? a->name : STR_NONE); return OK;
    case FROM_ROLES: return app_roles_json(c, a, out);
    case FROM_SCOPES: return app_scopes_json(c, a, out);
    case FROM_SECRETS: return app_secrets_json(c, a, out);
    case FROM_CERTIFICATES: return app_certificates_json(c, a, out);
    case FROM_URIS: return texts(c, a->uris, a->uri_n, out);
    case FROM_API: return app_api_json(c, a, json_get(document, S("api")), out);
    case FROM_PUBLIC_CLIENT: *out = truth(a->is_public_client); return OK;
    case FROM_DOCUMENT_TRUE: *out = truth(true); break;
    case FROM_DOCUMENT: break;
    }
    from_document(document, row, out);
    return OK;
}

static enum err document_of(struct call *c, const struct graph_object *o, const struct json **out)
{
    str text = o->principal ? o->principal->document : o->application->document;
    *out = NULL;
    return str_empty(text) ? OK : json_parse(c, text, out);
}

static bool needs_document(const struct property *row)
{
    switch (row->source) {
    case FROM_DOCUMENT:
    case FROM_DOCUMENT_TRUE:
    case FROM_OTHER_NAMES:
    case FROM_API: return true;
    default: return false;
    }
}

enum err graph_value(struct call *c, const struct graph_object *o, str name, bool *out_has, struct json *out)
{
    const struct property *row = property_of(o->kind, name);
    const struct json     *document = NULL;
    *out_has = row != NULL;
    if (!row) return OK;
    if (needs_document(row)) TRY(document_of(c, o, &document));
    return value_of(c, o, document, row, out);
}

enum err graph_select_parse(struct call *c, str given, str (*name_of)(unsigned kinds, str name), unsigned kinds, struct graph_select *out)
{
    struct buf b;
    *out = (struct graph_select){0};
    if (str_empty(str_trim(given))) return OK;
    buf_init(&b, &c->arena);
    for (str rest = given, piece; str_cut(&rest, ',', &piece);) {
        str name = name_of(kinds, str_trim(piece));
        if (str_empty(name))
            return FAIL(c, ERR_PARAMETER_INVALID, "Parsing OData Select and Expand failed: Could not find a property named '%.*s'.",
                        PSTR(call_printable(c, str_trim(piece), 64)));
        if (out->n == GRAPH_MAX_SELECT) return FAIL(c, ERR_PARAMETER_INVALID, "$select names more than %d properties.", GRAPH_MAX_SELECT);
        buf_addf(&b, "%s%.*s", out->n ? "," : "(", PSTR(name));
        out->names[out->n++] = name;
    }
    buf_add_char(&b, ')');
    return buf_finish(c, &b, &out->text);
}

static str name_of_property(unsigned kinds, str name)
{
    const struct property *row = property_of_any(kinds, name);
    return row ? row->name : STR_NONE;
}

enum err graph_select_read(struct call *c, str given, unsigned kinds, struct graph_select *out)
{
    return graph_select_parse(c, given, name_of_property, kinds, out);
}

static bool is_wanted(const struct property *row, const struct graph_select *select)
{
    return select->n ? str_index_nocase(select->names, select->n, row->name) != STR_NOWHERE : row->is_shown;
}

enum err graph_write_properties(struct call *c, struct json_writer *j, const struct graph_object *o, const struct graph_select *select)
{
    const struct json *document;
    TRY(document_of(c, o, &document));
    for (size_t i = 0; i < TYPES[o->kind].n; i++) {
        const struct property *row = &TYPES[o->kind].properties[i];
        struct json            value;
        if (!is_wanted(row, select)) continue;
        TRY(value_of(c, o, document, row, &value));
        json_put_value(j, row->name, &value);
    }
    return OK;
}
