// Query strings, form bodies and percent-escapes: the part of message.h that decodes.
#include "core/call.h"
#include "http/message.h"

// Decodes behind `at` and gives the piece; NULL `at` for a bad escape or a NUL.
static str decode(str text, bool plus_is_blank, char *at)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.at[i];
        if (c == '%') {
            int high = i + 2 < text.n ? char_hex(text.at[i + 1]) : -1;
            int low = i + 2 < text.n ? char_hex(text.at[i + 2]) : -1;
            if (high < 0 || low < 0) return STR_NONE;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') return STR_NONE;
        at[n++] = c;
    }
    return (str){at, n};
}

static enum err bad_escape(struct call *c)
{
    return FAIL(c, ERR_URL_INVALID, "An escape in the URL or form is not %% and two hexadecimal digits, or stands for a NUL.");
}

static size_t count_fields(str encoded)
{
    size_t n = 0;
    for (str rest = encoded, piece; str_cut(&rest, '&', &piece);) n += piece.n > 0;
    return n;
}

enum err http_read_fields(struct call *c, str encoded, struct http_field **out, size_t *out_n)
{
    struct http_field *fields;
    char              *text; // decoding never makes longer
    size_t             n = count_fields(encoded), i = 0;
    if (n > HTTP_MAX_QUERY_FIELDS) return FAIL(c, ERR_TOO_LARGE, "More than %d fields in a query or form.", HTTP_MAX_QUERY_FIELDS);
    TRY(NEW(c, &fields, n));
    TRY(NEW(c, &text, encoded.n));
    for (str rest = encoded, piece; str_cut(&rest, '&', &piece);) {
        if (piece.n == 0) continue;
        size_t equals = str_find(piece, '=');
        str    name = decode(str_upto(piece, equals), true, text);
        if (!name.at) return bad_escape(c);
        str value = decode(equals == STR_NOWHERE ? str_from(piece, piece.n) : str_from(piece, equals + 1), true, text + name.n);
        if (!value.at) return bad_escape(c);
        text += name.n + value.n;
        fields[i++] = (struct http_field){name, value};
    }
    *out = fields;
    *out_n = n;
    return OK;
}

str http_field(const struct http_field *fields, size_t n, str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(fields[i].name, name)) return fields[i].value;
    return STR_NONE;
}

enum err http_unescape(struct call *c, str text, str *out)
{
    char *room;
    TRY(NEW(c, &room, text.n));
    str decoded = decode(text, false, room);
    if (!decoded.at) return bad_escape(c);
    *out = decoded;
    return OK;
}

static bool stays(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

void http_escape(struct buf *b, str text)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (stays(text.at[i])) buf_add_char(b, text.at[i]);
        else buf_add(b, (str){(char[]){'%', HEX[byte >> 4], HEX[byte & 15]}, 3});
    }
}
