#include "endpoints/activity_form.h"

#include "http/server.h"
#include "resources/scope.h"

#define TICKS_TO_1970 621355968000000000 // of 100 ns, since the year 1

#define WS       "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define IDENTITY "http://schemas.microsoft.com/identity/claims/"

// One event while it is written.
struct form {
    struct call           *c;
    struct json_writer    *j;
    const struct product  *p;
    const struct activity *a;
    enum activity_event    event;
    struct scope           at; // of what was written; zero where that is none
};

static bool failed(const struct activity *a)
{
    return !str_empty(a->error);
}

static bool has_begin(const struct activity *a)
{
    bool ends_earlier = a->status && str_empty(a->method); // what an earlier request began: a deployment
    return guid_is_none(a->part_of) && a->times <= 1 && !ends_earlier;
}

// A deployment that goes on after its request was answered.
static bool begins_deployment(const struct activity *a)
{
    return !failed(a) && has_begin(a) && !str_empty(a->method) && str_eq_nocase(a->action, S("Microsoft.Resources/deployments/write"));
}

bool activity_has(const struct activity *a, enum activity_event event)
{
    if (event == ACTIVITY_BEGIN) return has_begin(a);
    if (event == ACTIVITY_END) return !begins_deployment(a);
    return begins_deployment(a) || (!failed(a) && has_begin(a) && a->status == 202);
}

static str resource_of(const struct activity *a)
{
    return str_empty(a->resource) ? a->scope : a->resource;
}

// Ids that belong to the record's: the same for each who asks.
static guid derived(guid id, uint8_t bits)
{
    id.b[15] ^= bits;
    return id;
}

static guid event_id(const struct activity *a, enum activity_event event)
{
    return event == ACTIVITY_BEGIN ? derived(a->id, 1) : event == ACTIVITY_ACCEPTED ? derived(a->id, 4) : a->id;
}

static guid operation_id(const struct activity *a)
{
    return derived(guid_is_none(a->part_of) ? a->id : a->part_of, 2);
}

static int64_t time_of(const struct activity *a, enum activity_event event)
{
    return event == ACTIVITY_BEGIN ? a->event_ns : a->time_ns;
}

static str status_of(const struct activity *a, enum activity_event event)
{
    if (event == ACTIVITY_BEGIN) return S("Started");
    if (event == ACTIVITY_ACCEPTED) return S("Accepted");
    return failed(a) ? S("Failed") : S("Succeeded");
}

static str level_of(const struct activity *a, enum activity_event event)
{
    return event == ACTIVITY_END && failed(a) ? S("Error") : S("Informational");
}

// Without a request there is no status: it is what the answer would have been. What was accepted ends well.
static int http_status(const struct activity *a, enum activity_event event)
{
    if (a->status == 202 && event == ACTIVITY_END) return 200;
    if (a->status) return (int)a->status;
    if (failed(a)) return 403;
    return str_empty(a->before) && !str_empty(a->after) ? 201 : 200;
}

// "NoContent": the words of the status line in one.
static str status_code(const struct form *f)
{
    str        words = http_reason(http_status(f->a, f->event));
    struct buf b;
    str        out;
    buf_init(&b, &f->c->arena);
    for (size_t i = 0; i < words.n; i++)
        if (words.at[i] != ' ') buf_add_char(&b, words.at[i]);
    return buf_finish(f->c, &b, &out) == OK ? out : STR_NONE;
}

static void put_if(struct json_writer *j, str name, str text)
{
    if (!str_empty(text)) json_put_string(j, name, text);
}

static void begin_object(struct json_writer *j, str name)
{
    json_write_key(j, name);
    json_write_object(j);
}

static void put_localized(struct json_writer *j, str name, str value, str words)
{
    begin_object(j, name);
    json_put_string(j, S("value"), value);
    json_put_string(j, S("localizedValue"), words);
    json_write_end(j);
}

static void put_digits(struct json_writer *j, str name, guid g)
{
    json_put_string(j, name, str_of(guid_digits(g).s));
}

static str principal_word(enum principal_type type)
{
    static const str WORDS[] = {S_INIT("User"), S_INIT("Group"), S_INIT("ServicePrincipal"), S_INIT("ForeignGroup"), S_INIT("Device")};
    return (size_t)type < COUNT(WORDS) ? WORDS[type] : STR_NONE;
}

