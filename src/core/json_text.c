#include "core/json_text.h"

#include <pthread.h>
#include <setjmp.h>

// What jansson takes while it reads one text, freed in one stroke. It must never see an allocation fail: it would say
// that the text is malformed, or corrupt its memory (2.14 does both). So a failed one leaves the reading at once.
#define PIECE_OVERHEAD_BYTES 64 // at most, that the arena adds to a piece
struct heap {
    struct arena arena;
    enum err     failed;
    jmp_buf      out;
};
static _Thread_local struct heap *heap; // of the text that this thread reads

static void *take_heap(size_t n)
{
    void *piece = arena_alloc(&heap->arena, n);
    if (piece) return piece;
    heap->failed = n + PIECE_OVERHEAD_BYTES > heap->arena.limit - heap->arena.used ? ERR_TOO_LARGE : ERR_NO_MEMORY;
    longjmp(heap->out, 1);
}

static void keep_until_the_end(void *piece)
{
    (void)piece;
}

static void set_up_jansson(void)
{
    json_set_alloc_funcs(take_heap, keep_until_the_end);
    json_object_seed(0);
}

static json_t *load(struct heap *h, str text, json_error_t *error)
{
    heap = h;
    json_t *root = setjmp(h->out) ? NULL : json_loadb(text.at ? text.at : "", text.n, JSON_TEXT_FLAGS, error);
    heap = NULL;
    return root;
}

static void clear_heap(struct heap *h)
{
    arena_clear(&h->arena);
}

enum err json_text_load(struct call *c, str text, size_t heap_bytes, enum err (*use)(struct call *c, json_t *root, void *context), void *context)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    json_error_t          error;
    // Jansson passes over a NUL behind a number, as if it were a blank.
    if (str_find(text, '\0') != STR_NOWHERE) return FAIL(c, ERR_JSON_INVALID, "JSON holds no NUL bytes.");
    (void)pthread_once(&once, set_up_jansson);
    CLEANUP(clear_heap) struct heap h = {.arena.limit = heap_bytes};
    json_t                         *root = load(&h, text, &error);
    if (h.failed == ERR_TOO_LARGE) return FAIL(c, ERR_TOO_LARGE, "Reading the JSON takes more than %zu bytes.", heap_bytes);
    if (h.failed) return FAIL_PLAIN(c, h.failed);
    if (!root) return FAIL(c, ERR_JSON_INVALID, "Line %d, column %d: %s", error.line, error.column, error.text);
    return use(c, root, context);
}
