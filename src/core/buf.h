/*
 * buf.h - builds text or bytes piece by piece.
 *
 * The first error (no memory, too long) is kept and reported by buf_finish, so that the
 * calls in between need no checks. The memory is the arena's: the finished text lives there.
 *
 * Layer:  core
 */
#pragma once
#include "core/call.h"

#define BUF_LIMIT_BYTES (16u << 20)

struct buf {
    struct arena *arena;
    char         *at;
    size_t        n;
    size_t        room;
    enum err      failed; /* OK: all of it is there; ERR_NO_MEMORY, ERR_TOO_LARGE or ERR_INTERNAL: that is why not */
};

void buf_init(struct buf *b, struct arena *arena);
/* Room for `n` more bytes at once, where their number is known before: then nothing is moved while they come. */
void buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, str s);
void buf_add_bytes(struct buf *b, bytes s);
void buf_addf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_add_i64(struct buf *b, int64_t v);
/* A character in UTF-8: what str_take_character takes. */
void buf_add_character(struct buf *b, uint32_t ch);
/* `n` bytes of room to write into directly; NULL if there is none. */
char *buf_extend(struct buf *b, size_t n);

/* Records and JSON are built byte by byte: as long as there is room that is one store. */
static inline void buf_add_char(struct buf *b, char c)
{
    if (b->n < b->room && b->failed == OK) b->at[b->n++] = c;
    else buf_add(b, (str){&c, 1});
}

static inline str buf_view(const struct buf *b)
{
    return (str){b->at, b->n};
}

/* What was built, or the failure that waited. */
FALLIBLE buf_finish(struct call *c, const struct buf *b, str *out);
/* The same for a text among others, as call_format gives them: without room it is empty, and call_check_texts fails. */
str buf_text(struct call *c, const struct buf *b);
