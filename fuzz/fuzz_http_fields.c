// Fields that were read are read again from what they are written as.
#include "fuzz.h"
#include "http/message.h"

static void check_escapes(struct call *c, str text)
{
    struct buf b;
    str        again;
    buf_init(&b, &c->arena);
    http_escape(&b, text);
    for (size_t i = 0; i < b.n; i++) ASSERT(b.at[i] > ' ' && b.at[i] < 0x7f);
    ASSERT(http_unescape(c, buf_view(&b), &again) == OK && str_eq(again, text));
}

FUZZ(http_fields)
{
    str                in = fuzz_str(c, data, n), plain;
    struct http_field *fields, *again;
    size_t             field_n, again_n;
    if (http_unescape(c, in, &plain) == OK) check_escapes(c, plain);
    call_forgive(c);
    if (http_read_fields(c, in, &fields, &field_n) != OK) return 0;
    ASSERT(field_n <= HTTP_MAX_QUERY_FIELDS);

    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < field_n; i++) {
        http_escape(&b, fields[i].name);
        buf_add_char(&b, '=');
        http_escape(&b, fields[i].value);
        buf_add_char(&b, '&');
        ASSERT(http_field(fields, field_n, fields[i].name).at != NULL);
    }
    ASSERT(http_read_fields(c, buf_view(&b), &again, &again_n) == OK && again_n == field_n);
    for (size_t i = 0; i < field_n; i++) ASSERT(str_eq(again[i].name, fields[i].name) && str_eq(again[i].value, fields[i].value));
    return 0;
}
