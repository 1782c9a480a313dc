// The API of deployments.
// Source: https://learn.microsoft.com/rest/api/resources/deployments
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/deployments.h"
#include "endpoints/deployments/runner.h"

#define RETRY_AFTER_S "1" // az takes 0 for no answer and waits half a minute

// A row names a scope, or a group by itself. Ids are made of it: a resource group as it is spelled where it was made, whatever the client sends.
static str scope_of(struct call *c, const struct work *w, const struct wire *q)
{
    str said = arm_scope_of(q), group = wire_param(q, "group");
    if (!str_empty(group)) said = call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s", PSTR(wire_param(q, "subscription")), PSTR(group));
    const struct resource_group *g = tree_find_group(w->world->tree, said);
    return g ? call_text(c, g->id) : said;
}

enum err arm_at_deployments(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    out->scope = arm_scope_of(q);
    return deployments_require_scope(c, w, out->scope);
}

enum err arm_at_deployment(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct deployment_args *args;
    TRY(NEW(c, &args, 1));
    *args = (struct deployment_args){.scope = scope_of(c, w, q), .name = wire_param(q, "name")};
    TRY(deployment_check_name(c, args->name));
    q->object = args;
    out->scope = deployment_id(c, args->scope, args->name);
    return OK;
}

static enum err require(struct call *c, struct work *w, const struct wire *q, struct deployment *out)
{
    const struct deployment_args *args = q->object;
    return deployments_require(c, w, args->scope, args->name, out);
}

// --- PUT ---

// That of a deployment inside of another one is prepared already, by the runner.

enum err arm_deployment_prepare(struct call *c, struct work *w, struct wire *q)
{
    const struct deploy_origin *origin = q->origin;
    struct deploy_plan         *plan;
    if (origin) {
        q->prepared = (void *)origin->plan;
        return OK;
    }
    TRY(NEW(c, &plan, 1));
    TRY(deploy_request_read(c, q, &plan->request));
    TRY(deploy_plan_make(c, w, NULL, plan));
    q->prepared = plan;
    return OK;
}

static void on_commit(struct product *p)
{
    runner_wake(p->runner);
}

enum err arm_deployment_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct deploy_plan *plan = q->prepared;
    struct deployment_args    args = *(const struct deployment_args *)q->object;
    bool                      is_new = false;
    args.wish = &plan->wish;
    args.input = &plan->input;
    TRY(wire_run(c, w, q, &args, &is_new));
    deploy_write(c, answer_json(a, is_new ? 201 : 200), &plan->wish);
    a->on_commit = on_commit;
    answer_header(a, "Azure-AsyncOperation",
                  call_format(c, "https://%.*s%.*s/operationStatuses/%.*s?api-version=%.*s", PSTR(q->http->host),
                              PSTR(deployment_id(c, args.scope, args.name)), PSTR(deploy_status_id(c, &plan->wish)), PSTR(q->api_version)));
    answer_header(a, "Retry-After", S(RETRY_AFTER_S));
    return OK;
}

// {"status":…}, as clients poll it.
enum err arm_deployment_status(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deployment d;
    str               asked = wire_param(q, "operation");
    TRY(require(c, w, q, &d));
    if (!str_eq(asked, deploy_status_id(c, &d)))
        return FAIL(c, ERR_NOT_FOUND, "No operation '%.*s' of the deployment '%.*s' is known.", PSTR(call_printable(c, asked, 64)), PSTR(d.name));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("status"), DEPLOYMENT_STATES[d.state]);
    if (!str_empty(d.error)) {
        json_write_key(j, S("error"));
        json_write_raw(j, d.error);
    }
    json_write_end(j);
    if (!deployment_is_over(d.state)) answer_header(a, "Retry-After", S(RETRY_AFTER_S));
    return OK;
}

// --- the record ---

enum err arm_deployment_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deployment d;
    TRY(wire_run(c, w, q, q->object, &d));
    deploy_write(c, answer_json(a, 200), &d);
    return OK;
}

enum err arm_deployment_head(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deployment d;
    TRY(wire_run(c, w, q, q->object, &d));
    a->status = 204;
    return OK;
}

// Done at once: clients take 204 as well as a 202 that they poll.
enum err arm_deployment_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    bool found;
    a->status = 204;
    return wire_run(c, w, q, q->object, &found);
}

enum err arm_deployment_cancel(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    a->status = 204;
    return wire_run(c, w, q, q->object, NULL);
}

struct listing {
    struct arm_page page;
    str             state; /* empty: any */
};

