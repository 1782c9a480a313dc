#include "ops/resource_references.h"

#include "ops/cluster.h"
#include "ops/container_app.h"
#include "ops/cosmos_role.h"
#include "ops/resources.h"
#include "ops/site.h"
#include "ops/virtual_network.h"

#define NET                "Microsoft.Network/"
#define NICS               NET "networkInterfaces"
#define PUBLIC_ADDRESSES   NET "publicIPAddresses"
#define SECURITY_GROUPS    NET "networkSecurityGroups"
#define ROUTE_TABLES       NET "routeTables"
#define NAT_GATEWAYS       NET "natGateways"
#define MACHINES           "Microsoft.Compute/virtualMachines"
#define SCALE_SETS         "Microsoft.Compute/virtualMachineScaleSets"
#define PLANS              "Microsoft.Web/serverfarms"
#define ENVIRONMENTS       "Microsoft.App/managedEnvironments"
#define JOIN(type)         type "/join/action"
#define JOIN_BY_SERVICE    SUBNET_TYPE "/joinViaServiceEndpoint/action"
#define CONFIGURATIONS     "properties.networkProfile.networkInterfaceConfigurations[].properties."
#define SET_CONFIGURATIONS "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].properties."

// Source of the actions: https://learn.microsoft.com/azure/role-based-access-control/permissions, and src/rbac/operations.inc
struct reference_row {
    const char *type, *path; /* "a.b[].c": of each item of the array */
    const char *to;          /* the type that is named; "": any */
    const char *join;        /* the permission that it takes there; NULL: none */
    bool        holds;       /* what is named cannot be deleted meanwhile */
    bool        is_alone;    /* no other resource may hold it */
    bool        same_region;
    bool        takes_name; /* of one in the same group, in place of an id */
    const char *only;       /* the resource of the type that is called so; NULL: all */
};

#define TO_SUBNET SUBNET_TYPE, JOIN(SUBNET_TYPE), .holds = true
#define TO_WALL   SECURITY_GROUPS, JOIN(SECURITY_GROUPS), .holds = true, .same_region = true
#define TO_PUBLIC PUBLIC_ADDRESSES, JOIN(PUBLIC_ADDRESSES), .holds = true, .same_region = true, .is_alone = true
#define TO_PLAN   PLANS, JOIN(PLANS), .holds = true, .takes_name = true
#define TO_STAGE  ENVIRONMENTS, JOIN(ENVIRONMENTS), .holds = true
#define BY_RULE   SUBNET_TYPE, JOIN_BY_SERVICE /* the service's rule outlives the subnet */