static enum err put_authorization(struct form *f, str name)
{
    const struct activity_evidence *e = &f->a->evidence;
    begin_object(f->j, name);
    json_put_string(f->j, S("action"), f->a->action);
    json_put_string(f->j, S("scope"), resource_of(f->a));
    if (!guid_is_none(e->assignment)) {
        json_put_string(f->j, S("role"), e->role_name);
        begin_object(f->j, S("evidence"));
        json_put_string(f->j, S("role"), e->role_name);
        json_put_string(f->j, S("roleAssignmentScope"), e->scope);
        put_digits(f->j, S("roleAssignmentId"), e->assignment);
        put_digits(f->j, S("roleDefinitionId"), e->role);
        put_digits(f->j, S("principalId"), e->principal.g);
        json_put_string(f->j, S("principalType"), principal_word(e->principal_type));
        json_write_end(f->j);
    }
    json_write_end(f->j);
    return OK;
}

static str caller_of(struct call *c, const struct activity *a)
{
    if (!str_empty(a->caller_name)) return a->caller_name;
    return guid_is_none(a->caller.g) ? STR_NONE : guid_str(c, a->caller.g);
}

static enum err put_caller(struct form *f, str name)
{
    json_put_string(f->j, name, caller_of(f->c, f->a));
    return OK;
}

static void put_seconds(struct form *f, str name, int64_t s)
{
    json_put_string(f->j, name, call_format(f->c, "%lld", (long long)s));
}

static str proof_of(const struct token_claims *t)
{
    static const str PROOFS[TOKEN_KINDS] = {[TOKEN_OF_IDENTITY] = S_INIT("2"), [TOKEN_OF_USER] = S_INIT("0")};
    return (unsigned)t->kind < TOKEN_KINDS ? PROOFS[t->kind] : STR_NONE;
}

static bool is_user(const struct token_claims *t)
{
    return t->kind == TOKEN_OF_USER || t->kind == TOKEN_DELEGATED;
}

// All are texts. Of an application the token's proof is not kept: it may be a secret, a certificate or another's token.
static void put_token_claims(struct form *f)
{
    const struct activity     *a = f->a;
    const struct token_claims *t = &a->claims;
    str                        app = guid_is_none(a->app.g) ? STR_NONE : guid_str(f->c, a->app.g);
    bool                       is_v1 = t->version == TOKEN_V1;
    put_if(f->j, S("aud"), t->audience);
    put_if(f->j, S("iss"), t->issuer);
    put_seconds(f, S("iat"), token_issued_s(t));
    put_seconds(f, S("nbf"), t->not_before_s);
    put_seconds(f, S("exp"), t->expires_s);
    put_if(f->j, is_v1 ? S("appid") : S("azp"), app);
    put_if(f->j, is_v1 ? S("appidacr") : S("azpacr"), proof_of(t));
    if (is_user(t)) put_if(f->j, S("name"), a->caller_name);
    if (is_user(t)) put_if(f->j, S("ipaddr"), a->address);
    if (!is_user(t)) json_put_string(f->j, S("idtyp"), S("app"));
    put_if(f->j, S("xms_mirid"), t->identity_resource);
    put_if(f->j, S(IDENTITY "scope"), t->scopes);
    json_put_guid(f->j, S(IDENTITY "tenantid"), t->tenant.g);
    json_put_guid(f->j, S(WS "nameidentifier"), a->caller.g);
    if (is_user(t)) put_if(f->j, S(WS "name"), a->caller_name);
    if (is_user(t)) put_if(f->j, S(WS "upn"), a->caller_name);
    put_if(f->j, S("uti"), t->unique_id);
    json_put_string(f->j, S("ver"), is_v1 ? S("1.0") : S("2.0"));
}

static enum err put_claims(struct form *f, str name)
{
    const struct activity *a = f->a;
    begin_object(f->j, name);
    if (!str_empty(a->claims.issuer)) put_token_claims(f);
    else if (!guid_is_none(a->app.g)) json_put_guid(f->j, S("appid"), a->app.g);
    if (!guid_is_none(a->caller.g)) json_put_guid(f->j, S(IDENTITY "objectidentifier"), a->caller.g);
    json_write_end(f->j);
    return OK;
}

static enum err put_fixed(struct form *f, str name)
{
    bool is_channel = str_eq(name, S("channels"));
    json_put_string(f->j, name, is_channel ? S("Operation") : S(""));
    return OK;
}

static enum err put_correlation(struct form *f, str name)
{
    json_put_guid(f->j, name, f->a->correlation_id);
    return OK;
}

static enum err put_event_id(struct form *f, str name)
{
    json_put_guid(f->j, name, event_id(f->a, f->event));
    return OK;
}

