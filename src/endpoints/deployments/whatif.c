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
#include "resources/types.h"

#define MAX_LISTED 8192 // ids that a what-if can tell apart

#define HIDDEN "*******"

struct whatif {
    struct call        *c;
    struct work        *w;
    struct json_writer *j;
    bool                is_short; /* ResourceIdOnly */
    const str          *listed;   /* ids that the templates name */
    size_t              listed_n;
    str                 location; // for deployments inside that do not say theirs
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
    bool has_parts = json_is(a, JSON_IS_ARRAY) || json_is(a, JSON_IS_OBJECT);
    return has_parts && a->kind == b->kind ? is_same_list(a, b) : json_same(a, b);
}

// --- the differences ---

// A value, and what is shown of it. Both NULL: there is none.
struct side {
    const struct json *real, *shown;
};

static struct side member_of(struct side s, str name)
{
    return (struct side){json_get(s.real, name), json_get(s.shown, name)};
}

static struct side item_of(struct side s, size_t i)
{
    return i < json_n(s.real) ? (struct side){json_at(s.real, i), json_at(s.shown, i)} : (struct side){0};
}

static void write_value(struct json_writer *j, str name, const struct json *v)
{
    if (v) json_put_value(j, name, v);
    else json_put_null(j, name);
}

static void write_differences(struct call *c, struct json_writer *j, str path, struct side before, struct side after);