static const struct reference_row ROWS[] = {
    {NICS, "properties.ipConfigurations[].properties.subnet.id", TO_SUBNET, .same_region = true},
    {NICS, "properties.ipConfigurations[].properties.publicIPAddress.id", TO_PUBLIC},
    {NICS, "properties.networkSecurityGroup.id", TO_WALL},
    {SUBNET_TYPE, "properties.networkSecurityGroup.id", TO_WALL},
    {SUBNET_TYPE, "properties.routeTable.id", ROUTE_TABLES, JOIN(ROUTE_TABLES), .holds = true, .same_region = true},
    {SUBNET_TYPE, "properties.natGateway.id", NAT_GATEWAYS, JOIN(NAT_GATEWAYS), .same_region = true},
    // A network's subnets are no part of its document: these rows are for the permissions.
    {NETWORK_TYPE, "properties.subnets[].properties.networkSecurityGroup.id", TO_WALL},
    {NETWORK_TYPE, "properties.subnets[].properties.routeTable.id", ROUTE_TABLES, JOIN(ROUTE_TABLES)},
    {NETWORK_TYPE, "properties.subnets[].properties.natGateway.id", NAT_GATEWAYS, JOIN(NAT_GATEWAYS)},
    {NETWORK_TYPE, "properties.virtualNetworkPeerings[].properties.remoteVirtualNetwork.id", NETWORK_TYPE, NETWORK_TYPE "/peer/action"},
    {NETWORK_TYPE "/virtualNetworkPeerings", "properties.remoteVirtualNetwork.id", NETWORK_TYPE, NETWORK_TYPE "/peer/action"},
    {NET "loadBalancers", "properties.frontendIPConfigurations[].properties.subnet.id", TO_SUBNET, .same_region = true},
    {NET "loadBalancers", "properties.frontendIPConfigurations[].properties.publicIPAddress.id", TO_PUBLIC},
    {NET "bastionHosts", "properties.ipConfigurations[].properties.subnet.id", TO_SUBNET, .same_region = true},
    {NET "bastionHosts", "properties.ipConfigurations[].properties.publicIPAddress.id", TO_PUBLIC},
    {NET "applicationGateways", "properties.gatewayIPConfigurations[].properties.subnet.id", TO_SUBNET, .same_region = true},
    {NET "applicationGateways", "properties.frontendIPConfigurations[].properties.publicIPAddress.id", TO_PUBLIC},
    {NET "virtualNetworkGateways", "properties.ipConfigurations[].properties.subnet.id", TO_SUBNET, .same_region = true},
    {NET "virtualNetworkGateways", "properties.ipConfigurations[].properties.publicIPAddress.id", TO_PUBLIC},
    {NAT_GATEWAYS, "properties.publicIpAddresses[].id", TO_PUBLIC},
    {NET "privateEndpoints", "properties.subnet.id", TO_SUBNET, .same_region = true},
    {NET "privateEndpoints", "properties.privateLinkServiceConnections[].properties.privateLinkServiceId", "", NULL},
    {NET "privateEndpoints", "properties.manualPrivateLinkServiceConnections[].properties.privateLinkServiceId", "", NULL},

    {MACHINES, "properties.networkProfile.networkInterfaces[].id", NICS, JOIN(NICS), .holds = true, .is_alone = true, .same_region = true},
    {MACHINES, CONFIGURATIONS "ipConfigurations[].properties.subnet.id", TO_SUBNET},
    {MACHINES, CONFIGURATIONS "networkSecurityGroup.id", SECURITY_GROUPS, JOIN(SECURITY_GROUPS), .holds = true},
    {SCALE_SETS, SET_CONFIGURATIONS "ipConfigurations[].properties.subnet.id", TO_SUBNET},
    {SCALE_SETS, SET_CONFIGURATIONS "networkSecurityGroup.id", SECURITY_GROUPS, JOIN(SECURITY_GROUPS), .holds = true},

    {SITE_TYPE, "properties.serverFarmId", TO_PLAN},
    {SITE_TYPE, "properties.virtualNetworkSubnetId", TO_SUBNET},
    {SITE_SLOT_TYPE, "properties.serverFarmId", TO_PLAN},
    {SITE_SLOT_TYPE, "properties.virtualNetworkSubnetId", TO_SUBNET},
    {SITE_TYPE "/networkConfig", "properties.subnetResourceId", TO_SUBNET},
    {SITE_SLOT_TYPE "/networkConfig", "properties.subnetResourceId", TO_SUBNET},
    // Other configurations hold settings of any names.
    {SITE_TYPE "/config", "properties.serverFarmId", TO_PLAN, .only = "web"},
    {SITE_TYPE "/config", "properties.virtualNetworkSubnetId", TO_SUBNET, .only = "web"},
    {SITE_SLOT_TYPE "/config", "properties.serverFarmId", TO_PLAN, .only = "web"},
    {SITE_SLOT_TYPE "/config", "properties.virtualNetworkSubnetId", TO_SUBNET, .only = "web"},
    {CONTAINER_APP_TYPE, "properties.managedEnvironmentId", TO_STAGE},
    {CONTAINER_APP_TYPE, "properties.environmentId", TO_STAGE},
    {"Microsoft.App/jobs", "properties.environmentId", TO_STAGE},
    {ENVIRONMENTS, "properties.vnetConfiguration.infrastructureSubnetId", TO_SUBNET},
    {"Microsoft.ContainerInstance/containerGroups", "properties.subnetIds[].id", TO_SUBNET},
    {CLUSTER_TYPE, "properties.agentPoolProfiles[].vnetSubnetID", TO_SUBNET},
    {CLUSTER_TYPE "/agentPools", "properties.vnetSubnetID", TO_SUBNET},
    {"Microsoft.DBforPostgreSQL/flexibleServers", "properties.network.delegatedSubnetResourceId", TO_SUBNET},
    {"Microsoft.DBforPostgreSQL/flexibleServers", "properties.network.privateDnsZoneArmResourceId", NET "privateDnsZones", JOIN(NET "privateDnsZones"), .holds = true},

    {COSMOS_ASSIGNMENT_TYPE, "properties.roleDefinitionId", COSMOS_ROLE_TYPE, NULL, .holds = true},

    {"Microsoft.Storage/storageAccounts", "properties.networkAcls.virtualNetworkRules[].id", BY_RULE},
    {"Microsoft.KeyVault/vaults", "properties.networkAcls.virtualNetworkRules[].id", BY_RULE},
    {"Microsoft.DocumentDB/databaseAccounts", "properties.virtualNetworkRules[].id", BY_RULE},
    {"Microsoft.Sql/servers/virtualNetworkRules", "properties.virtualNetworkSubnetId", BY_RULE},
};

