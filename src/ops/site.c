#include "ops/site.h"

#include "ops/resources.h"
#include "ops/write_only.h"

const struct site_part_row SITE_PARTS[SITE_PART_N] = {
    [SITE_APP_SETTINGS] = {S_INIT("appsettings"), S_INIT("appSettings"), S_INIT("appSettingNames"), .is_secret = true},
    [SITE_CONNECTION_STRINGS] = {S_INIT("connectionstrings"), S_INIT("connectionStrings"), S_INIT("connectionStringNames"), .is_secret = true},
    [SITE_STORAGE_MOUNTS] = {S_INIT("azurestorageaccounts"), S_INIT("azureStorageAccounts"), S_INIT("azureStorageConfigNames"), .is_secret = true},
    [SITE_SLOT_NAMES] = {.name = S_INIT("slotConfigNames")},
    [SITE_WEB] = {.name = S_INIT("web")},
};

bool site_is(str type)
{
    return str_eq_nocase(type, S(SITE_TYPE)) || str_eq_nocase(type, S(SITE_SLOT_TYPE));
}

bool site_part_find(str name, enum site_part *out)
{
    size_t i = 0;
    while (i < SITE_PART_N && !str_eq_nocase(SITE_PARTS[i].name, name)) i++;
    if (i < SITE_PART_N) *out = (enum site_part)i;
    return i < SITE_PART_N;
}

static bool find_settings_member(str name, enum site_part *out)
{
    size_t i = 0;
    while (i < SITE_SETTING_PARTS && !str_eq_nocase(SITE_PARTS[i].member, name)) i++;
    if (i < SITE_SETTING_PARTS) *out = (enum site_part)i;
    return i < SITE_SETTING_PARTS;
}

enum err site_read(struct call *c, const struct resource *r, struct site *out)
{
    *out = (struct site){.resource = r};
    TRY(resource_document(c, r, &out->document));
    out->config = json_path(out->document, "properties.siteConfig");
    out->settings = json_get(out->document, S(SITE_SETTINGS));
    return OK;
}

enum err site_keep(struct call *c, struct work *w, struct site *s)
{
    struct resource  next = *s->resource;
    struct resource *record;
    TRY(resource_set_property(c, &s->document, S("siteConfig"), s->config));
    TRY(json_with(c, s->document, S(SITE_SETTINGS), s->settings, &s->document));
    TRY(resources_document(c, s->document, &next.document));
    next.changed_ns = c->now_ns;
    TRY(resource_new(c, &next, &record));
    TRY(work_change(c, w, STORE_RESOURCE, &s->resource->ref, &record->ref));
    s->resource = tree_find(w->world->tree, next.id);
    return OK;
}

const struct json *site_part(const struct site *s, enum site_part part)
{
    return part == SITE_WEB ? s->config : json_get(s->settings, SITE_PARTS[part].name);
}

static bool is_slot(const struct resource *r)
{
    return str_eq_nocase(r->type, S(SITE_SLOT_TYPE));
}

str site_app(const struct resource *r)
{
    str app = r->id;
    return is_slot(r) && scope_parent(r->id, &app) ? app : r->id;
}

str site_slot_name(const struct resource *r)
{
    return is_slot(r) ? r->name : S(SITE_PRODUCTION);
}

// --- settings as a request has them ---

static enum err refuse(struct call *c, str part, const char *rule)
{
    return FAIL(c, ERR_CONTENT_INVALID, "The value of '%.*s' is invalid: %s.", PSTR(part), rule);
}

// App settings are texts, and clients send numbers and booleans for them; the others are objects.
static bool is_value_of(enum site_part part, const struct json *v)
{
    if (part != SITE_APP_SETTINGS) return json_is(v, JSON_IS_OBJECT);
    return v && !json_is(v, JSON_IS_OBJECT) && !json_is(v, JSON_IS_ARRAY) && !json_is(v, JSON_IS_NULL);
}

static enum err check_settings(struct call *c, enum site_part part, const struct json *settings)
{
    if (!json_is(settings, JSON_IS_OBJECT)) return refuse(c, SITE_PARTS[part].name, "it must be an object");
    if (json_n(settings) > SITE_MAX_SETTINGS) return refuse(c, SITE_PARTS[part].name, "it has too many settings");
    for (size_t i = 0; i < json_n(settings); i++)
        if (str_empty(settings->u.list.names[i]) || !is_value_of(part, json_at(settings, i)))
            return refuse(c, SITE_PARTS[part].name,
                          part == SITE_APP_SETTINGS ? "a setting is a name and a text" : "a setting is a name and an object");
    return OK;
}

