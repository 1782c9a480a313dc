// What providers offer, and where: providers(), and the functions of availability zones.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource,
//         https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions-resource
#include "resources/location.h"
#include "resources/types.h"
#include "template/function.h"
#include "template/inside.h"
#include "template/value.h"

#define ZONES 3 // that a region with zones has

// Source: https://learn.microsoft.com/azure/reliability/regions-list
static const str REGIONS_WITH_ZONES[] = {
    S_INIT("australiaeast"), S_INIT("austriaeast"), S_INIT("belgiumcentral"), S_INIT("brazilsouth"), S_INIT("canadacentral"), S_INIT("centralindia"), S_INIT("centralus"),
    S_INIT("chilecentral"), S_INIT("eastasia"), S_INIT("eastus"), S_INIT("eastus2"), S_INIT("francecentral"), S_INIT("germanywestcentral"), S_INIT("indonesiacentral"),
    S_INIT("israelcentral"), S_INIT("italynorth"), S_INIT("japaneast"), S_INIT("japanwest"), S_INIT("koreacentral"), S_INIT("malaysiawest"), S_INIT("mexicocentral"),
    S_INIT("newzealandnorth"), S_INIT("northeurope"), S_INIT("norwayeast"), S_INIT("polandcentral"), S_INIT("qatarcentral"), S_INIT("southafricanorth"), S_INIT("southcentralus"),
    S_INIT("southeastasia"), S_INIT("spaincentral"), S_INIT("swedencentral"), S_INIT("switzerlandnorth"), S_INIT("uaenorth"), S_INIT("uksouth"), S_INIT("westeurope"),
    S_INIT("westus2"), S_INIT("westus3"),
};
// Types that stand in one zone; of what is spread over zones by itself pickZones() gives none. Which types the cloud takes is not listed
// anywhere: these are the zonal ones of the pages on reliability.
static const str ZONAL_TYPES[] = {
    S_INIT("Microsoft.Compute/virtualMachines"), S_INIT("Microsoft.Compute/virtualMachineScaleSets"), S_INIT("Microsoft.Compute/disks"),
    S_INIT("Microsoft.Network/publicIPAddresses"), S_INIT("Microsoft.Network/publicIPPrefixes"), S_INIT("Microsoft.Network/natGateways"),
    S_INIT("Microsoft.ContainerService/managedClusters"),
};

static bool has_zones(str location)
{
    for (size_t i = 0; i < COUNT(REGIONS_WITH_ZONES); i++)
        if (location_eq(REGIONS_WITH_ZONES[i], location)) return true;
    return false;
}

static enum err add_texts(struct evaluation *e, struct json *object, str name, const str *texts, size_t n)
{
    struct json       *array;
    const struct json *one;
    TRY(value_array_new(e, n, &array));
    for (size_t i = 0; i < n; i++) {
        TRY(value_text(e, texts[i], &one));
        value_add(array, one);
    }
    value_put(object, name, array);
    return OK;
}

// {"resourceType":"vaults","locations":["West US",...],"apiVersions":["2023-07-01",...]}
static enum err type_object(struct evaluation *e, const struct resource_type *type, const struct json **out)
{
    struct json       *object;
    const struct json *name;
    str               *texts;
    size_t             n = 0;
    TRY(value_object_new(e, 3, &object));
    TRY(value_text(e, str_from(type->type, str_find(type->type, '/') + 1), &name));
    value_put(object, S("resourceType"), name);
    TRY(NEW(e->c, &texts, locations_count() + type->api_versions.n));
    for (; type->is_tracked && n < locations_count(); n++) texts[n] = locations_at(n)->display_name;
    TRY(add_texts(e, object, S("locations"), texts, n));
    n = 0;
    for (str rest = type->api_versions, one; str_cut(&rest, ',', &one);)
        if (!str_empty(str_trim(one))) texts[n++] = str_trim(one);
    TRY(add_texts(e, object, S("apiVersions"), texts, n));
    *out = object;
    return OK;
}

static bool is_of_namespace(const struct resource_type *type, str name)
{
    return str_eq_nocase(str_upto(type->type, str_find(type->type, '/')), name);
}

static enum err namespace_object(struct evaluation *e, const struct function *f, str name, const struct json **out)
{
    struct json       *object, *types;
    const struct json *text, *one;
    TRY(value_object_new(e, 3, &object));
    TRY(value_array_new(e, types_count(), &types));
    for (size_t i = 0; i < types_count(); i++) {
        if (!is_of_namespace(types_at(i), name)) continue;
        TRY(type_object(e, types_at(i), &one));
        value_add(types, one);
    }
    if (json_n(types) == 0) return FAIL_FUNCTION(e, f, "the resource namespace '%.*s' is invalid.", PSTR(call_printable(e->c, name, 128)));
    TRY(value_text(e, name, &text));
    value_put(object, S("namespace"), text);
    TRY(value_text(e, S("Registered"), &text));
    value_put(object, S("registrationState"), text);
    value_put(object, S("resourceTypes"), types);
    return value_made(e, object, out);
}

