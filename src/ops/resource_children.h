/*
 * resource_children.h - child resources that come with their parent: the blob service of a storage account and the like.
 *
 * Clients read them, put others below them, and never make them. They are records as all: they have an id that roles can be
 * assigned at, and go with the parent.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/storagerp/blob-services and the like
 */
#pragma once
#include "ops/resource_hooks.h"

/* Makes those of a resource that is new. */
FALLIBLE resource_children_make(struct call *c, struct work *w, const struct resource *parent);
/* A name that is no name of that type: the only one that there is came with the parent. Errors: ERR_NAME_INVALID */
FALLIBLE resource_children_check_name(struct call *c, str type, str name);
/* It cannot be deleted without its parent. */
bool resource_children_is_fixed(str type, str name);