static bool is_of(const struct reference_row *row, str type, str id)
{
    return str_eq_nocase(type, str_of(row->type)) && (!row->only || str_eq_nocase(str_from(id, str_find_last(id, '/') + 1), str_of(row->only)));
}

// --- reading ---

struct reading {
    struct call                *c;
    const struct reference_row *row;
    struct references          *out;
};

static enum err refuse_id(struct call *c, const struct reference_row *row, str id)
{
    return FAIL(c, ERR_LINKED_ID_INVALID,
                "Property id '%.*s' at path '%s' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or "
                "'/providers/{resourceProviderNamespace}/'.",
                PSTR(call_printable(c, id, 256)), row->path);
}

static enum err add(struct reading *x, str holder, const struct json *value)
{
    struct references *out = x->out;
    if (json_is(value, JSON_IS_NULL) || (json_is(value, JSON_IS_STRING) && str_empty(value->u.string))) return OK;
    if (!json_is(value, JSON_IS_STRING)) return refuse_id(x->c, x->row, STR_NONE);
    if (out->n == out->room) {
        struct reference *more;
        size_t            room = out->room ? out->room * 2 : 8;
        TRY(NEW(x->c, &more, room));
        if (out->n) memcpy(more, out->at, out->n * sizeof *more);
        out->at = more;
        out->room = room;
    }
    out->at[out->n++] = (struct reference){.row = x->row, .id = value->u.string, .holder = holder};
    return OK;
}

// A name that stands twice, in different cases, is refused: another reader could take the other one.
static enum err get_member(struct reading *x, const struct json *object, str name, const struct json **out)
{
    *out = NULL;
    for (size_t i = 0; json_is(object, JSON_IS_OBJECT) && i < json_n(object); i++) {
        if (!str_eq_nocase(object->u.list.names[i], name)) continue;
        if (*out)
            return FAIL(x->c, ERR_JSON_INVALID, "The member '%.*s' stands twice, in different cases, on the path '%s'.", PSTR(name), x->row->path);
        *out = json_at(object, i);
    }
    return OK;
}

// What is no object holds no ids: it stays what it is.
static enum err walk(struct reading *x, str holder, const struct json *value, str path)
{
    str    step;
    bool   goes_on = str_cut(&path, '.', &step), is_array = goes_on && str_ends(step, S("[]"));
    size_t n;
    if (!value) return OK;
    if (!goes_on) return add(x, holder, value);
    if (is_array) step.n -= 2;
    TRY(get_member(x, value, step, &value));
    if (!is_array) return walk(x, holder, value, path); // as deep as the row's path is long
    if (value && !json_is(value, JSON_IS_ARRAY) && !json_is(value, JSON_IS_NULL))
        return FAIL(x->c, ERR_CONTENT_INVALID, "The member '%.*s' on the path '%s' must be an array.", PSTR(step), x->row->path);
    n = json_is(value, JSON_IS_ARRAY) ? json_n(value) : 0;
    for (size_t i = 0; i < n; i++) {
        str name = json_str(json_get_nocase(json_at(value, i), S("name")));
        str part = str_empty(name) ? holder : call_format(x->c, "%.*s/%.*s/%.*s", PSTR(holder), PSTR(step), PSTR(name));
        TRY(walk(x, part, json_at(value, i), path));
    }
    return OK;
}

enum err references_read(struct call *c, str type, str id, const struct json *document, struct references *out)
{
    *out = (struct references){0};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct reading x = {.c = c, .row = &ROWS[i], .out = out};
        if (is_of(&ROWS[i], type, id)) TRY(walk(&x, id, document, str_of(ROWS[i].path)));
    }
    return OK;
}

