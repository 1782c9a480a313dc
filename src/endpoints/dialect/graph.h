/*
 * graph.h - how Microsoft Graph words its failures, and the headers of its answers.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/graph/errors
 */
#pragma once
#include "endpoints/service.h"

extern const struct dialect DIALECT_GRAPH;
