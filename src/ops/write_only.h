/*
 * write_only.h - members of a resource that are sent and never shown: passwords and their like.
 *
 * The cloud's types accept them and leave them out of every answer. Nothing here needs them,
 * so they are not even stored.
 *
 * Layer:  ops (uses all above)
 * Source: https://github.com/Azure/azure-rest-api-specs, members that are marked x-ms-secret or
 *         whose description says that they are not returned
 */
#pragma once
#include "core/json.h"

/* A resource's document without such members, at any depth of its properties; tags may have any names. Lives: the call. */
FALLIBLE write_only_strip(struct call *c, const struct json *document, const struct json **out);
