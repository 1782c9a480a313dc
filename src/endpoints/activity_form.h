/*
 * activity_form.h - activity records in the published form: two events of a request, and what filters ask.
 *
 * A write is two events with the same operationId: its beginning, with the document that was written, and its end. What
 * was written is the record as it is kept: write-only members are in neither. The member "lanyard" is this product's: the
 * documents before and after, and how many writes the record stands for.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/monitor/activity-logs/list
 */
#pragma once
#include "core/json.h"
#include "log/activity.h"
#include "ops/product.h"

#define ACTIVITY_FILTER_MAX_BYTES 2048
#define ACTIVITY_FILTER_MAX_TERMS 16

enum activity_event { ACTIVITY_BEGIN, ACTIVITY_ACCEPTED, ACTIVITY_END };

/*
 * Which events a record makes. What went along with another write has an end only; so has what stands for many, and the end
 * of a deployment. What was answered as accepted says so before its end; of a deployment the end is another record's.
 */
bool activity_has(const struct activity *a, enum activity_event event);

/* By its name, in any case, or its object id. */
bool activity_is_of_caller(const struct activity *a, str caller);

/* All members, or those that are named in any case, as an object. A document that cannot be shown is left out, and the object says so. Errors: ERR_NO_MEMORY */
FALLIBLE activity_form_write(struct call *c, struct json_writer *j, const struct product *p, const struct activity *a, enum activity_event event,
                             const str *names, size_t name_n);
/* A member's name as it is written; empty: there is none of that name, in any case. */
str activity_member_name(str name);

/*
 * $filter: comparisons joined by "and", their values in quotes or bare.
 *     eventTimestamp ge 2026-11-23T04:15:00Z and resourceProvider eq Microsoft.Authorization
 */
struct activity_filter {
    bool    has_since;
    int64_t since_ns, until_ns; /* both included */
    guid    correlation_id;     /* GUID_NONE: any */
    str     texts[ACTIVITY_FILTER_MAX_TERMS];
    uint8_t fields[ACTIVITY_FILTER_MAX_TERMS];
    size_t  n;
};
/* Lives: *out points into `text` and the call. Errors: ERR_FILTER_INVALID */
FALLIBLE activity_filter_read(struct call *c, str text, struct activity_filter *out);
bool     activity_filter_passes(const struct activity_filter *f, const struct activity *a, enum activity_event event);
