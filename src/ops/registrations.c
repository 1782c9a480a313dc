#include "ops/registrations.h"

#include "ops/provider_names.h"
#include "ops/resources.h"

#define LACKS S("unregisteredProviders") /* beside "tags" in the subscription's document */

bool registration_is_free(str provider)
{
    static const str FREE[] = {S_INIT("Microsoft.Authorization"), S_INIT("Microsoft.Management"), S_INIT("Microsoft.Resources"),
                               S_INIT("Microsoft.Subscription")};
    return str_index_nocase(FREE, COUNT(FREE), provider) != STR_NOWHERE;
}

static enum err read_document(struct call *c, const struct subscription *s, const struct json **out)
{
    return json_parse(c, s && !str_empty(s->document) ? s->document : S("{}"), out);
}

enum err registrations_read(struct call *c, const struct work *w, subscription_id subscription, struct registrations *out)
{
    const struct json *document;
    TRY(read_document(c, tree_find_subscription(w->world->tree, subscription), &document));
    out->lacks = json_get(document, LACKS);
    return OK;
}

bool registrations_has(const struct registrations *r, str provider)
{
    for (size_t i = 0; i < json_n(r->lacks); i++)
        if (str_eq_nocase(json_str(json_at(r->lacks, i)), provider)) return false;
    return true;
}

enum err registrations_require(struct call *c, const struct work *w, str subscription, str provider)
{
    struct registrations has;
    subscription_id      id;
    if (!guid_parse(subscription, &id.g)) return OK; // above a subscription nothing is registered
    TRY(registrations_read(c, w, id, &has));
    if (registrations_has(&has, provider)) return OK;
    return FAIL(c, ERR_NOT_REGISTERED,
                "The subscription is not registered to use namespace '%.*s'. See https://aka.ms/rps-not-found for how to register subscriptions.",
                PSTR(provider));
}

// --- changed ---

// The list as it stands, without one name.
static enum err without(struct call *c, const struct json *lacks, str provider, size_t room, struct json *out)
{
    *out = (struct json){.kind = JSON_IS_ARRAY};
    TRY(NEW(c, &out->u.list.items, json_n(lacks) + room));
    for (size_t i = 0; i < json_n(lacks); i++)
        if (!str_eq_nocase(json_str(json_at(lacks, i)), provider)) out->u.list.items[out->u.list.n++] = *json_at(lacks, i);
    return OK;
}

static enum err keep(struct call *c, struct work *w, const struct registration_args *args, bool has_it)
{
    const struct subscription *before = tree_find_subscription(w->world->tree, args->subscription);
    struct subscription        next = *before, *fresh;
    const struct json         *document;
    struct json                lacks;
    TRY(read_document(c, before, &document));
    TRY(without(c, json_get(document, LACKS), args->provider, 1, &lacks));
    if (!has_it) lacks.u.list.items[lacks.u.list.n++] = (struct json){.kind = JSON_IS_STRING, .u.string = args->provider};
    TRY(json_with(c, document, LACKS, lacks.u.list.n ? &lacks : NULL, &document));
    TRY(resources_document(c, document, &next.document));
    TRY(subscription_new(c, &next, &fresh));
    return work_change(c, w, STORE_SUBSCRIPTION, &before->ref, &fresh->ref);
}

static enum err set(struct call *c, struct work *w, const struct registration_args *args, bool has_it)
{
    struct registrations now;
    TRY(registrations_read(c, w, args->subscription, &now));
    return registrations_has(&now, args->provider) == has_it ? OK : keep(c, w, args, has_it);
}

static enum err register_provider(struct call *c, struct work *w, const void *args, void *out)
{
    (void)out;
    return set(c, w, args, true);
}

struct search {
    str                    provider;
    const struct resource *found;
};

static bool look_for_any(const struct resource *r, void *ctx)
{
    struct search *s = ctx;
    if (str_eq_nocase(provider_of_type(r->type), s->provider)) s->found = r;
    return !s->found;
}

static enum err unregister_provider(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct registration_args *args = args_;
    struct search                   s = {.provider = args->provider};
    (void)out;
    if (registration_is_free(args->provider)) return FAIL(c, ERR_CONFLICT, "The namespace '%.*s' cannot be unregistered.", PSTR(args->provider));
    tree_each_resource(w->world->tree, call_format(c, "/subscriptions/%s", guid_text(args->subscription.g).s), STR_NONE, look_for_any, &s);
    if (s.found)
        return FAIL(c, ERR_CONFLICT, "The namespace '%.*s' cannot be unregistered: the subscription has resources of it, among them '%.*s'.",
                    PSTR(args->provider), PSTR(s.found->id));
    return set(c, w, args, false);
}

const struct op OP_PROVIDER_REGISTER = {.name = "provider_register",
                                        .by_target = true,
                                        .writes = true,
                                        .run = register_provider,
                                        .no_effects = "each resource of the provider is asked for by itself"};
const struct op OP_PROVIDER_UNREGISTER = {.name = "provider_unregister",
                                          .by_target = true,
                                          .writes = true,
                                          .run = unregister_provider,
                                          .no_effects = "there is no resource that it could reach"};
