/*
 * What hands out keys in the cloud, and here has none to hand out: this product makes no shared keys, so that a program which
 * works here needs none. Whoever may list them is answered with an empty list, as clients list them unasked; a client
 * that needs one fails where it uses it. Making new ones is refused.
 * Source: the pages of each action, for example https://learn.microsoft.com/rest/api/storagerp/storage-accounts/list-keys
 */
#include "endpoints/arm/arm.h"

static const struct keys {
    const char *type, *verb;
    const char *answer; // NULL: the rule's name alone
} KEYS[] = {
    {"Microsoft.Storage/storageAccounts", "listKeys", "{\"keys\":[]}"},
    {"Microsoft.ServiceBus/namespaces/authorizationRules", "listKeys", NULL},
    {"Microsoft.ServiceBus/namespaces/queues/authorizationRules", "listKeys", NULL},
    {"Microsoft.ServiceBus/namespaces/topics/authorizationRules", "listKeys", NULL},
    {"Microsoft.EventHub/namespaces/authorizationRules", "listKeys", NULL},
    {"Microsoft.EventHub/namespaces/eventhubs/authorizationRules", "listKeys", NULL},
    {"Microsoft.AppConfiguration/configurationStores", "listKeys", "{\"value\":[]}"},
    {"Microsoft.DocumentDB/databaseAccounts", "listKeys", "{}"},
    {"Microsoft.DocumentDB/databaseAccounts", "readonlykeys", "{}"},
    {"Microsoft.DocumentDB/databaseAccounts", "listConnectionStrings", "{\"connectionStrings\":[]}"},
    {"Microsoft.App/containerApps", "listSecrets", "{\"value\":[]}"},
    {"Microsoft.ContainerService/managedClusters", "listClusterAdminCredential", "{\"kubeconfigs\":[]}"},
    {"Microsoft.ContainerService/managedClusters", "listClusterUserCredential", "{\"kubeconfigs\":[]}"},
};

static const struct keys *find(str type, str verb)
{
    for (size_t i = 0; i < COUNT(KEYS); i++)
        if (str_eq_nocase(type, str_of(KEYS[i].type)) && str_eq_nocase(verb, str_of(KEYS[i].verb))) return &KEYS[i];
    return NULL;
}

static enum err require(struct call *c, struct work *w, const struct wire *q, const struct resource **out)
{
    return resources_require(c, w, wire_param(q, "id"), out);
}

enum err arm_keys_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *r;
    TRY(require(c, w, q, &r));
    const struct keys *keys = find(r->type, arm_action_of(q));
    if (!keys) return FAIL(c, ERR_METHOD_NOT_ALLOWED, "A resource of the type '%.*s' has no action '%.*s'.", PSTR(r->type), PSTR(arm_action_of(q)));
    struct json_writer *j = answer_json(a, 200);
    if (keys->answer) {
        json_write_raw(j, str_of(keys->answer));
        return OK;
    }
    json_write_object(j);
    json_put_string(j, S("keyName"), r->name);
    json_write_end(j);
    return OK;
}

enum err arm_keys_refuse(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *r;
    (void)a;
    TRY(require(c, w, q, &r));
    return FAIL(c, ERR_CONFLICT, "'%.*s' has no keys, and none are made: its clients sign in with tokens.", PSTR(r->id));
}
