/*
 * place.h - which resource a program runs on.
 *
 * Layer:  endpoints (uses core)
 */
#pragma once
#include "core/guid.h"
#include "core/str.h"

/* Whose workload it is: a resource of this id, and of this incarnation alone. */
struct workload_place {
    str  id;  /* empty: nobody's */
    guid uid; /* another resource that is made later under the same id has another */
};
