#include "ops/deployments.h"

#include "ops/locks.h"
#include "ops/mgmt_groups.h"
#include "ops/resources.h"

enum err deployments_require_scope(struct call *c, const struct work *w, str scope)
{
    const struct mgmt_group *g;
    struct scope             at;
    TRY(scope_parse(c, scope, &at));
    switch (at.kind) {
    case SCOPE_ROOT: return OK;
    case SCOPE_MGMT_GROUP: return mgmt_group_require(c, w, at.mgmt_group, &g);
    case SCOPE_SUBSCRIPTION:
    case SCOPE_GROUP: return resources_require_holder(c, w, at.subscription, at.group);
    case SCOPE_RESOURCE: break;
    }
    return FAIL(c, ERR_SCOPE_INVALID, "'%.*s' is no resource group, subscription or management group: nothing can be deployed there.",
                PSTR(call_printable(c, scope, 256)));
}

enum err deployments_require(struct call *c, struct work *w, str scope, str name, struct deployment *out)
{
    bool found;
    TRY(deployments_require_scope(c, w, scope));
    TRY(deployment_find(c, w->store, scope, name, out, &found));
    if (!found) return FAIL(c, ERR_DEPLOYMENT_NOT_FOUND, "Deployment '%.*s' could not be found.", PSTR(call_printable(c, name, 256)));
    return OK;
}

// "7/9/2026 3:03:22 PM", as the cloud writes times in words.
static str time_words(struct call *c, int64_t s)
{
    struct tm t;
    time_t    at = (time_t)s;
    gmtime_r(&at, &t);
    return call_format(c, "%d/%d/%d %d:%02d:%02d %s", t.tm_mon + 1, t.tm_mday, t.tm_year + 1900, t.tm_hour % 12 ? t.tm_hour % 12 : 12, t.tm_min,
                       t.tm_sec, t.tm_hour < 12 ? "AM" : "PM");
}

static enum err refuse_active(struct call *c, const struct deployment *d)
{
    int64_t started_s = d->started_ns / NS_PER_S;
    return FAIL(c, ERR_DEPLOYMENT_ACTIVE,
                "The deployment with resource id '%.*s' cannot be saved, because this would overwrite an existing deployment which is still active. "
                "If this is an intentional re-deployment, please wait for the original deployment to complete, or cancel it before re-attempting the "
                "operation. The previous deployment was started at '%.*s' with correlationId '%s', and will expire at '%.*s' if it does not complete "
                "before then. Please see https://aka.ms/arm-deploy-resources for usage details.",
                PSTR(deployment_id(c, d->scope, d->name)), PSTR(time_words(c, started_s)), guid_text(d->correlation_id).s,
                PSTR(time_words(c, started_s + DEPLOYMENT_EXPIRES_S)));
}

// --- no more than a scope may have ---

struct history {
    size_t  n;
    str     oldest; /* name of the one that is over and ended first; empty: none is */
    int64_t oldest_ns;
};

static enum err look_at(struct call *c, str key, const struct deployment *d, void *context)
{
    struct history *h = context;
    (void)c, (void)key;
    h->n++;
    if (!deployment_is_over(d->state) || (!str_empty(h->oldest) && d->changed_ns >= h->oldest_ns)) return OK;
    h->oldest = d->name;
    h->oldest_ns = d->changed_ns;
    return OK;
}

// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-history-deletions (locks keep the history)
static bool may_go(struct call *c, const struct work *w, str scope, str name)
{
    if (locks_ask(c, w, S(DEPLOYMENT_TYPE "/delete"), deployment_id(c, scope, name)) == OK) return true;
    call_forgive(c);
    return false;
}

static enum err make_room(struct call *c, struct work *w, const struct deployment *wish)
{
    struct history h = {0};
    TRY(deployment_each(c, w->store, wish->scope, STR_NONE, 0, look_at, &h));
    if (h.n < DEPLOYMENTS_MAX_PER_SCOPE) return OK;
    if (!str_empty(h.oldest) && may_go(c, w, wish->scope, h.oldest)) return deployment_remove(c, w->store, wish->scope, h.oldest);
    return FAIL(c, ERR_DEPLOYMENT_QUOTA,
                "Creating the deployment '%.*s' would exceed the quota of '%d'. The current deployment count is '%zu', please delete some "
                "deployments before creating a new one. Please see https://aka.ms/arm-deploy for usage details.",
                PSTR(wish->name), DEPLOYMENTS_MAX_PER_SCOPE, h.n);
}

// --- the deeds ---

