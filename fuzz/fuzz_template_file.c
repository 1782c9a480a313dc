// A template that the command line can read, the server reads as the same; and one without comments is what strict JSON reads.
#include "cli/deploy/template_file.h"
#include "fuzz.h"
#include "template/text.h"

static void check_same(struct call *c, const struct json *a, const struct json *b)
{
    str one, other;
    ASSERT(json_text(c, a, &one) == OK && json_text(c, b, &other) == OK);
    ASSERT(str_eq(one, other));
}

FUZZ(template_file)
{
    const struct json   *read, *strict;
    struct template_text text;
    str                  given = fuzz_str(c, data, n);
    bool                 is_strict = json_parse(c, given, &strict) == OK;
    call_forgive(c);
    if (template_file_parse(c, given, &read) != OK) {
        ASSERT(!is_strict);
        return 0;
    }
    if (is_strict) check_same(c, read, strict);
    ASSERT(template_text_read(c, given, &text) == OK);
    check_same(c, read, text.root);
    return 0;
}
