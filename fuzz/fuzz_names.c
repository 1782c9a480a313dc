// A host that is ours is ours in any case and with a port; a domain that is taken serves its own names and no other's.
#include "fuzz.h"
#include "ops/vault.h"

static str upper(struct call *c, str s)
{
    str copy = call_lower(c, s);
    for (size_t i = 0; i < copy.n; i++)
        if (copy.at[i] >= 'a' && copy.at[i] <= 'z') ((char *)copy.at)[i] -= 32;
    return copy;
}

static void check_host(struct call *c, const struct names *n, str host)
{
    str                label, other;
    const struct host *kind = names_find(n, host, &label);
    ASSERT(names_find(n, upper(c, host), &other) == kind && str_eq_nocase(label, other));
    if (!kind) {
        ASSERT(!names_serves(n, host) && label.n == 0);
        return;
    }
    str bare = str_upto(host, str_find(host, ':'));
    ASSERT(names_serves(n, bare));
    ASSERT(names_find(n, call_format(c, "%.*s:8443", PSTR(bare)), &other) == kind);
    ASSERT(names_find(n, call_format(c, "x.%.*s", PSTR(bare)), &other) == NULL);
    ASSERT((label.n > 0) == kind->is_suffix && str_find(label, '.') == STR_NOWHERE);
    if (label.n) ASSERT(str_eq(str_from(names_url_label(c, n, kind, label), 8), call_format(c, "%.*s.%.*s", PSTR(label), PSTR(names_text(n, kind)))));
}

FUZZ(names)
{
    struct names azure = names_azure(), own;
    str          in = fuzz_str(c, data, n), label;
    check_host(c, &azure, in);
    if (names_own(c, in, 443, &own) != OK) return 0;
    check_host(c, &own, in);
    for (size_t i = 0; i < own.n; i++) {
        str host = str_from(names_url(c, &own, own.at[i].host), 8);
        ASSERT(host.n <= 253 && names_serves(&own, host) == !own.at[i].host->is_suffix);
        ASSERT(str_ends_nocase(host, in));
    }
    ASSERT(names_find(&own, call_format(c, "v1.%.*s", PSTR(names_text(&own, &HOST_VAULT))), &label) == &HOST_VAULT && str_eq(label, S("v1")));
    return 0;
}
