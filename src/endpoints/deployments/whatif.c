/*
 * What a deployment would change. Nothing is written: what the template says of a resource is laid over what is there, so
 * what a resource gets by default is not shown. A value that is known only while the deployment runs counts as unchanged. What
 * comes of a secure parameter is hidden.
 */
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/deployments.h"
#include "endpoints/dialect/arm.h"
#include "endpoints/inside.h"
#include "ops/site.h"
#include "ops/write_only.h"
#include "resources/location.h"

#define MAX_LISTED 8192 // ids that a what-if can tell apart

#define MAX_SECRETS 256
#define HIDDEN      "*******"

struct whatif {
    struct call        *c;
    struct work        *w;
    struct json_writer *j;
    bool                is_short; /* ResourceIdOnly */
    const str          *listed;   /* ids that the templates name */
    size_t              listed_n;
    str                 location; // for deployments inside that do not say theirs
    const str          *secrets;  /* texts of secure parameters */
    size_t              secret_n;
    enum err            failed;
};

static bool is_object(const struct json *v)
{
    return json_is(v, JSON_IS_OBJECT);
}

// "[reference(…)]": what the deployment alone will know.
static bool is_unknown(const struct json *v)
{
    str s = json_str(v);
    return str_starts(s, S("[")) && !str_starts(s, S("[[")) && str_ends(s, S("]"));
}

static bool is_same(const struct json *a, const struct json *b);

// A role has an id at each scope: what it ends in names it.
static bool is_same_role(const struct json *a, const struct json *b)
{
    str x = json_str(a), y = json_str(b);
    return !str_empty(x) && str_eq_nocase(str_from(x, str_find_last(x, '/') + 1), str_from(y, str_find_last(y, '/') + 1));
}

static bool is_same_member(str name, const struct json *a, const struct json *b)
{
    return is_same(a, b) || (str_eq_nocase(name, S("roleDefinitionId")) && is_same_role(a, b));
}

static bool is_same_list(const struct json *a, const struct json *b)
{
    if (json_n(a) != json_n(b)) return false;
    for (size_t i = 0; i < json_n(a); i++) {
        const struct json *other = is_object(a) ? json_get(b, a->u.list.names[i]) : json_at(b, i);
        if (!other || !is_same_member(is_object(a) ? a->u.list.names[i] : STR_NONE, json_at(a, i), other)) return false;
    }
    return true;
}

// `b` is what the template says.
static bool is_same(const struct json *a, const struct json *b)
{
    if (is_unknown(b)) return true;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case JSON_IS_NULL: return true;
    case JSON_IS_BOOL: return a->u.boolean == b->u.boolean;
    case JSON_IS_INT: return a->u.integer == b->u.integer;
    case JSON_IS_REAL: return a->u.real == b->u.real;
    case JSON_IS_STRING: return str_eq(a->u.string, b->u.string);
    case JSON_IS_ARRAY:
    case JSON_IS_OBJECT: break;
    }
    return is_same_list(a, b);
}

// --- the differences ---

static void write_value(struct json_writer *j, str name, const struct json *v)
{
    if (v) json_put_value(j, name, v);
    else json_put_null(j, name);
}

static void write_differences(struct call *c, struct json_writer *j, str path, const struct json *before, const struct json *after);

// Both absent is none of the cases.
static void write_difference(struct call *c, struct json_writer *j, str path, const struct json *before, const struct json *after)
{
    bool is_array = json_is(before, JSON_IS_ARRAY) && json_is(after, JSON_IS_ARRAY);
    bool has_children = is_array || (is_object(before) && is_object(after)); // an object here is an item of an array
    json_write_object(j);
    json_put_string(j, S("path"), path);
    json_put_string(j, S("propertyChangeType"), !before ? S("Create") : !after ? S("Delete") : is_array ? S("Array") : S("Modify"));
    write_value(j, S("before"), before);
    write_value(j, S("after"), after);
    json_write_key(j, S("children"));
    if (has_children) {
        json_write_array(j);
        write_differences(c, j, STR_NONE, before, after);
        json_write_end(j);
    } else {
        json_write_null(j);
    }
    json_write_end(j);
}

static void compare(struct call *c, struct json_writer *j, str path, const struct json *before, const struct json *after)
{
    str name = str_from(path, str_find_last(path, '.') + 1);
    if (before && after && is_same_member(name, before, after)) return;
    if (is_object(before) && is_object(after)) write_differences(c, j, path, before, after);
    else if (before || after) write_difference(c, j, path, before, after);
}

