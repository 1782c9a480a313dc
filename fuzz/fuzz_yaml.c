// What YAML gives is a tree that JSON can hold: written as JSON it reads back as the same.
#include "core/yaml.h"
#include "fuzz.h"

FUZZ(yaml)
{
    const struct json *v, *again;
    str                text, twice;
    if (yaml_parse(c, fuzz_str(c, data, n), &v) != OK) return 0;
    ASSERT(json_text(c, v, &text) == OK);
    ASSERT(json_parse(c, text, &again) == OK);
    ASSERT(json_text(c, again, &twice) == OK && str_eq(text, twice));
    return 0;
}
