// What every reader of a resource is shown, and what none is.
#include "ops/resources.h"
#include "ops/site.h"
#include "resources/types.h"

// One that was deleted has no ids to show.
static bool ids_of(str identity, object_id *out_principal, client_id *out_app, void *context)
{
    const struct work      *w = context;
    const struct principal *p = directory_find_managed(w->world->directory, identity, false);
    if (!p) return false;
    *out_principal = p->id;
    *out_app = p->app;
    return true;
}

void resources_write_identity(struct json_writer *to, const struct work *w, const struct resource *r)
{
    identity_write(to, types_of(r->type)->spelling, w->product->tenant, &r->identity, ids_of, (void *)w);
}

bool resources_hides(str member)
{
    return str_eq(member, S(SITE_SETTINGS));
}
