// For the installed library: see the header.
#include "core/json_text.h"

enum err json_text_load(struct call *c, str text, size_t heap_bytes, enum err (*use)(struct call *c, json_t *root, void *context), void *context)
{
    json_error_t error;
    (void)heap_bytes; // jansson's allocator is the program's: only the text has a limit
    json_t *root = json_loadb(text.at ? text.at : "", text.n, JSON_TEXT_FLAGS, &error);
    if (!root && json_error_code(&error) == json_error_out_of_memory) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!root) return FAIL(c, ERR_JSON_INVALID, "Line %d, column %d: %s", error.line, error.column, error.text);
    enum err failed = use(c, root, context);
    json_decref(root);
    return failed;
}
