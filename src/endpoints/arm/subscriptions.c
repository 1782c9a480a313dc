// Tenants, subscriptions, locations.
#include "endpoints/arm/arm.h"
#include "endpoints/arm/visibility.h"
#include "resources/location.h"

enum err arm_tenants_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct product *p = w->product;
    struct json_writer   *j = answer_json(a, 200);
    (void)q;
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "/tenants/%s", guid_text(p->tenant.g).s));
    json_put_guid(j, S("tenantId"), p->tenant.g);
    json_put_string(j, S("countryCode"), S("US"));
    json_put_string(j, S("displayName"), p->tenant_name);
    json_write_key(j, S("domains"));
    json_write_array(j);
    json_write_string(j, p->tenant_domain);
    json_write_end(j);
    json_put_string(j, S("tenantCategory"), S("Home"));
    json_put_string(j, S("defaultDomain"), p->tenant_domain);
    json_put_string(j, S("tenantType"), S("AAD"));
    json_write_end(j);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static str path_of(struct call *c, subscription_id id)
{
    return call_format(c, "/subscriptions/%s", guid_text(id.g).s);
}

static enum err write_subscription(struct call *c, struct json_writer *j, const struct subscription *s)
{
    const struct json *document = NULL;
    if (!str_empty(s->document)) TRY(json_parse(c, s->document, &document));
    json_write_object(j);
    json_put_string(j, S("id"), path_of(c, s->id));
    json_put_string(j, S("authorizationSource"), S("RoleBased"));
    json_write_key(j, S("managedByTenants"));
    json_write_array(j);
    json_write_end(j);
    json_put_guid(j, S("subscriptionId"), s->id.g);
    json_put_guid(j, S("tenantId"), s->tenant.g);
    json_put_string(j, S("displayName"), s->name);
    json_put_string(j, S("state"), S("Enabled"));
    json_write_key(j, S("subscriptionPolicies"));
    json_write_object(j);
    json_put_string(j, S("locationPlacementId"), S("Public_2014-09-01"));
    json_put_string(j, S("quotaId"), S("PayAsYouGo_2014-09-01"));
    json_put_string(j, S("spendingLimit"), S("Off"));
    json_write_end(j);
    if (json_get(document, S("tags"))) json_put_value(j, S("tags"), json_get(document, S("tags")));
    json_write_end(j);
    return OK;
}

struct subscriptions {
    struct visibility visibility;
    struct arm_page   page;
    enum err          failed;
};

static bool offer(const struct subscription *s, void *ctx)
{
    struct subscriptions *l = ctx;
    bool                  seen = false;
    l->failed = visibility_has(&l->visibility, path_of(l->visibility.c, s->id), &seen);
    if (l->failed == OK && arm_page_takes(&l->page, guid_key(&s->id.g), seen)) l->failed = write_subscription(l->visibility.c, l->page.json, s);
    return l->failed == OK && arm_page_goes_on(&l->page);
}

// The count is that of the page: how many there are in all would take a look at every one.
enum err arm_subscriptions_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct subscriptions l = {.failed = OK};
    subscription_id      after;
    TRY(visibility_begin(c, w, &l.visibility));
    TRY(arm_page_begin_guids(c, q, a, &l.page));
    if (l.page.after) after.g = *l.page.after;
    tree_each_subscription(w->world->tree, l.page.after ? &after : NULL, offer, &l);
    TRY(l.failed);
    TRY(arm_page_end_list(c, q, &l.page));
    json_write_key(l.page.json, S("count"));
    json_write_object(l.page.json);
    json_put_string(l.page.json, S("type"), S("Total"));
    json_put_int(l.page.json, S("value"), (int64_t)l.page.n);
    json_write_end(l.page.json);
    json_write_end(l.page.json);
    return OK;
}

static enum err read_id(struct call *c, const struct wire *q, subscription_id *out)
{
    return guid_parse(wire_param(q, "subscription"), &out->g) ? OK : FAIL_PLAIN(c, ERR_SUBSCRIPTION_INVALID);
}

// Whoever may read it, and whoever has anything to do below it.
enum err arm_may_see_subscription(struct call *c, struct work *w, struct wire *q)
{
    struct visibility v;
    subscription_id   id;
    bool              seen;
    TRY(read_id(c, q, &id));
    TRY(visibility_begin(c, w, &v));
    TRY(visibility_has(&v, path_of(c, id), &seen));
    if (seen) return OK;
    return work_require(c, w, RBAC_CONTROL, S("Microsoft.Resources/subscriptions/read"), &(struct op_target){.scope = path_of(c, id)});
}

enum err arm_subscription_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    subscription_id id;
    TRY(read_id(c, q, &id));
    return write_subscription(c, answer_json(a, 200), tree_find_subscription(w->world->tree, id));
}

enum err arm_locations_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    subscription_id id;
    (void)w;
    TRY(read_id(c, q, &id));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < locations_count(); i++) {
        const struct location *l = locations_at(i);
        json_write_object(j);
        json_put_string(j, S("id"), call_format(c, "%.*s/locations/%.*s", PSTR(path_of(c, id)), PSTR(l->name)));
        json_put_string(j, S("name"), l->name);
        json_put_string(j, S("displayName"), l->display_name);
        json_put_string(j, S("regionalDisplayName"), l->display_name);
        json_write_key(j, S("metadata"));
        json_write_object(j);
        json_put_string(j, S("regionType"), S("Physical"));
        json_put_string(j, S("geographyGroup"), l->geography);
        json_put_string(j, S("latitude"), l->latitude);
        json_put_string(j, S("longitude"), l->longitude);
        json_put_string(j, S("physicalLocation"), l->place);
        json_write_end(j);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}
