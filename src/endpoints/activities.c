#include "endpoints/activities.h"

#include "log/activity.h"
#include "ops/activities.h"
#include "ops/logs.h"

bool activities_has(const struct route *r)
{
    if (!r || r->guard == GUARD_NONE) return false;
    return r->op ? r->op->writes && r->op->plane == RBAC_CONTROL : r->writes;
}

void activities_describe(struct call *c, struct wire *q)
{
    static const char *const CLIENT_IDS[] = {"x-ms-client-request-id", "client-request-id"}; // of the management API; of the directory
    q->request.method = q->http->method_text;
    q->request.uri = call_format(c, "https://%.*s%.*s", PSTR(q->http->host), PSTR(q->route->hides_path ? str_of(q->route->pattern) : q->http->path));
    q->request.address = q->address;
    for (size_t i = 0; i < COUNT(CLIENT_IDS) && str_empty(q->request.client_id); i++)
        q->request.client_id = wire_client_request_id(c, q, CLIENT_IDS[i]);
}

// A lock, or a rule of the service's own, says no by one of these; what else the permit fails with is no refusal.
static bool is_refusal(enum err kind)
{
    return kind == ERR_NOT_AUTHORIZED || kind == ERR_DENIED || kind == ERR_LINKED_NOT_AUTHORIZED || kind == ERR_SCOPE_LOCKED ||
           kind == ERR_VAULT_REFERENCE_REFUSED;
}

static bool was_asked(const struct call *c, const struct wire *q)
{
    return q->permission.is_asked || q->permission.is_allowed || is_refusal(c->failure.kind);
}

// The answer to content that cannot be read may quote from it.
static bool quotes_content(enum err kind)
{
    return kind == ERR_JSON_INVALID || kind == ERR_CONTENT_INVALID;
}

static str action_of(struct call *c, const struct wire *q)
{
    if (!str_empty(q->action)) return q->action;
    return call_format(c, "Lanyard/%s/action", q->route->op ? q->route->op->name : q->service->name);
}

// The path of a resource is its id; of what is done to one, an id and more.
static str resource_of(const struct wire *q, str scope)
{
    bool is_id = q->http->method != HTTP_POST && scope.n > 1 && str_starts_nocase(q->path, scope);
    return is_id ? q->path : scope;
}

void activities_record(struct call *c, const struct wire *q, const struct answer *a)
{
    if (c->failure.kind == OK || !c->caller || !activities_has(q->route) || !was_asked(c, q)) return;
    const struct world *world = world_enter(q->product->worlds, q->row);
    struct activity     x = {.action = action_of(c, q), .status = a->status, .error = str_of(err_name(c->failure.kind))};
    str                 scope = str_empty(q->scope) ? S("/") : q->scope;
    activity_set_request(c, world, &q->request, &x);
    x.scope = call_printable(c, scope, SCOPE_MAX_BYTES);
    x.resource = call_printable(c, resource_of(q, scope), SCOPE_MAX_BYTES);
    if (!quotes_content(c->failure.kind)) x.message = buf_view(&a->body);
    logs_refused(c, q->product, &x);
    world_leave(q->product->worlds, q->row);
}
