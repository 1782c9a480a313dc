#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct characters {
    uint32_t first, last;
};

// Control characters but the tab and the line feed, and all that turn the direction or begin a line.
static bool is_harmful(uint32_t ch)
{
    static const struct characters HARMFUL[] = {{0, 8},           {0xb, 0x1f},      {0x7f, 0x9f},     {0x61c, 0x61c},
                                                {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfff9, 0xfffb}};
    for (size_t i = 0; i < COUNT(HARMFUL); i++)
        if (ch >= HARMFUL[i].first && ch <= HARMFUL[i].last) return true;
    return false;
}

// A colour as this program prints it begins `s`: its length. 0: none does; STR_NOWHERE: one may, once there is more.
static size_t color_length(str s)
{
    static const char *const COLORS[] = {"\033[0m", "\033[1m", "\033[31m", "\033[32m", "\033[33m", "\033[34m", "\033[35m", "\033[36m"};
    bool                     may_be = false;
    for (size_t i = 0; i < COUNT(COLORS); i++) {
        str color = str_of(COLORS[i]);
        if (str_starts(s, color)) return color.n;
        may_be |= str_starts(color, s);
    }
    return may_be ? STR_NOWHERE : 0;
}

// A character begins here whose rest is still to come.
static bool is_cut(str s)
{
    uint8_t lead = (uint8_t)s.at[0];
    size_t  need = lead > 0xf4 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    for (size_t i = 1; i < s.n; i++)
        if (((uint8_t)s.at[i] & 0xc0) != 0x80) return false;
    return s.n < need;
}

// Shows one character or colour; false if it is cut at the end of the text.
static bool show_one(str *left, struct buf *out)
{
    str      at = *left;
    uint32_t ch;
    size_t   color = at.at[0] == '\033' ? color_length(at) : 0;
    if (color == STR_NOWHERE) return false;
    if (color) {
        buf_add(out, str_upto(at, color));
        *left = str_from(at, color);
        return true;
    }
    if (!str_take_character(left, &ch)) {
        if (is_cut(at)) return false;
        *left = str_from(at, 1);
        buf_addf(out, "\\x%02x", (unsigned)(uint8_t)at.at[0]);
    } else if (is_harmful(ch)) {
        buf_addf(out, "\\u%04x", (unsigned)ch);
    } else {
        buf_add(out, str_upto(at, at.n - left->n));
    }
    return true;
}

void terminal_filter(struct terminal_filter *f, str text, struct buf *out)
{
    while (f->rest_n && text.n) { // byte by byte, until what was cut is whole
        str left = {f->rest, f->rest_n + 1};
        f->rest[f->rest_n++] = text.at[0];
        text = str_from(text, 1);
        while (left.n && show_one(&left, out)) continue;
        memmove(f->rest, left.at, left.n);
        f->rest_n = left.n;
    }
    while (text.n && show_one(&text, out)) continue;
    if (text.n) memcpy(f->rest, text.at, text.n);
    f->rest_n += text.n;
}

// Two streams at most, for the program's life.
struct terminal {
    int                    fd;
    struct terminal_filter filter;
};

static bool write_all(int fd, str text)
{
    while (text.n) {
        ssize_t n = write(fd, text.at, text.n);
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) text = str_from(text, (size_t)n);
    }
    return true;
}

static ssize_t write_filtered(void *cookie, const char *text, size_t n)
{
    struct terminal *t = cookie;
    struct arena     arena = {0};
    struct buf       shown;
    buf_init(&shown, &arena);
    terminal_filter(&t->filter, (str){text, n}, &shown);
    bool is_written = shown.failed == OK && write_all(t->fd, buf_view(&shown));
    arena_clear(&arena);
    return is_written ? (ssize_t)n : 0; // 0 is the failure of such a stream
}

static FILE *guard(FILE *stream, int fd, int buffering)
{
    static struct terminal terminals[2];
    static size_t          n;
    if (!isatty(fd)) return stream;
    terminals[n].fd = fd;
    FILE *filtered = fopencookie(&terminals[n], "w", (cookie_io_functions_t){.write = write_filtered});
    if (!filtered) return stream;
    n++;
    setvbuf(filtered, NULL, buffering, BUFSIZ);
    return filtered;
}

void terminal_guard(void)
{
    stdout = guard(stdout, STDOUT_FILENO, _IOLBF);
    stderr = guard(stderr, STDERR_FILENO, _IONBF);
}
