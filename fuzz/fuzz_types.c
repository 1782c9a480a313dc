// A name that a type takes is one whole segment of an id; a location is read as it was written; a version that is well formed is taken by any type.
#include "fuzz.h"
#include "resources/location.h"
#include "resources/scope.h"
#include "resources/types.h"

static void check_name(struct call *c, const struct resource_type *type, str name)
{
    struct resource_id id;
    if (types_check_name(c, type, name) != OK) {
        ASSERT(!name_rule_allows(type->names, name) && c->failure.kind == ERR_NAME_INVALID);
        call_forgive(c);
        return;
    }
    if (str_eq(name, S(".")) || str_eq(name, S(".."))) return; // a name, but no segment: ids refuse it
    str text = call_format(c, "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/A.B/c/%.*s", PSTR(name));
    ASSERT(resource_id_parse(c, text, &id) == OK);
    ASSERT(str_eq(id.name, name));
}

FUZZ(types)
{
    str in = fuzz_str(c, data, n), once, twice;
    check_name(c, types_of(STR_NONE), in);
    for (size_t i = 0; i < types_count(); i++) check_name(c, types_at(i), in);
    if (location_normalise(c, in, &once) == OK) {
        ASSERT(location_normalise(c, once, &twice) == OK && str_eq(once, twice) && location_eq(in, once));
        ASSERT(!locations_find(in) || str_eq(locations_find(in)->name, once));
    }
    call_forgive(c);
    if (types_check_api_version(c, types_of(STR_NONE), S("Contoso.Own/things"), STR_NONE, in) == OK)
        ASSERT(api_version_is_well_formed(in) && str_cmp(str_upto(in, 10), S(API_VERSION_OLDEST)) >= 0);
    call_forgive(c);
    if (api_version_check(c, S("2022-09-01,2014-04"), in) == OK) ASSERT(str_eq(in, S("2014-04")) || api_version_is_well_formed(in));
    call_forgive(c);
    return 0;
}
