#include "endpoints/signin_form.h"

// What a member is made of.
enum source { OF_TEXT, OF_GUID, OF_FIXED, OF_NULL, OF_NOTHING /* an empty list */, OF_VALUE };

typedef enum err  make_value(struct call *c, const struct product *p, const struct signin *s, struct json *out);
static make_value put_time, put_user, put_user_name, put_service, put_service_name, put_is_interactive, put_status, put_types, put_msi, put_tenant,
    put_key, put_federated, put_user_type;

static const struct member {
    str             name;
    enum graph_type type;
    enum source     source;
    size_t          at; // OF_TEXT, OF_GUID: in struct signin
    const char     *fixed;
    make_value     *make;
} MEMBERS[] = {
#define TEXT(field)  OF_TEXT, .at = offsetof(struct signin, field)
#define GUID(field)  OF_GUID, .at = offsetof(struct signin, field)
#define FIXED(text)  OF_FIXED, .fixed = text
#define VALUE(make_) OF_VALUE, .make = make_
    {S_INIT("id"), GRAPH_TEXT, GUID(id)},
    {S_INIT("createdDateTime"), GRAPH_TIME, VALUE(put_time)},
    {S_INIT("userDisplayName"), GRAPH_TEXT, VALUE(put_user_name)},
    {S_INIT("userPrincipalName"), GRAPH_TEXT, VALUE(put_user_name)},
    {S_INIT("userId"), GRAPH_TEXT, VALUE(put_user)},
    {S_INIT("userType"), GRAPH_TEXT, VALUE(put_user_type)},
    {S_INIT("appId"), GRAPH_TEXT, GUID(app.g)},
    {S_INIT("appDisplayName"), GRAPH_TEXT, VALUE(put_service_name)},
    {S_INIT("servicePrincipalId"), GRAPH_TEXT, VALUE(put_service)},
    {S_INIT("servicePrincipalName"), GRAPH_TEXT, VALUE(put_service_name)},
    {S_INIT("servicePrincipalCredentialKeyId"), GRAPH_TEXT, VALUE(put_key)},
    {S_INIT("servicePrincipalCredentialThumbprint"), GRAPH_TEXT, OF_NULL},
    {S_INIT("federatedCredentialId"), GRAPH_TEXT, VALUE(put_federated)},
    {S_INIT("ipAddress"), GRAPH_TEXT, TEXT(address)},
    {S_INIT("clientAppUsed"), GRAPH_TEXT, OF_NULL},
    {S_INIT("userAgent"), GRAPH_TEXT, TEXT(client)},
    {S_INIT("correlationId"), GRAPH_TEXT, GUID(correlation_id)},
    {S_INIT("uniqueTokenIdentifier"), GRAPH_TEXT, TEXT(unique_id)},
    {S_INIT("isInteractive"), GRAPH_BOOL, VALUE(put_is_interactive)},
    {S_INIT("signInEventTypes"), GRAPH_TEXTS, VALUE(put_types)},
    {S_INIT("incomingTokenType"), GRAPH_TEXT, FIXED("none")},
    {S_INIT("tokenIssuerName"), GRAPH_TEXT, FIXED("")},
    {S_INIT("tokenIssuerType"), GRAPH_TEXT, FIXED("AzureAD")},
    {S_INIT("resourceDisplayName"), GRAPH_TEXT, TEXT(target_name)},
    {S_INIT("resourceId"), GRAPH_TEXT, GUID(target_app.g)},
    {S_INIT("resourceServicePrincipalId"), GRAPH_TEXT, OF_NULL},
    {S_INIT("resourceTenantId"), GRAPH_TEXT, VALUE(put_tenant)},
    {S_INIT("homeTenantId"), GRAPH_TEXT, VALUE(put_tenant)},
    {S_INIT("managedServiceIdentity"), GRAPH_OBJECTS, VALUE(put_msi)},
    {S_INIT("status"), GRAPH_OBJECTS, VALUE(put_status)},
    {S_INIT("conditionalAccessStatus"), GRAPH_TEXT, FIXED("notApplied")},
    {S_INIT("appliedConditionalAccessPolicies"), GRAPH_OBJECTS, OF_NOTHING},
    {S_INIT("authenticationProcessingDetails"), GRAPH_OBJECTS, OF_NOTHING},
    {S_INIT("riskDetail"), GRAPH_TEXT, FIXED("none")},
    {S_INIT("riskLevelAggregated"), GRAPH_TEXT, FIXED("none")},
    {S_INIT("riskLevelDuringSignIn"), GRAPH_TEXT, FIXED("none")},
    {S_INIT("riskState"), GRAPH_TEXT, FIXED("none")},
    {S_INIT("riskEventTypes_v2"), GRAPH_TEXTS, OF_NOTHING},
    {S_INIT("deviceDetail"), GRAPH_OBJECTS, OF_NULL},
    {S_INIT("location"), GRAPH_OBJECTS, OF_NULL},
};

