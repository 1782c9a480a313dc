#include "ops/principals.h"

#include "ops/effects.h"
#include "ops/groups_members.h"

#define DISPLAY_NAME S("displayName")
#define USER_NAME    S("userPrincipalName")
#define PASSWORD     S("passwordProfile")

#define UPN_MAX_LOCAL_BYTES 64

#define USERS  (1u << PRINCIPAL_USER)
#define GROUPS (1u << PRINCIPAL_GROUP)

// What may be written. Texts have a limit in bytes; everything but the two names is kept in the principal's document.
struct property {
    str            name;
    unsigned       kinds;
    enum json_kind kind;
    size_t         max_bytes;
    bool           is_required; // to make one
    bool           is_fixed;    // when made
};

static const struct property PROPERTIES[] = {
    {S_INIT("displayName"), USERS | GROUPS, JSON_IS_STRING, 256, true, false},
    {S_INIT("mailNickname"), USERS | GROUPS, JSON_IS_STRING, 64, true, false},
    {S_INIT("accountEnabled"), USERS, JSON_IS_BOOL, 0, true, false},
    {S_INIT("userPrincipalName"), USERS, JSON_IS_STRING, 113, true, false},
    {S_INIT("passwordProfile"), USERS, JSON_IS_OBJECT, 0, true, false},
    {S_INIT("passwordPolicies"), USERS, JSON_IS_STRING, 256, false, false},
    {S_INIT("givenName"), USERS, JSON_IS_STRING, 64, false, false},
    {S_INIT("surname"), USERS, JSON_IS_STRING, 64, false, false},
    {S_INIT("jobTitle"), USERS, JSON_IS_STRING, 128, false, false},
    {S_INIT("mail"), USERS, JSON_IS_STRING, 256, false, false},
    {S_INIT("otherMails"), USERS, JSON_IS_ARRAY, 250, false, false},
    {S_INIT("mobilePhone"), USERS, JSON_IS_STRING, 64, false, false},
    {S_INIT("businessPhones"), USERS, JSON_IS_ARRAY, 64, false, false},
    {S_INIT("faxNumber"), USERS, JSON_IS_STRING, 64, false, false},
    {S_INIT("officeLocation"), USERS, JSON_IS_STRING, 128, false, false},
    {S_INIT("department"), USERS, JSON_IS_STRING, 64, false, false},
    {S_INIT("companyName"), USERS, JSON_IS_STRING, 64, false, false},
    {S_INIT("employeeId"), USERS, JSON_IS_STRING, 16, false, false},
    {S_INIT("employeeType"), USERS, JSON_IS_STRING, 256, false, false},
    {S_INIT("streetAddress"), USERS, JSON_IS_STRING, 1024, false, false},
    {S_INIT("city"), USERS, JSON_IS_STRING, 128, false, false},
    {S_INIT("state"), USERS, JSON_IS_STRING, 128, false, false},
    {S_INIT("postalCode"), USERS, JSON_IS_STRING, 40, false, false},
    {S_INIT("country"), USERS, JSON_IS_STRING, 128, false, false},
    {S_INIT("usageLocation"), USERS, JSON_IS_STRING, 2, false, false},
    {S_INIT("userType"), USERS, JSON_IS_STRING, 16, false, false},
    {S_INIT("preferredLanguage"), USERS | GROUPS, JSON_IS_STRING, 64, false, false},
    {S_INIT("description"), GROUPS, JSON_IS_STRING, 1024, false, false},
    {S_INIT("mailEnabled"), GROUPS, JSON_IS_BOOL, 0, true, false},
    {S_INIT("securityEnabled"), GROUPS, JSON_IS_BOOL, 0, true, false},
    {S_INIT("groupTypes"), GROUPS, JSON_IS_ARRAY, 64, false, true},
    {S_INIT("isAssignableToRole"), GROUPS, JSON_IS_BOOL, 0, false, true},
    {S_INIT("visibility"), GROUPS, JSON_IS_STRING, 16, false, false},
    {S_INIT("uniqueName"), GROUPS, JSON_IS_STRING, 128, false, true},
};

