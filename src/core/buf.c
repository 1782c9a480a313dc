#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>

#define SMALLEST_ROOM ((size_t)256)

void buf_init(struct buf *b, struct arena *arena)
{
    *b = (struct buf){.arena = arena};
}

// False: the buffer has failed.
static bool make_room(struct buf *b, size_t more)
{
    size_t need;
    if (b->failed) return false;
    if (!size_add(b->n, more, &need) || need > BUF_LIMIT_BYTES) {
        b->failed = ERR_TOO_LARGE;
        return false;
    }
    if (need <= b->room) return true;
    size_t room = b->room ? b->room * 2 : SMALLEST_ROOM;
    if (room < need) room = need;
    if (b->at && arena_resize_last(b->arena, b->at, b->room, room)) {
        b->room = room;
        return true;
    }
    char *fresh = arena_alloc(b->arena, room);
    if (!fresh) {
        b->failed = ERR_NO_MEMORY;
        return false;
    }
    if (b->n) memcpy(fresh, b->at, b->n);
    b->at = fresh;
    b->room = room;
    return true;
}

void buf_reserve(struct buf *b, size_t n)
{
    (void)make_room(b, n);
}

char *buf_extend(struct buf *b, size_t n)
{
    if (!make_room(b, n ? n : 1)) return NULL; // room for nothing is a place too, not NULL
    char *piece = b->at + b->n;
    b->n += n;
    return piece;
}

void buf_add(struct buf *b, str s)
{
    char *piece = s.n ? buf_extend(b, s.n) : NULL;
    if (piece) memcpy(piece, s.at, s.n);
}

void buf_add_bytes(struct buf *b, bytes s)
{
    buf_add(b, bytes_str(s));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    char    small[512];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    if (n >= 0 && (size_t)n < sizeof small) {
        buf_add(b, (str){small, (size_t)n});
    } else if (n < 0) {
        b->failed = ERR_INTERNAL;
    } else if (make_room(b, (size_t)n + 1)) {
        vsnprintf(b->at + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void buf_add_i64(struct buf *b, int64_t v)
{
    char digits[STR_DECIMAL_BYTES];
    if (v < 0) buf_add_char(b, '-');
    buf_add(b, str_decimal(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, digits));
}

void buf_add_character(struct buf *b, uint32_t ch)
{
    static const struct {
        uint32_t below;
        uint8_t  first;
    } FORMS[] = {{0x80, 0}, {0x800, 0xc0}, {0x10000, 0xe0}, {0x110000, 0xf0}};
    size_t more = 0;
    while (more + 1 < COUNT(FORMS) && ch >= FORMS[more].below) more++;
    buf_add_char(b, (char)(FORMS[more].first | ch >> 6 * more));
    while (more-- > 0) buf_add_char(b, (char)(0x80 | (ch >> 6 * more & 0x3f)));
}

enum err buf_finish(struct call *c, const struct buf *b, str *out)
{
    if (b->failed == ERR_TOO_LARGE) return FAIL(c, ERR_TOO_LARGE, "What was being built is larger than %u bytes.", BUF_LIMIT_BYTES);
    if (b->failed) return FAIL_PLAIN(c, b->failed);
    *out = buf_view(b);
    return OK;
}

str buf_text(struct call *c, const struct buf *b)
{
    if (b->failed != OK) c->lacks_texts = true;
    return b->failed == OK ? buf_view(b) : STR_NONE;
}
