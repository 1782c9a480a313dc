#include "ops/principals.h"

#include "ops/applications.h"
#include "ops/effects.h"
#include "ops/groups_members.h"
#include "ops/ownership.h"
#include "ops/permission_grants.h"
#include "ops/properties.h"
#include "token/first_party.h"

#define DISPLAY_NAME S("displayName")
#define USER_NAME    S("userPrincipalName")
#define PASSWORD     S("passwordProfile")
#define APP_ID       S("appId")

#define UPN_MAX_LOCAL_BYTES 64

#define USERS    (1u << PRINCIPAL_USER)
#define GROUPS   (1u << PRINCIPAL_GROUP)
#define SERVICES (1u << PRINCIPAL_APP)

// What may be written.
static const struct property PROPERTIES[] = {
    {S_INIT("displayName"), USERS | GROUPS, JSON_IS_STRING, 256, true, false, true},
    {S_INIT("mailNickname"), USERS | GROUPS, JSON_IS_STRING, 64, true, false},
    {S_INIT("accountEnabled"), USERS, JSON_IS_BOOL, 0, true, false},
    {S_INIT("userPrincipalName"), USERS, JSON_IS_STRING, 113, true, false, true},
    {S_INIT("passwordProfile"), USERS, JSON_IS_OBJECT, 0, true, false, true},
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
    {S_INIT("appId"), SERVICES, JSON_IS_STRING, 36, true, true, true},
    {S_INIT("displayName"), SERVICES, JSON_IS_STRING, 256, false, false, true},
    {S_INIT("accountEnabled"), SERVICES, JSON_IS_BOOL, 0, false, false},
    {S_INIT("appRoleAssignmentRequired"), SERVICES, JSON_IS_BOOL, 0, false, false},
    {S_INIT("tags"), SERVICES, JSON_IS_ARRAY, 256, false, false},
    {S_INIT("notes"), SERVICES, JSON_IS_STRING, 1024, false, false},
    {S_INIT("description"), SERVICES, JSON_IS_STRING, 1024, false, false},
    {S_INIT("homepage"), SERVICES, JSON_IS_STRING, 1024, false, false},
    {S_INIT("loginUrl"), SERVICES, JSON_IS_STRING, 1024, false, false},
    {S_INIT("logoutUrl"), SERVICES, JSON_IS_STRING, 1024, false, false},
    {S_INIT("replyUrls"), SERVICES, JSON_IS_ARRAY, 1024, false, false},
    {S_INIT("alternativeNames"), SERVICES, JSON_IS_ARRAY, 256, false, false},
    {S_INIT("notificationEmailAddresses"), SERVICES, JSON_IS_ARRAY, 256, false, false},
    {S_INIT("preferredSingleSignOnMode"), SERVICES, JSON_IS_STRING, 64, false, false},
};

static const struct property_set SETS[] = {
    [PRINCIPAL_USER] = {PROPERTIES, COUNT(PROPERTIES), USERS, "user", "User"},
    [PRINCIPAL_GROUP] = {PROPERTIES, COUNT(PROPERTIES), GROUPS, "group", "Group"},
    [PRINCIPAL_APP] = {PROPERTIES, COUNT(PROPERTIES), SERVICES, "servicePrincipal", "ServicePrincipal"},
};

