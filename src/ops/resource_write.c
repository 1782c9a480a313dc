// Making and changing resources of any type: PUT and PATCH.
#include "ops/cluster.h"
#include "ops/identity_reach.h"
#include "ops/provider_names.h"
#include "ops/registrations.h"
#include "ops/resource_children.h"
#include "ops/resource_defaults.h"
#include "ops/resource_hooks.h"
#include "ops/resource_inline.h"
#include "ops/resource_references.h"
#include "ops/resources.h"
#include "ops/system_identity.h"
#include "ops/vault_resource.h"
#include "ops/version_gates.h"
#include "ops/write_only.h"
#include "resources/location.h"
#include "resources/types.h"

// A resource on its way from the request to the record.
struct writing {
    const struct resource_args *args;
    struct resource_id          id;
    const struct resource_type *type;
    str                         type_name; /* in the casing of answers */
    struct resource_change      change;
    struct inline_parts         parts;
    struct resource             next;
};

static enum err find_parent(struct call *c, const struct work *w, const struct writing *x)
{
    str                parent;
    struct resource_id parent_id;
    if (!scope_parent(x->id.text, &parent)) return OK;
    if (resource_id_parse(c, parent, &parent_id) != OK) { // a group or subscription: looked for already
        call_forgive(c);
        return OK;
    }
    if (tree_find(w->world->tree, parent)) return OK;
    return FAIL(c, ERR_PARENT_NOT_FOUND,
                "Failed to perform 'write' on resource(s) of type '%.*s', because the parent resource '%.*s' could not be found.", PSTR(x->type_name),
                PSTR(parent));
}

// By the type's rule, in the type's own error.
static enum err check_name(struct call *c, const struct writing *x)
{
    const struct resource_hooks *hooks = resource_hooks_of(x->type_name);
    enum err                     failed = types_check_name(c, x->type, x->id.name);
    if (failed != ERR_NAME_INVALID || !hooks || hooks->name_invalid == OK) return failed;
    str words = call_format(c, "%s", c->failure.text);
    call_forgive(c);
    return FAIL(c, hooks->name_invalid, "%.*s", PSTR(words));
}

// What these providers have is this product's own to keep, by routes of its own: a lock or a deployment that is
// accepted as any other resource would look kept and do nothing.
static enum err check_provider(struct call *c, const struct writing *x)
{
    if (!registration_is_free(x->id.provider)) return OK;
    return FAIL(c, ERR_TYPE_UNKNOWN, "The resource type '%.*s' could not be found in the namespace '%.*s'.",
                PSTR(str_from(x->type_name, x->id.provider.n + 1)), PSTR(x->id.provider));
}

static enum err identify(struct call *c, const struct work *w, struct writing *x)
{
    str type;
    TRY(resource_id_parse(c, x->args->id, &x->id));
    if (x->id.is_list) return FAIL(c, ERR_METHOD_NOT_ALLOWED, "A list of resources cannot be written: name one.");
    TRY(resource_id_type(c, &x->id, &type));
    x->type = types_of(type);
    x->type_name = str_empty(x->type->type) ? type : x->type->type;
    TRY(check_provider(c, x));
    if (!str_empty(x->id.subscription)) TRY(resources_require_holder(c, w, x->id.subscription, x->id.group));
    TRY(registrations_require(c, w, x->id.subscription, provider_of_type(x->type_name)));
    x->change.before = tree_find(w->world->tree, x->id.text);
    if (x->args->verb == IDENTITY_PATCH && !x->change.before) return resources_require(c, w, x->id.text, &x->change.before);
    TRY(find_parent(c, w, x));
    if (x->change.before) return OK;
    TRY(resource_children_check_name(c, x->type_name, x->id.name));
    return check_name(c, x);
}

