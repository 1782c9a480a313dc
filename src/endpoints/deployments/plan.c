// What is known of a deployment before it begins.
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/deployments.h"
#include "endpoints/dialect/arm.h"
#include "ops/provider_names.h"

#define MAX_REFUSALS 8 // that are told in one failure

// The management action that a resource of a template is written with.
static str write_action(struct call *c, str type)
{
    if (str_eq_nocase(type, S("Microsoft.Resources/resourceGroups"))) return S("Microsoft.Resources/subscriptions/resourceGroups/write");
    return call_format(c, "%.*s/write", PSTR(type));
}

struct refusals {
    struct buf b;
    size_t     n;
};

static enum err ask(struct call *c, struct work *w, const struct template_resource *r, struct refusals *out)
{
    struct rbac_answer answer;
    str                action = write_action(c, r->own_type);
    TRY(work_decide(c, w, NULL, action, RBAC_CONTROL, r->id, NULL, &answer));
    // A condition may ask what only the request itself tells: it is asked then.
    if (answer.allowed || answer.reason == RBAC_CONDITION_FALSE || ++out->n > MAX_REFUSALS) return OK;
    if (out->n > 1) buf_add_char(&out->b, ':');
    buf_addf(&out->b,
             "Authorization failed for template resource '%.*s' of type '%.*s'. The client '%.*s' with object id '%s' does not have permission to "
             "perform action '%.*s' at scope '%.*s'.",
             PSTR(r->name), PSTR(r->type), PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(action), PSTR(r->id));
    return OK;
}

// Whoever may not write a resource is told before anything is written. The words are the published ones for one and for several.
static enum err check_permissions(struct call *c, struct work *w, const struct template *t)
{
    struct refusals refused = {0};
    str             words;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    buf_init(&refused.b, &c->arena);
    for (size_t i = 0; i < template_count(t); i++) {
        const struct template_resource *r = template_at(t, i);
        if (!r->is_skipped && !r->is_existing) TRY(ask(c, w, r, &refused));
    }
    if (refused.n == 0) return OK;
    TRY(buf_finish(c, &refused.b, &words));
    return FAIL(c, ERR_DEPLOYMENT_REFUSED,
                refused.n == 1 ? "The template deployment failed with error: '%.*s'." : "Deployment failed with multiple errors: '%.*s'",
                PSTR(words));
}

#define MAX_DETAILS 64 // failures of resources that are told in one answer

static enum err check_name(struct call *c, const struct template_resource *r)
{
    str name = str_from(r->name, str_find_last(r->name, '/') + 1);
    if (str_eq_nocase(r->type, S("Microsoft.Resources/resourceGroups"))) return types_check_group_name(c, name);
    return types_check_name(c, types_of(r->own_type), name);
}

// What a resource's provider would refuse, as far as its type and name tell.
static enum err check_resource(struct call *c, const struct template_resource *r)
{
    TRY(provider_names_check_type(c, r->own_type, r->api_version));
    if (!str_empty(r->api_version)) TRY(types_check_api_version(c, types_of(r->own_type), r->own_type, STR_NONE, r->api_version));
    return r->is_existing ? OK : check_name(c, r);
}

static enum err add_detail(struct call *c, const struct template *t, const struct template_resource *r, struct json_writer *j)
{
    template_hide_secrets(c, t);
    str code = arm_error_code(c->failure.kind), message = call_text(c, str_of(c->failure.text));
    call_forgive(c);
    json_write_object(j);
    json_put_string(j, S("code"), code);
    json_put_string(j, S("target"), r->id);
    json_put_string(j, S("message"), message);
    json_write_end(j);
    return call_check_texts(c);
}

// All that is wrong with the resources is told at once.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors (InvalidTemplateDeployment);
//         https://github.com/Azure/azure-dev/issues/786 (the message). Which checks of which providers run before is not published.
static enum err check_resources(struct call *c, const struct template *t, str name)
{
    struct buf         b;
    struct json_writer j;
    str                details;
    size_t             n = 0;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_array(&j);
    for (size_t i = 0; i < template_count(t) && n < MAX_DETAILS; i++) {
        const struct template_resource *r = template_at(t, i);
        if (r->is_skipped || r->is_deployment) continue;
        enum err failed = check_resource(c, r);
        if (failed == OK) continue;
        if (failed == ERR_NO_MEMORY) return failed;
        TRY(add_detail(c, t, r, &j));
        n++;
    }
    json_write_end(&j);
    TRY(buf_finish(c, &b, &details));
    if (n == 0) return OK;
    enum err failed =
        FAIL(c, ERR_DEPLOYMENT_REFUSED,
             "The template deployment '%.*s' is not valid according to the validation procedure. The tracking id is '%s'. See inner errors "
             "for details.",
             PSTR(name), guid_text(c->correlation_id).s);
    c->failure.details = details;
    return failed;
}

