#include "ops/documents.h"

#include "ops/resource_inline.h"
#include "ops/resource_references.h"

// Those to be looked at: the tree must not change while it is walked.
struct gathered {
    struct call            *c;
    const struct resource **at;
    size_t                  n, room;
    enum err                failed;
};

static bool gather(const struct resource *r, void *context)
{
    struct gathered *x = context;
    if (x->n == x->room) {
        const struct resource **more;
        size_t                  room = x->room ? x->room * 2 : 64;
        x->failed = NEW(x->c, &more, room);
        if (x->failed != OK) return false;
        if (x->n) memcpy(more, x->at, x->n * sizeof *more);
        x->at = more;
        x->room = room;
    }
    x->at[x->n++] = r;
    return true;
}

static enum err raise_one(struct call *c, struct work *w, const struct resource *r)
{
    const struct json *old, *document;
    struct resource    next = *r;
    struct resource   *record;
    TRY(resource_document(c, r, &old));
    document = old;
    TRY(resource_inline_raise(c, w, r, &document));
    if (references_note(c, &next, document) != OK) call_forgive(c); // ids that older versions did not read
    if (document == old && next.reference_n == r->reference_n) return OK;
    TRY(json_text(c, document, &next.document));
    TRY(resource_new(c, &next, &record));
    return work_change(c, w, STORE_RESOURCE, &r->ref, &record->ref);
}

// Each has a call of its own: the memory of one is not held for all.
static enum err raise_apart(struct call *c, struct work *w, const struct resource *r)
{
    struct call own;
    call_init(&own, &w->product->clock, w->product->random);
    enum err failed = raise_one(&own, w, r);
    if (failed != OK) failed = FAIL(c, failed, "%.*s cannot be brought to the form of this version: %s", PSTR(r->id), own.failure.text);
    call_clear(&own);
    return failed;
}

enum err documents_raise(struct call *c, struct work *w)
{
    struct gathered all = {.c = c};
    tree_each_resource(w->world->tree, STR_NONE, STR_NONE, gather, &all);
    TRY(all.failed);
    for (size_t i = 0; i < all.n; i++) TRY(raise_apart(c, w, all.at[i]));
    return OK;
}
