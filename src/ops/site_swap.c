// The swap of an app's slots, in one step or in two.
#include "core/time.h"
#include "ops/effects.h"
#include "ops/resources.h"
#include "ops/site.h"

#define PREVIEW_MARK "targetSwapSlot" // property: the slot with which a preview is under way
#define SAVED        "beforePreview"  // setting: the settings that the preview replaced
#define OPERATIONS   "operations"     // setting: the swaps that can be asked about

struct pair {
    struct site from, to;
};

static enum err find_other(struct call *c, const struct work *w, const struct resource *from, str target, const struct resource **out)
{
    str app = site_app(from);
    if (str_empty(target)) return FAIL(c, ERR_CONTENT_INVALID, "The name of the slot to swap with ('targetSlot') is missing.");
    str path = str_eq_nocase(target, S(SITE_PRODUCTION)) ? app : call_format(c, "%.*s/slots/%.*s", PSTR(app), PSTR(target));
    // A slot's name alone: behind a slash could stand a resource of any type, and what is swapped into it would be shown.
    if (str_find(target, '/') != STR_NOWHERE)
        return FAIL(c, ERR_RESOURCE_NOT_FOUND, "'%.*s' is not the name of a slot.", PSTR(call_printable(c, target, 64)));
    TRY(resources_require(c, w, path, out));
    if (!site_is((*out)->type)) return FAIL(c, ERR_INTERNAL, "%.*s is no slot.", PSTR((*out)->id));
    if (*out != from) return OK;
    return FAIL(c, ERR_CONFLICT, "The slot '%.*s' of '%.*s' cannot be swapped with itself.", PSTR(site_slot_name(from)), PSTR(app));
}

static enum err find_pair(struct call *c, const struct work *w, const struct site_swap_args *args, struct pair *out)
{
    const struct resource *from, *to;
    TRY(resources_require(c, w, args->site, &from));
    TRY(find_other(c, w, from, args->target, &to));
    TRY(site_read(c, from, &out->from));
    return site_read(c, to, &out->to);
}

// --- what moves and what stays ---

typedef bool stays_fn(str name, const void *context);

// What stays of `own`, and of `other` what does not stay with it.
static enum err mix(struct call *c, const struct json *own, const struct json *other, stays_fn *stays, const void *context, const struct json **out)
{
    struct json *mixed;
    TRY(json_object_new(c, json_n(own) + json_n(other), &mixed));
    for (size_t i = 0; i < json_n(own); i++)
        if (stays(own->u.list.names[i], context)) json_object_add(mixed, own->u.list.names[i], json_at(own, i));
    for (size_t i = 0; i < json_n(other); i++)
        if (!stays(other->u.list.names[i], context)) json_object_add(mixed, other->u.list.names[i], json_at(other, i));
    *out = mixed;
    return OK;
}

// `context`: the app's list of sticky names, or NULL. Versions of extensions are never swapped.
static bool setting_stays(str name, const void *context)
{
    const struct json *sticky = context;
    if (str_ends_nocase(name, S("_EXTENSION_VERSION"))) return true;
    for (size_t i = 0; i < json_n(sticky); i++)
        if (str_eq_nocase(json_str(json_at(sticky, i)), name)) return true;
    return false;
}

