#include <stdlib.h>

#include "core/record.h"
#include "resources/tree.h"

enum { RESOURCE_VERSION = 2, WITHOUT_REFERENCES = 1 };

static enum err check_limits(struct call *c, const struct resource *r)
{
    if (r->id.n > SCOPE_MAX_BYTES) return FAIL(c, ERR_SCOPE_INVALID, "The id of a resource has at most %d bytes.", SCOPE_MAX_BYTES);
    for (size_t i = 0; i < r->identity.user_assigned_n; i++)
        if (r->identity.user_assigned[i].n > SCOPE_MAX_BYTES)
            return FAIL(c, ERR_SCOPE_INVALID, "The id of an identity has at most %d bytes.", SCOPE_MAX_BYTES);
    for (size_t i = 0; i < r->reference_n; i++)
        if (r->references[i].n > SCOPE_MAX_BYTES) return FAIL(c, ERR_SCOPE_INVALID, "The id of a resource has at most %d bytes.", SCOPE_MAX_BYTES);
    return OK;
}

// Bytes for a copy of the lists: the views of both, the principals, then the texts.
static bool lists_bytes(const struct resource *r, size_t *out)
{
    size_t n, views;
    if (!size_mul(r->identity.user_assigned_n, sizeof(str) + sizeof(object_id), &n)) return false;
    if (!size_mul(r->reference_n, sizeof(str), &views) || !size_add(n, views, &n)) return false;
    for (size_t i = 0; i < r->identity.user_assigned_n; i++)
        if (!size_add(n, r->identity.user_assigned[i].n, &n)) return false;
    for (size_t i = 0; i < r->reference_n; i++)
        if (!size_add(n, r->references[i].n, &n)) return false;
    *out = n;
    return true;
}

static char *copy_texts(const str *from, size_t n, str *to, char *at)
{
    for (size_t i = 0; i < n; i++) {
        if (from[i].n) memcpy(at, from[i].at, from[i].n);
        to[i] = (str){at, from[i].n};
        at += from[i].n;
    }
    return at;
}

static void copy_lists(const struct resource *from, void *room, struct resource *to)
{
    size_t     n = from->identity.user_assigned_n;
    str       *ids = room, *references = ids + n;
    object_id *attached = (object_id *)(references + from->reference_n);
    char      *texts = (char *)(attached + n);
    if (from->identity.attached && n) memcpy(attached, from->identity.attached, n * sizeof *attached);
    texts = copy_texts(from->identity.user_assigned, n, ids, texts);
    copy_texts(from->references, from->reference_n, references, texts);
    to->identity.user_assigned = ids;
    to->identity.attached = attached;
    to->references = references;
}

// A document that was read, and the memory that it lies in.
struct document_tree {
    struct arena       arena;
    const struct json *root;
};

// Set once, if at all: a record never changes, so what was read from it holds as long as it does.
struct document_slot {
    _Alignas(max_align_t) _Atomic(struct document_tree *) tree;
};

static void free_tree(struct document_tree *tree)
{
    if (!tree) return;
    arena_clear(&tree->arena);
    free(tree);
}

static void free_treep(struct document_tree **tree)
{
    free_tree(*tree);
}

static void free_resource(struct ref *ref)
{
    struct resource *r = CONTAINER_OF(ref, struct resource, ref);
    free_tree(atomic_load_explicit(&r->slot->tree, memory_order_acquire));
    free(r);
}

// The tree outlives the call: what the call's arena would take goes to the tree's own meanwhile.
static enum err read_document(struct call *c, str text, struct document_tree *out)
{
    struct arena of_call = c->arena;
    c->arena = out->arena;
    enum err failed = json_parse(c, text, &out->root);
    out->arena = c->arena;
    c->arena = of_call;
    return failed;
}

enum err resource_document(struct call *c, const struct resource *r, const struct json **out)
{
    if (!r->slot) return json_parse(c, r->document, out);
    struct document_tree *kept = atomic_load_explicit(&r->slot->tree, memory_order_acquire);
    if (!kept) {
        CLEANUP(free_treep) struct document_tree *fresh = calloc(1, sizeof *fresh);
        if (!fresh) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        TRY(read_document(c, r->document, fresh));
        if (atomic_compare_exchange_strong(&r->slot->tree, &kept, fresh)) kept = TAKE(fresh); // else another thread was first
    }
    *out = kept->root;
    return OK;
}