// The id that is meant: of a bare name, that in the group of the resource that names it.
static enum err resolve(struct call *c, const struct reference *r, str from, struct resource_id *out)
{
    struct resource_id of;
    str                id = r->id;
    if (r->row->takes_name && str_find(id, '/') == STR_NOWHERE) {
        TRY(resource_id_parse(c, from, &of));
        id = call_format(c, "%.*s/providers/%s/%.*s", PSTR(of.host), r->row->to, PSTR(id));
    }
    bool is_id = resource_id_parse(c, id, out) == OK && !out->is_list;
    call_forgive(c);
    return is_id ? OK : refuse_id(c, r->row, r->id);
}

enum err references_note(struct call *c, struct resource *next, const struct json *document)
{
    struct references all;
    str              *ids;
    TRY(references_read(c, next->type, next->id, document, &all));
    TRY(NEW(c, &ids, all.n));
    for (size_t i = 0; i < all.n; i++) {
        struct resource_id id;
        TRY(resolve(c, &all.at[i], next->id, &id));
        ids[i] = id.text;
    }
    next->references = ids;
    next->reference_n = all.n;
    return OK;
}

// --- what is named must be there ---

static enum err refuse_absent(struct call *c, const struct reference_row *row, const struct resource *from, const struct resource_id *id)
{
    str name = str_from(id->text, str_find_last(id->text, '/') + 1);
    if (str_eq(str_of(row->to), S(PLANS))) return FAIL(c, ERR_NOT_FOUND, "Cannot find ServerFarm with name %.*s.", PSTR(name));
    if (str_eq(str_of(row->to), S(ENVIRONMENTS)))
        return FAIL(c, ERR_ENVIRONMENT_NOT_FOUND, "The Managed Environment '%.*s' was not found.", PSTR(id->text));
    return FAIL(c, ERR_REFERENCE_NOT_FOUND,
                "Resource %.*s referenced by resource %.*s was not found. Please make sure that the referenced resource exists, and that both "
                "resources are in the same region.",
                PSTR(id->text), PSTR(from->id));
}

static enum err check_type(struct call *c, const struct reference_row *row, const struct resource_id *id)
{
    str type;
    TRY(resource_id_type(c, id, &type));
    if (str_empty(str_of(row->to)) || str_eq_nocase(type, str_of(row->to))) return OK;
    return FAIL(c, ERR_LINKED_ID_INVALID, "Property id '%.*s' at path '%s' is invalid. Expect the id of a resource of the type '%s'.", PSTR(id->text),
                row->path, row->to);
}

// A part of a resource has no region of its own.
static str region_of(const struct work *w, const struct resource *r)
{
    str at = r->id;
    while (r && str_empty(r->location) && scope_parent(at, &at)) r = tree_find(w->world->tree, at);
    return r ? r->location : STR_NONE;
}

static enum err note_of_record(struct call *own, const struct resource *r, struct resource **out)
{
    struct resource    next = *r;
    const struct json *document;
    next.slot = NULL;
    enum err failed = json_parse(own, r->document, &document);
    if (failed == OK) failed = references_note(own, &next, document);
    if (failed == ERR_NO_MEMORY) return failed;
    call_forgive(own);
    next.lacks_references = false;
    return resource_new(own, &next, out);
}

enum err references_complete(struct call *c, struct ref **io)
{
    const struct resource *r = CONTAINER_OF(*io, struct resource, ref);
    struct resource       *fresh;
    struct call            own; // there may be very many: the memory of each goes at once
    if (!r->lacks_references) return OK;
    call_init(&own, NULL, NULL);
    enum err failed = note_of_record(&own, r, &fresh);
    call_clear(&own);
    if (failed != OK) return FAIL_PLAIN(c, failed);
    fresh->ref.version = (*io)->version;
    ref_drop(*io);
    *io = &fresh->ref;
    return OK;
}

// --- who else holds it ---

struct holding {
    struct call *c;
    str          what, outside; /* holders at or below this are none */
    bool         alone_only;    /* those alone that hold what no other may */
    str          holder;        /* found: the part that holds it */
    str          user;          /* and its resource */
    enum err     failed;
};

