/*
 * version_gates.h - properties that a type has from some api-version on.
 *
 * A client of an older version is not shown them, and what it writes leaves them as they are: an update by an old script
 * must not lift a restriction that it does not know. One that names such a property all the same is refused rather than
 * ignored, which is inferred: what restricts must not look as if it counted.
 *
 * Layer:  ops (uses all above)
 * Source: https://github.com/Azure/azure-rest-api-specs/tree/main/specification/msi
 */
#pragma once
#include "ops/resource_hooks.h"

/* Of a request: refuses what its version does not have, and brings back into change->document what it may not change. Errors: ERR_CONTENT_INVALID */
FALLIBLE version_gates_apply(struct call *c, struct resource_change *change);
/* The document as that version shows it. Lives: the call, or as `document`. */
FALLIBLE version_gates_hide(struct call *c, str api_version, str type, const struct json *document, const struct json **out);
