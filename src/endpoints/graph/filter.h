/*
 * filter.h - $filter on objects of the directory and on records: comparisons joined by "and", "or", "not" and parentheses.
 *
 *     startswith(displayName,'a') and servicePrincipalNames/any(n:n eq 'x') or mail in ('a','b')
 *     createdDateTime ge 2026-11-23T04:15:00Z and status/errorCode ne 0
 *
 * Texts stand in single quotes, doubled inside; they are compared without case. Times and numbers stand bare.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/graph/filter-query-parameter, https://learn.microsoft.com/graph/aad-advanced-queries
 */
#pragma once
#include "endpoints/graph/schema.h"

#define GRAPH_FILTER_MAX_BYTES 8192
#define GRAPH_FILTER_MAX_TERMS 15 /* the published limit of clauses; values of an "in" count each */
#define GRAPH_FILTER_MAX_DEPTH 16

struct graph_filter;

/* What a filter is about: which properties there are, and what one of the items has. */
struct graph_domain {
    /* By name, or by the path "status/errorCode", in any case. False: there is none. */
    bool (*type_of)(const struct graph_domain *d, str name, enum graph_type *out);
    /* The value; false: the item has none of that name, which equals nothing. Lives: points into the item or the call. */
    enum err (*value_of)(struct call *c, const void *item, str name, bool *out_has, struct json *out);
    unsigned kinds;       /* of objects */
    bool     is_advanced; /* the client asked for the advanced engine, without which "ne", "not" and "endswith" are refused */
};
/* Lives: *out points into `text` and the call. Errors: ERR_FILTER_INVALID, ERR_QUERY_UNSUPPORTED */
FALLIBLE graph_filter_parse(struct call *c, str text, const struct graph_domain *d, const struct graph_filter **out);
/* Does the item pass? */
FALLIBLE graph_filter_holds(struct call *c, const struct graph_filter *f, const struct graph_domain *d, const void *item, bool *out);
/* Does it name that property? */
bool graph_filter_names(const struct graph_filter *f, str property);
/* What the filter demands of a time, whatever else: it is not before *out. False: nothing. */
bool graph_filter_since(const struct graph_filter *f, str property, int64_t *out_ns);

/*
 * On objects of the directory. `kinds`: what the list holds, whose properties may be named. `is_advanced`: the client sent
 * ConsistencyLevel: eventual with $count=true. Lives, errors: as graph_filter_parse
 */
struct graph_domain graph_domain_of(unsigned kinds, bool is_advanced);
FALLIBLE            graph_filter_read(struct call *c, str text, unsigned kinds, bool is_advanced, const struct graph_filter **out);

/*
 * Does only one object pass, that whose `property` (id, appId, userPrincipalName) is `value`? So it can be looked up
 * rather than looked for.
 */
bool graph_filter_names_one(const struct graph_filter *f, str *out_property, str *out_value);

/* A property that the object's kind does not have equals nothing. */
FALLIBLE graph_filter_allows(struct call *c, const struct graph_filter *f, const struct graph_object *o, bool *out);