enum err resource_new(struct call *c, const struct resource *plain, struct resource **out)
{
    static const size_t TEXTS[] = {offsetof(struct resource, id), offsetof(struct resource, type), offsetof(struct resource, name),
                                   offsetof(struct resource, location), offsetof(struct resource, document)};
    size_t              tail;
    void               *room;
    TRY(check_limits(c, plain));
    if (!lists_bytes(plain, &tail) || !size_add(tail, sizeof *plain->slot, &tail)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct resource *r = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), tail, &room);
    if (!r) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    r->ref.free = free_resource;
    r->slot = room;
    copy_lists(plain, r->slot + 1, r);
    *out = r;
    return OK;
}

static void pack_identity(struct buf *b, const struct resource_identity *identity)
{
    pack_bool(b, identity->has_system);
    pack_guid(b, identity->system_principal.g);
    pack_guid(b, identity->system_app.g);
    pack_u64(b, identity->user_assigned_n);
    for (size_t i = 0; i < identity->user_assigned_n; i++) {
        pack_str(b, identity->user_assigned[i]);
        pack_guid(b, identity->attached ? identity->attached[i].g : GUID_NONE);
    }
}

static enum err unpack_identity(struct call *c, struct unpack *u, struct resource_identity *out)
{
    out->has_system = unpack_bool(u);
    out->system_principal.g = unpack_guid(u);
    out->system_app.g = unpack_guid(u);
    uint64_t n = unpack_u64(u);
    if (n > u->rest.n) return FAIL_PLAIN(c, ERR_STORE_DAMAGED); // each takes a byte at least
    str       *ids;
    object_id *attached;
    TRY(NEW(c, &ids, n));
    TRY(NEW(c, &attached, n));
    for (size_t i = 0; i < n; i++) {
        ids[i] = unpack_str(u);
        attached[i].g = unpack_guid(u);
    }
    out->user_assigned = ids;
    out->attached = attached;
    out->user_assigned_n = n;
    return OK;
}

static enum err unpack_references(struct call *c, struct unpack *u, struct resource *out)
{
    uint64_t n = unpack_u64(u);
    str     *ids;
    if (n > u->rest.n) return FAIL_PLAIN(c, ERR_STORE_DAMAGED); // each takes a byte at least
    TRY(NEW(c, &ids, n));
    for (size_t i = 0; i < n; i++) ids[i] = unpack_str(u);
    out->references = ids;
    out->reference_n = n;
    return OK;
}

void resource_pack(struct buf *b, const struct resource *r)
{
    pack_begin(b, RESOURCE_VERSION);
    pack_str(b, r->id);
    pack_str(b, r->type);
    pack_str(b, r->name);
    pack_str(b, r->location);
    pack_guid(b, r->uid);
    pack_identity(b, &r->identity);
    pack_str(b, r->document);
    pack_i64(b, r->created_ns);
    pack_i64(b, r->changed_ns);
    pack_i64(b, r->deleted_ns);
    pack_i64(b, r->purge_due_ns);
    pack_u64(b, r->reference_n);
    for (size_t i = 0; i < r->reference_n; i++) pack_str(b, r->references[i]);
}

enum err resource_unpack(struct call *c, bytes record, struct resource **out)
{
    struct unpack   u;
    struct resource r = {0};
    unpack_begin(&u, record);
    r.id = unpack_str(&u);
    r.type = unpack_str(&u);
    r.name = unpack_str(&u);
    r.location = unpack_str(&u);
    r.uid = unpack_guid(&u);
    TRY(unpack_identity(c, &u, &r.identity));
    r.document = unpack_str(&u);
    r.created_ns = unpack_i64(&u);
    r.changed_ns = unpack_i64(&u);
    r.deleted_ns = unpack_i64(&u);
    r.purge_due_ns = unpack_i64(&u);
    r.lacks_references = u.version == WITHOUT_REFERENCES;
    if (!r.lacks_references) TRY(unpack_references(c, &u, &r));
    TRY(unpack_end(c, &u));
    if (u.version != RESOURCE_VERSION && !r.lacks_references)
        return FAIL(c, ERR_STORE_DAMAGED, "A resource's record is of a form that this version does not know.");
    return resource_new(c, &r, out);
}