static enum err look(struct holding *x, const struct resource *user)
{
    const struct json *document;
    struct references  all;
    if (scope_path_contains(x->outside, user->id)) return OK;
    TRY(resource_document(x->c, user, &document));
    TRY(references_read(x->c, user->type, user->id, document, &all));
    for (size_t i = 0; i < all.n && str_empty(x->holder); i++) {
        struct resource_id id;
        TRY(resolve(x->c, &all.at[i], user->id, &id));
        if (!all.at[i].row->holds || (x->alone_only && !all.at[i].row->is_alone) || !str_eq_nocase(id.text, x->what)) continue;
        x->holder = all.at[i].holder;
        x->user = user->id;
    }
    return OK;
}

static bool offer(const struct resource *user, void *context)
{
    struct holding *x = context;
    x->failed = look(x, user);
    return x->failed == OK && str_empty(x->holder);
}

static enum err find_holder(struct call *c, const struct work *w, struct holding *x)
{
    x->c = c;
    tree_each_user_of(w->world->tree, x->what, STR_NONE, offer, x);
    return x->failed;
}

static enum err check_alone(struct call *c, const struct work *w, const struct reference *r, const struct resource *to, str self)
{
    struct holding x = {.what = to->id, .outside = self, .alone_only = true};
    if (!r->row->is_alone) return OK;
    TRY(find_holder(c, w, &x));
    if (str_empty(x.holder)) return OK;
    if (str_eq_nocase(to->type, S(NICS)))
        return FAIL(c, ERR_NIC_IN_USE, "Network Interface %.*s is used by existing resource %.*s.", PSTR(to->id), PSTR(x.user));
    return FAIL(c, ERR_PUBLIC_ADDRESS_TAKEN, "Resource %.*s is referencing public IP address %.*s that is already allocated to resource %.*s.",
                PSTR(r->holder), PSTR(to->id), PSTR(x.holder));
}

// Did it name that before, in the same place? Another place asks for another permission.
static enum err had(struct call *c, const struct resource *before, const struct reference_row *row, str id, bool *out)
{
    const struct json *document;
    struct references  all;
    *out = false;
    if (!before || str_index_nocase(before->references, before->reference_n, id) == STR_NOWHERE) return OK;
    TRY(resource_document(c, before, &document));
    TRY(references_read(c, before->type, before->id, document, &all));
    for (size_t i = 0; i < all.n && !*out; i++) {
        struct resource_id was;
        TRY(resolve(c, &all.at[i], before->id, &was));
        *out = all.at[i].row == row && str_eq_nocase(was.text, id);
    }
    return OK;
}

static enum err check_one(struct call *c, const struct work *w, const struct reference *r, const struct resource_change *change)
{
    const struct resource *from = change->next, *before = change->before;
    struct resource_id     id;
    bool                   is_old;
    TRY(resolve(c, r, from->id, &id));
    TRY(had(c, before, r->row, id.text, &is_old));
    if (is_old) return OK;
    TRY(check_type(c, r->row, &id));
    const struct resource *to = tree_find(w->world->tree, id.text);
    if (!to || (r->row->same_region && !str_eq(region_of(w, to), region_of(w, from)))) return refuse_absent(c, r->row, from, &id);
    return check_alone(c, w, r, to, from->id);
}

enum err references_check(struct call *c, const struct work *w, const struct resource_change *change)
{
    struct references all;
    TRY(references_read(c, change->next->type, change->next->id, change->document, &all));
    for (size_t i = 0; i < all.n; i++) TRY(check_one(c, w, &all.at[i], change));
    return OK;
}

// --- deletions ---