// A type without a row of its own: nothing is known of it, and the template must not go on with a guess.
static enum err providers(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str name = json_str(args[0]);
    if (n == 1) return namespace_object(e, f, name, out);
    const struct resource_type *type = types_find(call_format(e->c, "%.*s/%.*s", PSTR(name), PSTR(json_str(args[1]))));
    if (type) return type_object(e, type, out);
    return FAIL_FUNCTION(e, f, "the resource type '%.*s' could not be found in the namespace '%.*s'.",
                         PSTR(call_printable(e->c, json_str(args[1]), 128)), PSTR(call_printable(e->c, name, 128)));
}

// pickZones(namespace, type, location, [how many], [from which on])
static enum err pick_zones(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json       *zones;
    const struct json *one;
    int64_t            count = 1, offset = 0;
    str                type = call_format(e->c, "%.*s/%.*s", PSTR(json_str(args[0])), PSTR(json_str(args[1])));
    bool               is_zonal = str_index_nocase(ZONAL_TYPES, COUNT(ZONAL_TYPES), type) != STR_NOWHERE && has_zones(json_str(args[2]));
    if (n > 3) count = args[3]->u.integer;
    if (n > 4) offset = args[4]->u.integer;
    if (count < 1 || count > ZONES) return FAIL_FUNCTION(e, f, "the number of zones '%lld' must be from '1' to '%d'.", (long long)count, ZONES);
    if (offset < 0 || offset > ZONES - count)
        return FAIL_FUNCTION(e, f, "the offset '%lld' and the number of zones '%lld' exceed the '%d' zones there are.", (long long)offset,
                             (long long)count, ZONES);
    if (!is_zonal) count = 0;
    TRY(value_array_new(e, (size_t)count, &zones));
    for (int64_t i = 0; i < count; i++) {
        TRY(value_text(e, call_format(e->c, "%lld", (long long)(offset + i + 1)), &one));
        value_add(zones, one);
    }
    return value_made(e, zones, out);
}

// The zones of a subscription are numbered as the region's are: there is one data center here. Empty: there is no such zone.
static str logical_zone(struct evaluation *e, str location, str physical)
{
    str normalised, digit = str_from(physical, physical.n ? physical.n - 1 : 0);
    if (!has_zones(location)) return STR_NONE;
    if (location_normalise(e->c, location, &normalised) != OK) {
        call_forgive(e->c);
        return STR_NONE;
    }
    bool is_zone = str_eq_nocase(physical, call_format(e->c, "%.*s-az%.*s", PSTR(normalised), PSTR(digit)));
    return is_zone && digit.n == 1 && digit.at[0] >= '1' && digit.at[0] <= '0' + ZONES ? digit : STR_NONE;
}

static str physical_zone(struct evaluation *e, str location, str logical)
{
    str normalised;
    if (!has_zones(location) || logical.n != 1 || logical.at[0] < '1' || logical.at[0] > '0' + ZONES) return STR_NONE;
    if (location_normalise(e->c, location, &normalised) == OK) return call_format(e->c, "%.*s-az%.*s", PSTR(normalised), PSTR(logical));
    call_forgive(e->c);
    return STR_NONE;
}

typedef str zone_map(struct evaluation *e, str location, str zone);

static enum err map_zones(struct evaluation *e, const struct function *f, const struct json *const *args, zone_map *map, const struct json **out)
{
    struct json       *zones;
    const struct json *one;
    if (!json_is(args[2], JSON_IS_ARRAY)) return value_text(e, map(e, json_str(args[1]), json_str(args[2])), out);
    TRY(value_array_new(e, json_n(args[2]), &zones));
    for (size_t i = 0; i < json_n(args[2]); i++) {
        if (!json_is(json_at(args[2], i), JSON_IS_STRING)) return FAIL_FUNCTION(e, f, "the item at index '%zu' must be a text.", i);
        TRY(value_text(e, map(e, json_str(args[1]), json_str(json_at(args[2], i))), &one));
        value_add(zones, one);
    }
    return value_made(e, zones, out);
}

static enum err to_logical(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    return map_zones(e, f, args, logical_zone, out);
}

static enum err to_physical(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    return map_zones(e, f, args, physical_zone, out);
}

static const struct function ROWS[] = {
    {"providers",       "s",     1, 2, IN_ANY, providers},
    {"pickZones",       "sssi",  3, 5, IN_ANY, pick_zones},
    {"toLogicalZone",   "sss",   3, 3, IN_ANY, to_logical},
    {"toLogicalZones",  "ssa",   3, 3, IN_ANY, to_logical},
    {"toPhysicalZone",  "sss",   3, 3, IN_ANY, to_physical},
    {"toPhysicalZones", "ssa",   3, 3, IN_ANY, to_physical},
};
const struct function_table FUNCTIONS_PROVIDERS = {ROWS, COUNT(ROWS)};