static enum err fill_wish(struct call *c, const struct deploy_origin *origin, const struct deploy_request *r, struct deployment *out)
{
    *out = (struct deployment){.scope = r->scope,
                               .name = r->name,
                               .location = r->location,
                               .state = DEPLOYMENT_ACCEPTED,
                               .is_complete = r->is_complete,
                               .keeps_template = !origin || !origin->holds_values,
                               .correlation_id = c->correlation_id,
                               .seed = guid_new(c),
                               .started_ns = c->now_ns,
                               .changed_ns = c->now_ns,
                               .caller = *c->caller};
    out->caller.claims = NULL; // of a token that is not kept
    out->caller.who = NULL;
    out->caller.who_n = 0;
    if (origin) {
        out->parent = origin->parent;
        out->parent_index = origin->index;
        out->depth = origin->depth;
    }
    if (out->depth > DEPLOYMENT_MAX_DEPTH)
        return FAIL(c, ERR_DEPLOYMENT_INVALID, "The deployment '%.*s' is nested deeper than %d levels.", PSTR(r->name), DEPLOYMENT_MAX_DEPTH);
    TRY(json_check_depth(c, r->tags));
    if (r->tags) TRY(json_text(c, r->tags, &out->tags));
    return out->keeps_template ? template_hash(c, r->template, &out->hash) : OK; // a hash tells a short value to whoever guesses
}

static enum err describe(struct call *c, struct deploy_plan *plan)
{
    const struct json *shown;
    TRY(template_parameters_shown(c, plan->template, &shown));
    TRY(json_text(c, shown, &plan->wish.parameters));
    return deploy_summary(c, plan->template, &plan->wish);
}

// What a template that could be read says of its resources.
static enum err check_template(struct call *c, struct work *w, const struct deploy_plan *plan)
{
    size_t left = DEPLOY_MAX_CHECKED;
    TRY(check_resources(c, plan->template, plan->request.name));
    TRY(check_permissions(c, w, plan->template));
    return deploy_check_nested(c, w, plan, plan->nested_left ? plan->nested_left : &left);
}

enum err deploy_plan_make(struct call *c, struct work *w, const struct deploy_origin *origin, struct deploy_plan *plan)
{
    const struct deploy_request *r = &plan->request;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    TRY(deployments_require_scope(c, w, r->scope));
    TRY(fill_wish(c, origin, r, &plan->wish));
    TRY(json_check_depth(c, r->parameters));
    TRY(deploy_parameters(c, w, r->parameters, &plan->parameters));
    TRY(deploy_site(c, w, &plan->wish, r->template, plan->parameters, &plan->site));
    plan->site.text = r->text.root ? &r->text : NULL;
    TRY(template_read(c, r->template, plan->parameters, &plan->site, &plan->template));
    enum err failed = check_template(c, w, plan);
    template_hide_secrets(c, plan->template);
    TRY(failed);
    TRY(json_text(c, r->template, &plan->input.template));
    if (plan->parameters) TRY(json_text(c, plan->parameters, &plan->input.parameters));
    return describe(c, plan);
}

// The parameters of a request; those whose values lie in a vault have them from the plan, which has asked for them.
static enum err with_values(struct call *c, const struct json *parameters, const struct json *known, const struct json **out)
{
    struct json *whole;
    *out = parameters;
    if (!parameters) return OK;
    TRY(json_object_new(c, json_n(parameters), &whole));
    for (size_t i = 0; i < json_n(parameters); i++) {
        str                name = parameters->u.list.names[i];
        const struct json *one = json_at(parameters, i), *value = json_get(known, name);
        json_object_add(whole, name, value && json_is(json_get_nocase(one, S("reference")), JSON_IS_OBJECT) ? value : one);
    }
    *out = whole;
    return OK;
}

enum err deploy_plan_mark(struct call *c, const struct deploy_plan *plan, const struct deploy_request *r, struct template **out)
{
    struct template_site site = plan->site;
    const struct json   *parameters;
    TRY(with_values(c, r->parameters, plan->parameters, &parameters));
    // What asks deployment() for values gets none and has no marks: it is hidden.
    TRY(deploy_site_hide_values(c, &plan->wish, &site));
    site.marks_secure = true;
    site.text = r->text.root ? &r->text : NULL;
    return template_read(c, r->template, parameters, &site, out);
}