static enum err offer(struct call *c, str key, const struct deployment *d, void *context)
{
    struct listing *l = context;
    bool            belongs = str_empty(l->state) || str_eq_nocase(l->state, DEPLOYMENT_STATES[d->state]);
    if (arm_page_goes_on(&l->page) && arm_page_takes(&l->page, key, belongs)) deploy_write(c, l->page.json, d);
    return OK;
}

// "provisioningState eq 'Failed'": the one filter that is published.
static enum err read_filter(struct call *c, str filter, str *out)
{
    static const str BEGINS = S_INIT("provisioningState eq '");
    filter = str_trim(filter);
    if (str_empty(filter)) return OK;
    if (!str_starts_nocase(filter, BEGINS) || !str_ends(filter, S("'")) || filter.n <= BEGINS.n)
        return FAIL(c, ERR_FILTER_INVALID, "Deployments are filtered by \"provisioningState eq 'Failed'\" alone.");
    *out = (str){filter.at + BEGINS.n, filter.n - BEGINS.n - 1};
    return OK;
}

enum err arm_deployments_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct listing l = {0};
    TRY(read_filter(c, wire_query(q, "$filter"), &l.state));
    TRY(arm_page_begin(c, q, a, &l.page));
    TRY(deployment_each(c, w->store, arm_scope_of(q), l.page.p.after, 0, offer, &l));
    return arm_page_end(c, q, &l.page);
}

// --- operations ---

enum err arm_deployment_operations(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deployment            d;
    struct deployment_operation *operations;
    size_t                       n;
    struct arm_page              page;
    TRY(require(c, w, q, &d));
    TRY(deployment_operations(c, w->store, &d, &operations, &n));
    TRY(arm_page_begin(c, q, a, &page));
    for (size_t i = 0; i < n && arm_page_goes_on(&page); i++) {
        str key = call_format(c, "%04x", (unsigned)operations[i].index);
        if (!str_empty(page.p.after) && str_cmp(key, page.p.after) <= 0) continue;
        if (arm_page_takes(&page, key, true)) deploy_write_operation(c, page.json, &d, &operations[i]);
    }
    return arm_page_end(c, q, &page);
}

enum err arm_deployment_operation(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deployment            d;
    struct deployment_operation *operations;
    size_t                       n;
    str                          asked = wire_param(q, "operation");
    TRY(require(c, w, q, &d));
    TRY(deployment_operations(c, w->store, &d, &operations, &n));
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(asked, deployment_operation_id(c, &d, operations[i].index))) {
            deploy_write_operation(c, answer_json(a, 200), &d, &operations[i]);
            return OK;
        }
    return FAIL(c, ERR_NOT_FOUND, "The deployment '%.*s' has no operation '%.*s'.", PSTR(d.name), PSTR(call_printable(c, asked, 64)));
}

// --- templates ---

static enum err list_resources(struct call *c, const struct template *t, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_array(&j);
    for (size_t i = 0; i < template_count(t); i++) {
        const struct template_resource *r = template_at(t, i);
        if (r->is_skipped || r->is_existing) continue;
        json_write_object(&j);
        json_put_string(&j, S("id"), r->id);
        json_write_end(&j);
    }
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

enum err arm_deployment_validate(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deploy_plan plan = {0};
    TRY(deploy_request_read(c, q, &plan.request));
    TRY(deploy_plan_make(c, w, NULL, &plan));
    plan.wish.state = DEPLOYMENT_SUCCEEDED;
    TRY(list_resources(c, plan.template, &plan.wish.validated));
    deploy_write(c, answer_json(a, 200), &plan.wish);
    return OK;
}

enum err arm_deployment_export(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deployment                   d;
    struct deployment_input             input;
    CLEANUP(secret_clear) struct secret opened = {0};
    TRY(require(c, w, q, &d));
    if (!d.keeps_template)
        return FAIL(c, ERR_DEPLOYMENT_NOT_FOUND, "The template of the deployment '%.*s' is not kept: values of parameters may stand in it.",
                    PSTR(d.name));
    TRY(deployment_input_open(c, w, &d, &opened, &input));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("template"));
    json_write_raw(j, input.template);
    json_write_end(j);
    return OK;
}

enum err arm_template_hash(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct template_text text;
    str                  hash, minified;
    (void)w;
    TRY(template_text_read(c, q->http->body, &text));
    TRY(template_hash(c, text.root, &hash));
    TRY(json_text(c, text.root, &minified));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("minifiedTemplate"), minified);
    json_put_string(j, S("templateHash"), hash);
    json_write_end(j);
    return OK;
}
