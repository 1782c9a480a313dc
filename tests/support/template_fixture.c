#include "template_fixture.h"

#include "core/buf.h"

str template_quoted(struct test *t, const char *json)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    for (; *json; json++) buf_add_char(&b, *json == '\'' ? '"' : *json == '`' ? '\'' : *json);
    return buf_text(t->call, &b);
}

static const struct json *parsed(struct test *t, const char *json)
{
    const struct json *v = NULL;
    CHECK_OK(json_parse(t->call, template_quoted(t, json), &v));
    return v;
}

static void set_common(struct test *t, struct template_site *out)
{
    out->subscription = S("00000000-0000-0000-0000-00000000000a");
    out->now_s = 1774351353; // 2026-03-24T11:22:33Z
    out->subscription_object =
        parsed(t, "{'id':'" TEMPLATE_SUB "','subscriptionId':'00000000-0000-0000-0000-00000000000a','tenantId':'t','displayName':'Sub'}");
    out->tenant = parsed(t, "{'tenantId':'t'}");
    out->deployment = parsed(t, "{'name':'main','properties':{'mode':'Incremental'}}");
    out->environment = parsed(t, "{'name':'AzureCloud','suffixes':{'storage':'core.windows.net'}}");
    out->deployer = parsed(t, "{'objectId':'o','tenantId':'t'}");
}

void template_site_group(struct test *t, struct template_site *out)
{
    *out = (struct template_site){.level = TEMPLATE_AT_GROUP, .scope = S(TEMPLATE_GROUP), .group = S("rg")};
    set_common(t, out);
    out->resource_group = parsed(t, "{'id':'" TEMPLATE_GROUP
                                    "','name':'rg','location':'westeurope','tags':{'env':'test'},'properties':{'provisioningState':'Succeeded'}}");
}

void template_site_subscription(struct test *t, struct template_site *out)
{
    *out = (struct template_site){.level = TEMPLATE_AT_SUBSCRIPTION, .scope = S(TEMPLATE_SUB)};
    set_common(t, out);
}

enum err template_of(struct test *t, const char *members, const char *parameters, struct template **out)
{
    struct template_site *site = NULL;
    struct template_text *text = NULL;
    CHECK_OK(NEW(t->call, &site, 1));
    CHECK_OK(NEW(t->call, &text, 1));
    template_site_group(t, site);
    str      whole = call_format(t->call, "{" TEMPLATE_HEAD "%.*s}", PSTR(template_quoted(t, members)));
    enum err got = template_text_read(t->call, whole, text);
    if (got) return got;
    site->text = text;
    return template_read(t->call, text->root, parameters ? parsed(t, parameters) : NULL, site, out);
}

static enum err get(struct call *c, void *ctx, str id, str api_version, const struct json **out)
{
    (void)ctx;
    if (str_find_str(id, S("absent")) != STR_NOWHERE) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "The resource '%.*s' was not found.", PSTR(id));
    str text = call_format(c,
                           "{\"id\":\"%.*s\",\"name\":\"n\",\"type\":\"T\",\"location\":\"westeurope\",\"identity\":{\"principalId\":\"p\"},"
                           "\"properties\":{\"self\":\"%.*s\",\"asked\":\"%.*s\",\"principalId\":\"pid\",\"outputs\":{\"o\":{\"value\":7}}}}",
                           PSTR(id), PSTR(id), PSTR(api_version));
    return json_parse(c, text, out);
}

static enum err list(struct call *c, void *ctx, str id, str function, str api_version, const struct json *body, const struct json **out)
{
    (void)ctx;
    str text = call_format(c, "{\"id\":\"%.*s\",\"function\":\"%.*s\",\"asked\":\"%.*s\",\"body\":%s}", PSTR(id), PSTR(function), PSTR(api_version),
                           body ? "true" : "false");
    return json_parse(c, text, out);
}

const struct template_outside TEMPLATE_OUTSIDE = {.get = get, .list = list};

static enum err body_of(struct test *t, str expression, const struct json **out)
{
    struct buf           b;
    struct json_writer   w;
    struct template_site site;
    struct template     *read;
    const struct json   *document;
    str                  text;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{" TEMPLATE_HEAD "\"parameters\":{\"s\":{\"type\":\"string\",\"defaultValue\":\"text\"},\"o\":{\"type\":\"object\","
                  "\"defaultValue\":{\"a\":{\"b\":[1,2,3]},\"Key\":\"v\"}},"
                  "\"n\":{\"type\":\"string\",\"nullable\":true}},\"resources\":[{\"type\":\"A.B/"
                  "c\",\"apiVersion\":\"1\",\"name\":\"n\",\"properties\":{\"v\":"));
    json_begin(&w, &b);
    json_write_string(&w, expression);
    buf_add(&b, S("}}]}"));
    TRY(buf_finish(t->call, &b, &text));
    TRY(json_parse(t->call, text, &document));
    template_site_group(t, &site);
    TRY(template_read(t->call, document, NULL, &site, &read));
    return template_body(t->call, read, 0, &TEMPLATE_OUTSIDE, out);
}

str template_value(struct test *t, const char *expression)
{
    const struct json *body;
    str                text = STR_NONE;
    enum err           got = body_of(t, str_of(expression), &body);
    if (!got) got = json_text(t->call, json_path(body, "properties.v"), &text);
    if (got) text = call_text(t->call, str_of(t->call->failure.text));
    call_forgive(t->call);
    return text;
}
