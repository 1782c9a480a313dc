/*
 * ids.h - ids of resources, put together from a type and names.
 *
 * Layer:  template (uses core, resources)
 */
#pragma once
#include "core/call.h"

#define ID_MAX_NAMES 32

/* How many names a type needs: "Microsoft.Web/sites/slots" two; 0: it is no type. */
size_t id_type_names(str type);

/* BASE/providers/NS/T1/N1/T2/N2; `base` may be "/". The type needs as many names as there are. */
str id_join(struct call *c, str base, str type, const str *names, size_t n);

/*
 * The type of the resource itself: that of "Microsoft.Web/sites/providers/locks" with the names "app/Microsoft.Authorization/keep"
 * is "Microsoft.Authorization/locks". `names` are as many as the type needs.
 */
str id_own_type(struct call *c, str type, const str *names);

/* The names in "site/slot". False: more than ID_MAX_NAMES, or an empty one. */
MUST_USE bool id_split_names(str joined, str out[ID_MAX_NAMES], size_t *out_n);

/* Where a scope of another name lies: STR_NONE for what is missing. "/" for the tenant. */
str id_scope(struct call *c, str subscription, str group);
