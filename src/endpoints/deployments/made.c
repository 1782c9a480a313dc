// What deployments inside of another one made, or name as existing: complete mode keeps it.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates (nested templates in complete mode)
#include "endpoints/deployments/deployments.h"

static enum err add(struct call *c, struct made *io, str id)
{
    if (io->n == io->room) {
        size_t room = io->room ? io->room * 2 : 32;
        str   *more;
        TRY(NEW(c, &more, room));
        if (io->n) memcpy(more, io->ids, io->n * sizeof *more);
        io->ids = more;
        io->room = room;
    }
    io->ids[io->n++] = id;
    return OK;
}

static enum err add_existing(struct call *c, str existing, struct made *io)
{
    const struct json *list;
    if (str_empty(existing)) return OK;
    TRY(json_parse(c, existing, &list));
    for (size_t i = 0; i < json_n(list); i++) TRY(add(c, io, json_get_str(json_at(list, i), S("id"))));
    return OK;
}

static enum err add_all(struct call *c, struct work *w, str parent, str id, unsigned depth, struct made *io)
{
    struct deployment  d;
    const struct json *made;
    str                scope, name;
    bool               found;
    if (!deployment_id_read(id, &scope, &name)) return FAIL(c, ERR_INTERNAL, "A deployment has no id.");
    TRY(deployment_find(c, w->store, scope, name, &d, &found));
    if (!found || depth > DEPLOYMENT_MAX_DEPTH || !str_eq_nocase(d.parent, parent))
        return FAIL(c, ERR_DEPLOYMENT_NOT_FOUND,
                    "What the deployment '%.*s' made is not known: its record has been deleted, or is another deployment's. Nothing was deleted.",
                    PSTR(id));
    TRY(add_existing(c, d.existing, io));
    if (str_empty(d.output_resources)) return OK;
    TRY(json_parse(c, d.output_resources, &made));
    for (size_t i = 0; i < json_n(made); i++) {
        str inner = json_get_str(json_at(made, i), S("id"));
        TRY(add(c, io, inner));
        if (deployment_id_read(inner, &scope, &name)) TRY(add_all(c, w, id, inner, depth + 1, io));
    }
    return OK;
}

enum err deploy_made(struct call *c, struct work *w, str parent, str id, struct made *io)
{
    return add_all(c, w, parent, id, 0, io);
}
