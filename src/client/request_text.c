#include "client/request_text.h"

bool is_word(str s, size_t most)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] <= 0x20 || s.at[i] > 0x7e) return false;
    return s.n > 0 && s.n <= most;
}

static void add_escaped(struct buf *b, str s)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.at[i];
        bool          plain = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || strchr("-._~", ch);
        if (ch && plain) {
            buf_add_char(b, (char)ch);
        } else {
            buf_add_char(b, '%');
            buf_add_char(b, HEX[ch >> 4]);
            buf_add_char(b, HEX[ch & 15]);
        }
    }
}

static void add_form(struct buf *b, const struct form_field *fields, size_t n)
{
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (!fields[i].value.at) continue;
        if (!first) buf_add_char(b, '&');
        first = false;
        buf_add(b, fields[i].name);
        buf_add_char(b, '=');
        add_escaped(b, fields[i].value);
    }
}

str form_text(struct call *c, const struct form_field *fields, size_t n)
{
    struct buf b;
    buf_init(&b, &c->arena);
    add_form(&b, fields, n);
    return buf_text(c, &b);
}

const char *url_with_query(struct call *c, str url, const struct form_field *fields, size_t n)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, url);
    buf_add_char(&b, '?');
    add_form(&b, fields, n);
    return call_zstr(c, buf_text(c, &b));
}

static bool is_printable(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] < 0x20 || s.at[i] > 0x7e) return false;
    return true;
}

enum err header_text(struct call *c, const char *name, str value, const char **out)
{
    struct buf b;
    if (value.n > HEADER_MAX_BYTES || !is_printable(value))
        return FAIL(c, ERR_CONTENT_INVALID, "The value for the header %s holds line breaks or other characters that cannot stand in a header.", name);
    buf_init(&b, &c->arena);
    buf_add(&b, str_of(name));
    buf_add(&b, S(": "));
    buf_add(&b, value);
    *out = call_zstr(c, buf_text(c, &b));
    return call_check_texts(c);
}

// Letters, digits, and what else stands in a host, an IPv6 address and a port.
static bool is_authority(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = char_lower(s.at[i]);
        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || strchr("-._:[]", ch)) || !ch) return false;
    }
    return true;
}

bool url_read(str url, struct url_view *out)
{
    struct url_view v = {.is_https = str_starts_nocase(url, S("https://"))};
    if (url.n > URL_MAX_BYTES || !is_printable(url) || (!v.is_https && !str_starts_nocase(url, S("http://")))) return false;
    for (size_t i = 0; i < url.n; i++)
        if (strchr(" \"<>\\^`{|}#?@", url.at[i])) return false;
    str    rest = str_from(url, v.is_https ? 8 : 7);
    size_t end = str_find(rest, '/');
    str    authority = str_upto(rest, end);
    v.path = str_from(rest, end);
    v.origin = str_upto(url, url.n - v.path.n);
    size_t port = str_find_last(authority, ':');
    bool   has_port = port != STR_NOWHERE && str_find(str_from(authority, port), ']') == STR_NOWHERE;
    v.host = has_port ? str_upto(authority, port) : authority;
    uint64_t number;
    if (has_port && (!str_to_u64(str_from(authority, port + 1), &number) || number == 0 || number > 65535)) return false;
    if (str_empty(v.host) || !is_authority(authority)) return false;
    if (v.host.at[0] != '[' && str_find(v.host, ':') != STR_NOWHERE) return false;
    *out = v;
    return true;
}
