#include "ops/locks.h"

#include "ops/resources.h"
#include "resources/types.h"

#define LOCKS "Microsoft.Authorization/locks"

// --- asked before every write ---

struct search {
    enum lock_level least; // those of this level and stricter ones count
    str             named[LOCKS_MAX_NAMED];
    size_t          n;
};

static bool note(const struct lock *l, void *ctx)
{
    struct search *s = ctx;
    if (l->level < s->least || str_index_nocase(s->named, s->n, lock_scope(l)) != STR_NOWHERE) return true;
    s->named[s->n++] = lock_scope(l);
    return s->n < COUNT(s->named);
}

static enum err refuse(struct call *c, const struct search *s, const char *verb, str scope)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < s->n; i++) buf_addf(&b, "%s%.*s", i ? "," : "", PSTR(s->named[i]));
    return FAIL(c, ERR_SCOPE_LOCKED,
                "The scope '%.*s' cannot perform %s operation because following scope(s) are locked: '%.*s'. Please remove the lock and try again.",
                PSTR(scope), verb, PSTR(buf_view(&b)));
}

enum err locks_ask(struct call *c, const struct work *w, str action, str scope)
{
    bool          deletes = str_ends_nocase(action, S("/delete"));
    struct search s = {.least = deletes ? LOCK_CAN_NOT_DELETE : LOCK_READ_ONLY};
    if (tree_lock_count(w->world->tree) == 0) return OK;
    if (str_ends_nocase(action, S("/read")) || str_starts_nocase(action, S(LOCKS "/"))) return OK;
    if (deletes) tree_each_lock(w->world->tree, scope, STR_NONE, note, &s);
    str at = scope;
    do
        if (s.n < COUNT(s.named)) tree_each_lock_at(w->world->tree, at, STR_NONE, note, &s);
    while (scope_parent(at, &at));
    return s.n ? refuse(c, &s, deletes ? "delete" : "write", scope) : OK;
}

// --- made, read, taken away ---

static str id_of(struct call *c, str scope, str name)
{
    return call_format(c, "%.*s" LOCK_PATH "%.*s", PSTR(scope), PSTR(name));
}

// The path of what is there, in the casing that answers have it in; what lies inside a resource is its service's own.
static enum err find_place(struct call *c, const struct work *w, const struct scope *at, str *out)
{
    const struct resource *r = NULL;
    str                    path = at->path;
    TRY(resources_require_holder(c, w, at->subscription, at->group));
    *out = at->kind == SCOPE_GROUP ? tree_find_group(w->world->tree, path)->id : call_format(c, "/subscriptions/%.*s", PSTR(at->subscription));
    if (at->kind != SCOPE_RESOURCE) return OK;
    do r = tree_find(w->world->tree, path);
    while (!r && scope_parent(path, &path));
    if (!r) return resources_require(c, w, at->path, &r);
    *out = call_format(c, "%.*s%.*s", PSTR(r->id), PSTR(str_from(at->path, path.n)));
    return OK;
}

static enum err check_scope(struct call *c, struct work *w, str text, str *out)
{
    struct scope at;
    TRY(work_scope(c, w, text, &at));
    if (str_empty(at.subscription) || str_contains_nocase(at.path, S("/providers/Microsoft.Authorization/")))
        return FAIL(c, ERR_SCOPE_INVALID, "A lock stands at a subscription, a resource group or a resource, not at '%.*s'.", PSTR(at.path));
    return find_place(c, w, &at, out);
}

static enum err check_owners(struct call *c, const struct json *owners)
{
    if (!json_is(owners, JSON_IS_ARRAY) || json_n(owners) > LOCK_MAX_OWNERS)
        return FAIL(c, ERR_CONTENT_INVALID, "The owners of a lock are a list of at most %d.", LOCK_MAX_OWNERS);
    for (size_t i = 0; i < json_n(owners); i++) {
        str id = json_get_str(json_at(owners, i), S("applicationId"));
        if (json_n(json_at(owners, i)) != 1 || str_empty(id) || id.n > GUID_TEXT_BYTES)
            return FAIL(c, ERR_CONTENT_INVALID, "An owner of a lock is an object with an applicationId.");
    }
    return OK;
}