// In siteConfig {"name":N,"connectionString":V,"type":T} stands for N: {"value":V,"type":T}.
static enum err setting_value(struct call *c, enum site_part part, const struct json *item, const struct json **out)
{
    struct json *value;
    *out = json_get_nocase(item, S("value"));
    if (part == SITE_APP_SETTINGS) return OK;
    const struct json *text = json_get_nocase(item, S("connectionString")), *type = json_get_nocase(item, S("type"));
    TRY(json_object_new(c, 2, &value));
    if (text) json_object_add(value, S("value"), text);
    if (type) json_object_add(value, S("type"), type);
    *out = value;
    return OK;
}

// The arrays of siteConfig as objects by name; of two of one name the last counts.
static enum err by_name(struct call *c, enum site_part part, const struct json *list, const struct json **out)
{
    struct json *named;
    if (!json_is(list, JSON_IS_ARRAY)) return refuse(c, SITE_PARTS[part].member, "it must be an array");
    if (json_n(list) > SITE_MAX_SETTINGS) return refuse(c, SITE_PARTS[part].member, "it has too many settings");
    TRY(json_object_new(c, json_n(list), &named));
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json *item = json_at(list, i), *value, *name = json_get_nocase(item, S("name"));
        if (!json_is(name, JSON_IS_STRING)) return refuse(c, SITE_PARTS[part].member, "a setting has a name");
        TRY(setting_value(c, part, item, &value));
        if (!value) return refuse(c, SITE_PARTS[part].member, "a setting has a value");
        size_t same = 0;
        while (same < json_n(named) && !str_eq(named->u.list.names[same], json_str(name))) same++;
        if (same < json_n(named)) named->u.list.items[same] = *value;
        else json_object_add(named, json_str(name), value);
    }
    *out = named;
    return OK;
}

static enum err put_settings(struct call *c, struct site *s, enum site_part part, const struct json *settings)
{
    TRY(check_settings(c, part, settings));
    return json_with(c, s->settings, SITE_PARTS[part].name, settings, &s->settings);
}

// --- configuration as a request has it ---

static bool says(const struct json *config, size_t i)
{
    return !json_is(json_at(config, i), JSON_IS_NULL);
}

// `shown` is `sent` without passwords and their like (write_only.h), which settings may be called after.
static enum err lay_over(struct call *c, struct site *s, const struct json *sent, const struct json *shown)
{
    struct json   *plain;
    enum site_part part;
    if (!sent || json_is(sent, JSON_IS_NULL)) return OK;
    if (!json_is(sent, JSON_IS_OBJECT)) return refuse(c, S("siteConfig"), "it must be an object");
    TRY(json_object_new(c, json_n(shown), &plain));
    for (size_t i = 0; i < json_n(shown); i++)
        if (says(shown, i) && !find_settings_member(shown->u.list.names[i], &part)) json_object_add(plain, shown->u.list.names[i], json_at(shown, i));
    TRY(json_replace(c, s->config, plain, &s->config));
    for (size_t i = 0; i < json_n(sent); i++) {
        const struct json *settings = json_at(sent, i);
        if (!says(sent, i) || !find_settings_member(sent->u.list.names[i], &part)) continue;
        if (part != SITE_STORAGE_MOUNTS) TRY(by_name(c, part, settings, &settings));
        TRY(put_settings(c, s, part, settings));
    }
    return OK;
}

static enum err keep_property(struct call *c, const struct json *old, str name, const struct json **document)
{
    return resource_set_property(c, document, name, json_get(json_get(old, S("properties")), name));
}

