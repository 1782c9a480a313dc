#include "rbac/operations.h"

#include "rbac/pattern.h"

// Where a provider's operations lie in TEXT, by plane. An operation is written as what it has more than the one
// before it: how many bytes both begin with, how many follow, and those.
struct row {
    str name;
    struct {
        uint32_t at, n;
    } parts[2];
};

#include "rbac/operations.inc"

_Static_assert(RBAC_CONTROL == 0 && RBAC_DATA == 1, "the order of the parts");

size_t operations_provider_count(void)
{
    return COUNT(PROVIDERS);
}

str operations_provider_at(size_t i)
{
    return i < COUNT(PROVIDERS) ? PROVIDERS[i].name : STR_NONE;
}

static const struct row *find_row(str name)
{
    size_t from = 0, to = COUNT(PROVIDERS);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int    order = str_cmp_nocase(PROVIDERS[middle].name, name);
        if (order == 0) return &PROVIDERS[middle];
        if (order < 0) from = middle + 1;
        else to = middle;
    }
    return NULL;
}

str operations_provider_find(str name)
{
    const struct row *row = find_row(name);
    return row ? row->name : STR_NONE;
}

static bool walk(const struct row *row, enum rbac_plane plane, operations_visitor *see, void *context)
{
    char                 text[ACTION_MAX_BYTES];
    size_t               head = row->name.n + 1;
    const unsigned char *at = (const unsigned char *)TEXT + row->parts[plane].at, *end = at + row->parts[plane].n;
    memcpy(text, row->name.at, row->name.n);
    text[row->name.n] = '/';
    while (at < end) {
        size_t same = *at++, more = *at++;
        memcpy(text + head + same, at, more);
        at += more;
        if (!see((str){text, head + same + more}, plane, context)) return false;
    }
    return true;
}

bool operations_each(str provider, operations_visitor *see, void *context)
{
    const struct row *row = find_row(provider);
    return !row || (walk(row, RBAC_CONTROL, see, context) && walk(row, RBAC_DATA, see, context));
}

static bool does_not_match(str operation, enum rbac_plane plane, void *context)
{
    const struct pattern *p = context;
    struct action         action;
    (void)plane;
    return !action_read(operation, &action) || !pattern_match(p, &action);
}

bool operations_has(str text, enum rbac_plane plane)
{
    char lower[ACTION_MAX_BYTES];
    if (!pattern_is_valid(text)) return false;
    struct pattern    p = pattern_read(text, lower);
    str               provider = str_upto(text, str_find(text, '/'));
    const struct row *row = find_row(provider);
    if (row) return !walk(row, plane, does_not_match, &p);
    for (size_t i = 0; str_find(provider, '*') != STR_NOWHERE && i < COUNT(PROVIDERS); i++)
        if (!walk(&PROVIDERS[i], plane, does_not_match, &p)) return true;
    return false;
}
