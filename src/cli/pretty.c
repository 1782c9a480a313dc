#include "cli/pretty.h"

#define COLOR_KEY    "\033[34m"
#define COLOR_STRING "\033[32m"
#define COLOR_END    "\033[0m"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void new_line(struct buf *b, unsigned depth)
{
    buf_addf(b, "\n%*s", (int)depth * 2, "");
}

// The string that begins at `i`, quotes and all.
static str string_at(str text, size_t i)
{
    size_t end = i + 1;
    while (end < text.n && text.at[end] != '"') end += text.at[end] == '\\' ? 2 : 1;
    return str_from(str_upto(text, end + 1), i);
}

static size_t skip_blanks(str text, size_t i)
{
    while (i < text.n && is_blank(text.at[i])) i++;
    return i;
}

static void add_string(struct buf *b, str s, bool is_key, bool color)
{
    if (color) buf_add(b, is_key ? S(COLOR_KEY) : S(COLOR_STRING));
    buf_add(b, s);
    if (color) buf_add(b, S(COLOR_END));
}

// An opening bracket; one that is closed at once stays on its line.
static size_t open_bracket(struct buf *b, str text, size_t i, unsigned *depth)
{
    size_t next = skip_blanks(text, i + 1);
    buf_add_char(b, text.at[i]);
    if (next < text.n && (text.at[next] == '}' || text.at[next] == ']')) {
        buf_add_char(b, text.at[next]);
        return next;
    }
    new_line(b, ++*depth);
    return i;
}

void pretty_json(struct buf *b, str text, bool color)
{
    unsigned depth = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.at[i];
        if (is_blank(c)) continue;
        if (c == '"') {
            str    s = string_at(text, i);
            size_t next = skip_blanks(text, i + s.n);
            add_string(b, s, next < text.n && text.at[next] == ':', color);
            i += s.n - 1;
        } else if (c == '{' || c == '[') {
            i = open_bracket(b, text, i, &depth);
        } else if (c == '}' || c == ']') {
            if (depth) depth--;
            new_line(b, depth);
            buf_add_char(b, c);
        } else {
            buf_add_char(b, c);
            if (c == ',') new_line(b, depth);
            if (c == ':') buf_add_char(b, ' ');
        }
    }
    buf_add_char(b, '\n');
}
