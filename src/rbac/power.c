#include "rbac/power.h"

#include "rbac/matcher.h"
#include "rbac/operations.h"

#include "rbac/builtin_powers.inc"

// Most roles name them besides what they are for.
static const str BESIDES[] = {S_INIT("Microsoft.Insights"), S_INIT("Microsoft.Management"), S_INIT("Microsoft.Resources"),
                              S_INIT("Microsoft.ResourceHealth"), S_INIT("Microsoft.Support")};

// The last two segments: "listKeys/action", "blobs/read".
static void last_segments(str operation, str *out_before, str *out_last)
{
    size_t at = str_find_last(operation, '/');
    *out_before = str_upto(operation, at == STR_NOWHERE ? 0 : at);
    *out_last = str_from(operation, at == STR_NOWHERE ? 0 : at + 1);
    at = str_find_last(*out_before, '/');
    if (at != STR_NOWHERE) *out_before = str_from(*out_before, at + 1);
}

static bool hands_out_keys(str verb)
{
    static const str WORDS[] = {S_INIT("key"), S_INIT("secret"), S_INIT("credential"), S_INIT("connectionstring"), S_INIT("token"), S_INIT("sas")};
    if (!str_starts_nocase(verb, S("list"))) return false;
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (str_contains_nocase(verb, WORDS[i])) return true;
    return false;
}

bool power_is_of_values(str operation, enum rbac_plane plane)
{
    static const str ABOUT[] = {S_INIT("metadata"), S_INIT("tags"), S_INIT("properties")};
    str              before, last;
    last_segments(operation, &before, &last);
    if (plane == RBAC_CONTROL) return str_eq_nocase(last, S("action")) && hands_out_keys(before);
    if (str_starts_nocase(operation, S("Microsoft.KeyVault/"))) return str_eq_nocase(before, S("getSecret"));
    return str_eq_nocase(last, S("read")) && str_index_nocase(ABOUT, COUNT(ABOUT), before) == STR_NOWHERE;
}

static bool is_change(str operation, enum rbac_plane plane)
{
    return plane == RBAC_DATA || !str_ends_nocase(operation, S("/read"));
}

// What one provider's operations add to the power of a role.
struct measure {
    const struct matcher *matcher;
    struct role_power     power;
    uint32_t              here[2], changes_here[2]; // of the provider being walked, by plane
};

static bool see(str operation, enum rbac_plane plane, void *context)
{
    struct measure *m = context;
    struct action   a;
    if (!action_read(operation, &a) || matcher_match(m->matcher, &a, plane) == 0) return true;
    m->here[plane]++;
    if (power_is_of_values(operation, plane)) m->power.values++;
    if (is_change(operation, plane)) m->changes_here[plane]++;
    return true;
}

// The provider with the most so far, of changes and of all; those that are named besides are kept apart.
struct best {
    str      provider;
    uint32_t n, sum;
};

static void offer(struct best *b, str provider, uint32_t n)
{
    b->sum += n;
    if (n <= b->n) return;
    b->n = n;
    b->provider = provider;
}

// The first of the four that has anything: changes, those besides, all operations, those besides.
static str home_of(const struct best *bests)
{
    for (size_t i = 0; i < 4; i++)
        if (bests[i].sum) return bests[i].n * 4 >= bests[i].sum ? bests[i].provider : STR_NONE;
    return STR_NONE;
}

bool power_measure(const struct role *r, struct role_power *out)
{
    struct matcher *matcher = matcher_new(r->permissions, r->permission_n);
    struct measure  m = {.matcher = matcher};
    struct best     bests[2][4] = {0};
    if (!matcher) return false;
    for (size_t i = 0; i < operations_provider_count(); i++) {
        str  provider = operations_provider_at(i);
        bool is_besides = str_index_nocase(BESIDES, COUNT(BESIDES), provider) != STR_NOWHERE;
        memset(m.here, 0, sizeof m.here);
        memset(m.changes_here, 0, sizeof m.changes_here);
        operations_each(provider, see, &m);
        for (int plane = 0; plane < 2; plane++) {
            m.power.operations[plane] += m.here[plane];
            offer(&bests[plane][is_besides], provider, m.changes_here[plane]);
            offer(&bests[plane][2 + is_besides], provider, m.here[plane]);
        }
        m.power.changes += m.changes_here[RBAC_CONTROL];
    }
    for (int plane = 0; plane < 2; plane++) m.power.homes[plane] = home_of(bests[plane]);
    matcher_free(matcher);
    *out = m.power;
    return true;
}

const struct role_power *power_of(const struct role *builtin)
{
    size_t             n;
    const struct role *first = role_builtins(&n);
    return &POWERS[builtin - first];
}