// Both absent is none of the cases.
static void write_difference(struct call *c, struct json_writer *j, str path, struct side before, struct side after)
{
    bool is_array = json_is(before.shown, JSON_IS_ARRAY) && json_is(after.shown, JSON_IS_ARRAY);
    bool has_children = is_array || (is_object(before.shown) && is_object(after.shown)); // an object here is an item of an array
    json_write_object(j);
    json_put_string(j, S("path"), path);
    json_put_string(j, S("propertyChangeType"), !before.real ? S("Create") : !after.real ? S("Delete") : is_array ? S("Array") : S("Modify"));
    write_value(j, S("before"), before.shown);
    write_value(j, S("after"), after.shown);
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

static void compare(struct call *c, struct json_writer *j, str path, struct side before, struct side after)
{
    str name = str_from(path, str_find_last(path, '.') + 1);
    if (before.real && after.real && is_same_member(name, before.real, after.real)) return;
    if (is_object(before.shown) && is_object(after.shown)) write_differences(c, j, path, before, after);
    else if (before.real || after.real) write_difference(c, j, path, before, after);
}

static str below(struct call *c, str path, str name)
{
    return str_empty(path) ? name : call_format(c, "%.*s.%.*s", PSTR(path), PSTR(name));
}

static void write_array_differences(struct call *c, struct json_writer *j, struct side before, struct side after)
{
    size_t n = json_n(before.real) > json_n(after.real) ? json_n(before.real) : json_n(after.real);
    for (size_t i = 0; i < n; i++) {
        struct side x = item_of(before, i), y = item_of(after, i);
        if (!x.real || !y.real || !is_same(x.real, y.real))
            write_difference(c, j, call_format(c, "%zu", i), x, y); // clients read the path as a number
    }
}

static void write_differences(struct call *c, struct json_writer *j, str path, struct side before, struct side after)
{
    if (json_is(before.real, JSON_IS_ARRAY)) {
        write_array_differences(c, j, before, after);
        return;
    }
    for (size_t i = 0; i < json_n(before.real); i++) {
        str name = before.real->u.list.names[i];
        compare(c, j, below(c, path, name), item_of(before, i), member_of(after, name));
    }
    for (size_t i = 0; i < json_n(after.real); i++) {
        str name = after.real->u.list.names[i];
        if (!json_get(before.real, name)) compare(c, j, below(c, path, name), (struct side){0}, item_of(after, i));
    }
}

// --- secrets: what differs between a value and the one with marks comes of a secure parameter ---

static const struct json HIDDEN_TEXT = {.kind = JSON_IS_STRING, .u.string = S_INIT(HIDDEN)};

static bool has_same_names(const struct json *a, const struct json *b)
{
    if (json_n(a) != json_n(b)) return false;
    for (size_t i = 0; is_object(a) && i < json_n(a); i++)
        if (!json_get(b, a->u.list.names[i])) return false;
    return true;
}

// To the letter: an expression that is not evaluated is the same as itself alone.
static enum err is_equal(struct call *c, const struct json *a, const struct json *b, bool *out)
{
    str x, y;
    *out = false;
    if (!a || !b) return OK;
    TRY(json_text(c, a, &x));
    TRY(json_text(c, b, &y));
    *out = str_eq(x, y);
    return OK;
}

// `v`, which stands where the template says `after`, and `marked` with marks. An array is shown as a whole or not at all in
// what was there before, for its items may have moved.
static enum err hide(struct call *c, const struct json *v, const struct json *after, const struct json *marked, struct json *out)
{
    bool is_open;
    TRY(is_equal(c, after, marked, &is_open));
    *out = *v;
    if (is_open || (!after && !marked)) return OK;
    *out = HIDDEN_TEXT;
    if (!after || !marked || after->kind != marked->kind || v->kind != after->kind || !json_n(v) || !has_same_names(after, marked)) return OK;
    if (!is_object(v) && v != after) return OK;
    *out = *v;
    TRY(NEW(c, &out->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) {
        str name = is_object(v) ? v->u.list.names[i] : STR_NONE;
        TRY(hide(c, json_at(v, i), is_object(v) ? json_get(after, name) : json_at(after, i),
                 is_object(v) ? json_get(marked, name) : json_at(marked, i), &out->u.list.items[i]));
    }
    return OK;
}

// `marked` NULL: the template cannot be evaluated with marks, and nothing that it may say is shown.
static enum err show(struct call *c, const struct json *after, const struct json *marked, struct side *io)
{
    static const str HEAD[] = {S_INIT("apiVersion"), S_INIT("id"), S_INIT("name"), S_INIT("type")};
    struct json     *shown;
    io->shown = io->real;
    if (!io->real) return OK;
    TRY(NEW(c, &shown, 1));
    *shown = *io->real;
    TRY(NEW(c, &shown->u.list.items, json_n(io->real)));
    for (size_t i = 0; i < json_n(io->real); i++) {
        str                name = io->real->u.list.names[i];
        const struct json *v = json_at(io->real, i), *other = marked ? json_get(marked, name) : NULL;
        bool               is_head = str_index_nocase(HEAD, COUNT(HEAD), name) != STR_NOWHERE;
        if (!marked && !is_head) shown->u.list.items[i] = HIDDEN_TEXT;
        else if (is_head) shown->u.list.items[i] = *v;
        else TRY(hide(c, v, json_get(after, name), other, &shown->u.list.items[i]));
    }
    io->shown = shown;
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

static void end_change(struct whatif *x, struct side before, struct side after)
{
    struct json_writer *j = x->j;
    if (!x->is_short) {
        write_value(j, S("before"), before.shown);
        write_value(j, S("after"), after.shown);
        json_write_key(j, S("delta"));
        if (before.real && after.real) {
            json_write_array(j);
            write_differences(x->c, j, STR_NONE, before, after);
            json_write_end(j);
        } else {
            json_write_null(j);
        }
    }
    json_write_end(j);
}

static enum err what_it_becomes(struct call *c, const struct template_resource *r, const struct json *before, const struct json *body,
                                const struct json **out)
{
    return before ? foresee(c, r, before, body, out) : name_it(c, r, body, out);
}

// The body with marks; *out NULL: there is none.
static enum err read_marked(struct call *c, const struct template_resource *r, struct template *marked, size_t i, const struct json **out)
{
    *out = NULL;
    if (!marked || i >= template_count(marked) || !str_eq_nocase(template_at(marked, i)->id, r->id)) return OK;
    enum err failed = template_body(c, marked, i, NULL, out);
    if (failed == OK || failed == ERR_NO_MEMORY) return failed;
    *out = NULL;
    call_forgive(c);
    return OK;
}

static enum err write_resource(struct whatif *x, struct template *t, struct template *marked, size_t i)
{
    const struct template_resource *r = template_at(t, i);
    const struct json              *body, *marked_body, *other = NULL;
    struct side                     before = {0}, after = {0};
    bool                            is_unseen;
    TRY(template_body(x->c, t, i, NULL, &body));
    TRY(read_marked(x->c, r, marked, i, &marked_body));
    TRY(read_before(x, r, &before.real, &is_unseen));
    TRY(what_it_becomes(x->c, r, before.real, body, &after.real));
    if (marked_body) TRY(what_it_becomes(x->c, r, before.real, marked_body, &other));
    TRY(show(x->c, after.real, other, &before));
    TRY(show(x->c, after.real, other, &after));
    begin_change(x->j, r->id, is_unseen ? "Deploy" : !before.real ? "Create" : is_same(before.real, after.real) ? "NoChange" : "Modify");
    if (!str_empty(r->symbol)) json_put_string(x->j, S("symbolicName"), r->symbol);
    end_change(x, before, after);
    return OK;
}

// --- a deployment ---

static enum err write_template(struct whatif *x, struct template *t, struct template *marked);

// What a deployment inside would change, as far as it can be told before the outer one runs.
static enum err read_nested(struct whatif *x, struct template *outer, size_t i, struct deploy_plan *plan)
{
    struct template_nested n;
    TRY(template_nested(x->c, outer, i, NULL, &n));
    enum err failed = deploy_nested(x->c, x->w, template_at(outer, i), &n, x->location, NULL, plan);
    template_hide_secrets(x->c, outer);
    return failed;
}

// `marked` as it was read; NULL: the template cannot be read with marks.
static enum err marked_of(struct call *c, enum err failed, struct template **io)
{
    if (failed == OK || failed == ERR_NO_MEMORY) return failed;
    *io = NULL;
    call_forgive(c);
    return OK;
}

// The same of a deployment inside: of what the outer template with marks makes of it.
static enum err mark_nested(struct whatif *x, struct template *marked, size_t i, const struct deploy_plan *plan, struct template **out)
{
    struct template_nested n;
    struct deploy_request  r;
    if (!marked || i >= template_count(marked) || !template_at(marked, i)->is_deployment) {
        *out = NULL;
        return OK;
    }
    enum err failed = template_nested(x->c, marked, i, NULL, &n);
    if (failed == OK) failed = deploy_nested_request(x->c, template_at(marked, i), &n, x->location, &r);
    if (failed == OK) failed = deploy_plan_mark(x->c, plan, &r, out);
    return marked_of(x->c, failed, out);
}

static enum err write_nested(struct whatif *x, struct template *outer, struct template *marked, size_t i)
{
    size_t             none = 0;
    struct deploy_plan plan = {.nested_left = &none};
    struct template   *marked_inside;
    enum err           failed = read_nested(x, outer, i, &plan);
    if (failed == OK) {
        TRY(mark_nested(x, marked, i, &plan, &marked_inside));
        return write_template(x, plan.template, marked_inside);
    }
    if (failed == ERR_NO_MEMORY) return failed;
    begin_change(x->j, template_at(outer, i)->id, "Unsupported");
    json_put_string(x->j, S("unsupportedReason"),
                    call_format(x->c, "The nested deployment cannot be evaluated before it runs: %s", x->c->failure.text));
    call_forgive(x->c);
    end_change(x, (struct side){0}, (struct side){0});
    return OK;
}

static enum err note_listed(struct whatif *x, str id)
{
    if (x->listed_n == MAX_LISTED) return FAIL(x->c, ERR_TOO_LARGE, "The templates name more than %d resources.", MAX_LISTED);
    ((str *)x->listed)[x->listed_n++] = id;
    return OK;
}

static enum err write_template(struct whatif *x, struct template *t, struct template *marked)
{
    for (size_t i = 0; i < template_count(t); i++) {
        const struct template_resource *r = template_at(t, i);
        if (!r->is_skipped) TRY(note_listed(x, r->id)); // as the deployment counts them: run.c
        if (r->is_skipped || r->is_existing) continue;
        TRY(r->is_deployment ? write_nested(x, t, marked, i) : write_resource(x, t, marked, i));
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
    if (types_of(r->type)->is_hidden || str_index_nocase(x->listed, x->listed_n, r->id) != STR_NOWHERE) return true;
    x->failed = work_decide(x->c, x->w, NULL, call_format(x->c, "%.*s/read", PSTR(r->type)), RBAC_CONTROL, r->id, NULL, &answer);
    if (x->failed != OK || !answer.allowed) return x->failed == OK;
    buf_init(&b, &x->c->arena);
    json_begin(&j, &b);
    x->failed = arm_write_resource(x->c, x->w, &j, r);
    if (x->failed == OK) x->failed = buf_finish(x->c, &b, &text);
    if (x->failed == OK) x->failed = json_parse(x->c, text, &before);
    if (x->failed != OK) return false;
    begin_change(x->j, r->id, u->kind);
    struct side all = {before, before};
    end_change(x, all, str_eq(str_of(u->kind), S("Ignore")) ? all : (struct side){0});
    return true;
}

enum err arm_deployment_whatif(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deploy_plan plan = {0};
    struct whatif      x = {.c = c, .w = w};
    struct template   *marked;
    TRY(deploy_request_read(c, q, &plan.request));
    TRY(deploy_plan_make(c, w, NULL, &plan));
    TRY(NEW(c, (str **)&x.listed, MAX_LISTED));
    TRY(marked_of(c, deploy_plan_mark(c, &plan, &plan.request, &marked), &marked));
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
    TRY(write_template(&x, plan.template, marked));
    struct unlisted u = {.x = &x, .kind = plan.request.is_complete ? "Delete" : "Ignore"};
    if (plan.site.level == TEMPLATE_AT_GROUP) tree_each_resource(w->world->tree, plan.request.scope, STR_NONE, write_unlisted, &u);
    TRY(x.failed);
    json_write_end(x.j);
    json_write_end(x.j);
    json_write_end(x.j);
    return OK;
}