static enum err put_event_name(struct form *f, str name)
{
    bool begins = f->event == ACTIVITY_BEGIN;
    put_localized(f->j, name, begins ? S("BeginRequest") : S("EndRequest"), begins ? S("Begin request") : S("End request"));
    return OK;
}

static enum err put_category(struct form *f, str name)
{
    put_localized(f->j, name, S("Administrative"), S("Administrative"));
    return OK;
}

// What goes along with another write was no request.
static enum err put_request(struct form *f, str name)
{
    const struct activity *a = f->a;
    if (str_empty(a->method) || !guid_is_none(a->part_of)) return OK;
    begin_object(f->j, name);
    put_if(f->j, S("clientRequestId"), a->client_request);
    put_if(f->j, S("clientIpAddress"), a->address);
    json_put_string(f->j, S("method"), a->method);
    json_put_string(f->j, S("uri"), a->uri);
    json_write_end(f->j);
    return OK;
}

static enum err put_id(struct form *f, str name)
{
    json_put_string(f->j, name,
                    call_format(f->c, "%.*s/events/%s/ticks/%lld", PSTR(resource_of(f->a)), guid_text(event_id(f->a, f->event)).s,
                                (long long)(time_of(f->a, f->event) / 100 + TICKS_TO_1970)));
    return OK;
}

static enum err put_level(struct form *f, str name)
{
    json_put_string(f->j, name, level_of(f->a, f->event));
    return OK;
}

static enum err put_group(struct form *f, str name)
{
    json_put_string(f->j, name, f->at.group);
    return OK;
}

static str provider_of(const struct activity *a)
{
    return str_upto(a->action, str_find(a->action, '/'));
}

static enum err put_provider(struct form *f, str name)
{
    put_localized(f->j, name, provider_of(f->a), provider_of(f->a));
    return OK;
}

static enum err put_resource(struct form *f, str name)
{
    json_put_string(f->j, name, resource_of(f->a));
    return OK;
}

// "Microsoft.Compute/virtualMachines" of the action on one: what stands before its last word, or the last two of an "action".
static str type_of(const struct activity *a)
{
    str type = a->action;
    int words = str_ends_nocase(type, S("/action")) ? 2 : 1;
    if (!guid_is_none(a->part_of)) return S("Microsoft.Resources/subscriptions/resourcegroups");
    for (; words > 0; words--) {
        size_t slash = str_find_last(type, '/');
        if (slash != STR_NOWHERE && str_find(type, '/') != slash) type = str_upto(type, slash);
    }
    return type;
}

static enum err put_type(struct form *f, str name)
{
    put_localized(f->j, name, type_of(f->a), type_of(f->a));
    return OK;
}

static enum err put_operation_id(struct form *f, str name)
{
    json_put_guid(f->j, name, operation_id(f->a));
    return OK;
}

static enum err put_operation(struct form *f, str name)
{
    put_localized(f->j, name, f->a->action, f->a->action);
    return OK;
}

static bool is_delete(const struct activity *a)
{
    return str_eq(a->method, S("DELETE"));
}

// The GUID at the end of a path, or alone.
static void put_last_digits(struct json_writer *j, str name, str path)
{
    guid   id;
    size_t slash = str_find_last(path, '/');
    if (guid_parse(slash == STR_NOWHERE ? path : str_from(path, slash + 1), &id)) put_digits(j, name, id);
}

// A document of the record; NULL: there is none, or none that this product would store. A record shows without it what else it has.
static enum err read_document(struct form *f, str text, const struct json **out)
{
    const struct json *tree;
    enum err           failed = OK;
    *out = NULL;
    if (str_empty(text)) return OK;
    failed = json_parse(f->c, text, &tree);
    if (failed == OK) failed = json_check_depth(f->c, tree);
    if (failed != OK && failed != ERR_JSON_INVALID && failed != ERR_TOO_LARGE) return failed;
    if (failed == OK) *out = tree;
    call_forgive(f->c);
    return OK;
}

static enum err put_what_went(struct form *f)
{
    const struct json *gone, *properties;
    TRY(read_document(f, f->a->before, &gone));
    properties = json_get(gone, S("properties"));
    put_last_digits(f->j, S("id"), json_get_str(gone, S("id")));
    put_last_digits(f->j, S("principalId"), json_get_str(properties, S("principalId")));
    put_last_digits(f->j, S("roleDefinitionId"), json_get_str(properties, S("roleDefinitionId")));
    put_if(f->j, S("scope"), json_get_str(properties, S("scope")));
    return OK;
}