// The members of members, by their paths.
static const struct { str path; enum graph_type type; } PATHS[] = {
    {S_INIT("status/errorCode"), GRAPH_NUMBER},
    {S_INIT("status/failureReason"), GRAPH_TEXT},
    {S_INIT("managedServiceIdentity/msiType"), GRAPH_TEXT},
    {S_INIT("managedServiceIdentity/associatedResourceId"), GRAPH_TEXT},
};

static struct json text(str s)
{
    return str_empty(s) ? (struct json){.kind = JSON_IS_NULL} : (struct json){.kind = JSON_IS_STRING, .u.string = s};
}

static struct json id(struct call *c, guid g)
{
    return text(guid_is_none(g) ? STR_NONE : guid_str(c, g));
}

static bool is_user(const struct signin *s)
{
    return s->type == SIGNIN_USER || s->type == SIGNIN_USER_AGAIN;
}

static enum err put_time(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)p;
    *out = text(call_format(c, "%s", time_iso(s->time_ns).s));
    return OK;
}

static enum err put_user(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)p;
    *out = id(c, is_user(s) ? s->principal.g : GUID_NONE);
    return OK;
}

static enum err put_user_name(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)c, (void)p;
    *out = text(is_user(s) ? s->name : STR_NONE);
    return OK;
}

static enum err put_user_type(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)c, (void)p;
    *out = text(is_user(s) ? S("member") : STR_NONE);
    return OK;
}

static enum err put_service(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)p;
    *out = id(c, is_user(s) ? GUID_NONE : s->principal.g);
    return OK;
}

static enum err put_service_name(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)c, (void)p;
    *out = text(is_user(s) ? STR_NONE : s->name);
    return OK;
}

static enum err put_key(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)p;
    *out = id(c, s->known_by == SIGNIN_KNOWN_FEDERATED ? GUID_NONE : s->credential);
    return OK;
}

static enum err put_federated(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)p;
    *out = id(c, s->known_by == SIGNIN_KNOWN_FEDERATED ? s->credential : GUID_NONE);
    return OK;
}

static enum err put_is_interactive(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)c, (void)p;
    *out = (struct json){.kind = JSON_IS_BOOL, .u.boolean = s->type == SIGNIN_USER};
    return OK;
}

static enum err put_tenant(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    (void)s;
    *out = id(c, p->tenant.g);
    return OK;
}

static enum err put_types(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    struct json *item;
    (void)p;
    TRY(NEW(c, &item, 1));
    *item = text(signin_type_text(s->type));
    *out = (struct json){.kind = JSON_IS_ARRAY, .u.list = {.items = item, .n = 1}};
    return OK;
}

static enum err put_object(struct call *c, const str *names, const struct json *values, size_t n, struct json *out)
{
    struct json *items;
    TRY(NEW(c, &items, n));
    memcpy(items, values, n * sizeof *items);
    *out = (struct json){.kind = JSON_IS_OBJECT, .u.list = {.items = items, .names = (str *)names, .n = n}};
    return OK;
}