static const struct property *property_of(enum principal_kind kind, str name)
{
    for (size_t i = 0; i < COUNT(PROPERTIES); i++)
        if (PROPERTIES[i].kinds & 1u << kind && str_eq_nocase(PROPERTIES[i].name, name)) return &PROPERTIES[i];
    return NULL;
}

static const char *resource_name(enum principal_kind kind)
{
    return kind == PRINCIPAL_USER ? "User" : "Group";
}

static enum err invalid(struct call *c, enum principal_kind kind, str name)
{
    return FAIL(c, ERR_CONTENT_INVALID, "Invalid value specified for property '%.*s' of resource '%s'.", PSTR(name), resource_name(kind));
}

enum err directory_require_writer(struct call *c)
{
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    return c->caller->is_local_operator ? OK : FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

static enum err require_reader(struct call *c, struct work *w, const void *args, void *out)
{
    (void)args, (void)out;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    const struct principal *p = directory_find(w->world->directory, c->caller->id);
    return c->caller->is_local_operator || (p && p->kind == PRINCIPAL_USER) ? OK : FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

static enum err check_texts(struct call *c, enum principal_kind kind, const struct property *p, const struct json *list)
{
    for (size_t i = 0; i < json_n(list); i++)
        if (!json_is(json_at(list, i), JSON_IS_STRING) || json_str(json_at(list, i)).n > p->max_bytes) return invalid(c, kind, p->name);
    return OK;
}

static enum err check_value(struct call *c, enum principal_kind kind, const struct property *p, const struct json *value)
{
    if (json_is(value, JSON_IS_NULL)) return p->is_required ? invalid(c, kind, p->name) : OK;
    if (!json_is(value, p->kind)) return invalid(c, kind, p->name);
    if (p->kind == JSON_IS_ARRAY) return check_texts(c, kind, p, value);
    if (p->kind != JSON_IS_STRING) return OK;
    if (str_empty(json_str(value)) || json_str(value).n > p->max_bytes) return invalid(c, kind, p->name);
    return OK;
}

static bool is_annotation(str name)
{
    return str_find(name, '@') != STR_NOWHERE;
}

static enum err check_properties(struct call *c, enum principal_kind kind, const struct json *body, bool is_new)
{
    for (size_t i = 0; i < json_n(body); i++) {
        str                    name = body->u.list.names[i];
        const struct property *p = property_of(kind, name);
        if (is_annotation(name)) continue;
        if (!p)
            return FAIL(c, ERR_CONTENT_INVALID, "The property '%.*s' does not exist on type 'microsoft.graph.%s' or cannot be set.",
                        PSTR(call_printable(c, name, 64)), kind == PRINCIPAL_USER ? "user" : "group");
        if (p->is_fixed && !is_new) return FAIL(c, ERR_CONTENT_INVALID, "Property '%.*s' is read-only and cannot be set.", PSTR(p->name));
        TRY(check_value(c, kind, p, json_at(body, i)));
    }
    for (size_t i = 0; is_new && i < COUNT(PROPERTIES); i++) {
        const struct property *p = &PROPERTIES[i];
        if (p->kinds & 1u << kind && p->is_required && !json_get_nocase(body, p->name))
            return FAIL(c, ERR_CONTENT_INVALID, "A value is required for property '%.*s' of resource '%s'.", PSTR(p->name), resource_name(kind));
    }
    return OK;
}

static bool is_nickname(str s)
{
    static const str FORBIDDEN = S_INIT("@()\\[]\";:<>, ");
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.at[i] <= ' ' || (unsigned char)s.at[i] >= 0x7f || str_find(FORBIDDEN, s.at[i]) != STR_NOWHERE) return false;
    return true;
}

static bool is_local_part(str s)
{
    static const str SIGNS = S_INIT("'.-_!#^~");
    for (size_t i = 0; i < s.n; i++) {
        char lower = char_lower(s.at[i]);
        bool fits = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || str_find(SIGNS, s.at[i]) != STR_NOWHERE;
        if (!fits) return false;
    }
    return s.n > 0 && s.n <= UPN_MAX_LOCAL_BYTES && s.at[0] != '.' && s.at[s.n - 1] != '.';
}

static enum err check_user_name(struct call *c, const struct work *w, object_id id, str name)
{
    size_t                  at = str_find_last(name, '@');
    const struct principal *other = directory_find_user(w->world->directory, name);
    if (at == STR_NOWHERE || !is_local_part(str_upto(name, at))) return invalid(c, PRINCIPAL_USER, USER_NAME);
    if (!str_eq_nocase(str_from(name, at + 1), w->product->tenant_domain))
        return FAIL(
            c, ERR_CONTENT_INVALID,
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.");
    if (other && !object_id_eq(other->id, id))
        return FAIL(c, ERR_OBJECT_EXISTS, "Another object with the same value for property userPrincipalName already exists.");
    return OK;
}

static enum err check_password(struct call *c, const struct json *profile)
{
    if (!profile || !str_empty(json_str(json_get(profile, S("password"))))) return OK;
    return FAIL(c, ERR_CONTENT_INVALID,
                "The specified password does not comply with password complexity requirements. Please provide a different password.");
}

// Only security groups without mail live here: those that roles can be assigned to.
static enum err check_group(struct call *c, const struct json *body)
{
    const struct json *types = json_get_nocase(body, S("groupTypes")), *mail = json_get_nocase(body, S("mailEnabled")),
                      *security = json_get_nocase(body, S("securityEnabled"));
    if (json_n(types) == 0 && !(mail && mail->u.boolean) && !(security && !security->u.boolean)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID,
                "The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement "
                "property is unset and the security-enablement property is set.");
}

static enum err check(struct call *c, const struct work *w, const struct principal_args *args, bool is_new)
{
    const struct json *nickname = json_get_nocase(args->body, S("mailNickname")), *user_name = json_get_nocase(args->body, USER_NAME);
    TRY(check_properties(c, args->kind, args->body, is_new));
    if (nickname && !is_nickname(json_str(nickname))) return invalid(c, args->kind, S("mailNickname"));
    if (args->kind == PRINCIPAL_GROUP) return check_group(c, args->body);
    if (user_name) TRY(check_user_name(c, w, args->id, json_str(user_name)));
    return check_password(c, json_get_nocase(args->body, PASSWORD));
}

static bool is_in_document(const struct property *p)
{
    return !str_eq(p->name, DISPLAY_NAME) && !str_eq(p->name, USER_NAME) && !str_eq(p->name, PASSWORD);
}

static enum err document_of(struct call *c, enum principal_kind kind, str before, const struct json *body, str *out)
{
    const struct json *old = NULL;
    struct buf         b;
    struct json_writer w;
    if (!str_empty(before)) TRY(json_parse(c, before, &old));
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    for (size_t i = 0; i < COUNT(PROPERTIES); i++) {
        const struct property *p = &PROPERTIES[i];
        if (!(p->kinds & 1u << kind) || !is_in_document(p)) continue;
        const struct json *value = json_get_nocase(body, p->name);
        if (!value) value = json_get(old, p->name);
        if (value && !json_is(value, JSON_IS_NULL)) json_put_value(&w, p->name, value);
    }
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

static enum err add_members(struct call *c, struct work *w, object_id group, const struct principal_args *args)
{
    if (args->member_n > PRINCIPALS_MAX_BIND)
        return FAIL(c, ERR_CONTENT_INVALID, "The number of object references in one request exceeds the limit of %d.", PRINCIPALS_MAX_BIND);
    for (size_t i = 0; i < args->member_n; i++) TRY(membership_add(c, w, group, args->members[i]));
    return OK;
}

// As the directory's own roles call its operations.
// Source: https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
static enum err log_as(struct call *c, struct work *w, enum principal_kind kind, object_id id, const char *verb)
{
    static const char *const SETS[] = {
        [PRINCIPAL_USER] = "users", [PRINCIPAL_GROUP] = "groups", [PRINCIPAL_APP] = "servicePrincipals", [PRINCIPAL_MANAGED] = "servicePrincipals"};
    str action = call_format(c, "microsoft.directory/%s/%s", SETS[kind], verb), scope = call_format(c, "/%s/%s", SETS[kind], guid_text(id.g).s);
    if (str_empty(action) || str_empty(scope)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    work_log_as(w, action, scope);
    return OK;
}

static enum err save(struct call *c, struct work *w, const struct principal_args *args, const struct principal *before, struct principal plain,
                     struct principal_result *out)
{
    const struct json *name = json_get_nocase(args->body, DISPLAY_NAME), *user_name = json_get_nocase(args->body, USER_NAME);
    struct principal  *record;
    if (name) plain.name = json_str(name);
    if (user_name) plain.user_name = json_str(user_name);
    TRY(document_of(c, args->kind, plain.document, args->body, &plain.document));
    TRY(principal_new(c, &plain, &record));
    TRY(work_change(c, w, STORE_PRINCIPAL, before ? &before->ref : NULL, &record->ref));
    TRY(add_members(c, w, plain.id, args));
    out->principal = directory_find(w->world->directory, plain.id);
    return OK;
}

static enum err create(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct principal_args *args = args_;
    int64_t                      delay_ns = w->product->propagation.directory_object_s * NS_PER_S;
    struct principal             plain = {.kind = args->kind, .created_ns = c->now_ns, .counts_from_ns = c->now_ns + delay_ns};
    TRY(check(c, w, args, true));
    plain.id.g = guid_new(c);
    TRY(log_as(c, w, plain.kind, plain.id, "create"));
    return save(c, w, args, NULL, plain, out);
}

static const struct principal *find(const struct work *w, const struct principal_args *args)
{
    const struct principal *p = directory_find(w->world->directory, args->id);
    return p && p->kind == args->kind ? p : NULL;
}

static enum err update(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct principal_args *args = args_;
    const struct principal      *before = find(w, args);
    if (!before) return directory_absent(c, guid_str(c, args->id.g));
    if (before->kind == PRINCIPAL_MANAGED || before->kind == PRINCIPAL_APP) return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
    TRY(check(c, w, args, false));
    TRY(log_as(c, w, before->kind, before->id, "basic/update"));
    return save(c, w, args, before, *before, out);
}

static enum err delete (struct call *c, struct work *w, const void *args_, void *out) {
    const struct principal_args *args = args_; const struct principal *before = find(w, args); (void)out;
    if (!before) return directory_absent(c, guid_str(c, args->id.g));
    if (before->kind == PRINCIPAL_MANAGED || object_id_eq(before->id, w->product->operator_id)) return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
    TRY(log_as(c, w, before->kind, before->id, "delete"));
    TRY(memberships_drop(c, w, before->id));
    return work_change(c, w, STORE_PRINCIPAL, &before->ref, NULL);
}

const struct op OP_PRINCIPAL_CREATE = {.name = "principal_create", .writes = true, .effects = {&EFFECT_DIRECTORY_WRITE}, .run = create};
const struct op OP_PRINCIPAL_UPDATE = {.name = "principal_update", .writes = true, .effects = {&EFFECT_DIRECTORY_WRITE}, .run = update};
const struct op OP_PRINCIPAL_DELETE = {.name = "principal_delete", .writes = true, .effects = {&EFFECT_DIRECTORY_WRITE}, .run = delete};
const struct op OP_DIRECTORY_READ = {.name = "directory_read", .run = require_reader};
