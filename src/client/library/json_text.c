// For the installed library: see the header. Jansson's allocator is the program's, which wipes nothing, and replies hold tokens. So what jansson copies
// of a text is overwritten while it can still be reached: its values before they are freed, and the buffer of its lexer by a word of our own.
#include "core/json_text.h"

#include "core/buf.h"

#define FILLER_LINES 1 // before the text

// The lexer has one buffer for all words of a text. It grows for the longest one, and leaves the smaller pieces to the heap. So the first word is one of
// ours that is as long as any can be, after which the buffer is never moved; and so is the last one, which overwrites it.
static void add_filler(struct buf *b, size_t n)
{
    buf_add(b, S("\""));
    for (size_t i = 0; i < n; i++) buf_add_char(b, ' ');
    buf_add(b, S("\""));
}

// ["    ",\nTEXT\n,"    "]
static enum err between_fillers(struct call *c, str text, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("["));
    add_filler(&b, text.n);
    buf_add(&b, S(",\n"));
    buf_add(&b, text);
    buf_add(&b, S("\n,"));
    add_filler(&b, text.n);
    buf_add(&b, S("]"));
    *out = buf_text(c, &b);
    return call_check_texts(c);
}

// Jansson gives out its own memory as const. It is the heap's, and this is the last look at it.
static void wipe_string(json_t *v)
{
    explicit_bzero((char *)(uintptr_t)json_string_value(v), json_string_length(v));
}

// A text is nested no deeper than jansson's own limit.
static void wipe(json_t *v)
{
    const char *name;
    json_t     *member;
    size_t      i;
    if (json_is_string(v)) wipe_string(v);
    json_array_foreach(v, i, member) wipe(member);
    json_object_foreach(v, name, member) wipe(member);
}

static enum err use_text(struct call *c, json_t *all, enum err (*use)(struct call *c, json_t *root, void *context), void *context)
{
    if (json_array_size(all) != 3) return FAIL(c, ERR_JSON_INVALID, "The text holds more than one value, or none.");
    return use(c, json_array_get(all, 1), context);
}

enum err json_text_load(struct call *c, str text, size_t heap_bytes, enum err (*use)(struct call *c, json_t *root, void *context), void *context)
{
    json_error_t error;
    str          whole;
    (void)heap_bytes; // jansson's allocator is the program's: only the text has a limit
    // Jansson passes over a NUL behind a number, as if it were a blank.
    if (str_find(text, '\0') != STR_NOWHERE) return FAIL(c, ERR_JSON_INVALID, "JSON holds no NUL bytes.");
    TRY(between_fillers(c, text, &whole));
    json_t *all = json_loadb(whole.at, whole.n, JSON_TEXT_FLAGS, &error);
    if (!all && json_error_code(&error) == json_error_out_of_memory) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!all) return FAIL(c, ERR_JSON_INVALID, "Line %d, column %d: %s", error.line - FILLER_LINES, error.column, error.text);
    enum err failed = use_text(c, all, use, context);
    wipe(all);
    json_decref(all);
    return failed;
}