// Another resource may hold the name: globally unique ones must not meet, in any subscription.
static enum err check_global_name(struct call *c, const struct work *w, const struct writing *x)
{
    if (!x->type->has_global_names || x->change.before) return OK;
    const struct resource *other = tree_find_global(w->world->tree, x->type_name, x->id.name, false);
    if (!other) return OK;
    const struct resource_hooks *hooks = resource_hooks_of(x->type_name);
    return FAIL(c, hooks && hooks->name_taken ? hooks->name_taken : ERR_CONFLICT, "The name '%.*s' is already in use.", PSTR(x->id.name));
}

static enum err locate(struct call *c, struct writing *x)
{
    const struct resource *before = x->change.before;
    const struct json     *sent = json_get(x->args->body, S("location"));
    str                    asked = STR_NONE;
    if (sent && !json_is(sent, JSON_IS_STRING)) return FAIL(c, ERR_CONTENT_INVALID, "The location must be a string.");
    if (sent || (!before && x->type->is_tracked)) TRY(location_normalise(c, json_str(sent), &asked));
    if (before && !str_empty(asked) && !str_empty(before->location) && !str_eq(asked, before->location))
        return FAIL(c, ERR_LOCATION_CONFLICT,
                    "The resource '%.*s' already exists in location '%.*s' in resource group '%.*s'. A resource with the same name cannot be "
                    "created in location '%.*s'. Please select a new resource name.",
                    PSTR(x->id.name), PSTR(before->location), PSTR(x->id.group), PSTR(asked));
    if (!before && !str_empty(asked)) TRY(location_check_type(c, asked, x->type_name));
    x->next.location = before && !str_empty(before->location) ? before->location : asked;
    return OK;
}

static bool is_column(str name)
{
    static const str COLUMNS[] = {S_INIT("id"),       S_INIT("name"),       S_INIT("type"), S_INIT("location"),
                                  S_INIT("identity"), S_INIT("systemData"), S_INIT("etag")};
    return str_index_nocase(COLUMNS, COUNT(COLUMNS), name) != STR_NOWHERE;
}

static enum err without_columns(struct call *c, const struct json *body, const struct json **out)
{
    struct json *kept;
    TRY(json_object_new(c, json_n(body), &kept));
    for (size_t i = 0; i < json_n(body); i++)
        if (!is_column(body->u.list.names[i])) json_object_add(kept, body->u.list.names[i], json_at(body, i));
    *out = kept;
    return OK;
}

enum err resources_document_of(struct call *c, const struct json *body, const struct json **out)
{
    TRY(without_columns(c, body, out));
    return write_only_strip(c, *out, out);
}

static enum err check_properties(struct call *c, const struct json *body)
{
    const struct json *properties = json_get(body, S("properties"));
    if (!properties || json_is(properties, JSON_IS_OBJECT) || json_is(properties, JSON_IS_NULL)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID,
                "The request content was invalid and could not be deserialized: 'The properties are no JSON object. Path 'properties'.'.");
}

// PATCH merges into properties and replaces what stands beside them (tags as a whole); PUT replaces all.
static enum err compose_document(struct call *c, struct writing *x)
{
    const struct json *sent, *old;
    TRY(resources_document_of(c, x->args->body, &sent));
    x->change.document = sent;
    if (x->args->verb == IDENTITY_PUT || !x->change.before) return OK;
    TRY(json_parse(c, x->change.before->document, &old));
    const struct json *properties = json_get(sent, S("properties"));
    if (properties) TRY(json_merge(c, json_get(old, S("properties")), properties, &properties));
    if (properties) TRY(json_with(c, sent, S("properties"), properties, &sent));
    return json_replace(c, old, sent, &x->change.document);
}

static enum err refuse_identity(struct call *c, const struct writing *x, str why)
{
    return FAIL(c, ERR_IDENTITY_OPERATION,
                "Identity operation for resource '%.*s' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. "
                "Response: '{\"error\":{\"code\":\"BadRequest\",\"message\":\"%.*s\"}}'.'.",
                PSTR(x->id.text), PSTR(why));
}

