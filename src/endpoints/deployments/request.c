// What a request for a deployment says.
#include "endpoints/deployments/deployments.h"
#include "resources/location.h"
#include "template/shape.h"

#define INVALID "The request content was invalid and could not be deserialized: "

static enum err read_mode(struct call *c, const struct json *properties, bool *out_is_complete)
{
    str mode = json_str(json_get_nocase(properties, S("mode")));
    if (!json_get_nocase(properties, S("mode")))
        return FAIL(c, ERR_CONTENT_INVALID, INVALID "'Required property 'mode' not found in JSON. Path 'properties'.'.");
    *out_is_complete = str_eq_nocase(mode, S("Complete"));
    if (*out_is_complete || str_eq_nocase(mode, S("Incremental"))) return OK;
    return FAIL(c, ERR_CONTENT_INVALID,
                INVALID "'Error converting value \"%.*s\" to type 'Azure.Deployments.Core.Definitions.DeploymentMode'. Path 'properties.mode'.'.",
                PSTR(call_printable(c, mode, 64)));
}

static bool is_said(const struct json *v)
{
    return v && !json_is(v, JSON_IS_NULL);
}

// Nothing is fetched from elsewhere: a server that would is one that others could send anywhere.
static enum err refuse_links(struct call *c, const struct json *properties)
{
    static const str NAMES[] = {S_INIT("templateLink"), S_INIT("parametersLink")};
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        const struct json *link = json_get_nocase(properties, NAMES[i]);
        str                uri = json_str(json_get_nocase(link, S("uri")));
        if (!is_said(link)) continue;
        if (str_empty(uri)) uri = json_str(json_get_nocase(link, S("id")));
        return FAIL(c, ERR_DEPLOYMENT_LINK,
                    "Unable to download deployment content from '%.*s'. Nothing is fetched from elsewhere here: give the content itself. Please see "
                    "https://aka.ms/arm-deploy for usage details.",
                    PSTR(call_printable(c, uri, 512)));
    }
    return OK;
}

static enum err read_properties(struct call *c, const struct json *properties, struct deploy_request *out)
{
    if (!json_is(properties, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, INVALID "'Required property 'properties' not found in JSON.'.");
    TRY(read_mode(c, properties, &out->is_complete));
    TRY(refuse_links(c, properties));
    if (is_said(json_get_nocase(properties, S("onErrorDeployment"))))
        return FAIL(c, ERR_DEPLOYMENT_INVALID, "A deployment to fall back on ('onErrorDeployment') is not supported here: deploy it by itself.");
    out->template = json_get_nocase(properties, S("template"));
    out->parameters = json_get_nocase(properties, S("parameters"));
    out->settings = json_get_nocase(properties, S("whatIfSettings"));
    if (!json_is(out->template, JSON_IS_OBJECT))
        return FAIL(c, ERR_CONTENT_INVALID, INVALID "'The template must be an object. Path 'properties.template'.'.");
    if (!is_said(out->parameters)) out->parameters = NULL;
    if (!out->parameters || json_is(out->parameters, JSON_IS_OBJECT)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, INVALID "'The parameters must be an object. Path 'properties.parameters'.'.");
}

static enum err read_location(struct call *c, const struct json *body, struct deploy_request *out)
{
    struct scope at;
    str          said = json_str(json_get_nocase(body, S("location")));
    TRY(scope_parse(c, out->scope, &at));
    if (at.kind == SCOPE_GROUP && str_empty(said)) return OK;
    if (at.kind == SCOPE_GROUP)
        return FAIL(c, ERR_DEPLOYMENT_INVALID,
                    "The 'location' property is not allowed for '%.*s' at resource group scope. Please see https://aka.ms/deploy-to-subscription for "
                    "usage details.",
                    PSTR(out->name));
    if (str_empty(said))
        return FAIL(c, ERR_DEPLOYMENT_INVALID,
                    "The 'location' property must be specified for '%.*s'. Please see https://aka.ms/deploy-to-subscription for usage details.",
                    PSTR(out->name));
    return location_normalise(c, said, &out->location);
}

static enum err read_body(struct call *c, const struct wire *q, struct template_text *out)
{
    if (str_empty(q->http->body)) return FAIL(c, ERR_CONTENT_INVALID, "The request content was invalid: a JSON body is needed.");
    enum err failed = template_text_read(c, q->http->body, out);
    if (failed != ERR_JSON_INVALID) return failed;
    str why = call_format(c, "%s", c->failure.text);
    call_forgive(c);
    return FAIL(c, ERR_CONTENT_INVALID, INVALID "'%.*s'.", PSTR(why));
}

enum err deploy_request_of(struct call *c, const struct json *body, str scope, str name, struct deploy_request *out)
{
    *out = (struct deploy_request){.scope = scope, .name = name};
    TRY(deployment_check_name(c, name));
    if (!json_is(body, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "The request content was invalid: it must be a JSON object.");
    TRY(read_properties(c, json_get_nocase(body, S("properties")), out));
    out->tags = json_get_nocase(body, S("tags"));
    if (!is_said(out->tags)) out->tags = NULL;
    return read_location(c, body, out);
}

// What the template's own reader would refuse, said of the request: paths and lines are those of its body.
static enum err check_shape(struct call *c, const struct deploy_request *r)
{
    const struct template_context at = {&r->text, S("properties.template")}, values_at = {&r->text, S("properties.parameters")};
    enum err                      got = template_shape_check(c, r->template, &at);
    if (got == OK) got = template_shape_check_values(c, r->parameters, &values_at);
    if (got != ERR_TEMPLATE_INVALID) return got;
    str why = call_text(c, str_of(c->failure.text));
    call_forgive(c);
    return FAIL(c, ERR_CONTENT_INVALID, INVALID "'%.*s'.", PSTR(why));
}

enum err deploy_request_read(struct call *c, const struct wire *q, struct deploy_request *out)
{
    const struct deployment_args *at = q->object;
    struct template_text          text;
    TRY(read_body(c, q, &text));
    TRY(deploy_request_of(c, text.root, at->scope, at->name, out));
    out->text = text;
    return check_shape(c, out);
}