static str below(struct call *c, str path, str name)
{
    return str_empty(path) ? name : call_format(c, "%.*s.%.*s", PSTR(path), PSTR(name));
}

static void write_array_differences(struct call *c, struct json_writer *j, const struct json *before, const struct json *after)
{
    size_t n = json_n(before) > json_n(after) ? json_n(before) : json_n(after);
    for (size_t i = 0; i < n; i++) {
        const struct json *x = i < json_n(before) ? json_at(before, i) : NULL, *y = i < json_n(after) ? json_at(after, i) : NULL;
        if (!x || !y || !is_same(x, y)) write_difference(c, j, call_format(c, "%zu", i), x, y); // clients read the path as a number
    }
}

static void write_differences(struct call *c, struct json_writer *j, str path, const struct json *before, const struct json *after)
{
    if (json_is(before, JSON_IS_ARRAY)) {
        write_array_differences(c, j, before, after);
        return;
    }
    for (size_t i = 0; i < json_n(before); i++) {
        str name = before->u.list.names[i];
        compare(c, j, below(c, path, name), json_at(before, i), json_get(after, name));
    }
    for (size_t i = 0; i < json_n(after); i++) {
        str name = after->u.list.names[i];
        if (!json_get(before, name)) compare(c, j, below(c, path, name), NULL, json_at(after, i));
    }
}

// --- secrets ---

struct secrets {
    str   *at;
    size_t n;
};

static enum err add_secrets(struct call *c, struct secrets *s, const struct json *v)
{
    for (size_t i = 0; i < json_n(v); i++) TRY(add_secrets(c, s, json_at(v, i)));
    if (str_empty(json_str(v))) return OK;
    if (s->n == MAX_SECRETS) return FAIL(c, ERR_TOO_LARGE, "The secure parameters hold more than %d texts.", MAX_SECRETS);
    s->at[s->n++] = json_str(v);
    return OK;
}

static enum err find_secrets(struct whatif *x, const struct template *t)
{
    struct secrets     s = {0};
    const struct json *values;
    TRY(NEW(x->c, &s.at, MAX_SECRETS));
    TRY(template_secure_values(x->c, t, &values));
    TRY(add_secrets(x->c, &s, values));
    x->secrets = s.at;
    x->secret_n = s.n;
    return OK;
}

static bool holds_secret(const struct whatif *x, str text)
{
    for (size_t i = 0; i < x->secret_n; i++)
        if (str_find_str(text, x->secrets[i]) != STR_NOWHERE) return true;
    return false;
}