static bool is_identity(const struct resource *r)
{
    return r && str_eq_nocase(r->type, S("Microsoft.ManagedIdentity/userAssignedIdentities"));
}

// Each that is sent: one that is attached anew must be there, and each must be allowed on this resource.
static enum err check_attached(struct call *c, const struct work *w, const struct writing *x, const struct identity_wish *wish, const str *fresh,
                               size_t fresh_n)
{
    str rule;
    for (size_t i = 0; i < fresh_n; i++)
        if (!is_identity(tree_find(w->world->tree, fresh[i])))
            return refuse_identity(c, x, call_format(c, "Resource '%.*s' was not found.", PSTR(fresh[i])));
    for (size_t i = 0; i < wish->attach_n; i++) {
        const struct resource *identity = tree_find(w->world->tree, wish->attach[i]);
        if (!is_identity(identity)) continue; // it dangles: it was attached before, and deleted
        TRY(identity_reach_asks(c, identity, &x->next, &rule));
        if (!str_empty(rule))
            return refuse_identity(c, x, call_format(c, "Resource '%.*s' cannot be assigned. %.*s", PSTR(identity->id), PSTR(rule)));
    }
    return OK;
}

static enum err keep_identity(struct call *c, struct work *w, struct writing *x)
{
    const struct resource *before = x->change.before;
    if (before) x->next.identity.user_assigned = before->identity.user_assigned;
    if (before) x->next.identity.user_assigned_n = before->identity.user_assigned_n;
    if (before) x->next.identity.attached = before->identity.attached;
    return system_identity_apply(c, w, before, &x->next, before && before->identity.has_system);
}

static object_id attached_before(const struct resource *before, str id)
{
    const struct resource_identity *has = before ? &before->identity : NULL;
    size_t                          i = has ? str_index_nocase(has->user_assigned, has->user_assigned_n, id) : STR_NOWHERE;
    return i != STR_NOWHERE && has->attached ? has->attached[i] : (object_id){GUID_NONE};
}

static object_id principal_now(const struct work *w, str id)
{
    const struct principal *p = directory_find_managed(w->world->directory, id, false);
    return p ? p->id : (object_id){GUID_NONE};
}

// Sent again, but an identity was made anew under the id meanwhile: that is another identity.
static bool is_remade(const struct work *w, const struct resource *before, str id)
{
    object_id had = attached_before(before, id), now = principal_now(w, id);
    return !guid_is_none(had.g) && !guid_is_none(now.g) && !object_id_eq(had, now);
}

// What is sent is attached as it is now; what is only kept stays attached to whom it was.
static enum err note_attached(struct call *c, const struct work *w, struct writing *x, const struct identity_wish *wish)
{
    struct resource_identity *next = &x->next.identity;
    object_id                *attached;
    TRY(NEW(c, &attached, next->user_assigned_n));
    for (size_t i = 0; i < next->user_assigned_n; i++) {
        bool sent = str_index_nocase(wish->attach, wish->attach_n, next->user_assigned[i]) != STR_NOWHERE;
        attached[i] = sent ? principal_now(w, next->user_assigned[i]) : attached_before(x->change.before, next->user_assigned[i]);
    }
    next->attached = attached;
    return OK;
}

static enum err apply_identity(struct call *c, struct work *w, struct writing *x)
{
    static const struct resource_identity NONE = {0};
    const struct resource                *before = x->change.before;
    struct identity_wish                  wish;
    const str                            *fresh;
    size_t                                fresh_n;
    TRY(identity_wish_read(c, json_get(x->args->body, S("identity")), &wish));
    if (wish.is_absent) return keep_identity(c, w, x);
    if (wish.wants_system && !x->type->takes_system)
        return FAIL(c, ERR_IDENTITY_VALUES, "The type '%.*s' does not take a system-assigned identity.", PSTR(x->type_name));
    if (wish.attach_n && !x->type->takes_user)
        return FAIL(c, ERR_IDENTITY_VALUES, "The type '%.*s' does not take user-assigned identities.", PSTR(x->type_name));
    TRY(identity_apply(c, x->args->verb, before ? &before->identity : &NONE, &wish, &x->next.identity.user_assigned,
                       &x->next.identity.user_assigned_n, &fresh, &fresh_n));
    TRY(check_attached(c, w, x, &wish, fresh, fresh_n));
    TRY(note_attached(c, w, x, &wish));
    return system_identity_apply(c, w, before, &x->next, wish.wants_system);
}