static enum err put_msi(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    static const str  NAMES[] = {S_INIT("msiType"), S_INIT("associatedResourceId"), S_INIT("federatedTokenId"), S_INIT("federatedTokenIssuer")};
    str               type = s->type != SIGNIN_MANAGED_IDENTITY || guid_is_none(s->principal.g) ? S("none")
                             : s->is_system_assigned                                            ? S("systemAssigned")
                                                                                                : S("userAssigned");
    const struct json values[COUNT(NAMES)] = {text(type), text(s->host)}; // the others are null
    (void)p;
    return put_object(c, NAMES, values, COUNT(NAMES), out);
}

static enum err put_status(struct call *c, const struct product *p, const struct signin *s, struct json *out)
{
    static const str  NAMES[] = {S_INIT("errorCode"), S_INIT("failureReason"), S_INIT("additionalDetails")};
    const struct json values[COUNT(NAMES)] = {{.kind = JSON_IS_INT, .u.integer = s->error_code}, text(s->error_code ? s->reason : S("Other."))};
    (void)p;
    return put_object(c, NAMES, values, COUNT(NAMES), out);
}

static enum err value_of(struct call *c, const struct product *p, const struct signin *s, const struct member *m, struct json *out)
{
    *out = (struct json){.kind = JSON_IS_NULL};
    switch (m->source) {
    case OF_TEXT: *out = text(*(const str *)((const char *)s + m->at)); break;
    case OF_GUID: *out = id(c, *(const guid *)((const char *)s + m->at)); break;
    case OF_FIXED: *out = (struct json){.kind = JSON_IS_STRING, .u.string = str_of(m->fixed)}; break;
    case OF_NULL: break;
    case OF_NOTHING: out->kind = JSON_IS_ARRAY; break;
    case OF_VALUE: return m->make(c, p, s, out);
    }
    return OK;
}

static const struct member *find(str name)
{
    for (size_t i = 0; i < COUNT(MEMBERS); i++)
        if (str_eq_nocase(MEMBERS[i].name, name)) return &MEMBERS[i];
    return NULL;
}

str signin_member_name(unsigned kinds, str name)
{
    const struct member *m = find(name);
    (void)kinds;
    return m ? m->name : STR_NONE;
}

static bool type_of(const struct graph_domain *d, str name, enum graph_type *out)
{
    (void)d;
    const struct member *m = find(name);
    if (m) *out = m->type;
    for (size_t i = 0; !m && i < COUNT(PATHS); i++) {
        if (!str_eq_nocase(PATHS[i].path, name)) continue;
        *out = PATHS[i].type;
        return true;
    }
    return m != NULL;
}

static enum err member_of(struct call *c, const void *of, str name, bool *out_has, struct json *out)
{
    const struct signin_item *item = of;
    size_t                    slash = str_find(name, '/');
    const struct member      *m = find(str_upto(name, slash));
    *out_has = m != NULL;
    if (!m) return OK;
    TRY(value_of(c, item->product, item->signin, m, out));
    if (slash == STR_NOWHERE) return OK;
    const struct json *inner = json_get_nocase(out, str_from(name, slash + 1));
    *out_has = inner != NULL;
    if (inner) *out = *inner;
    return OK;
}

const struct graph_domain SIGNIN_DOMAIN = {.type_of = type_of, .value_of = member_of, .is_advanced = true};

enum err signin_write(struct call *c, struct json_writer *j, const struct product *p, const struct signin *s, const str *names, size_t name_n)
{
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        struct json value;
        if (name_n && str_index_nocase(names, name_n, MEMBERS[i].name) == STR_NOWHERE) continue;
        TRY(value_of(c, p, s, &MEMBERS[i], &value));
        json_put_value(j, MEMBERS[i].name, &value);
    }
    return OK;
}