// All are texts.
static enum err put_properties(struct form *f, str name)
{
    const struct activity *a = f->a;
    bool                   ends = f->event != ACTIVITY_BEGIN;
    begin_object(f->j, name);
    if (ends) json_put_string(f->j, S("statusCode"), status_code(f));
    json_put_string(f->j, S("serviceRequestId"), guid_str(f->c, a->correlation_id));
    json_put_string(f->j, S("eventCategory"), S("Administrative"));
    json_put_string(f->j, S("entity"), resource_of(a));
    json_put_string(f->j, S("message"), a->action);
    if (ends && failed(a)) put_if(f->j, S("statusMessage"), a->message);
    if (!ends && !is_delete(a)) put_if(f->j, S("requestbody"), a->after);
    if (ends && is_delete(a) && guid_is_none(a->part_of)) put_if(f->j, S("responseBody"), a->before);
    if (!guid_is_none(a->part_of) && !str_empty(a->before)) TRY(put_what_went(f));
    json_write_end(f->j);
    return OK;
}

static enum err put_status(struct form *f, str name)
{
    str status = status_of(f->a, f->event);
    put_localized(f->j, name, status, status);
    return OK;
}

static enum err put_sub_status(struct form *f, str name)
{
    str code = status_code(f);
    if (f->event == ACTIVITY_BEGIN) put_localized(f->j, name, S(""), S(""));
    else put_localized(f->j, name, code, call_format(f->c, "%.*s (HTTP Status Code: %d)", PSTR(code), http_status(f->a, f->event)));
    return OK;
}

static enum err put_time(struct form *f, str name)
{
    json_put_string(f->j, name, str_of(time_iso(time_of(f->a, f->event)).s));
    return OK;
}

static enum err put_written(struct form *f, str name)
{
    json_put_string(f->j, name, str_of(time_iso(f->a->time_ns).s));
    return OK;
}

static enum err put_subscription(struct form *f, str name)
{
    put_if(f->j, name, f->at.subscription);
    return OK;
}

static enum err put_tenant(struct form *f, str name)
{
    json_put_guid(f->j, name, f->p->tenant.g);
    return OK;
}

// It is read, so that nothing that is no JSON gets into an answer.
static enum err put_document(struct form *f, str name, str document, bool *is_left_out)
{
    const struct json *tree;
    TRY(read_document(f, document, &tree));
    if (tree) json_put_value(f->j, name, tree);
    else if (!str_empty(document)) *is_left_out = true;
    return OK;
}

static enum err put_own(struct form *f, str name)
{
    const struct activity *a = f->a;
    bool                   is_before_left_out = a->is_before_left_out, is_after_left_out = a->is_after_left_out;
    if (f->event == ACTIVITY_BEGIN) return OK;
    begin_object(f->j, name);
    put_if(f->j, S("error"), a->error);
    json_put_string(f->j, S("permissionScope"), a->scope);
    if (a->times > 1) json_put_int(f->j, S("times"), (int64_t)a->times);
    TRY(put_document(f, S("before"), a->before, &is_before_left_out));
    TRY(put_document(f, S("after"), a->after, &is_after_left_out));
    if (is_before_left_out) json_put_bool(f->j, S("beforeLeftOut"), true);
    if (is_after_left_out) json_put_bool(f->j, S("afterLeftOut"), true);
    json_write_end(f->j);
    return OK;
}

static const struct member {
    str name;
    enum err (*put)(struct form *f, str name);
} MEMBERS[] = {
    {S_INIT("authorization"), put_authorization},
    {S_INIT("caller"), put_caller},
    {S_INIT("channels"), put_fixed},
    {S_INIT("claims"), put_claims},
    {S_INIT("correlationId"), put_correlation},
    {S_INIT("description"), put_fixed},
    {S_INIT("eventDataId"), put_event_id},
    {S_INIT("eventName"), put_event_name},
    {S_INIT("category"), put_category},
    {S_INIT("httpRequest"), put_request},
    {S_INIT("id"), put_id},
    {S_INIT("level"), put_level},
    {S_INIT("resourceGroupName"), put_group},
    {S_INIT("resourceProviderName"), put_provider},
    {S_INIT("resourceId"), put_resource},
    {S_INIT("resourceType"), put_type},
    {S_INIT("operationId"), put_operation_id},
    {S_INIT("operationName"), put_operation},
    {S_INIT("properties"), put_properties},
    {S_INIT("status"), put_status},
    {S_INIT("subStatus"), put_sub_status},
    {S_INIT("eventTimestamp"), put_time},
    {S_INIT("submissionTimestamp"), put_written},
    {S_INIT("subscriptionId"), put_subscription},
    {S_INIT("tenantId"), put_tenant},
    {S_INIT("lanyard"), put_own},
};