static enum err read_body(struct call *c, const struct json *body, struct lock *out)
{
    static const str   PROPERTIES[] = {S_INIT("properties")}, MEMBERS[] = {S_INIT("level"), S_INIT("notes"), S_INIT("owners")};
    const struct json *properties;
    TRY(json_spell(c, body, PROPERTIES, COUNT(PROPERTIES), &body));
    TRY(json_spell(c, json_get(body, PROPERTIES[0]), MEMBERS, COUNT(MEMBERS), &properties));
    str                level = json_get_str(properties, S("level"));
    const struct json *notes = json_get(properties, S("notes")), *owners = json_get(properties, S("owners"));
    if (!lock_level_read(level, &out->level))
        return FAIL(c, ERR_CONTENT_INVALID, "The level of a lock is 'CanNotDelete' or 'ReadOnly', not '%.*s'.", PSTR(call_printable(c, level, 64)));
    if (notes && !json_is(notes, JSON_IS_STRING) && !json_is(notes, JSON_IS_NULL))
        return FAIL(c, ERR_CONTENT_INVALID, "The notes of a lock must be a string.");
    out->notes = json_is(notes, JSON_IS_STRING) ? json_str(notes) : STR_NONE;
    if (out->notes.n > LOCK_MAX_NOTES_BYTES) return FAIL(c, ERR_CONTENT_INVALID, "The notes of a lock have at most %d bytes.", LOCK_MAX_NOTES_BYTES);
    if (!owners || json_is(owners, JSON_IS_NULL)) return OK;
    TRY(check_owners(c, owners));
    return json_text(c, owners, &out->owners);
}

static bool count_one(const struct lock *l, void *ctx)
{
    (void)l;
    ++*(size_t *)ctx;
    return true;
}

static enum err check_room(struct call *c, const struct work *w, str scope)
{
    size_t n = 0;
    tree_each_lock_at(w->world->tree, scope, STR_NONE, count_one, &n);
    return n < LOCKS_MAX_PER_SCOPE ? OK : FAIL(c, ERR_CONFLICT, "The scope '%.*s' has %zu locks: no more are kept.", PSTR(scope), n);
}

static enum err write_lock(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct lock_args *args = args_;
    struct lock_result     *out = out_;
    struct lock             next = {.name = args->name}, *fresh;
    str                     at;
    TRY(check_scope(c, w, args->scope, &at));
    TRY(types_check_name(c, types_of(S(LOCKS)), args->name));
    TRY(read_body(c, args->body, &next));
    next.id = id_of(c, at, args->name);
    const struct lock *before = tree_find_lock(w->world->tree, next.id);
    if (!before) TRY(check_room(c, w, at));
    TRY(lock_new(c, &next, &fresh));
    TRY(work_change(c, w, STORE_LOCK, before ? &before->ref : NULL, &fresh->ref));
    *out = (struct lock_result){.lock = tree_find_lock(w->world->tree, next.id), .was_created = !before};
    return OK;
}

static enum err read_lock(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct lock_args *args = args_;
    struct lock_result     *out = out_;
    str                     at;
    TRY(check_scope(c, w, args->scope, &at));
    out->lock = tree_find_lock(w->world->tree, id_of(c, at, args->name));
    return out->lock ? OK : FAIL(c, ERR_LOCK_NOT_FOUND, "The lock '%.*s' could not be found.", PSTR(args->name));
}

static enum err delete_lock(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct lock_args *args = args_;
    struct lock_result     *out = out_;
    str                     at;
    TRY(check_scope(c, w, args->scope, &at));
    out->lock = tree_find_lock(w->world->tree, id_of(c, at, args->name));
    return out->lock ? work_change(c, w, STORE_LOCK, &out->lock->ref, NULL) : OK;
}

const struct op OP_LOCK_WRITE = {
    .name = "lock_write", .action = LOCKS "/write", .writes = true, .run = write_lock, .no_effects = "a lock only forbids"};
const struct op OP_LOCK_READ = {.name = "lock_read", .action = LOCKS "/read", .run = read_lock};
const struct op OP_LOCK_DELETE = {.name = "lock_delete",
                                  .action = LOCKS "/delete",
                                  .writes = true,
                                  .run = delete_lock,
                                  .no_effects = "what the lock forbade is asked for by itself"};
