// What apps of App Service and their slots have beyond other resources: configuration, settings, swaps.
// Source: https://learn.microsoft.com/rest/api/appservice/web-apps
#include "endpoints/arm/arm.h"
#include "ops/site.h"

#define RETRY_AFTER_S "1" // clients take 0 for no answer and wait half a minute

static str site_path(struct call *c, const struct wire *q)
{
    str app = call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s/providers/" SITE_TYPE "/%.*s", PSTR(wire_param(q, "subscription")),
                          PSTR(wire_param(q, "group")), PSTR(wire_param(q, "site")));
    str slot = wire_param(q, "slot");
    return str_empty(slot) ? app : call_format(c, "%.*s/slots/%.*s", PSTR(app), PSTR(slot));
}

// Of ".../slots/{slot}/config/appsettings/list": "config/appsettings/list".
static str words_of(const struct wire *q)
{
    static const str SLOT = S_INIT("{slot}/"), SITE = S_INIT("{site}/");
    str              pattern = str_of(q->route->pattern), mark = str_empty(wire_param(q, "slot")) ? SITE : SLOT;
    return str_from(pattern, str_find_str(pattern, mark) + mark.n);
}

static enum site_part part_of(const struct wire *q)
{
    str            words = str_from(words_of(q), sizeof "config/" - 1);
    enum site_part part = SITE_WEB;
    (void)site_part_find(str_upto(words, str_find(words, '/')), &part);
    return part;
}

enum err arm_at_site_config(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    static const char *const VERBS[] = {[HTTP_GET] = "read", [HTTP_POST] = "list/action", [HTTP_PUT] = "write", [HTTP_PATCH] = "write"};
    struct resource_args    *args;
    (void)w;
    if (q->route->op) TRY(wire_read_body(c, q));
    TRY(resource_spell(c, S(SITE_TYPE "/config"), q->body, &q->body));
    TRY(NEW(c, &args, 1));
    // Both verbs lay what they say over what is there.
    *args = (struct resource_args){.body = q->body, .verb = IDENTITY_PUT};
    args->id = call_format(c, "%.*s/config/%.*s", PSTR(site_path(c, q)), PSTR(SITE_PARTS[part_of(q)].name));
    q->object = args;
    return arm_type_target(c, args->id, VERBS[q->route->method], out);
}

static enum err write_part(struct call *c, const struct wire *q, const struct resource *r, struct answer *a)
{
    struct site    s;
    enum site_part part = part_of(q);
    TRY(site_read(c, r, &s));
    struct json_writer *j = answer_json(a, 200);
    const struct json  *value = site_part(&s, part);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/config/%.*s", PSTR(r->id), PSTR(SITE_PARTS[part].name)));
    json_put_string(j, S("name"), SITE_PARTS[part].name);
    json_put_string(j, S("type"), call_format(c, "%.*s/config", PSTR(r->type)));
    json_put_string(j, S("location"), r->location);
    json_write_key(j, S("properties"));
    if (value) {
        json_write_value(j, value);
    } else {
        json_write_object(j);
        json_write_end(j);
    }
    json_write_end(j);
    return OK;
}

enum err arm_site_config_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *r;
    TRY(resources_require(c, w, site_path(c, q), &r));
    return write_part(c, q, r, a);
}

enum err arm_site_config_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    return write_part(c, q, result.resource, a);
}

enum err arm_at_site_operation(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    (void)w;
    return arm_type_target(c, site_path(c, q), q->route->method == HTTP_GET ? "operationresults/read" : "publishxml/action", out);
}

enum err arm_at_site_swap(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct site_swap_args *args;
    const struct json     *target, *keeps;
    (void)w;
    if (q->route->op != &OP_SITE_RESET) TRY(wire_read_body(c, q));
    target = json_get_nocase(q->body, S("targetSlot"));
    keeps = json_get_nocase(q->body, S("preserveVnet"));
    TRY(NEW(c, &args, 1));
    *args = (struct site_swap_args){.site = site_path(c, q), .target = json_str(target)};
    args->moves_network = json_is(keeps, JSON_IS_BOOL) && !keeps->u.boolean;
    q->object = args;
    const char *verb = q->route->op == &OP_SITE_SWAP    ? "slotsswap/action"
                       : q->route->op == &OP_SITE_RESET ? "resetSlotConfig/action"
                                                        : "applySlotConfig/action";
    return arm_type_target(c, args->site, verb, out);
}

// The swap is done when this goes out. It is answered as the cloud does, which takes minutes for it: clients poll once.
enum err arm_site_swap(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct site_swap_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    a->status = 202;
    answer_header(a, "Location",
                  call_format(c, "https://%.*s%.*s/operationresults/%.*s?api-version=%.*s", PSTR(q->http->host), PSTR(result.site->id),
                              PSTR(result.operation), PSTR(q->api_version)));
    answer_header(a, "Retry-After", S(RETRY_AFTER_S));
    return OK;
}

enum err arm_site_preview(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct site_swap_result result = {0};
    a->status = 200;
    return wire_run(c, w, q, q->object, &result);
}

enum err arm_site_operation_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *r;
    struct site            s;
    str                    operation = wire_param(q, "operation");
    TRY(resources_require(c, w, site_path(c, q), &r));
    TRY(site_read(c, r, &s));
    if (!site_has_operation(&s, operation))
        return FAIL(c, ERR_NOT_FOUND, "No operation '%.*s' of '%.*s' is known.", PSTR(call_printable(c, operation, 64)), PSTR(r->id));
    return arm_write_resource(c, w, answer_json(a, 200), r);
}

/*
 * Where an app is deployed to, as the cloud tells it of an app that takes no passwords there. Names of sites hold nothing
 * that XML would escape.
 */
enum err arm_site_publish_profile(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *r;
    TRY(resources_require(c, w, site_path(c, q), &r));
    str app = arm_parent_name(r), name = str_empty(app) ? r->name : call_format(c, "%.*s-%.*s", PSTR(app), PSTR(r->name));
    str host = call_format(c, "%.*s.azurewebsites.net", PSTR(name));
    buf_init(&a->body, &c->arena);
    buf_add(&a->body, S("<publishData>"));
    buf_addf(&a->body,
             "<publishProfile profileName=\"%.*s - Web Deploy\" publishMethod=\"MSDeploy\" publishUrl=\"%.*s.scm.azurewebsites.net:443\" "
             "msdeploySite=\"%.*s\" "
             "userName=\"REDACTED\" userPWD=\"REDACTED\" destinationAppUrl=\"https://%.*s\"/>",
             PSTR(name), PSTR(name), PSTR(name), PSTR(host));
    buf_addf(&a->body,
             "<publishProfile profileName=\"%.*s - FTP\" publishMethod=\"FTP\" publishUrl=\"ftps://%.*s.ftp.azurewebsites.windows.net/site/wwwroot\" "
             "ftpPassiveMode=\"True\" userName=\"REDACTED\" userPWD=\"REDACTED\" destinationAppUrl=\"https://%.*s\"/>",
             PSTR(name), PSTR(name), PSTR(host));
    buf_add(&a->body, S("</publishData>"));
    a->content_type = S("application/xml");
    return OK;
}
