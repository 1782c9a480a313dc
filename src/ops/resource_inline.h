/*
 * resource_inline.h - child resources that the body of their parent names too: the subnets of a virtual network and the like.
 *
 * Each is a record of its own, with an id, an ETag, roles and locks of its own. The parent's document holds none of them:
 * what a parent's body lists is put into the children, and what is shown of the parent is read from them, so that both
 * ways to write say the same. A list in a PUT is complete: a child that it leaves out is deleted. Where the list is absent,
 * a virtual network keeps its subnets, as published; the peerings of one are kept too (inferred: clients that write networks
 * do not send them). Rules and routes are none then.
 *
 * A child that is sent as it stands, all of it, is not written. What lies in a child that is left out goes along with it.
 *
 * Who may write the parent may write its children this way, unless a deny or a lock stands at one that would change
 * (inferred, the safe way: nothing is published of denies there).
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/create-or-update,
 *         https://learn.microsoft.com/azure/azure-resource-manager/bicep/scenarios-virtual-networks
 */
#pragma once
#include "ops/effects.h"
#include "ops/resource_hooks.h"

#define INLINE_MAX_MEMBERS 2 /* lists of children in one parent */

struct inline_row;
/* One list of a body: the children as they are to be. */
struct inline_part {
    const struct inline_row  *row;
    const struct json *const *bodies; /* each spelled, with a name that no other has */
    size_t                    n;
};
struct inline_parts {
    struct inline_part at[INLINE_MAX_MEMBERS];
    size_t             n;
};

/* Does the type have such children? What is shown of one may be long then. */
bool resource_inline_is_parent(str type);
/* The properties of a parent's body with the names of its lists in their published case. Errors: ERR_JSON_INVALID */
FALLIBLE resource_inline_spell(struct call *c, str type, const struct json **properties);
/* Takes the lists out of the document that is to be kept. Errors: ERR_CONTENT_INVALID, ERR_CHILD_TWICE, ERR_NAME_INVALID - it would be no child */
FALLIBLE resource_inline_take(struct call *c, struct resource_change *change, struct inline_parts *out);
/* Deletes what the lists leave out, and writes what they have, each as a PUT of its own would. */
FALLIBLE resource_inline_keep(struct call *c, struct work *w, const struct resource *parent, const struct inline_parts *parts, str api_version);
/* The document as it is shown: with the lists. Other types stay as they are. Lives: the call, or as `document`. */
FALLIBLE resource_inline_show(struct call *c, const struct work *w, const struct resource *r, const struct json *document, const struct json **out);

/*
 * Of a document that an older version wrote, which still holds the lists: makes records of what they have, and takes them out.
 * A child that is a record already stays as it is; what has no name that a child may have is dropped.
 */
FALLIBLE resource_inline_raise(struct call *c, struct work *w, const struct resource *parent, const struct json **document);

extern const struct effect EFFECT_INLINE_CHILDREN;
