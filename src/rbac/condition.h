/*
 * condition.h - conditions of role assignments (ABAC, version 2.0): read, compiled, evaluated.
 *
 * Evaluation fails closed. An attribute that the request does not carry, or whose value
 * is not of the operator's type, makes its comparison unknown: that is not true, and no
 * NOT makes it true. A condition that comes out unknown grants nothing and lifts no deny.
 * Who means "or has none" says so with Exists.
 *
 * Keywords, operators and attribute names are compared without case; values as their
 * operator says. AND and OR beside each other need parentheses, as Microsoft asks.
 *
 * Layer:  rbac (uses core)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/conditions-format
 */
#pragma once
#include "rbac/attributes.h"
#include "rbac/pattern.h"

#define CONDITION_MAX_BYTES (8u << 10)
#define CONDITION_MAX_DEPTH 64   /* parentheses inside each other */
#define CONDITION_MAX_PARTS 1024 /* comparisons, functions and groups */

struct condition;

/* What it is asked about. */
struct condition_facts {
    const struct action          *action;
    const struct rbac_attributes *attributes; /* NULL: nothing is known */
    int64_t                       now_ns;     /* @Environment[UtcNow], unless the attributes say it */
};

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

/*
 * May this be written? It must be well formed, and ask only for attributes and suboperations that
 * are published, from a source that has them and with an operator for their type. An empty version
 * means 2.0.
 * Errors: ERR_CONDITION_INVALID - the column of the fault and what was expected there.
 */
FALLIBLE condition_check(struct call *c, str text, str version);

/*
 * For deciding, on the heap. What is not well formed is always unknown; an attribute that is not
 * published is one that no request carries. NULL: no memory.
 */
struct condition *condition_new(str text);
void              condition_free(struct condition *condition);

enum truth condition_eval(const struct condition *condition, const struct condition_facts *facts);

/*
 * The clause that keeps the condition from being true: the comparison or function, not the
 * guard around it. Empty if it is true.
 * Lives: a view into the condition.
 */
str condition_culprit(const struct condition *condition, const struct condition_facts *facts);