static str group_word(const struct resource_type *type)
{
    return type->has_lower_group ? S("resourcegroups") : S("resourceGroups");
}

// The path of what holds the resource, its keywords in the casing of answers.
static str host_for_answers(struct call *c, const struct writing *x)
{
    str subscription = call_format(c, "/subscriptions/%.*s", PSTR(x->id.subscription));
    str group = call_format(c, "%.*s/%.*s/%.*s", PSTR(subscription), PSTR(group_word(x->type)), PSTR(x->id.group));
    if (str_eq_nocase(x->id.host, group)) return group;
    if (str_eq_nocase(x->id.host, subscription)) return subscription;
    return str_eq(x->id.host, S("/")) ? STR_NONE : x->id.host;
}

// The id as answers have it: names in the path's own casing, the keywords and the type in the published one.
static enum err id_for_answers(struct call *c, const struct writing *x, str *out)
{
    struct buf b;
    str        types = x->type_name, names = x->id.types, piece, name;
    buf_init(&b, &c->arena);
    buf_add(&b, host_for_answers(c, x));
    buf_add(&b, S("/providers"));
    for (bool is_type = false; str_cut(&types, '/', &piece); is_type = true) {
        buf_addf(&b, "/%.*s", PSTR(piece));
        if (is_type && str_cut(&names, '/', &name) && str_cut(&names, '/', &name)) buf_addf(&b, "/%.*s", PSTR(name));
    }
    return buf_finish(c, &b, out);
}

// json_parse limits the depth.
static size_t count_values(const struct json *v)
{
    size_t n = 1;
    for (size_t i = 0; i < json_n(v); i++) n += count_values(json_at(v, i));
    return n;
}

static enum err check_size(struct call *c, const struct json *document)
{
    size_t n = count_values(document);
    return n > RESOURCE_MAX_VALUES ? FAIL(c, ERR_TOO_LARGE, "A resource has at most %d values, and this one would have %zu.", RESOURCE_MAX_VALUES, n)
                                   : OK;
}

enum err resources_document(struct call *c, const struct json *document, str *out)
{
    str text;
    TRY(check_size(c, document));
    TRY(json_check_depth(c, document));
    TRY(json_text(c, document, &text));
    if (text.n > JSON_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "The resource would have more than %zu bytes.", JSON_MAX_BYTES);
    *out = text;
    return OK;
}

static enum err keep(struct call *c, struct work *w, struct writing *x, struct resource_result *out)
{
    struct resource       *record;
    const struct resource *before = x->change.before;
    TRY(resources_document(c, x->change.document, &x->next.document));
    TRY(references_note(c, &x->next, x->change.document));
    TRY(resource_new(c, &x->next, &record));
    out->was_created = !before;
    TRY(work_change(c, w, STORE_RESOURCE, before ? &before->ref : NULL, &record->ref));
    out->resource = tree_find(w->world->tree, x->next.id);
    if (!before) TRY(resource_children_make(c, w, out->resource));
    TRY(resource_inline_keep(c, w, out->resource, &x->parts, x->args->api_version));
    const struct resource_hooks *hooks = resource_hooks_of(x->type_name);
    return hooks && hooks->kept && !x->args->is_inline ? hooks->kept(c, w, out->resource) : OK;
}