// The same tree, with another text in place of each that holds a secret.
static enum err hide(struct whatif *x, const struct json *v, struct json *out)
{
    *out = *v;
    if (json_is(v, JSON_IS_STRING) && holds_secret(x, json_str(v))) out->u.string = S(HIDDEN);
    if (!json_n(v)) return OK;
    TRY(NEW(x->c, &out->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) TRY(hide(x, json_at(v, i), &out->u.list.items[i]));
    return OK;
}

static enum err hide_secrets(struct whatif *x, const struct json **io_body)
{
    struct json *hidden;
    if (!x->secret_n || !*io_body) return OK;
    TRY(NEW(x->c, &hidden, 1));
    TRY(hide(x, *io_body, hidden));
    *io_body = hidden;
    return OK;
}

// --- one resource ---

// "config/appsettings" and its like: only a POST tells them, to whoever may list them.
static bool is_settings(const struct template_resource *r)
{
    enum site_part part;
    bool           is_config = str_eq_nocase(r->own_type, S(SITE_TYPE "/config")) || str_eq_nocase(r->own_type, S(SITE_SLOT_TYPE "/config"));
    return is_config && site_part_find(str_from(r->id, str_find_last(r->id, '/') + 1), &part) && SITE_PARTS[part].is_secret;
}

// *out NULL: nothing is there, or what is there is not the caller's to see.
static enum err read_before(struct whatif *x, const struct template_resource *r, const struct json **out, bool *out_unseen)
{
    struct inside_answer  a;
    struct inside_request q = {.service = &SERVICE_ARM, .method = HTTP_GET, .path = r->id, .api_version = r->api_version};
    *out = NULL;
    if (is_settings(r)) {
        q.method = HTTP_POST;
        q.path = call_format(x->c, "%.*s/list", PSTR(r->id));
    }
    enum err failed = inside_run(x->c, x->w, &q, &a);
    *out_unseen = failed != OK && err_status(failed) == 403 && q.method == HTTP_POST;
    if (failed == OK) return json_parse(x->c, a.body, out);
    if (err_status(failed) != 404 && !*out_unseen) return failed;
    call_forgive(x->c);
    return OK;
}

// What is there, with what the template says laid over it; tags are replaced as a whole, as a PUT does.
static enum err lay_over(struct call *c, const struct json *before, const struct json *body, const struct json **out)
{
    const struct json *tags = json_get_nocase(body, S("tags")), *location = json_get(before, S("location"));
    TRY(json_merge(c, before, body, out));
    if (tags || json_n(json_get(before, S("tags")))) TRY(json_with(c, *out, S("tags"), tags, out));
    if (location && location_eq(json_str(location), json_str(json_get(*out, S("location"))))) TRY(json_with(c, *out, S("location"), location, out));
    return OK;
}

// The settings in a site's siteConfig are not shown: what is there instead stands in for what the template says.
static enum err keep_unshown(struct call *c, const struct json *before, const struct json **io_after)
{
    const struct json *properties = json_get(*io_after, S("properties")), *config = json_get(properties, S("siteConfig"));
    if (!is_object(config)) return OK;
    for (size_t i = 0; i < SITE_SETTING_PARTS; i++) {
        str name = SITE_PARTS[i].member;
        TRY(json_with(c, config, name, json_get(json_path(before, "properties.siteConfig"), name), &config));
    }
    TRY(json_with(c, properties, S("siteConfig"), config, &properties));
    return json_with(c, *io_after, S("properties"), properties, io_after);
}

static enum err foresee(struct call *c, const struct template_resource *r, const struct json *before, const struct json *body,
                        const struct json **out)
{
    if (!is_settings(r)) TRY(write_only_strip(c, body, &body));
    TRY(lay_over(c, before, body, out));
    if (is_settings(r)) return json_with(c, *out, S("properties"), json_get_nocase(body, S("properties")), out);
    return site_is(r->own_type) ? keep_unshown(c, before, out) : OK;
}

static enum err name_it(struct call *c, const struct template_resource *r, const struct json *body, const struct json **out)
{
    struct json *named, *texts;
    const struct {
        str name, value;
    } WORDS[] = {{S("apiVersion"), r->api_version}, {S("id"), r->id}, {S("name"), r->name}, {S("type"), r->type}};
    TRY(json_object_new(c, COUNT(WORDS) + json_n(body), &named));
    TRY(NEW(c, &texts, COUNT(WORDS)));
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        texts[i] = (struct json){.kind = JSON_IS_STRING, .u.string = WORDS[i].value};
        json_object_add(named, WORDS[i].name, &texts[i]);
    }
    for (size_t i = 0; i < json_n(body); i++)
        if (!json_get(named, body->u.list.names[i])) json_object_add(named, body->u.list.names[i], json_at(body, i));
    *out = named;
    return OK;
}

static void begin_change(struct json_writer *j, str id, const char *kind)
{
    json_write_object(j);
    json_put_string(j, S("resourceId"), id);
    json_put_string(j, S("changeType"), str_of(kind));
}

static void end_change(struct whatif *x, const struct json *before, const struct json *after)
{
    struct json_writer *j = x->j;
    if (!x->is_short) {
        write_value(j, S("before"), before);
        write_value(j, S("after"), after);
        json_write_key(j, S("delta"));
        if (before && after) {
            json_write_array(j);
            write_differences(x->c, j, STR_NONE, before, after);
            json_write_end(j);
        } else {
            json_write_null(j);
        }
    }
    json_write_end(j);
}

static enum err write_resource(struct whatif *x, struct template *t, size_t i)
{
    const struct template_resource *r = template_at(t, i);
    const struct json              *before, *body, *after;
    bool                            is_unseen;
    TRY(template_body(x->c, t, i, NULL, &body));
    TRY(hide_secrets(x, &body));
    TRY(read_before(x, r, &before, &is_unseen));
    if (before) TRY(foresee(x->c, r, before, body, &after));
    else TRY(name_it(x->c, r, body, &after));
    begin_change(x->j, r->id, is_unseen ? "Deploy" : !before ? "Create" : is_same(before, after) ? "NoChange" : "Modify");
    if (!str_empty(r->symbol)) json_put_string(x->j, S("symbolicName"), r->symbol);
    end_change(x, before, after);
    return OK;
}

// --- a deployment ---

static enum err write_template(struct whatif *x, struct template *t, bool is_outermost);

