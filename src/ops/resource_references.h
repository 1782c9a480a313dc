/*
 * resource_references.h - resources that name other resources: an interface its subnet, a machine its interfaces, an app its plan.
 *
 * A table's rows say where in a type's document such an id stands and what it must be. A write is refused whose resource
 * would name what is not there, what lies in another region, or what another one holds alone; a deletion is refused of what
 * others hold. A reference that stood there before may dangle: what it named may have gone with its group.
 *
 * Where the table names an action, the caller needs it at what is named anew: it is asked for before the provider sees the
 * request, whether or not the resource is there. What is sent again as it was joins nothing.
 *
 * Published are the codes and words for networks, plans and interfaces (the issues below). Inferred from them: that a
 * machine's and a container app's missing reference is told in the same way; the words for an environment that is in use,
 * after those for its builders; which references hold what they name, where nobody reported it.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/permissions/networking,
 *         https://github.com/Azure/azure-quickstart-templates/issues/2824 (InvalidResourceReference),
 *         https://github.com/hashicorp/terraform-provider-azurerm/issues/8105 (NicInUse), .../2566 (PublicIPAddressCannotBeDeleted),
 *         .../13377 (Server farm), https://github.com/Azure/azure-sdk-for-go/issues/14967 (InUseSubnetCannotBeDeleted),
 *         https://github.com/microsoft/azure-container-apps/issues/1012
 */
#pragma once
#include "ops/effects.h"
#include "ops/resource_hooks.h"

struct reference_row;
/* One place in a document. */
struct reference {
    const struct reference_row *row;
    str                         id;     /* as written */
    str                         holder; /* what names it: the resource, or a named part of it: ".../ipConfigurations/one" */
};
struct references {
    struct reference *at;
    size_t            n, room;
};

/*
 * What a document of the type refers to; `id` is the resource's own. Names of members in any case. Lives: the call.
 * Errors: ERR_LINKED_ID_INVALID - where an id should stand there is no text; ERR_CONTENT_INVALID - where an array should stand there is
 *         none; ERR_JSON_INVALID - a name on the way stands twice, in different cases
 */
FALLIBLE references_read(struct call *c, str type, str id, const struct json *document, struct references *out);

/*
 * Checks what a resource would refer to, by change->document.
 * Errors: ERR_REFERENCE_NOT_FOUND, ERR_LINKED_ID_INVALID, ERR_NOT_FOUND, ERR_ENVIRONMENT_NOT_FOUND, ERR_NIC_IN_USE, ERR_PUBLIC_ADDRESS_TAKEN
 */
FALLIBLE references_check(struct call *c, const struct work *w, const struct resource_change *change);
/* Notes in `next` what it refers to by that document: by this it is found. Lives: the call. */
FALLIBLE references_note(struct call *c, struct resource *next, const struct json *document);

/*
 * A record that an earlier version wrote is replaced by one that notes what its document refers to; one of a document that
 * cannot be read notes nothing. Other records stay. Errors: ERR_NO_MEMORY - *io stands as it was
 */
FALLIBLE references_complete(struct call *c, struct ref **io);

/*
 * Nothing outside of `path` may hold the resource there or below it: it is to be deleted.
 * Errors: ERR_SUBNET_IN_USE and the like, each in its provider's words
 */
FALLIBLE references_ask_unused(struct call *c, const struct work *w, str path);
/* The same of a group. Errors: ERR_GROUP_IN_USE - names what is held */
FALLIBLE references_ask_group_unused(struct call *c, const struct work *w, str group);

extern const struct effect EFFECT_REFERENCE_JOIN;
