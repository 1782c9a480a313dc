#include "ops/virtual_network.h"

#include <stdlib.h>

#include "core/address_range.h"

// A prefix, and the subnet whose it is.
struct subnet_range {
    struct address_range range;
    str                  subnet;
};

// What is gathered of one network. The subnets lie in the order of their first addresses: those that overlap are neighbours.
struct network {
    struct call         *c;
    str                  name;
    const struct json   *space;
    struct subnet_range *ranges;
    size_t               n, room;
    enum err             failed;
};

static enum err read_range(struct call *c, str text, str id, struct address_range *out)
{
    if (!address_range_read(text, out))
        return FAIL(c, ERR_PREFIX_FORMAT,
                    "Address prefix %.*s of resource %.*s is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24.",
                    PSTR(call_printable(c, text, 64)), PSTR(id));
    if (!address_range_is_exact(out))
        return FAIL(c, ERR_PREFIX_NOTATION,
                    "The address prefix %.*s in resource %.*s has an invalid CIDR notation. For the given prefix length, the address prefix should "
                    "be %.*s.",
                    PSTR(text), PSTR(id), PSTR(address_range_text(c, out)));
    return OK;
}

// Both ways to say it, and neither: a subnet that has none.
static size_t count_prefixes(const struct json *properties)
{
    return json_n(json_get(properties, S("addressPrefixes"))) + (json_get(properties, S("addressPrefix")) ? 1 : 0);
}

static str prefix_at(const struct json *properties, size_t i)
{
    const struct json *several = json_get(properties, S("addressPrefixes"));
    return i < json_n(several) ? json_str(json_at(several, i)) : json_get_str(properties, S("addressPrefix"));
}

static enum err add_range(struct network *v, const struct address_range *range, str subnet)
{
    if (v->n == v->room) {
        struct subnet_range *more;
        size_t               room = v->room ? v->room * 2 : 16;
        TRY(NEW(v->c, &more, room));
        if (v->n) memcpy(more, v->ranges, v->n * sizeof *more);
        v->ranges = more;
        v->room = room;
    }
    v->ranges[v->n++] = (struct subnet_range){*range, subnet};
    return OK;
}

static enum err require_inside(struct network *v, const struct address_range *range, const struct resource *subnet)
{
    for (size_t i = 0; i < json_n(v->space); i++) {
        struct address_range space;
        if (address_range_read(json_str(json_at(v->space, i)), &space) && address_range_contains(&space, range)) return OK;
    }
    return FAIL(v->c, ERR_SUBNET_OUTSIDE,
                "Subnet '%.*s' is not valid because its IP address range is outside the IP address range of virtual network '%.*s'.",
                PSTR(subnet->name), PSTR(v->name));
}

// Both ways to say it: one may repeat what the other says.
static bool is_said_before(const struct json *properties, size_t i)
{
    size_t k = 0;
    while (k < i && !str_eq(prefix_at(properties, k), prefix_at(properties, i))) k++;
    return k < i;
}

static enum err add_subnet(struct network *v, const struct resource *subnet)
{
    const struct json *document, *properties;
    TRY(resource_document(v->c, subnet, &document));
    properties = json_get(document, S("properties"));
    for (size_t i = 0; i < count_prefixes(properties); i++) {
        struct address_range range;
        str                  text = prefix_at(properties, i);
        TRY(read_range(v->c, text, subnet->id, &range));
        TRY(require_inside(v, &range, subnet));
        if (!is_said_before(properties, i)) TRY(add_range(v, &range, subnet->name));
    }
    return OK;
}

static bool offer(const struct resource *r, void *context)
{
    struct network *v = context;
    if (str_eq_nocase(r->type, S(SUBNET_TYPE))) v->failed = add_subnet(v, r);
    return v->failed == OK;
}

static int in_order(const void *a, const void *b)
{
    const struct address_range *x = &((const struct subnet_range *)a)->range, *y = &((const struct subnet_range *)b)->range;
    if (x->is_v6 != y->is_v6) return x->is_v6 - y->is_v6;
    int order = memcmp(x->address, y->address, sizeof x->address);
    return order ? order : (int)x->bits - (int)y->bits;
}

// Exact ranges either contain each other or have nothing in common: the first that overlaps stands just before.
static enum err require_apart(struct network *v)
{
    if (v->n > 1) qsort(v->ranges, v->n, sizeof *v->ranges, in_order);
    for (size_t i = 1; i < v->n; i++)
        if (address_range_overlaps(&v->ranges[i - 1].range, &v->ranges[i].range))
            return FAIL(v->c, ERR_SUBNET_OVERLAPS,
                        "Subnet '%.*s' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '%.*s'.",
                        PSTR(v->ranges[i].subnet), PSTR(v->name));
    return OK;
}

enum err virtual_network_kept(struct call *c, struct work *w, const struct resource *network)
{
    const struct json *document;
    struct network     v = {.c = c, .name = network->name};
    TRY(resource_document(c, network, &document));
    v.space = json_path(document, "properties.addressSpace.addressPrefixes");
    for (size_t i = 0; i < json_n(v.space); i++) {
        struct address_range range;
        TRY(read_range(c, json_str(json_at(v.space, i)), network->id, &range));
    }
    tree_each_resource(w->world->tree, network->id, STR_NONE, offer, &v);
    TRY(v.failed);
    return require_apart(&v);
}

enum err subnet_kept(struct call *c, struct work *w, const struct resource *subnet)
{
    str parent;
    if (!scope_parent(subnet->id, &parent)) return OK;
    const struct resource *network = tree_find(w->world->tree, parent);
    return network ? virtual_network_kept(c, w, network) : OK;
}
