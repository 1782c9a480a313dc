// A scope holds itself, reads what it wrote, and climbs to the root level by level; each level has the hash of its own.
#include "fuzz.h"
#include "rbac/level.h"
#include "resources/scope.h"

static void check_parents(struct call *c, const struct scope *s)
{
    struct scope up = *s;
    unsigned     steps = 0;
    for (str path = s->path; scope_parent(path, &path); steps++) {
        ASSERT(scope_parse(c, path, &up) == OK);
        ASSERT(scope_contains(&up, s) && (up.path.n < s->path.n));
        ASSERT(!scope_contains(s, &up));
    }
    ASSERT(up.kind == SCOPE_ROOT && steps <= SCOPE_MAX_SEGMENTS / 2);
}

static void check_levels(struct call *c, const struct scope *s)
{
    struct level levels[LEVEL_MAX];
    struct scope level;
    size_t       n = levels_of(12345, s->path, levels);
    ASSERT((n == 0) == (s->kind == SCOPE_ROOT));
    for (size_t i = 0; i < n; i++) {
        ASSERT(scope_parse(c, levels[i].path, &level) == OK && scope_contains(&level, s));
        ASSERT(levels[i].hash == level_hash(12345, call_lower(c, levels[i].path)));
    }
    if (n) ASSERT(str_eq(levels[n - 1].path, s->path));
}

FUZZ(scope)
{
    struct scope       s, again;
    struct resource_id id;
    str                in = fuzz_str(c, data, n), type;
    if (resource_id_parse(c, in, &id) == OK) {
        ASSERT(resource_id_type(c, &id, &type) == OK && str_starts(type, id.provider));
        ASSERT(scope_parse(c, id.host, &s) == OK);
        ASSERT((scope_parse(c, id.text, &s) == OK) == !id.is_list);
    }
    call_forgive(c);
    if (scope_parse(c, in, &s) != OK) return 0;
    ASSERT(scope_contains(&s, &s));
    ASSERT(scope_parse(c, s.path, &again) == OK && again.kind == s.kind && str_eq(again.path, s.path));
    ASSERT(str_empty(s.group) || !str_empty(s.subscription));
    check_parents(c, &s);
    check_levels(c, &s);
    return 0;
}
