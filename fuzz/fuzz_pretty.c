// Indenting changes no document: what it says reads as what was there.
#include "cli/pretty.h"
#include "core/json.h"
#include "fuzz.h"

FUZZ(pretty)
{
    str                text = fuzz_str(c, data, n), indented, before, after;
    struct buf         b;
    const struct json *document, *again;
    buf_init(&b, &c->arena);
    pretty_json(&b, text, false);
    if (json_parse(c, text, &document) != OK) return 0;
    if (buf_finish(c, &b, &indented) != OK || indented.n > JSON_MAX_BYTES) return 0; // deep and long: more blanks than room
    ASSERT(json_parse(c, indented, &again) == OK);
    ASSERT(json_text(c, document, &before) == OK && json_text(c, again, &after) == OK);
    ASSERT(str_eq(before, after));
    return 0;
}
