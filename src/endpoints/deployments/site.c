// Where a deployment stands: what resourceGroup(), subscription(), deployment() and the like answer there.
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/deployments.h"
#include "endpoints/inside.h"
#include "ops/mgmt_groups.h"

#define METADATA_VERSION "2022-09-01"

struct writing {
    struct buf         b;
    struct json_writer j;
};

static struct json_writer *begin(struct call *c, struct writing *w)
{
    buf_init(&w->b, &c->arena);
    json_begin(&w->j, &w->b);
    return &w->j;
}

static enum err finish(struct call *c, struct writing *w, const struct json **out)
{
    str text;
    TRY(buf_finish(c, &w->b, &text));
    return json_parse(c, text, out);
}

static enum err group_object(struct call *c, const struct work *w, const struct scope *at, const struct json **out)
{
    struct writing               made;
    const struct resource_group *g = tree_find_group(w->world->tree, at->path);
    if (at->kind != SCOPE_GROUP || !g) return OK;
    TRY(arm_write_group(c, begin(c, &made), g));
    return finish(c, &made, out);
}

static enum err subscription_object(struct call *c, const struct work *w, const struct scope *at, const struct json **out)
{
    struct writing  made;
    subscription_id id;
    if (!guid_parse(at->subscription, &id.g)) return OK;
    const struct subscription *s = tree_find_subscription(w->world->tree, id);
    if (!s) return OK;
    struct json_writer *j = begin(c, &made);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "/subscriptions/%s", guid_text(id.g).s));
    json_put_guid(j, S("subscriptionId"), id.g);
    json_put_guid(j, S("tenantId"), s->tenant.g);
    json_put_string(j, S("displayName"), s->name);
    json_write_end(j);
    return finish(c, &made, out);
}

static enum err tenant_object(struct call *c, const struct work *w, const struct json **out)
{
    struct writing        made;
    const struct product *p = w->product;
    struct json_writer   *j = begin(c, &made);
    json_write_object(j);
    json_put_string(j, S("countryCode"), S("US"));
    json_put_string(j, S("displayName"), p->tenant_name);
    json_put_string(j, S("id"), call_format(c, "/tenants/%s", guid_text(p->tenant.g).s));
    json_put_guid(j, S("tenantId"), p->tenant.g);
    json_write_end(j);
    return finish(c, &made, out);
}

static enum err management_group_object(struct call *c, const struct work *w, const struct scope *at, const struct json **out)
{
    struct writing           made;
    const struct mgmt_group *g = at->kind == SCOPE_MGMT_GROUP ? tree_find_mgmt_group(w->world->tree, at->mgmt_group) : NULL;
    if (!g) return OK;
    struct json_writer *j = begin(c, &made);
    json_write_object(j);
    json_put_string(j, S("id"), mgmt_group_path(c, g->name));
    json_put_string(j, S("name"), g->name);
    json_put_string(j, S("type"), S("/providers/Microsoft.Management/managementGroups"));
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("displayName"), g->display_name);
    json_put_guid(j, S("tenantId"), w->product->tenant.g);
    json_write_end(j);
    json_write_end(j);
    return finish(c, &made, out);
}

static enum err deployer_object(struct call *c, const struct work *w, const struct deployment *d, const struct json **out)
{
    struct writing          made;
    const struct principal *p = directory_find(w->world->directory, d->caller.id);
    struct json_writer     *j = begin(c, &made);
    json_write_object(j);
    json_put_guid(j, S("objectId"), d->caller.id.g);
    json_put_guid(j, S("tenantId"), w->product->tenant.g);
    json_put_string(j, S("userPrincipalName"), p && p->kind == PRINCIPAL_USER ? p->user_name : S(""));
    json_write_end(j);
    return finish(c, &made, out);
}

// Its template and parameters are those that are there: nothing of them is copied.
static enum err deployment_object(struct call *c, const struct deployment *d, const struct json *template, const struct json *parameters,
                                  const struct json **out)
{
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    struct json             *whole, *properties, *texts;
    TRY(json_object_new(c, 3, &whole));
    TRY(json_object_new(c, 5, &properties));
    TRY(NEW(c, &texts, 5));
    const str SAID[] = {d->name, d->location, d->hash, d->is_complete ? S("Complete") : S("Incremental"), S("Accepted")};
    for (size_t i = 0; i < COUNT(SAID); i++) texts[i] = (struct json){.kind = JSON_IS_STRING, .u.string = SAID[i]};
    json_object_add(properties, S("template"), template ? template : &EMPTY);
    json_object_add(properties, S("templateHash"), &texts[2]);
    json_object_add(properties, S("parameters"), parameters ? parameters : &EMPTY);
    json_object_add(properties, S("mode"), &texts[3]);
    json_object_add(properties, S("provisioningState"), &texts[4]);
    json_object_add(whole, S("name"), &texts[0]);
    if (!str_empty(d->location)) json_object_add(whole, S("location"), &texts[1]);
    json_object_add(whole, S("properties"), properties);
    *out = whole;
    return OK;
}

// What clients are told of this cloud.
static enum err environment_object(struct call *c, struct work *w, const struct json **out)
{
    struct inside_answer  a;
    struct inside_request r = {.service = &SERVICE_ARM, .method = HTTP_GET, .path = S("/metadata/endpoints"), .api_version = S(METADATA_VERSION)};
    TRY(inside_run(c, w, &r, &a));
    return json_parse(c, a.body, out);
}

static enum template_level level_of(const struct scope *at)
{
    switch (at->kind) {
    case SCOPE_ROOT: return TEMPLATE_AT_TENANT;
    case SCOPE_MGMT_GROUP: return TEMPLATE_AT_MGMT_GROUP;
    case SCOPE_SUBSCRIPTION: return TEMPLATE_AT_SUBSCRIPTION;
    case SCOPE_GROUP:
    case SCOPE_RESOURCE: break;
    }
    return TEMPLATE_AT_GROUP;
}

enum err deploy_site(struct call *c, struct work *w, const struct deployment *d, const struct json *template, const struct json *parameters,
                     struct template_site *out)
{
    struct scope at;
    TRY(scope_parse(c, d->scope, &at));
    *out = (struct template_site){.level = level_of(&at),
                                  .scope = d->scope,
                                  .subscription = at.subscription,
                                  .group = at.group,
                                  .seed = d->seed,
                                  .now_s = d->started_ns / NS_PER_S};
    TRY(group_object(c, w, &at, &out->resource_group));
    TRY(subscription_object(c, w, &at, &out->subscription_object));
    TRY(tenant_object(c, w, &out->tenant));
    TRY(management_group_object(c, w, &at, &out->management_group));
    TRY(deployer_object(c, w, d, &out->deployer));
    TRY(environment_object(c, w, &out->environment));
    return deployment_object(c, d, template, parameters, &out->deployment);
}

enum err deploy_site_hide_values(struct call *c, const struct deployment *d, struct template_site *io)
{
    return deployment_object(c, d, NULL, NULL, &io->deployment);
}