static enum err write_resource(struct call *c, struct work *w, const void *args, void *out)
{
    struct writing x = {.args = args};
    TRY(identify(c, w, &x));
    TRY(check_size(c, x.args->body));
    TRY(check_global_name(c, w, &x));
    TRY(resources_check_tags(c, x.args->body));
    TRY(locate(c, &x));
    TRY(check_properties(c, x.args->body));
    TRY(compose_document(c, &x));
    const struct resource *before = x.change.before;
    TRY(id_for_answers(c, &x, &x.next.id));
    x.next.type = x.type_name;
    x.next.name = x.id.name;
    x.next.uid = before ? before->uid : guid_new(c);
    x.next.created_ns = before ? before->created_ns : c->now_ns;
    x.next.changed_ns = c->now_ns;
    TRY(apply_identity(c, w, &x));
    x.change.next = &x.next;
    x.change.body = x.args->body;
    x.change.verb = x.args->verb;
    x.change.api_version = x.args->api_version;
    TRY(version_gates_apply(c, &x.change));
    TRY(resource_inline_take(c, &x.change, &x.parts));
    TRY(resource_defaults_apply(c, w, &x.id, &x.change));
    TRY(references_check(c, w, &x.change)); // before a hook makes up what nobody named
    const struct resource_hooks *hooks = resource_hooks_of(x.type_name);
    if (hooks && hooks->write) TRY(hooks->write(c, w, &x.change));
    if (!x.change.kept_in) return keep(c, w, &x, out);
    *(struct resource_result *)out = (struct resource_result){.resource = x.change.kept_in};
    return OK;
}

// Of a cluster: the identity of its nodes, where it is another than before.
static enum err find_kubelet(struct call *c, const struct resource *before, const struct resource_args *args, struct effect_sites *out)
{
    struct resource_id id;
    str                type, kubelet = cluster_kubelet(args->body);
    const struct json *document = NULL;
    if (str_empty(kubelet)) return OK;
    TRY(resource_id_parse(c, args->id, &id));
    TRY(resource_id_type(c, &id, &type));
    if (!str_eq_nocase(type, S(CLUSTER_TYPE))) return OK;
    if (before) TRY(resource_document(c, before, &document));
    return str_eq_nocase(cluster_kubelet(document), kubelet) ? OK : effect_site_add(c, out, (struct effect_site){.scope = kubelet});
}

// Each identity that is attached anew: its id was not in the block before, or it was another identity's.
static enum err find_attached(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    static const struct resource_identity NONE = {0};
    const struct resource_args           *args = args_;
    const struct resource                *before = tree_find(w->world->tree, args->id);
    struct identity_wish                  wish;
    const str                            *all, *fresh;
    size_t                                all_n, fresh_n;
    (void)e;
    TRY(find_kubelet(c, before, args, out));
    TRY(identity_wish_read(c, json_get(args->body, S("identity")), &wish));
    if (wish.is_absent) return OK;
    TRY(identity_apply(c, args->verb, before ? &before->identity : &NONE, &wish, &all, &all_n, &fresh, &fresh_n));
    for (size_t i = 0; i < fresh_n; i++) TRY(effect_site_add(c, out, (struct effect_site){.scope = fresh[i]}));
    for (size_t i = 0; i < wish.attach_n; i++)
        if (is_remade(w, before, wish.attach[i])) TRY(effect_site_add(c, out, (struct effect_site){.scope = wish.attach[i]}));
    return OK;
}

// Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/identity#managed-identity-operator
static const struct effect EFFECT_IDENTITY_ATTACH = {.name = "identity_attach",
                                                     .rule = EFFECT_NEEDS,
                                                     .action = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
                                                     .find = find_attached};

const struct op OP_RESOURCE_WRITE = {
    .name = "resource_write",
    .by_target = true,
    .writes = true,
    .run = write_resource,
    .effects = {&EFFECT_IDENTITY_ATTACH, &EFFECT_VAULT_MODEL, &EFFECT_VAULT_BODY_POLICIES, &EFFECT_INLINE_CHILDREN, &EFFECT_REFERENCE_JOIN}};
