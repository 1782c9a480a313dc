#include "resources/identity.h"

#include "core/map.h"

#define IDENTITY_PROVIDER S("Microsoft.ManagedIdentity")
#define IDENTITY_TYPE     S("userAssignedIdentities/")

// "SystemAssigned, UserAssigned" in any case and order, with or without the blank, each at most once; or "None".
static bool read_type(str text, struct identity_wish *out)
{
    if (str_eq_nocase(str_trim(text), S("None"))) return true;
    for (str rest = text, piece; str_cut(&rest, ',', &piece);) {
        str   kind = str_trim(piece);
        bool *wants = str_eq_nocase(kind, S("SystemAssigned")) ? &out->wants_system
                      : str_eq_nocase(kind, S("UserAssigned")) ? &out->wants_user
                                                               : NULL;
        if (!wants || *wants) return false;
        *wants = true;
    }
    return out->wants_system || out->wants_user;
}

static enum err read_type_of(struct call *c, const struct json *block, struct identity_wish *out)
{
    const struct json *type = json_get_nocase(block, S("type"));
    if (!type)
        return FAIL(c, ERR_CONTENT_INVALID,
                    "The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'.");
    if (!json_is(type, JSON_IS_STRING) || !read_type(json_str(type), out))
        return FAIL(c, ERR_CONTENT_INVALID,
                    "The request content was invalid and could not be deserialized: 'Error converting value \"%.*s\" to type 'ResourceIdentityType'. "
                    "Path 'identity.type'.'.",
                    PSTR(str_upto(json_str(type), 100)));
    return OK;
}

static bool is_identity_id(struct call *c, str text, str *out)
{
    struct resource_id id;
    struct scope       host;
    if (resource_id_parse(c, text, &id) != OK || scope_parse(c, id.host, &host) != OK) {
        call_forgive(c); // the caller has words of its own
        return false;
    }
    *out = id.text;
    return host.kind == SCOPE_GROUP && !id.is_list && str_eq_nocase(id.provider, IDENTITY_PROVIDER) && str_starts_nocase(id.types, IDENTITY_TYPE) &&
           id.types.n == IDENTITY_TYPE.n + id.name.n;
}

// Source: https://github.com/MicrosoftDocs/azure-docs/issues/112377, https://github.com/MicrosoftDocs/azure-docs/pull/48229
static enum err read_id(struct call *c, str text, str *out)
{
    if (!str_starts_nocase(text, S("/subscriptions/")) && !str_starts_nocase(text, S("/providers/")))
        return FAIL(
            c, ERR_LINKED_ID_INVALID,
            "Property id '%.*s' at path '' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or "
            "'/providers/{resourceProviderNamespace}/'.",
            PSTR(str_upto(text, 512)));
    if (!is_identity_id(c, text, out))
        return FAIL(c, ERR_IDENTITY_ID_INVALID,
                    "The identity ids '%.*s' are invalid. It must be of the following format: "
                    "'/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
                    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}'.",
                    PSTR(str_upto(text, 512)));
    return OK;
}

struct list {
    str   *at;
    size_t n;
};

// The two lists of a wish while they are made; `seen` maps an id to the list that it is in.
struct reading {
    struct map *seen;
    struct list attach, detach;
};

