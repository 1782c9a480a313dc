#include "log/body.h"

#include <lz4.h>

#include "core/pack.h"

#define COMPRESSED   0   // in place of a version
#define WORTH_BYTES  256 // shorter ones repeat little
#define HEADER_BYTES 16  // at least what stands in front of the block
_Static_assert(LOG_BODY_MAX_BYTES <= LZ4_MAX_INPUT_SIZE, "LZ4 counts in int");

enum err log_body_close(struct call *c, str plain, str *out)
{
    struct buf b;
    *out = plain;
    if (plain.n < WORTH_BYTES || plain.n > LOG_BODY_MAX_BYTES) return OK;
    buf_init(&b, &c->arena);
    buf_reserve(&b, plain.n + HEADER_BYTES);
    pack_begin(&b, COMPRESSED);
    pack_u64(&b, plain.n);
    size_t room = plain.n - b.n;
    char  *block = buf_extend(&b, room);
    TRY(buf_finish(c, &b, &(str){0}));
    int n = LZ4_compress_default(plain.at, block, (int)plain.n, (int)room - 1); // 0: the whole would not be shorter
    if (n > 0) *out = (str){b.at, (size_t)(block - b.at) + (size_t)n};
    return OK;
}

static FALLIBLE make_room(struct call *c, struct log_body_room *room, size_t n)
{
    size_t wanted = room->n ? room->n : WORTH_BYTES;
    if (n <= room->n) return OK;
    while (wanted < n) wanted *= 2; // doubled, all of them together take no more than twice the largest
    TRY(NEW(c, &room->at, wanted));
    room->n = wanted;
    return OK;
}

enum err log_body_open(struct call *c, bytes stored, struct log_body_room *room, bytes *out)
{
    struct unpack u;
    unpack_begin(&u, stored);
    if (!stored.n || u.version != COMPRESSED) {
        *out = stored;
        return OK;
    }
    uint64_t n = unpack_u64(&u);
    if (u.damaged || n > LOG_BODY_MAX_BYTES || u.rest.n > n) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    TRY(make_room(c, room, n));
    int got = LZ4_decompress_safe((const char *)u.rest.at, room->at, (int)u.rest.n, (int)n);
    if (got < 0 || (uint64_t)got != n) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    *out = (bytes){(const uint8_t *)room->at, n};
    return OK;
}