str activity_member_name(str name)
{
    for (size_t i = 0; i < COUNT(MEMBERS); i++)
        if (str_eq_nocase(MEMBERS[i].name, name)) return MEMBERS[i].name;
    return STR_NONE;
}

enum err activity_form_write(struct call *c, struct json_writer *j, const struct product *p, const struct activity *a, enum activity_event event,
                             const str *names, size_t name_n)
{
    struct form f = {.c = c, .j = j, .p = p, .a = a, .event = event};
    if (scope_parse(c, resource_of(a), &f.at) != OK) call_forgive(c); // of the directory: it is in no subscription
    json_write_object(j);
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        bool is_wanted = !name_n || str_index_nocase(names, name_n, MEMBERS[i].name) != STR_NOWHERE;
        if (is_wanted) TRY(MEMBERS[i].put(&f, MEMBERS[i].name));
    }
    json_write_end(j);
    return OK;
}

// ---- filters ----

enum field {
    FIELD_SINCE,
    FIELD_UNTIL,
    FIELD_CORRELATION,
    FIELD_PROVIDER,
    FIELD_GROUP,
    FIELD_RESOURCE,
    FIELD_TYPE,
    FIELD_CALLER,
    FIELD_STATUS,
    FIELD_LEVELS,
    FIELD_CHANNELS
};

static const struct comparison { str name, operator; enum field field; } COMPARISONS[] = {
    {S_INIT("eventTimestamp"), S_INIT("ge"), FIELD_SINCE},
    {S_INIT("eventTimestamp"), S_INIT("le"), FIELD_UNTIL},
    {S_INIT("correlationId"), S_INIT("eq"), FIELD_CORRELATION},
    {S_INIT("resourceProvider"), S_INIT("eq"), FIELD_PROVIDER},
    {S_INIT("resourceGroupName"), S_INIT("eq"), FIELD_GROUP},
    {S_INIT("resourceUri"), S_INIT("eq"), FIELD_RESOURCE},
    {S_INIT("resourceId"), S_INIT("eq"), FIELD_RESOURCE},
    {S_INIT("resourceType"), S_INIT("eq"), FIELD_TYPE},
    {S_INIT("caller"), S_INIT("eq"), FIELD_CALLER},
    {S_INIT("status"), S_INIT("eq"), FIELD_STATUS},
    {S_INIT("levels"), S_INIT("eq"), FIELD_LEVELS},
    {S_INIT("eventChannels"), S_INIT("eq"), FIELD_CHANNELS},
};

static enum err malformed(struct call *c, str at)
{
    return FAIL(c, ERR_FILTER_INVALID, "The $filter is not well formed at '%.*s'.", PSTR(call_printable(c, at, 60)));
}

// A word and the blanks behind it.
static bool take_word(str *s, str word)
{
    if (!str_starts_nocase(*s, word) || s->n == word.n || s->at[word.n] != ' ') return false;
    *s = str_trim(str_from(*s, word.n));
    return true;
}

static enum err take_quoted(struct call *c, str *s, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 1; i < s->n; i++) {
        bool is_quote = s->at[i] == '\'', is_doubled = is_quote && i + 1 < s->n && s->at[i + 1] == '\'';
        if (is_quote && !is_doubled) {
            *s = str_trim(str_from(*s, i + 1));
            return buf_finish(c, &b, out);
        }
        buf_add_char(&b, s->at[i]);
        i += is_doubled;
    }
    return malformed(c, *s);
}

// az writes no quotes: the value goes on to the next "and", or to the end.
static enum err take_value(struct call *c, str *s, str *out)
{
    static const str AND = S_INIT(" and ");
    if (str_starts(*s, S("'"))) return take_quoted(c, s, out);
    size_t n = 0;
    while (n < s->n && !str_starts_nocase(str_from(*s, n), AND)) n++;
    *out = str_trim(str_upto(*s, n));
    *s = str_trim(str_from(*s, n));
    bool is_one = !str_empty(*out) && str_find(*out, '\'') == STR_NOWHERE && !str_ends_nocase(*out, S(" and"));
    return is_one ? OK : malformed(c, *out);
}