static enum err add_id(struct call *c, struct reading *r, str id, struct list *to)
{
    const struct list *in = map_get(r->seen, id);
    if (in && in != to) return FAIL(c, ERR_IDENTITY_VALUES, "The identity '%.*s' is both attached and detached.", PSTR(str_upto(id, 512)));
    if (in) return OK; // twice in different case: clients that add to what they read send that
    if (!map_put(r->seen, id, to, NULL)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    to->at[to->n++] = id;
    return OK;
}

static enum err read_members(struct call *c, const struct json *map, struct reading *r)
{
    size_t n = json_n(map);
    if (n > IDENTITY_MAX_USER_ASSIGNED)
        return FAIL(c, ERR_IDENTITY_VALUES, "The identity block names %zu identities; at most %d are taken.", n, IDENTITY_MAX_USER_ASSIGNED);
    TRY(NEW(c, &r->attach.at, n));
    TRY(NEW(c, &r->detach.at, n));
    for (size_t i = 0; i < n; i++) {
        const struct json *value = json_at(map, i);
        str                key = map->u.list.names[i], id;
        TRY(read_id(c, key, &id));
        if (!json_is(value, JSON_IS_OBJECT) && !json_is(value, JSON_IS_NULL))
            return FAIL(
                c, ERR_IDENTITY_VALUES,
                "Invalid value for the identities '%.*s'. The 'UserAssignedIdentities' property keys should only be empty json objects, null or the "
                "resource exisiting property.", // published with that misspelling
                PSTR(str_upto(key, 512)));
        TRY(add_id(c, r, id, json_is(value, JSON_IS_OBJECT) ? &r->attach : &r->detach));
    }
    return OK;
}

static enum err read_map_of(struct call *c, const struct json *block, struct identity_wish *out)
{
    const struct json *map = json_get_nocase(block, S("userAssignedIdentities"));
    if (!map || json_is(map, JSON_IS_NULL)) return OK; // Terraform always sends the key, null when it means nothing
    if (!json_is(map, JSON_IS_OBJECT))
        return FAIL(c, ERR_CONTENT_INVALID,
                    "The request content was invalid and could not be deserialized: 'The user-assigned identities are no JSON object. Path "
                    "'identity.userAssignedIdentities'.'.");
    CLEANUP(map_clear) struct map seen;
    map_init(&seen, true);
    struct reading r = {.seen = &seen};
    TRY(read_members(c, map, &r));
    out->attach = r.attach.at;
    out->attach_n = r.attach.n;
    out->detach = r.detach.at;
    out->detach_n = r.detach.n;
    return OK;
}

enum err identity_wish_read(struct call *c, const struct json *block, struct identity_wish *out)
{
    struct identity_wish wish = {0};
    if (!block || json_is(block, JSON_IS_NULL)) {
        *out = (struct identity_wish){.is_absent = true};
        return OK;
    }
    if (!json_is(block, JSON_IS_OBJECT))
        return FAIL(c, ERR_CONTENT_INVALID,
                    "The request content was invalid and could not be deserialized: 'The identity is no JSON object. Path 'identity'.'.");
    TRY(read_type_of(c, block, &wish));
    TRY(read_map_of(c, block, &wish));
    // Source: https://github.com/Azure/azure-rest-api-specs/issues/17650 (2022). Null, and a map of nulls, are let pass: clients send them
    const struct json *map = json_get_nocase(block, S("userAssignedIdentities"));
    bool               is_empty_map = json_is(map, JSON_IS_OBJECT) && json_n(map) == 0;
    if ((wish.attach_n || is_empty_map) && !wish.wants_user)
        return FAIL(c, ERR_IDENTITY_VALUES,
                    "The request format was unexpected, a non-UserAssigned identity type should not contain: userAssignedIdentities");
    *out = wish;
    return OK;
}

// Ids to find without case; each maps to its own text. The map borrows them.
static enum err fill(struct call *c, struct map *m, const str *ids, size_t n)
{
    map_init(m, true);
    for (size_t i = 0; i < n; i++)
        if (!map_put(m, ids[i], (void *)&ids[i], NULL)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    return OK;
}

struct merging {
    struct map  before, attach, detach; // what was carried, what is wished
    struct list all, fresh;
};

static void clear(struct merging *m)
{
    map_clear(&m->before);
    map_clear(&m->attach);
    map_clear(&m->detach);
}

// What stays of the ids before, in the casing that was sent last; then what is added.
static void merge(struct merging *m, enum identity_verb verb, const struct resource_identity *before, const struct identity_wish *wish)
{
    for (size_t i = 0; verb == IDENTITY_PATCH && i < before->user_assigned_n; i++) {
        str        id = before->user_assigned[i];
        const str *again = map_get(&m->attach, id);
        if (!map_get(&m->detach, id)) m->all.at[m->all.n++] = again ? *again : id;
    }
    for (size_t i = 0; i < wish->attach_n; i++) {
        bool is_fresh = !map_get(&m->before, wish->attach[i]);
        if (is_fresh) m->fresh.at[m->fresh.n++] = wish->attach[i];
        if (is_fresh || verb == IDENTITY_PUT) m->all.at[m->all.n++] = wish->attach[i];
    }
}

static enum err apply_user_assigned(struct call *c, enum identity_verb verb, const struct resource_identity *before, const struct identity_wish *wish,
                                    struct merging *m)
{
    TRY(NEW(c, &m->all.at, before->user_assigned_n + wish->attach_n));
    TRY(NEW(c, &m->fresh.at, wish->attach_n));
    TRY(fill(c, &m->before, before->user_assigned, before->user_assigned_n));
    TRY(fill(c, &m->attach, wish->attach, wish->attach_n));
    TRY(fill(c, &m->detach, wish->detach, wish->detach_n));
    merge(m, verb, before, wish);
    if (m->all.n == 0) return FAIL(c, ERR_IDENTITY_VALUES, "The identity ids must not be null or empty for 'UserAssigned' identity type.");
    if (m->all.n > IDENTITY_MAX_USER_ASSIGNED)
        return FAIL(c, ERR_IDENTITY_VALUES, "A resource carries at most %d user-assigned identities.", IDENTITY_MAX_USER_ASSIGNED);
    return OK;
}

enum err identity_apply(struct call *c, enum identity_verb verb, const struct resource_identity *before, const struct identity_wish *wish,
                        const str **out_ids, size_t *out_n, const str **out_new, size_t *out_new_n)
{
    static const struct resource_identity NOTHING = {0};
    CLEANUP(clear) struct merging         m = {0};
    if (!before) before = &NOTHING;
    if (!wish->is_absent && wish->wants_user) TRY(apply_user_assigned(c, verb, before, wish, &m));
    *out_ids = wish->is_absent ? before->user_assigned : m.all.at;
    *out_n = wish->is_absent ? before->user_assigned_n : m.all.n;
    *out_new = m.fresh.at;
    *out_new_n = m.fresh.n;
    return OK;
}

static str type_text(enum identity_spelling spelling, const struct resource_identity *identity)
{
    if (!identity->has_system) return identity->user_assigned_n ? S("UserAssigned") : S("None");
    if (!identity->user_assigned_n) return S("SystemAssigned");
    return spelling == IDENTITY_SPACED ? S("SystemAssigned, UserAssigned") : S("SystemAssigned,UserAssigned");
}

static void write_user_assigned(struct json_writer *w, str id, identity_lookup *lookup, void *ctx)
{
    object_id principal;
    client_id app;
    json_write_key(w, id);
    json_write_object(w);
    if (lookup(id, &principal, &app, ctx)) {
        json_put_guid(w, S("principalId"), principal.g);
        json_put_guid(w, S("clientId"), app.g);
    }
    json_write_end(w);
}

void identity_write(struct json_writer *w, enum identity_spelling spelling, tenant_id tenant, const struct resource_identity *identity,
                    identity_lookup *lookup, void *ctx)
{
    if (!identity->has_system && !identity->user_assigned_n && spelling != IDENTITY_COMPACT_ALWAYS) return;
    json_write_key(w, S("identity"));
    json_write_object(w);
    json_put_string(w, S("type"), type_text(spelling, identity));
    if (identity->has_system) {
        json_put_guid(w, S("principalId"), identity->system_principal.g);
        json_put_guid(w, S("tenantId"), tenant.g);
    }
    if (identity->user_assigned_n) {
        json_write_key(w, S("userAssignedIdentities"));
        json_write_object(w);
        for (size_t i = 0; i < identity->user_assigned_n; i++) write_user_assigned(w, identity->user_assigned[i], lookup, ctx);
        json_write_end(w);
    }
    json_write_end(w);
}