static enum err replace(struct call *c, struct work *w, const struct deployment *before, const struct deployment *wish)
{
    if (!deployment_is_over(before->state)) return refuse_active(c, before);
    if (!str_eq_nocase(before->location, wish->location))
        return FAIL(c, ERR_DEPLOYMENT_LOCATION, "Invalid deployment location '%.*s'. The deployment '%.*s' already exists in location '%.*s'.",
                    PSTR(wish->location), PSTR(before->name), PSTR(before->location));
    return deployment_remove(c, w->store, before->scope, before->name);
}

static enum err write_deployment(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct deployment_args *args = args_;
    struct deployment             before;
    bool                          found, *out_is_new = out_;
    TRY(deployment_check_name(c, args->name));
    TRY(deployments_require_scope(c, w, args->scope));
    TRY(deployment_find(c, w->store, args->scope, args->name, &before, &found));
    if (found) TRY(replace(c, w, &before, args->wish));
    else TRY(make_room(c, w, args->wish));
    TRY(deployment_put(c, w->store, args->wish));
    *out_is_new = !found;
    return deployment_input_put(c, w, args->wish, args->input);
}

static enum err read_deployment(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct deployment_args *args = args_;
    return deployments_require(c, w, args->scope, args->name, out);
}

static enum err delete_deployment(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct deployment_args *args = args_;
    struct deployment             d;
    bool                         *out_found = out_;
    TRY(deployments_require_scope(c, w, args->scope));
    TRY(deployment_find(c, w->store, args->scope, args->name, &d, out_found));
    if (!*out_found) return OK;
    if (!deployment_is_over(d.state))
        return FAIL(c, ERR_DEPLOYMENT_ACTIVE, "The deployment '%.*s' is still active: cancel it, then delete it.", PSTR(d.name));
    return deployment_remove(c, w->store, args->scope, args->name);
}

static enum err cancel(struct call *c, struct work *w, struct deployment *d);

static enum err cancel_inside(struct call *c, struct work *w, str id)
{
    struct deployment inside;
    str               scope, name;
    bool              found;
    if (!deployment_id_read(id, &scope, &name)) return OK;
    TRY(deployment_find(c, w->store, scope, name, &inside, &found));
    return found && !deployment_is_over(inside.state) ? cancel(c, w, &inside) : OK;
}

// First itself, so that those inside find a parent that is over. What it deployed by now stays.
static enum err cancel(struct call *c, struct work *w, struct deployment *d)
{
    struct deployment_operation *operations;
    size_t                       n;
    TRY(deployment_end(c, w, d, DEPLOYMENT_CANCELED, STR_NONE));
    TRY(deployment_operations(c, w->store, d, &operations, &n));
    for (size_t i = 0; i < n; i++) {
        if (operations[i].state != DEPLOYMENT_RUNNING) continue;
        operations[i].state = DEPLOYMENT_CANCELED;
        operations[i].changed_ns = c->now_ns;
        TRY(deployment_operation_put(c, w->store, d, &operations[i]));
        TRY(cancel_inside(c, w, operations[i].target));
    }
    return OK;
}

static enum err cancel_deployment(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct deployment_args *args = args_;
    struct deployment             d;
    (void)out;
    TRY(deployments_require(c, w, args->scope, args->name, &d));
    if (deployment_is_over(d.state))
        return FAIL(c, ERR_DEPLOYMENT_OVER, "The deployment '%.*s' cannot be canceled: it is over, with the state '%.*s'.", PSTR(d.name),
                    PSTR(DEPLOYMENT_STATES[d.state]));
    return cancel(c, w, &d);
}

#define BY_RESOURCE "what a deployment does is asked for resource by resource"

const struct op OP_DEPLOYMENT_WRITE = {
    .name = "deployment_write", .action = DEPLOYMENT_TYPE "/write", .writes = true, .no_effects = BY_RESOURCE, .run = write_deployment};
const struct op OP_DEPLOYMENT_READ = {.name = "deployment_read", .action = DEPLOYMENT_TYPE "/read", .run = read_deployment};
const struct op OP_DEPLOYMENT_DELETE = {.name = "deployment_delete",
                                        .action = DEPLOYMENT_TYPE "/delete",
                                        .writes = true,
                                        .no_effects = "the record goes alone: what was deployed stays",
                                        .run = delete_deployment};
const struct op OP_DEPLOYMENT_CANCEL = {.name = "deployment_cancel",
                                        .action = DEPLOYMENT_TYPE "/cancel/action",
                                        .writes = true,
                                        .no_effects = "what was deployed stays, and nothing more is",
                                        .run = cancel_deployment};
