/*
 * resource_move.h - resources moved to another resource group, of the same or of another subscription.
 *
 * A resource that moves stays what it is: its incarnation (uid), its system-assigned identity and what its service keeps
 * for it. Its id changes, and with it the ids of its children, which move along and never alone. Ids of moved resources
 * that stand in the documents of what moves with them are changed too, but in tags. Bindings of callers on the host follow.
 * What a resource that stays names does not move: it moves together with its users. Published for networks, interfaces and
 * apps; for the others inferred, the safe way, because who is named could then be deleted while it is used.
 *
 * What stands at the old id stays there: role assignments become orphans. As published, the caller needs moveResources at
 * the source group and write at the target group. Two more are asked for, because the published list is a minimum: to
 * delete each resource where it is, and to write it where it goes. So nobody brings a resource under roles that he has
 * elsewhere who may not change it here, locks of both sides count, and so do deny assignments; only the operator takes a
 * resource out of the reach of one. A lock against deletion at the source refuses the move: inferred, the safe way.
 *
 * A cached token names the resource by its old id until it is refreshed.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/resources/resources/move-resources,
 *         https://learn.microsoft.com/azure/azure-resource-manager/management/move-resource-group-and-subscription,
 *         https://learn.microsoft.com/azure/role-based-access-control/troubleshooting (moved resources)
 */
#pragma once
#include "ops/gate.h"

#define MOVE_MAX_RESOURCES 800 /* in one request; published */

struct move_args {
    str        source; /* the group's id */
    str        target; /* the same */
    const str *resources;
    size_t     n;
};

/*
 * The "resources" and "targetResourceGroup" of a request. Lives: the call.
 * Errors: ERR_CONTENT_INVALID; ERR_LINKED_ID_INVALID - the target is no id of a resource group
 */
FALLIBLE move_read(struct call *c, const struct json *body, struct move_args *out);

/*
 * struct move_args -> nothing. Everything moves, or nothing does. The target is the source group.
 * Errors: ERR_MOVE_INVALID - what may not be asked for; ERR_MOVE_UNSUPPORTED - a type that does not move;
 *         ERR_MOVE_REFUSED - the target has a resource of that id, or one that stays names what moves; those of groups and resources that are not there
 */
extern const struct op OP_RESOURCES_MOVE;
extern const struct op OP_RESOURCES_MOVE_CHECK; /* would it? */