static enum err refuse_held(struct call *c, const struct resource *r, const struct holding *x)
{
    static const struct { const char *type; enum err kind; const char *words; } HELD[] = {
        {SUBNET_TYPE, ERR_SUBNET_IN_USE,
         "Subnet %.*s is in use by %.*s and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See "
         "aka.ms/deletesubnet."},
        {NICS, ERR_NIC_IN_USE,
         "Network Interface %.*s is used by existing resource %.*s. In order to delete the network interface, it must be dissociated from the "
         "resource. To learn more, see aka.ms/deletenic."},
        {PUBLIC_ADDRESSES, ERR_PUBLIC_ADDRESS_IN_USE,
         "Public IP address %.*s can not be deleted since it is still allocated to resource %.*s. In order to delete the public IP, "
         "disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip."},
        {SECURITY_GROUPS, ERR_SECURITY_GROUP_IN_USE,
         "Network security group %.*s cannot be deleted because it is in use by the following resources: %.*s. In order to delete the Network "
         "security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg."},
        {ROUTE_TABLES, ERR_ROUTE_TABLE_IN_USE, "Route table %.*s is in use by %.*s and cannot be deleted."},
        {PLANS, ERR_CONFLICT, "Server farm '%.*s' cannot be deleted because it has web app(s) %.*s assigned to it."},
        {ENVIRONMENTS, ERR_ENVIRONMENT_IN_USE, "The specified environment %.*s cannot be deleted because it still contains the container app %.*s."},
    };
    bool by_name = str_eq_nocase(r->type, S(SUBNET_TYPE)) || str_eq_nocase(r->type, S(PLANS)) || str_eq_nocase(r->type, S(ENVIRONMENTS));
    bool holder_by_name = by_name && !str_eq_nocase(r->type, S(SUBNET_TYPE));
    str  name = by_name ? r->name : r->id, holder = holder_by_name ? str_from(x->user, str_find_last(x->user, '/') + 1) : x->holder;
    for (size_t i = 0; i < COUNT(HELD); i++)
        if (str_eq_nocase(r->type, str_of(HELD[i].type))) return FAIL(c, HELD[i].kind, HELD[i].words, PSTR(name), PSTR(holder));
    return FAIL(c, ERR_CONFLICT, "The resource '%.*s' cannot be deleted because it is in use by '%.*s'.", PSTR(r->id), PSTR(x->holder));
}

// Of what is to go: the first that something outside of it holds.
struct deletion {
    struct call           *c;
    const struct work     *w;
    str                    path;
    struct holding         found;
    const struct resource *held;
    enum err               failed;
};

static bool ask(const struct resource *r, void *context)
{
    struct deletion *d = context;
    d->found = (struct holding){.what = r->id, .outside = d->path};
    d->failed = find_holder(d->c, d->w, &d->found);
    if (!str_empty(d->found.holder)) d->held = r;
    return d->failed == OK && !d->held;
}

static enum err find_held(struct deletion *d)
{
    const struct resource *top = tree_find(d->w->world->tree, d->path);
    if (!top || ask(top, d)) tree_each_resource(d->w->world->tree, d->path, STR_NONE, ask, d);
    return d->failed;
}

enum err references_ask_unused(struct call *c, const struct work *w, str path)
{
    struct deletion d = {.c = c, .w = w, .path = path};
    TRY(find_held(&d));
    return d.held ? refuse_held(c, d.held, &d.found) : OK;
}

enum err references_ask_group_unused(struct call *c, const struct work *w, str group)
{
    struct deletion d = {.c = c, .w = w, .path = group};
    TRY(find_held(&d));
    if (!d.held) return OK;
    return FAIL(
        c, ERR_GROUP_IN_USE,
        "Deletion of resource group '%.*s' failed as resources with identifiers '%.*s' could not be deleted: '%.*s' uses it. The provisioning "
        "state of the resource group will be rolled back.",
        PSTR(str_from(group, str_find_last(group, '/') + 1)), PSTR(d.held->id), PSTR(d.found.holder));
}

// --- what a reference asks for ---

// Each that the resource did not name before.
static enum err find_joined(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct resource_args *args = args_;
    struct resource_id          id, to;
    struct references           all;
    str                         type;
    (void)e;
    TRY(resource_id_parse(c, args->id, &id));
    if (id.is_list) return OK; // the deed says so
    TRY(resource_id_type(c, &id, &type));
    TRY(references_read(c, type, id.text, args->body, &all));
    for (size_t i = 0; i < all.n; i++) {
        bool is_old;
        if (!all.at[i].row->join) continue;
        TRY(resolve(c, &all.at[i], id.text, &to));
        TRY(had(c, tree_find(w->world->tree, id.text), all.at[i].row, to.text, &is_old));
        if (!is_old) TRY(effect_site_add(c, out, (struct effect_site){.scope = to.text, .action = str_of(all.at[i].row->join)}));
    }
    return OK;
}

const struct effect EFFECT_REFERENCE_JOIN = {.name = "reference_join", .rule = EFFECT_NEEDS, .find = find_joined};