// Managed identities and how they are used, scale, networks and who may come in, certificates, logs, CORS, Always On.
static const str STAYING[] = {
    S_INIT("acrUseManagedIdentityCreds"),
    S_INIT("acrUserManagedIdentityID"),
    S_INIT("alwaysOn"),
    S_INIT("autoSwapSlotName"),
    S_INIT("cors"),
    S_INIT("detailedErrorLoggingEnabled"),
    S_INIT("elasticWebAppScaleLimit"),
    S_INIT("ftpsState"),
    S_INIT("functionAppScaleLimit"),
    S_INIT("httpLoggingEnabled"),
    S_INIT("ipSecurityRestrictions"),
    S_INIT("ipSecurityRestrictionsDefaultAction"),
    S_INIT("keyVaultReferenceIdentity"),
    S_INIT("logsDirectorySizeLimit"),
    S_INIT("managedServiceIdentityId"),
    S_INIT("minTlsCipherSuite"),
    S_INIT("minTlsVersion"),
    S_INIT("minimumElasticInstanceCount"),
    S_INIT("numberOfWorkers"),
    S_INIT("preWarmedInstanceCount"),
    S_INIT("publicNetworkAccess"),
    S_INIT("publishingUsername"),
    S_INIT("requestTracingEnabled"),
    S_INIT("requestTracingExpirationTime"),
    S_INIT("scmIpSecurityRestrictions"),
    S_INIT("scmIpSecurityRestrictionsDefaultAction"),
    S_INIT("scmIpSecurityRestrictionsUseMain"),
    S_INIT("scmMinTlsVersion"),
    S_INIT("xManagedServiceIdentityId"),
};
static const str NETWORK[] = {S_INIT("vnetName"), S_INIT("vnetPrivatePortsCount"), S_INIT("vnetRouteAllEnabled")};

static bool config_stays(str name, const void *context)
{
    const struct site_swap_args *args = context;
    if (str_index_nocase(STAYING, COUNT(STAYING), name) != STR_NOWHERE) return true;
    return !args->moves_network && str_index_nocase(NETWORK, COUNT(NETWORK), name) != STR_NOWHERE;
}

static enum err sticky_names(struct call *c, const struct work *w, const struct site *of, enum site_part part, const struct json **out)
{
    struct site app = {0};
    TRY(site_read(c, tree_find(w->world->tree, site_app(of->resource)), &app));
    *out = json_get(site_part(&app, SITE_SLOT_NAMES), SITE_PARTS[part].sticky);
    return OK;
}

static enum err put_setting(struct call *c, struct site *s, str name, const struct json *value)
{
    return json_with(c, s->settings, name, value, &s->settings);
}

static enum err swap_settings(struct call *c, const struct work *w, struct pair *p)
{
    for (enum site_part part = 0; part < SITE_SETTING_PARTS; part++) {
        const struct json *sticky, *from = site_part(&p->from, part), *to = site_part(&p->to, part), *next_from, *next_to;
        TRY(sticky_names(c, w, &p->from, part, &sticky));
        TRY(mix(c, from, to, setting_stays, sticky, &next_from));
        TRY(mix(c, to, from, setting_stays, sticky, &next_to));
        TRY(put_setting(c, &p->from, SITE_PARTS[part].name, next_from));
        TRY(put_setting(c, &p->to, SITE_PARTS[part].name, next_to));
    }
    return OK;
}

static enum err swap_config(struct call *c, const struct site_swap_args *args, struct pair *p)
{
    const struct json *from = p->from.config, *to = p->to.config;
    TRY(mix(c, from, to, config_stays, args, &p->from.config));
    return mix(c, to, from, config_stays, args, &p->to.config);
}

// --- the preview ---

static enum err put_property(struct call *c, struct site *s, str name, const struct json *value)
{
    const struct json *properties;
    TRY(json_with(c, json_get(s->document, S("properties")), name, value, &properties));
    return json_with(c, s->document, S("properties"), properties, &s->document);
}

static str previews_with(const struct site *s)
{
    return json_str(json_get(json_get(s->document, S("properties")), S(PREVIEW_MARK)));
}

static bool is_free(const struct site *s)
{
    return str_empty(previews_with(s));
}

static bool preview_each_other(const struct pair *p)
{
    return str_eq_nocase(previews_with(&p->from), site_slot_name(p->to.resource)) &&
           str_eq_nocase(previews_with(&p->to), site_slot_name(p->from.resource));
}

static enum err require_free(struct call *c, const struct site *s)
{
    if (is_free(s)) return OK;
    return FAIL(c, ERR_CONFLICT, "The slot '%.*s' of '%.*s' is being swapped with '%.*s': complete that swap or reset it first.",
                PSTR(site_slot_name(s->resource)), PSTR(site_app(s->resource)), PSTR(previews_with(s)));
}

