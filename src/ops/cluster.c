#include "ops/cluster.h"

#include "core/b64.h"
#include "token/federated_credential.h"

const struct host HOST_CLUSTERS = {
    .key = S_INIT("clusters"),
    .azure = S_INIT("oic.prod-aks.azure.com"),
    .own = S_INIT("oic"),
    .is_suffix = true,
};

#define PROFILE    "oidcIssuerProfile"
#define KUBELET_IN "identityProfile"
#define KUBELET    "kubeletidentity"
#define MAX_PARTS  5 // host, tenant, subscription, group and cluster, incarnation

static enum err url_of(struct call *c, const struct work *w, const struct resource *r, const struct resource_id *id, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, names_url_label(c, &w->product->names, &HOST_CLUSTERS, r->location));
    buf_addf(&b, "/%s/%.*s/", guid_text(w->product->tenant.g).s, PSTR(call_lower(c, id->subscription)));
    b64url_add(&b, str_bytes(call_format(c, "%.*s/%.*s", PSTR(call_lower(c, id->group)), PSTR(call_lower(c, r->name)))));
    buf_addf(&b, "/%s/", guid_text(r->uid).s);
    return buf_finish(c, &b, out);
}

static const struct json *member_of(const struct json *properties, const char *outer, const char *inner)
{
    return json_get_nocase(json_get_nocase(properties, str_of(outer)), str_of(inner));
}

str cluster_kubelet(const struct json *body)
{
    return json_str(json_get_nocase(member_of(json_get_nocase(body, S("properties")), KUBELET_IN, KUBELET), S("resourceId")));
}

// The ids of the identity that was named: clients grant roles to them.
static enum err complete_kubelet(struct call *c, const struct work *w, struct resource_change *change)
{
    str                     id = cluster_kubelet(change->document);
    const struct resource  *identity = str_empty(id) ? NULL : tree_find(w->world->tree, id);
    const struct principal *p = identity ? directory_find_managed(w->world->directory, identity->id, false) : NULL;
    struct json            *kubelet, *profile, texts[3];
    if (str_empty(id)) return OK;
    if (!p) return FAIL(c, ERR_IDENTITY_OPERATION, "The identity '%.*s' of the kubelets was not found.", PSTR(str_upto(id, 512)));
    const str VALUES[] = {identity->id, guid_str(c, p->app.g), guid_str(c, p->id.g)}, NAMES[] = {S("resourceId"), S("clientId"), S("objectId")};
    TRY(json_object_new(c, COUNT(texts), &kubelet));
    for (size_t i = 0; i < COUNT(texts); i++) {
        texts[i] = (struct json){.kind = JSON_IS_STRING, .u.string = VALUES[i]};
        json_object_add(kubelet, NAMES[i], &texts[i]);
    }
    TRY(json_object_new(c, 1, &profile));
    json_object_add(profile, S(KUBELET), kubelet);
    return resource_set_property(c, &change->document, S(KUBELET_IN), profile);
}

enum err cluster_write(struct call *c, struct work *w, struct resource_change *change)
{
    struct resource_id id;
    const struct json *properties = json_get(change->document, S("properties")), *profile = json_get(properties, S(PROFILE)), *enabled;
    struct json        on = {.kind = JSON_IS_BOOL, .u.boolean = true}, url = {.kind = JSON_IS_STRING};
    if (profile && !json_is(profile, JSON_IS_OBJECT) && !json_is(profile, JSON_IS_NULL))
        return FAIL(c, ERR_CONTENT_INVALID, "The property '" PROFILE "' must be an object.");
    enabled = json_get(profile, S("enabled"));
    if (enabled && !json_is(enabled, JSON_IS_BOOL) && !json_is(enabled, JSON_IS_NULL))
        return FAIL(c, ERR_CONTENT_INVALID, "The property '" PROFILE ".enabled' must be true or false.");
    if (json_is(enabled, JSON_IS_BOOL)) on.u.boolean = enabled->u.boolean;
    TRY(resource_id_parse(c, change->next->id, &id));
    if (on.u.boolean) TRY(url_of(c, w, change->next, &id, &url.u.string));
    TRY(json_with(c, profile, S("enabled"), &on, &profile));
    TRY(json_with(c, profile, S("issuerURL"), on.u.boolean ? &url : NULL, &profile));
    TRY(resource_set_property(c, &change->document, S(PROFILE), profile));
    return complete_kubelet(c, w, change);
}