// What a deployment inside would change, as far as it can be told before the outer one runs.
static enum err read_nested(struct whatif *x, struct template *outer, size_t i, struct deploy_plan *plan)
{
    struct template_nested n;
    TRY(template_nested(x->c, outer, i, NULL, &n));
    return deploy_nested(x->c, x->w, template_at(outer, i), &n, x->location, NULL, plan);
}

static enum err write_nested(struct whatif *x, struct template *outer, size_t i)
{
    struct deploy_plan plan = {0};
    enum err           failed = read_nested(x, outer, i, &plan);
    if (failed == OK) return write_template(x, plan.template, false);
    if (failed == ERR_NO_MEMORY) return failed;
    begin_change(x->j, template_at(outer, i)->id, "Unsupported");
    json_put_string(x->j, S("unsupportedReason"),
                    call_format(x->c, "The nested deployment cannot be evaluated before it runs: %s", x->c->failure.text));
    call_forgive(x->c);
    end_change(x, NULL, NULL);
    return OK;
}

static enum err note_listed(struct whatif *x, str id)
{
    if (x->listed_n == MAX_LISTED) return FAIL(x->c, ERR_TOO_LARGE, "The templates name more than %d resources.", MAX_LISTED);
    ((str *)x->listed)[x->listed_n++] = id;
    return OK;
}

static enum err write_template(struct whatif *x, struct template *t, bool is_outermost)
{
    for (size_t i = 0; i < template_count(t); i++) {
        const struct template_resource *r = template_at(t, i);
        if (!r->is_skipped && (!r->is_existing || is_outermost)) TRY(note_listed(x, r->id)); // as the deployment counts them: run.c
        if (r->is_skipped || r->is_existing) continue;
        TRY(r->is_deployment ? write_nested(x, t, i) : write_resource(x, t, i));
    }
    return OK;
}

struct unlisted {
    struct whatif *x;
    const char    *kind;
};

// Complete mode deletes what is in the group and not in the template; else it stays. Only what the caller may read is shown.
static bool write_unlisted(const struct resource *r, void *context)
{
    struct unlisted   *u = context;
    struct whatif     *x = u->x;
    struct rbac_answer answer;
    struct buf         b;
    struct json_writer j;
    str                text;
    const struct json *before = NULL;
    if (str_index_nocase(x->listed, x->listed_n, r->id) != STR_NOWHERE) return true;
    x->failed = work_decide(x->c, x->w, NULL, call_format(x->c, "%.*s/read", PSTR(r->type)), RBAC_CONTROL, r->id, NULL, &answer);
    if (x->failed != OK || !answer.allowed) return x->failed == OK;
    buf_init(&b, &x->c->arena);
    json_begin(&j, &b);
    x->failed = arm_write_resource(x->c, x->w, &j, r);
    if (x->failed == OK) x->failed = buf_finish(x->c, &b, &text);
    if (x->failed == OK) x->failed = json_parse(x->c, text, &before);
    if (x->failed != OK) return false;
    begin_change(x->j, r->id, u->kind);
    end_change(x, before, str_eq(str_of(u->kind), S("Ignore")) ? before : NULL);
    return true;
}

enum err arm_deployment_whatif(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deploy_plan plan = {0};
    struct whatif      x = {.c = c, .w = w};
    TRY(deploy_request_read(c, q, &plan.request));
    TRY(deploy_plan_make(c, w, NULL, &plan));
    TRY(NEW(c, (str **)&x.listed, MAX_LISTED));
    TRY(find_secrets(&x, plan.template));
    x.location = str_empty(plan.wish.location) ? json_get_str(plan.site.resource_group, S("location")) : plan.wish.location;
    x.is_short = str_eq_nocase(json_str(json_get_nocase(plan.request.settings, S("resultFormat"))), S("ResourceIdOnly"));
    x.j = answer_json(a, 200);
    json_write_object(x.j);
    json_put_string(x.j, S("status"), S("Succeeded"));
    json_write_key(x.j, S("properties"));
    json_write_object(x.j);
    json_put_guid(x.j, S("correlationId"), c->correlation_id);
    json_write_key(x.j, S("changes"));
    json_write_array(x.j);
    TRY(write_template(&x, plan.template, true));
    struct unlisted u = {.x = &x, .kind = plan.request.is_complete ? "Delete" : "Ignore"};
    if (plan.site.level == TEMPLATE_AT_GROUP) tree_each_resource(w->world->tree, plan.request.scope, STR_NONE, write_unlisted, &u);
    TRY(x.failed);
    json_write_end(x.j);
    json_write_end(x.j);
    json_write_end(x.j);
    return OK;
}
