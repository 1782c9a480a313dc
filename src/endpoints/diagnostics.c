#include "endpoints/diagnostics.h"

#include "ops/logs.h"

// What every service calls a request whose caller it could not tell.
#define NO_CALLER S("Authentication")

// The target itself: what stands before the kinds and names of its parts.
static str resource_of(str scope)
{
    static const str PROVIDERS = S_INIT("/providers/");
    size_t           at = 0, slashes = 0;
    while (at < scope.n && (scope.at[at] != '/' || !str_starts_nocase(str_from(scope, at), PROVIDERS))) at++;
    for (at += PROVIDERS.n; at < scope.n; at++)
        if (scope.at[at] == '/' && ++slashes == 3) return str_upto(scope, at); // behind namespace, type and name
    return slashes == 2 ? scope : STR_NONE;
}

static str operation_of(const struct wire *q, const struct call *c)
{
    const struct op *op = q->route ? q->route->op : NULL;
    if (!c->caller) return NO_CALLER;
    if (!op || op->plane != RBAC_DATA) return STR_NONE;
    return str_of(op->logged_as ? op->logged_as : op->name);
}

void diagnostics_record(struct call *c, const struct wire *q, const struct answer *a)
{
    const struct product *p = q->product;
    struct diagnostic     d = {.time_ns = c->now_ns, .correlation_id = c->correlation_id, .status = a->status ? a->status : 200};
    if (!q->service || !q->service->category) return;
    d.operation = operation_of(q, c);
    if (str_empty(d.operation)) return;
    d.took_ns = clock_now_ns(&p->clock) - c->now_ns;
    d.category = str_of(q->service->category);
    d.scope = q->scope;
    d.resource = resource_of(q->scope);
    if (c->caller) d.caller = c->caller->id;
    if (c->caller) d.app = c->caller->app;
    d.is_allowed = q->permission.is_asked && q->permission.is_allowed;
    d.by_roles = q->permission.by_roles;
    d.decided_by = q->permission.by;
    d.result = c->failure.kind == OK ? S("OK") : str_of(err_name(c->failure.kind));
    d.client = http_header(q->http, S("User-Agent"));
    logs_diagnostic(c, p, &d);
}