enum err cluster_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str   NAMES[] = {S_INIT(PROFILE), S_INIT(KUBELET_IN)}, MEMBERS[] = {S_INIT("enabled"), S_INIT("issuerURL")};
    const struct json *profile;
    TRY(json_spell(c, properties, NAMES, COUNT(NAMES), out));
    profile = json_get(*out, S(PROFILE));
    TRY(json_spell(c, profile, MEMBERS, COUNT(MEMBERS), &profile));
    return profile ? json_with(c, *out, S(PROFILE), profile, out) : OK;
}

enum err cluster_issuer(struct call *c, const struct resource *cluster, str *out)
{
    const struct json *document;
    TRY(resource_document(c, cluster, &document));
    *out = json_str(json_path(document, "properties." PROFILE ".issuerURL"));
    return OK;
}

// "https://REGION.HOST/TENANT/SUBSCRIPTION/CLUSTER/UID/": the path says which resource; whether all of it is right, the record does.
static enum err id_of(struct call *c, const struct product *p, str issuer, str *out)
{
    static const str SCHEME = S_INIT("https://");
    str              parts[MAX_PARTS] = {STR_NONE}, rest = str_from(issuer, SCHEME.n), group, name;
    size_t           n = 0;
    bytes            names;
    *out = STR_NONE;
    if (!str_starts(issuer, SCHEME) || issuer.n > FEDERATED_MAX_CHARS) return OK;
    while (n < MAX_PARTS && str_cut(&rest, '/', &parts[n])) n++;
    if (n < MAX_PARTS || !str_eq(parts[1], str_of(guid_text(p->tenant.g).s))) return OK;
    if (b64url_decode(c, parts[3], &names) != OK) {
        call_forgive(c);
        return OK;
    }
    name = bytes_str(names);
    if (!str_cut(&name, '/', &group) || !name.at) return OK;
    *out = call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s/providers/" CLUSTER_TYPE "/%.*s", PSTR(parts[2]), PSTR(group), PSTR(name));
    return out->at ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

enum err cluster_find(struct call *c, const struct work *w, str issuer, bool *out_is_ours, const struct resource **out)
{
    str id, own = STR_NONE;
    *out = NULL;
    TRY(id_of(c, w->product, issuer, &id));
    *out_is_ours = !str_empty(id);
    const struct resource *found = *out_is_ours ? tree_find(w->world->tree, id) : NULL;
    if (!found || !str_eq_nocase(found->type, S(CLUSTER_TYPE))) return OK;
    TRY(cluster_issuer(c, found, &own));
    if (!str_empty(own) && str_eq(own, issuer)) *out = found;
    return OK;
}

struct search {
    struct call        *c;
    const struct world *world;
    str                 issuer, subject;
    client_id           found;
    size_t              n;
    enum err            failed;
};

static bool look_at(const struct resource *r, void *context)
{
    struct search              *s = context;
    const struct json          *document;
    struct federated_credential credential;
    str                         identity;
    if (!str_eq_nocase(r->type, S("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"))) return true;
    s->failed = resource_document(s->c, r, &document);
    if (s->failed != OK) return false;
    bool is_read = federated_credential_read(s->c, json_get(document, S("properties")), false, &credential) == OK;
    call_forgive(s->c); // one of an earlier version, which kept anything
    if (!is_read || !str_eq(credential.issuer, s->issuer) || !str_eq(credential.subject, s->subject) || !scope_parent(r->id, &identity)) return true;
    const struct principal *p = directory_find_managed(s->world->directory, identity, false);
    if (p) s->found = p->app;
    s->n += p != NULL;
    return true;
}

enum err cluster_client(struct call *c, const struct world *world, str issuer, str subject, client_id *out)
{
    struct search s = {.c = c, .world = world, .issuer = issuer, .subject = subject};
    tree_each_resource(world->tree, STR_NONE, STR_NONE, look_at, &s);
    TRY(s.failed);
    *out = s.n == 1 ? s.found : (client_id){GUID_NONE};
    return OK;
}