static enum err mark(struct call *c, struct site *s, const struct site *other)
{
    return put_property(c, s, S(PREVIEW_MARK), &(struct json){.kind = JSON_IS_STRING, .u.string = site_slot_name(other->resource)});
}

static enum err begin_preview(struct call *c, const struct work *w, struct pair *p)
{
    struct json *saved;
    TRY(json_object_new(c, SITE_SETTING_PARTS, &saved));
    for (enum site_part part = 0; part < SITE_SETTING_PARTS; part++) {
        const struct json *sticky, *before = site_part(&p->from, part), *next;
        if (before) json_object_add(saved, SITE_PARTS[part].name, before);
        TRY(sticky_names(c, w, &p->from, part, &sticky));
        TRY(mix(c, site_part(&p->to, part), before, setting_stays, sticky, &next));
        TRY(put_setting(c, &p->from, SITE_PARTS[part].name, next));
    }
    TRY(put_setting(c, &p->from, S(SAVED), saved));
    TRY(mark(c, &p->from, &p->to));
    return mark(c, &p->to, &p->from);
}

static enum err end_preview(struct call *c, struct site *s)
{
    const struct json *saved = json_get(s->settings, S(SAVED));
    for (enum site_part part = 0; saved && part < SITE_SETTING_PARTS; part++)
        TRY(put_setting(c, s, SITE_PARTS[part].name, json_get(saved, SITE_PARTS[part].name)));
    TRY(put_setting(c, s, S(SAVED), NULL));
    return put_property(c, s, S(PREVIEW_MARK), NULL);
}

// --- the deeds ---

static enum err note_operation(struct call *c, struct site *s, str *out)
{
    const struct json *before = json_get(s->settings, S(OPERATIONS));
    struct json        after = {.kind = JSON_IS_ARRAY};
    size_t             n = json_n(before), skip = n < SITE_MAX_OPERATIONS ? 0 : n + 1 - SITE_MAX_OPERATIONS;
    TRY(NEW(c, &after.u.list.items, n - skip + 1));
    for (size_t i = skip; i < n; i++) after.u.list.items[after.u.list.n++] = *json_at(before, i);
    *out = guid_str(c, guid_new(c));
    after.u.list.items[after.u.list.n++] = (struct json){.kind = JSON_IS_STRING, .u.string = *out};
    return put_setting(c, s, S(OPERATIONS), &after);
}

bool site_has_operation(const struct site *s, str operation)
{
    const struct json *known = json_get(s->settings, S(OPERATIONS));
    for (size_t i = 0; i < json_n(known); i++)
        if (str_eq_nocase(json_str(json_at(known, i)), operation)) return true;
    return false;
}

static enum err note_swap(struct call *c, const struct pair *p, struct site *at)
{
    struct json *status;
    TRY(json_object_new(c, 3, &status));
    str when = call_format(c, "%s", time_iso(c->now_ns).s);
    json_object_add(status, S("timestampUtc"), &(struct json){.kind = JSON_IS_STRING, .u.string = when});
    json_object_add(status, S("sourceSlotName"), &(struct json){.kind = JSON_IS_STRING, .u.string = site_slot_name(p->from.resource)});
    json_object_add(status, S("destinationSlotName"), &(struct json){.kind = JSON_IS_STRING, .u.string = site_slot_name(p->to.resource)});
    return put_property(c, at, S("slotSwapStatus"), status);
}

static enum err swap(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct site_swap_args *args = args_;
    struct site_swap_result     *out = out_;
    struct pair                  p;
    TRY(find_pair(c, w, args, &p));
    if (preview_each_other(&p)) {
        TRY(end_preview(c, &p.from));
        TRY(end_preview(c, &p.to));
    }
    TRY(require_free(c, &p.from));
    TRY(require_free(c, &p.to));
    TRY(swap_settings(c, w, &p));
    TRY(swap_config(c, args, &p));
    TRY(note_swap(c, &p, &p.from));
    TRY(note_swap(c, &p, &p.to));
    TRY(note_operation(c, &p.from, &out->operation));
    TRY(site_keep(c, w, &p.from));
    TRY(site_keep(c, w, &p.to));
    out->site = p.from.resource;
    return OK;
}

