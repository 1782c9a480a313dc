// Federated credentials of applications: as Graph's JSON says them.
#include <assert.h>

#include "ops/applications.h"
#include "ops/effects.h"
#include "ops/groups_members.h"
#include "ops/principals.h"
#include "ops/properties.h"

#define NAME_LEAST_BYTES 3
#define NAME_MOST_BYTES  120

enum { PLAIN = 1, FLEXIBLE = 2 };

static const struct property PROPERTIES[] = {
    {S_INIT("name"), PLAIN | FLEXIBLE, JSON_IS_STRING, NAME_MOST_BYTES, true},
    {S_INIT("issuer"), PLAIN | FLEXIBLE, JSON_IS_STRING, APPLICATION_MAX_FEDERATED_TEXT, true},
    {S_INIT("subject"), PLAIN | FLEXIBLE, JSON_IS_STRING, APPLICATION_MAX_FEDERATED_TEXT},
    {S_INIT("audiences"), PLAIN | FLEXIBLE, JSON_IS_ARRAY, APPLICATION_MAX_FEDERATED_TEXT, true},
    {S_INIT("description"), PLAIN | FLEXIBLE, JSON_IS_STRING, APPLICATION_MAX_FEDERATED_TEXT},
    {S_INIT("claimsMatchingExpression"), FLEXIBLE, JSON_IS_OBJECT},
};
static const struct property_set SETS[] = {
    {PROPERTIES, COUNT(PROPERTIES), PLAIN, "federatedIdentityCredential", "FederatedIdentityCredential"},
    {PROPERTIES, COUNT(PROPERTIES), FLEXIBLE, "federatedIdentityCredential", "FederatedIdentityCredential"},
};
static const str MEMBERS[] = {S_INIT("name"),      S_INIT("issuer"),      S_INIT("subject"),
                              S_INIT("audiences"), S_INIT("description"), S_INIT("claimsMatchingExpression")};

const struct app_federated *app_federated_find(const struct application *a, str id_or_name)
{
    guid id;
    bool is_id = guid_parse(id_or_name, &id);
    for (size_t i = 0; i < a->federated_n; i++)
        if (is_id ? guid_eq(a->federated[i].id, id) : str_eq_nocase(a->federated[i].name, id_or_name)) return &a->federated[i];
    return NULL;
}

struct federated_credential app_federated_credential(const struct app_federated *f)
{
    return (struct federated_credential){
        .id = f->id, .issuer = f->issuer, .subject = f->subject, .audience = f->audience, .expression = f->expression};
}

static void put_text(struct json_writer *j, str name, str text)
{
    if (str_empty(text)) json_put_null(j, name);
    else json_put_string(j, name, text);
}

static void put_expression(struct json_writer *j, str text)
{
    if (str_empty(text)) {
        json_put_null(j, S("claimsMatchingExpression"));
        return;
    }
    json_write_key(j, S("claimsMatchingExpression"));
    json_write_object(j);
    json_put_string(j, S("value"), text);
    json_put_int(j, S("languageVersion"), 1);
    json_write_end(j);
}

void app_federated_write(struct json_writer *j, const struct app_federated *f, bool with_expression)
{
    json_put_guid(j, S("id"), f->id);
    json_put_string(j, S("name"), f->name);
    json_put_string(j, S("issuer"), f->issuer);
    put_text(j, S("subject"), f->subject);
    put_text(j, S("description"), f->description);
    json_write_key(j, S("audiences"));
    json_write_array(j);
    json_write_string(j, f->audience);
    json_write_end(j);
    if (with_expression) put_expression(j, f->expression);
}

// What it was, with the body laid over it: all of it has to fit together.
static enum err merge(struct call *c, const struct app_federated *old, const struct json *body, const struct json **out)
{
    struct buf         b;
    struct json_writer j;
    str                text;
    const struct json *was, *spelled;
    TRY(json_spell(c, body, MEMBERS, COUNT(MEMBERS), &spelled));
    if (!old) {
        *out = spelled;
        return OK;
    }
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    app_federated_write(&j, old, true);
    json_write_end(&j);
    TRY(buf_finish(c, &b, &text));
    TRY(json_parse(c, text, &was));
    return json_merge(c, was, spelled, out);
}

static bool is_name(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char lower = char_lower(s.at[i]);
        bool is_word = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (!is_word && (i == 0 || (lower != '-' && lower != '_'))) return false;
    }
    return s.n >= NAME_LEAST_BYTES && s.n <= NAME_MOST_BYTES;
}