// What a slot's plan is follows from its app; an app that names none gets one of its own.
static enum err default_plan(struct call *c, const struct work *w, struct resource_change *change)
{
    struct resource_id id;
    const struct json *plan = json_path(change->document, "properties.serverFarmId");
    if (plan && !json_is(plan, JSON_IS_NULL)) return OK;
    struct json            made = {.kind = JSON_IS_STRING};
    const struct resource *app = is_slot(change->next) ? tree_find(w->world->tree, site_app(change->next)) : NULL;
    if (app) {
        struct site s;
        TRY(site_read(c, app, &s));
        plan = json_path(s.document, "properties.serverFarmId");
        return plan ? resource_set_property(c, &change->document, S("serverFarmId"), plan) : OK;
    }
    TRY(resource_id_parse(c, change->next->id, &id));
    made.u.string = call_format(c, "%.*s/providers/Microsoft.Web/serverfarms/Default1", PSTR(id.host));
    return resource_set_property(c, &change->document, S("serverFarmId"), &made);
}

enum err site_write(struct call *c, struct work *w, struct resource_change *change)
{
    struct site        s = {.resource = change->next};
    const struct json *shown;
    if (change->before) TRY(site_read(c, change->before, &s));
    const struct json *old = s.document;
    TRY(write_only_strip(c, change->body, &shown));
    TRY(lay_over(c, &s, json_path(change->body, "properties.siteConfig"), json_path(shown, "properties.siteConfig")));
    TRY(resource_set_property(c, &change->document, S("siteConfig"), s.config));
    TRY(json_with(c, change->document, S(SITE_SETTINGS), s.settings, &change->document));
    TRY(keep_property(c, old, S("targetSwapSlot"), &change->document));
    TRY(keep_property(c, old, S("slotSwapStatus"), &change->document));
    return default_plan(c, w, change);
}

enum err site_spell(struct call *c, const struct json *properties, const struct json **out)
{
    static const str NAMES[] = {S_INIT("siteConfig"), S_INIT("serverFarmId"), S_INIT("targetSwapSlot"), S_INIT("slotSwapStatus")};
    return json_spell(c, properties, NAMES, COUNT(NAMES), out);
}

// Lists of names, of those that are known.
static enum err put_slot_names(struct call *c, struct site *s, const struct json *sent)
{
    struct json *names;
    TRY(json_object_new(c, SITE_SETTING_PARTS, &names));
    for (size_t i = 0; i < SITE_SETTING_PARTS; i++) {
        const struct json *list = json_get_nocase(sent, SITE_PARTS[i].sticky);
        if (!list || json_is(list, JSON_IS_NULL)) continue;
        if (!json_is(list, JSON_IS_ARRAY) || json_n(list) > SITE_MAX_SETTINGS) return refuse(c, SITE_PARTS[i].sticky, "it must be a list of names");
        for (size_t k = 0; k < json_n(list); k++)
            if (!json_is(json_at(list, k), JSON_IS_STRING)) return refuse(c, SITE_PARTS[i].sticky, "it must be a list of names");
        json_object_add(names, SITE_PARTS[i].sticky, list);
    }
    return json_with(c, s->settings, SITE_PARTS[SITE_SLOT_NAMES].name, names, &s->settings);
}

static enum err put_part(struct call *c, struct site *s, enum site_part part, const struct json *body)
{
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    const struct json       *sent = json_get(body, S("properties")), *shown;
    if (!sent || json_is(sent, JSON_IS_NULL)) sent = &EMPTY;
    if (!json_is(sent, JSON_IS_OBJECT)) return refuse(c, S("properties"), "it must be an object");
    if (part == SITE_SLOT_NAMES) return put_slot_names(c, s, sent);
    if (part != SITE_WEB) return put_settings(c, s, part, sent);
    TRY(write_only_strip(c, body, &shown));
    return lay_over(c, s, json_get(body, S("properties")), json_get(shown, S("properties")));
}

// The parts that are known go into the record of the app or slot; others are resources like all.
enum err site_config_write(struct call *c, struct work *w, struct resource_change *change)
{
    enum site_part part;
    struct site    s;
    str            path;
    if (!site_part_find(change->next->name, &part)) return OK;
    const struct resource *site = scope_parent(change->next->id, &path) ? tree_find(w->world->tree, path) : NULL;
    if (!site) return FAIL_PLAIN(c, ERR_PARENT_NOT_FOUND);
    if (part == SITE_SLOT_NAMES && is_slot(site))
        return FAIL(c, ERR_CONTENT_INVALID, "The names of sticky settings belong to the app, not to a slot.");
    TRY(site_read(c, site, &s));
    TRY(put_part(c, &s, part, change->body));
    TRY(site_keep(c, w, &s));
    change->kept_in = s.resource;
    return OK;
}