// az writes UTC without saying so.
static bool read_time(struct call *c, str text, int64_t *out)
{
    return time_parse_iso(text, out) || time_parse_iso(call_format(c, "%.*sZ", PSTR(text)), out);
}

static enum err take_time(struct call *c, str text, bool is_first, int64_t *out)
{
    int64_t ns;
    if (!is_first) return FAIL(c, ERR_FILTER_INVALID, "The $filter bounds eventTimestamp twice in one direction.");
    if (!read_time(c, text, &ns)) return FAIL(c, ERR_FILTER_INVALID, "eventTimestamp is compared with a time like 2026-11-23T04:15:00Z.");
    *out = ns;
    return OK;
}

static enum err add_term(struct call *c, enum field field, str value, struct activity_filter *f)
{
    switch (field) {
    case FIELD_SINCE:
        TRY(take_time(c, value, !f->has_since, &f->since_ns));
        f->has_since = true;
        return OK;
    case FIELD_UNTIL: return take_time(c, value, f->until_ns == INT64_MAX, &f->until_ns);
    case FIELD_CORRELATION:
        if (guid_parse(value, &f->correlation_id)) return OK;
        return FAIL(c, ERR_FILTER_INVALID, "correlationId is compared with a GUID.");
    default: break;
    }
    if (f->n == ACTIVITY_FILTER_MAX_TERMS) return FAIL(c, ERR_FILTER_INVALID, "The $filter has more than %d comparisons.", ACTIVITY_FILTER_MAX_TERMS);
    f->fields[f->n] = (uint8_t)field;
    f->texts[f->n++] = value;
    return OK;
}

static enum err take_comparison(struct call *c, str *s, struct activity_filter *f)
{
    for (size_t i = 0; i < COUNT(COMPARISONS); i++) {
        str rest = *s, value;
        if (!take_word(&rest, COMPARISONS[i].name) || !take_word(&rest, COMPARISONS[i].operator)) continue;
        TRY(take_value(c, &rest, &value));
        *s = rest;
        return add_term(c, COMPARISONS[i].field, value, f);
    }
    return malformed(c, *s);
}

enum err activity_filter_read(struct call *c, str text, struct activity_filter *out)
{
    struct activity_filter f = {.until_ns = INT64_MAX};
    if (text.n > ACTIVITY_FILTER_MAX_BYTES) return FAIL(c, ERR_FILTER_INVALID, "The $filter is longer than %d bytes.", ACTIVITY_FILTER_MAX_BYTES);
    for (text = str_trim(text);;) {
        TRY(take_comparison(c, &text, &f));
        if (str_empty(text)) break;
        if (!take_word(&text, S("and"))) return malformed(c, text);
    }
    *out = f;
    return OK;
}

// One of a list "Admin, Operation".
static bool is_in_list(str list, str word)
{
    str item;
    while (str_cut(&list, ',', &item))
        if (str_eq_nocase(str_trim(item), word)) return true;
    return false;
}

bool activity_is_of_caller(const struct activity *a, str text)
{
    guid id;
    return str_eq_nocase(a->caller_name, text) || (guid_parse(text, &id) && guid_eq(id, a->caller.g));
}

static bool holds(enum field field, str text, const struct activity *a, enum activity_event event)
{
    switch (field) {
    case FIELD_PROVIDER: return str_eq_nocase(provider_of(a), text);
    case FIELD_GROUP: return str_eq_nocase(scope_group_name(resource_of(a)), text);
    case FIELD_RESOURCE: return str_eq_nocase(resource_of(a), text);
    case FIELD_TYPE: return str_eq_nocase(type_of(a), text);
    case FIELD_CALLER: return activity_is_of_caller(a, text);
    case FIELD_STATUS: return str_eq_nocase(status_of(a, event), text);
    case FIELD_LEVELS: return is_in_list(text, level_of(a, event));
    case FIELD_CHANNELS: return is_in_list(text, S("Operation"));
    case FIELD_SINCE:
    case FIELD_UNTIL:
    case FIELD_CORRELATION: break; // these have members of their own
    }
    return true;
}

bool activity_filter_passes(const struct activity_filter *f, const struct activity *a, enum activity_event event)
{
    int64_t ns = time_of(a, event);
    if ((f->has_since && ns < f->since_ns) || ns > f->until_ns) return false;
    if (!guid_is_none(f->correlation_id) && !guid_eq(f->correlation_id, a->correlation_id)) return false;
    for (size_t i = 0; i < f->n; i++)
        if (!holds((enum field)f->fields[i], f->texts[i], a, event)) return false;
    return true;
}