static enum err preview(struct call *c, struct work *w, const void *args, void *out)
{
    struct pair p;
    TRY(find_pair(c, w, args, &p));
    TRY(require_free(c, &p.from));
    TRY(require_free(c, &p.to));
    TRY(begin_preview(c, w, &p));
    TRY(site_keep(c, w, &p.from));
    TRY(site_keep(c, w, &p.to));
    ((struct site_swap_result *)out)->site = p.from.resource;
    return OK;
}

// The slot that a preview is under way with; NULL: none is, or that slot has gone since.
static enum err find_partner(struct call *c, const struct work *w, const struct site *s, struct pair *out)
{
    *out = (struct pair){.from = *s};
    if (is_free(s)) return OK;
    enum err failed = find_pair(c, w, &(struct site_swap_args){.site = s->resource->id, .target = previews_with(s)}, out);
    bool     is_gone = failed == ERR_RESOURCE_NOT_FOUND || failed == ERR_CONFLICT; // a slot that was called "production" is looked for as the app
    if (is_gone) call_forgive(c);
    if (failed != OK && !is_gone) return failed;
    if (is_gone || !preview_each_other(out)) out->to = (struct site){0};
    return OK;
}

static enum err find_preview(struct call *c, const struct work *w, const struct site_swap_args *args, struct pair *out)
{
    const struct resource *at;
    struct site            s;
    TRY(resources_require(c, w, args->site, &at));
    TRY(site_read(c, at, &s));
    return find_partner(c, w, &s, out);
}

static enum err reset(struct call *c, struct work *w, const void *args, void *out)
{
    struct pair p;
    TRY(find_preview(c, w, args, &p));
    if (!is_free(&p.from)) {
        TRY(end_preview(c, &p.from));
        TRY(site_keep(c, w, &p.from));
    }
    if (p.to.resource) {
        TRY(end_preview(c, &p.to));
        TRY(site_keep(c, w, &p.to));
    }
    ((struct site_swap_result *)out)->site = p.from.resource;
    return OK;
}

// --- what they ask for besides ---

static enum err add_other(struct call *c, const struct site *other, struct effect_sites *out)
{
    return effect_site_add(
        c, out, (struct effect_site){.scope = other->resource->id, .action = call_format(c, "%.*s/slotsswap/action", PSTR(other->resource->type))});
}

static enum err find_target(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    struct pair p;
    (void)e;
    TRY(find_pair(c, w, args, &p));
    return add_other(c, &p.to, out);
}

static enum err find_reset(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    struct pair p;
    (void)e;
    TRY(find_preview(c, w, args, &p));
    return p.to.resource ? add_other(c, &p.to, out) : OK;
}

// A swap brings the code of one place under the identities of the other, and a preview brings settings there.
static const struct effect EFFECT_SITE_SWAP = {.name = "site_swap", .rule = EFFECT_NEEDS, .changes_site = true, .find = find_target};
static const struct effect EFFECT_SITE_RESET = {.name = "site_reset", .rule = EFFECT_NEEDS, .changes_site = true, .find = find_reset};

const struct op OP_SITE_SWAP = {.name = "site_swap", .by_target = true, .writes = true, .run = swap, .effects = {&EFFECT_SITE_SWAP}};
const struct op OP_SITE_PREVIEW = {.name = "site_preview", .by_target = true, .writes = true, .run = preview, .effects = {&EFFECT_SITE_SWAP}};
const struct op OP_SITE_RESET = {.name = "site_reset", .by_target = true, .writes = true, .run = reset, .effects = {&EFFECT_SITE_RESET}};
