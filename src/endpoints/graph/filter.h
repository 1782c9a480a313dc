/*
 * filter.h - $filter on directory objects: comparisons joined by "and", "or", "not" and parentheses.
 *
 *     startswith(displayName,'a') and servicePrincipalNames/any(n:n eq 'x') or mail in ('a','b')
 *
 * Texts stand in single quotes, doubled inside; they are compared without case.
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

/*
 * `kinds`: what the list holds, whose properties may be named. `is_advanced`: the client asked for the advanced
 * engine (ConsistencyLevel: eventual with $count=true), without which "ne", "not" and "endswith" are refused.
 * Lives:  *out points into `text` and the call.
 * Errors: ERR_FILTER_INVALID, ERR_QUERY_UNSUPPORTED
 */
FALLIBLE graph_filter_read(struct call *c, str text, unsigned kinds, bool is_advanced, const struct graph_filter **out);

/*
 * Does only one object pass, that whose `property` (id, appId, userPrincipalName) is `value`? So it can be looked up
 * rather than looked for.
 */
bool graph_filter_names_one(const struct graph_filter *f, str *out_property, str *out_value);

/* A property that the principal's kind does not have equals nothing. */
FALLIBLE graph_filter_allows(struct call *c, const struct graph_filter *f, const struct principal *p, bool *out);
