/*
 * location.h - where things are: how a location is written, and the regions known by name.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/reliability/regions-list
 */
#pragma once
#include "core/call.h"

#define LOCATION_MAX_BYTES 64

struct location {
    str name;         /* "westus2" */
    str display_name; /* "West US 2" */
    str geography;    /* "US" */
    str latitude, longitude;
    str place;
    str pair; /* the region it is paired with; empty: none */
};

/*
 * "West US 2" to "westus2": lower case, no blanks. Any name of letters and digits will do.
 * Errors: ERR_LOCATION_REQUIRED - empty; ERR_LOCATION_INVALID
 */
FALLIBLE location_normalise(struct call *c, str text, str *out);
bool     location_eq(str a, str b); /* case and blanks do not count */

/*
 * Is that a region, or for a resource "global"? Regions that are not listed - they need access, or are only another's
 * pair - are taken too. `location` is normalised. Errors: ERR_LOCATION_INVALID; ERR_GROUP_LOCATION_INVALID
 */
FALLIBLE location_check_type(struct call *c, str location, str type);
FALLIBLE location_check_group(struct call *c, str location);

size_t                 locations_count(void);
const struct location *locations_at(size_t i);
const struct location *locations_find(str location);  /* in any writing; NULL if not known */
str                    locations_csv(struct call *c); /* "australiaeast,brazilsouth,…" */
