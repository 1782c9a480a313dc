#include "ops/denies.h"

#include "ops/assignments.h"
#include "ops/effects.h"
#include "ops/provider_names.h"

#define DENIES "Microsoft.Authorization/denyAssignments"

static enum err check_principals(struct call *c, const struct deny_assignment *d)
{
    if (d->principal_n == 0) return FAIL(c, ERR_CONTENT_INVALID, "A deny assignment needs principals; the id of everyone is all zeros.");
    if (d->principal_n > DENY_MAX_PRINCIPALS || d->excluded_n > DENY_MAX_PRINCIPALS)
        return FAIL(c, ERR_CONTENT_INVALID, "A deny assignment names at most %d principals.", DENY_MAX_PRINCIPALS);
    return OK;
}

static enum err check_texts(struct call *c, const struct deny_assignment *d)
{
    if (str_empty(str_trim(d->name))) return FAIL(c, ERR_CONTENT_INVALID, "A deny assignment needs a name.");
    if (d->name.n > DENY_MAX_NAME_BYTES)
        return FAIL(c, ERR_CONTENT_INVALID, "The name of a deny assignment has at most %d bytes.", DENY_MAX_NAME_BYTES);
    if (d->description.n > DENY_MAX_DESCRIPTION_BYTES)
        return FAIL(c, ERR_CONTENT_INVALID, "The description of a deny assignment has at most %d bytes.", DENY_MAX_DESCRIPTION_BYTES);
    return OK;
}

static enum err write_deny(struct call *c, struct work *w, const void *args, void *out_)
{
    struct deny_assignment        next = *(const struct deny_assignment *)args, *fresh;
    struct deny_result           *out = out_;
    const struct deny_assignment *before = rbac_find_deny(w->world->rules, next.id);
    struct scope                  scope;
    TRY(work_scope(c, w, next.scope, &scope));
    TRY(assignment_require_scope(c, w, &scope));
    TRY(check_texts(c, &next));
    TRY(check_principals(c, &next));
    TRY(provider_names_check(c, next.permissions, next.permission_n)); // one that nothing has would forbid nothing
    next.scope = scope.path;
    next.is_system_protected = true; // nobody changes it over the cloud's API
    next.created_ns = before ? before->created_ns : c->now_ns;
    next.created_by = before ? before->created_by : c->caller->id;
    TRY(deny_new(c, &next, &fresh));
    TRY(work_change(c, w, STORE_DENY, before ? &before->ref : NULL, &fresh->ref));
    *out = (struct deny_result){.deny = rbac_find_deny(w->world->rules, next.id), .was_created = !before};
    work_log_as(w, S(DENIES "/write"), scope.path);
    return OK;
}

static enum err delete_deny(struct call *c, struct work *w, const void *args, void *out_)
{
    const guid         *id = args;
    struct deny_result *out = out_;
    out->deny = rbac_find_deny(w->world->rules, *id);
    work_log_as(w, S(DENIES "/delete"), out->deny ? out->deny->scope : S("/"));
    return out->deny ? work_change(c, w, STORE_DENY, &out->deny->ref, NULL) : OK;
}

const struct op OP_DENY_WRITE = {.name = "deny_write", .writes = true, .effects = {&EFFECT_DENY_WRITE}, .run = write_deny};
const struct op OP_DENY_DELETE = {.name = "deny_delete", .writes = true, .effects = {&EFFECT_DENY_WRITE}, .run = delete_deny};