static enum err invalid(struct call *c, enum principal_kind kind, str name)
{
    return property_invalid(c, &SETS[kind], name);
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

static bool is_strong(str password)
{
    unsigned classes = 0;
    for (size_t i = 0; i < password.n; i++) {
        char ch = password.at[i];
        classes |= ch >= 'a' && ch <= 'z' ? 1u : ch >= 'A' && ch <= 'Z' ? 2u : ch >= '0' && ch <= '9' ? 4u : 8u;
    }
    return __builtin_popcount(classes) >= PASSWORD_MIN_CLASSES;
}

static enum err check_password(struct call *c, const struct json *body)
{
    const struct json *profile = json_get_nocase(body, PASSWORD);
    str                password = json_str(json_get_nocase(profile, S("password")));
    bool               any_will_do = str_contains_nocase(json_str(json_get_nocase(body, S("passwordPolicies"))), S("DisableStrongPassword"));
    if (!profile || (password.n >= PASSWORD_MIN_CHARS && password.n <= PASSWORD_MAX_BYTES && (any_will_do || is_strong(password)))) return OK;
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
    TRY(properties_check(c, &SETS[args->kind], args->body, is_new));
    if (nickname && !is_nickname(json_str(nickname))) return invalid(c, args->kind, S("mailNickname"));
    if (args->kind == PRINCIPAL_GROUP) return check_group(c, args->body);
    if (user_name) TRY(check_user_name(c, w, args->id, json_str(user_name)));
    return args->kind == PRINCIPAL_USER ? check_password(c, args->body) : OK;
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
enum err directory_log_as(struct call *c, struct work *w, const char *set, const char *verb, guid id)
{
    str action = call_format(c, "microsoft.directory/%s/%s", set, verb), scope = call_format(c, "/%s/%s", set, guid_text(id).s);
    if (str_empty(action) || str_empty(scope)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    work_log_as(w, action, scope);
    return OK;
}

static enum err log_as(struct call *c, struct work *w, enum principal_kind kind, object_id id, const char *verb)
{
    static const char *const NAMES[] = {
        [PRINCIPAL_USER] = "users", [PRINCIPAL_GROUP] = "groups", [PRINCIPAL_APP] = "servicePrincipals", [PRINCIPAL_MANAGED] = "servicePrincipals"};
    return directory_log_as(c, w, NAMES[kind], verb, id.g);
}

enum err principal_derive_password(struct call *c, const struct json *body, const struct password **out)
{
    const struct json *profile = json_get_nocase(body, PASSWORD);
    struct password   *made;
    *out = NULL;
    if (check_password(c, body) != OK) profile = NULL;
    call_forgive(c); // the deed says it
    if (!profile) return OK;
    CLEANUP(secret_clear) struct secret shown = {0};
    TRY(NEW(c, &made, 1));
    TRY(secret_init(c, &shown, str_bytes(json_str(json_get_nocase(profile, S("password"))))));
    TRY(password_derive(c, &shown, made));
    *out = made;
    return OK;
}

// The password that the body gives, if it does. Tokens that were got with the one before are revoked with it: see refresh_token.h.
static enum err keep_password(struct call *c, struct work *w, object_id user, const struct principal_args *args)
{
    const struct json     *profile = json_get_nocase(args->body, PASSWORD);
    const struct password *before = applications_find_password(w->world->applications, user), *derived = args->derived;
    struct password       *record, plain;
    if (!profile) return OK;
    if (!derived) TRY(principal_derive_password(c, args->body, &derived));
    if (!derived) return FAIL(c, ERR_INTERNAL, "A password that was not checked was to be kept.");
    plain = *derived;
    plain.user = user;
    plain.changed_ns = c->now_ns;
    plain.must_change = json_get_bool(profile, S("forceChangePasswordNextSignIn"), false);
    TRY(password_new(c, &plain, &record));
    return work_change(c, w, STORE_PASSWORD, before ? &before->ref : NULL, &record->ref);
}

static enum err save(struct call *c, struct work *w, const struct principal_args *args, const struct principal *before, struct principal plain,
                     struct principal_result *out)
{
    const struct json *name = json_get_nocase(args->body, DISPLAY_NAME), *user_name = json_get_nocase(args->body, USER_NAME);
    struct principal  *record;
    if (json_is(name, JSON_IS_STRING)) plain.name = json_str(name);
    if (user_name) plain.user_name = json_str(user_name);
    TRY(properties_document(c, &SETS[args->kind], plain.document, args->body, &plain.document));
    TRY(principal_new(c, &plain, &record));
    TRY(work_change(c, w, STORE_PRINCIPAL, before ? &before->ref : NULL, &record->ref));
    if (args->kind == PRINCIPAL_USER) TRY(keep_password(c, w, plain.id, args));
    TRY(add_members(c, w, plain.id, args));
    out->principal = directory_find(w->world->directory, plain.id);
    return OK;
}

// A service principal is an application's: its id and its name are.
static enum err read_service(struct call *c, const struct work *w, const struct json *body, struct principal *plain)
{
    str                       app = json_str(json_get_nocase(body, APP_ID));
    const struct application *a = guid_parse(app, &plain->app.g) ? applications_find_app(w->world->applications, plain->app) : NULL;
    if (!a)
        return FAIL(c, ERR_CONTENT_INVALID, "The appId '%.*s' of the service principal does not reference a valid application object.",
                    PSTR(call_printable(c, app, 64)));
    if (directory_find_app(w->world->directory, a->app))
        return FAIL(c, ERR_OBJECT_EXISTS,
                    "The service principal cannot be created, updated, or restored because the service principal name %s is already in use.",
                    guid_text(a->app.g).s);
    plain->name = a->name;
    return OK;
}

static enum err create(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct principal_args *args = args_;
    int64_t                      delay_ns = w->product->propagation.directory_object_s * NS_PER_S;
    struct principal             plain = {.kind = args->kind, .created_ns = c->now_ns, .counts_from_ns = c->now_ns + delay_ns};
    TRY(check(c, w, args, true));
    if (args->kind == PRINCIPAL_APP) TRY(read_service(c, w, args->body, &plain));
    plain.id.g = guid_new(c);
    TRY(log_as(c, w, plain.kind, plain.id, "create"));
    TRY(save(c, w, args, NULL, plain, out));
    return plain.kind == PRINCIPAL_USER ? OK : owners_begin(c, w, plain.id.g, args->owners, args->owner_n);
}

static const struct principal *find(const struct work *w, const struct principal_args *args)
{
    const struct principal *p = directory_find(w->world->directory, args->id);
    return p && p->kind == args->kind ? p : NULL;
}

// What belongs to something else, or to the cloud, is not changed here.
static bool is_fixed(const struct principal *p)
{
    return p->kind == PRINCIPAL_MANAGED || (p->kind == PRINCIPAL_APP && first_party_application(p->app));
}

static enum err update(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct principal_args *args = args_;
    const struct principal      *before = find(w, args);
    if (!before) return directory_absent(c, guid_str(c, args->id.g));
    if (is_fixed(before)) return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
    TRY(check(c, w, args, false));
    TRY(log_as(c, w, before->kind, before->id, "basic/update"));
    return save(c, w, args, before, *before, out);
}

enum err principal_drop(struct call *c, struct work *w, const struct principal *p)
{
    const struct password *password = applications_find_password(w->world->applications, p->id);
    TRY(memberships_drop(c, w, p->id));
    TRY(app_assignments_drop(c, w, p->id));
    TRY(owners_drop(c, w, p->id.g));
    TRY(permission_grants_drop(c, w, p->id));
    if (password) TRY(work_change(c, w, STORE_PASSWORD, &password->ref, NULL));
    return work_change(c, w, STORE_PRINCIPAL, &p->ref, NULL);
}

enum err service_rename(struct call *c, struct work *w, client_id app, str name)
{
    const struct principal *before = directory_find_app(w->world->directory, app);
    struct principal       *record, plain;
    if (!before || str_eq(before->name, name)) return OK;
    plain = *before;
    plain.name = name;
    TRY(principal_new(c, &plain, &record));
    return work_change(c, w, STORE_PRINCIPAL, &before->ref, &record->ref);
}

static enum err delete (struct call *c, struct work *w, const void *args_, void *out) {
    const struct principal_args *args = args_; const struct principal *before = find(w, args); (void)out;
    if (!before) return directory_absent(c, guid_str(c, args->id.g));
    if (is_fixed(before) || object_id_eq(before->id, w->product->operator_id)) return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
    TRY(log_as(c, w, before->kind, before->id, "delete"));
    return principal_drop(c, w, before);
}

// A user: the operator. What a user may make: any user, for an application that it owns. What is there: who owns it.
static enum err find_written(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct principal_args *args = args_;
    bool                         is_new = guid_is_none(args->id.g), may_be_owned = args->kind == PRINCIPAL_GROUP || args->kind == PRINCIPAL_APP;
    client_id                    app;
    (void)e;
    if (!may_be_owned) return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OPERATOR});
    if (!is_new) return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OWNER, .object = args->id.g});
    if (args->kind == PRINCIPAL_APP && guid_parse(json_str(json_get_nocase(args->body, APP_ID)), &app.g)) {
        const struct application *a = applications_find_app(w->world->applications, app);
        if (a) TRY(effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_OWNER, .object = a->id.g}));
    }
    return effect_site_add(c, out, (struct effect_site){.need = DIRECTORY_MEMBER});
}

static const struct effect EFFECT = {.name = "directory_principal", .rule = EFFECT_DIRECTORY, .find = find_written};

const struct op OP_PRINCIPAL_CREATE = {.name = "principal_create", .writes = true, .effects = {&EFFECT}, .run = create};
const struct op OP_PRINCIPAL_UPDATE = {.name = "principal_update", .writes = true, .effects = {&EFFECT}, .run = update};
const struct op OP_PRINCIPAL_DELETE = {.name = "principal_delete", .writes = true, .effects = {&EFFECT}, .run = delete};
