// A range reads what it wrote, contains and overlaps itself and what has its first address alone, and counts what it contains.
#include "fuzz.h"
#include "core/address_range.h"

static void check_addresses(struct call *c, const struct address_range *r)
{
    uint32_t             n = address_range_count(r);
    struct address_range last;
    if (n == 0) return;
    ASSERT(address_read(address_range_at(c, r, n - 1), &last) && address_range_contains(r, &last));
    ASSERT(address_range_index(r, &last) == n - 1);
}

FUZZ(address_range)
{
    struct address_range r, again, one;
    str                  text = fuzz_str(c, data, n);
    if (!address_range_read(text, &r)) return 0;
    ASSERT(text.n <= ADDRESS_MAX_BYTES + sizeof "/128" - 1);
    str written = address_range_text(c, &r);
    ASSERT(address_range_read(written, &again) && address_range_is_exact(&again) && again.bits == r.bits);
    ASSERT(address_range_contains(&r, &again) && address_range_contains(&again, &r) && address_range_overlaps(&r, &again));
    ASSERT(address_read(str_upto(written, str_find(written, '/')), &one));
    ASSERT(address_range_contains(&r, &one) && address_range_overlaps(&one, &r));
    ASSERT(address_range_contains(&one, &r) == (one.bits == r.bits));
    check_addresses(c, &r);
    return 0;
}
