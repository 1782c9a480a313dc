/*
 * address_range.h - ranges of IP addresses in CIDR notation: of networks and their subnets.
 *
 * Layer:  core
 * Source: https://www.rfc-editor.org/rfc/rfc4632#section-3.1, https://www.rfc-editor.org/rfc/rfc4291#section-2.3
 */
#pragma once
#include "core/call.h"

#define ADDRESS_MAX_BYTES 45 /* of an address alone: IPv6 in full, its end in the form of IPv4 */

struct address_range {
    bool     is_v6;
    unsigned bits;        /* of the prefix */
    uint8_t  address[16]; /* as written; of IPv4 the first four */
};

/* "10.0.0.0/24". False: it is none. */
bool address_range_read(str text, struct address_range *out);
/* An address alone: a range of one. */
bool address_read(str text, struct address_range *out);
/* Behind the prefix there are zeros alone, as there should be. */
bool address_range_is_exact(const struct address_range *r);
/* The first address with zeros behind the prefix, and the prefix's length. Lives: the call. */
str address_range_text(struct call *c, const struct address_range *r);

bool address_range_contains(const struct address_range *outer, const struct address_range *inner);
bool address_range_overlaps(const struct address_range *a, const struct address_range *b);

/*
 * IPv4: how many addresses it has, at most 2^31; and the n-th of them as text: "10.0.0.4". Of IPv6 there are none.
 * Lives: the call.
 */
uint32_t address_range_count(const struct address_range *r);
str      address_range_at(struct call *c, const struct address_range *r, uint32_t n);
/* Which of them the address is: 4 for 10.0.0.4 in 10.0.0.0/24. It must be contained. */
uint32_t address_range_index(const struct address_range *r, const struct address_range *address);