static enum err read_credential(struct call *c, const struct app_federated_args *args, const struct app_federated *old, struct app_federated *out)
{
    const struct property_set  *set = &SETS[args->takes_expression];
    const struct json          *merged;
    struct federated_credential read;
    TRY(properties_check(c, set, args->body, !old));
    TRY(merge(c, old, args->body, &merged));
    str name = json_get_str(merged, S("name")), description = json_get_str(merged, S("description"));
    // Its name is an id too: it never changes, and no guid is one.
    guid as_id;
    if (!is_name(name) || guid_parse(name, &as_id) || (old && !str_eq(name, old->name))) return property_invalid(c, set, S("name"));
    if (str_characters(description) > FEDERATED_MAX_CHARS) return property_invalid(c, set, S("description"));
    TRY(federated_credential_read(c, merged, true, &read)); // one with an expression may be renamed by the other version too
    *out = (struct app_federated){.id = old ? old->id : guid_new(c),
                                  .name = name,
                                  .description = description,
                                  .issuer = read.issuer,
                                  .subject = read.subject,
                                  .audience = read.audience,
                                  .expression = read.expression};
    return OK;
}

static enum err check_others(struct call *c, const struct application *a, const struct app_federated *next)
{
    struct federated_credential credential = app_federated_credential(next);
    for (size_t i = 0; i < a->federated_n; i++) {
        struct federated_credential other = app_federated_credential(&a->federated[i]);
        if (guid_eq(other.id, next->id)) continue;
        if (str_eq_nocase(a->federated[i].name, next->name))
            return FAIL(c, ERR_OBJECT_EXISTS, "FederatedIdentityCredential with name %.*s already exists.", PSTR(next->name));
        if (federated_credential_is_twin(&other, &credential))
            return FAIL(c, ERR_FEDERATED_INVALID, "The issuer and subject combination already exists for this application.");
    }
    return OK;
}

static enum err find(struct call *c, const struct work *w, const struct app_federated_args *args, const struct application **out, size_t *out_at)
{
    const struct application *a = applications_find(w->world->applications, args->id);
    size_t                    at = 0;
    if (!a) return directory_absent(c, guid_str(c, args->id.g));
    while (at < a->federated_n && !guid_eq(a->federated[at].id, args->credential)) at++;
    if (at == a->federated_n && !guid_is_none(args->credential)) return directory_absent(c, guid_str(c, args->credential));
    *out = a;
    *out_at = at;
    return OK;
}

// The list with one in that place, or behind the last.
static enum err put_list(struct call *c, struct work *w, const struct application *before, const struct app_federated *list, size_t n)
{
    struct application *record, plain = *before;
    plain.federated = list;
    plain.federated_n = n;
    TRY(directory_log_as(c, w, "applications", "credentials/update", before->id.g));
    TRY(application_new(c, &plain, &record));
    return work_change(c, w, STORE_APPLICATION, &before->ref, &record->ref);
}

static enum err put(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct app_federated_args *args = args_;
    const struct application        *before = NULL;
    struct app_federated            *list, next;
    size_t                           at = 0;
    TRY(find(c, w, args, &before, &at));
    assert(before);
    size_t n = before->federated_n;
    TRY(read_credential(c, args, at < n ? &before->federated[at] : NULL, &next));
    TRY(check_others(c, before, &next));
    if (at == n && n == APPLICATION_MAX_FEDERATED)
        return FAIL(c, ERR_FEDERATED_INVALID, "An application has at most %d federated identity credentials.", APPLICATION_MAX_FEDERATED);
    TRY(NEW(c, &list, n + 1));
    for (size_t i = 0; i < n; i++) list[i] = before->federated[i];
    list[at] = next;
    TRY(put_list(c, w, before, list, at == n ? n + 1 : n));
    *(const struct app_federated **)out = &applications_find(w->world->applications, args->id)->federated[at];
    return OK;
}

static enum err remove_one(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct app_federated_args *args = args_;
    const struct application        *before = NULL;
    struct app_federated            *list;
    size_t                           at = 0, n = 0;
    (void)out;
    if (guid_is_none(args->credential)) return directory_absent(c, guid_str(c, args->credential));
    TRY(find(c, w, args, &before, &at));
    assert(before);
    TRY(NEW(c, &list, before->federated_n));
    for (size_t i = 0; i < before->federated_n; i++)
        if (i != at) list[n++] = before->federated[i];
    return put_list(c, w, before, list, n);
}

#define WRITES .writes = true, .effects = {&EFFECT_APPLICATION}
const struct op OP_APP_FEDERATED_PUT = {.name = "app_federated_put", WRITES, .run = put};
const struct op OP_APP_FEDERATED_REMOVE = {.name = "app_federated_remove", WRITES, .run = remove_one};
