#include "core/secret.h"

#include <openssl/crypto.h>

#include "core/random.h"

static enum err allocate(struct call *c, struct secret *s, size_t n)
{
    size_t room_n;
    if (!size_add(n, 1, &room_n)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    uint8_t *room = allocator_new(c->arena.allocator, room_n);
    if (!room) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *s = (struct secret){.at = room, .n = n, .allocator = c->arena.allocator};
    return OK;
}

enum err secret_init(struct call *c, struct secret *s, bytes value)
{
    TRY(allocate(c, s, value.n));
    if (value.n) memcpy(s->at, value.at, value.n);
    return OK;
}

enum err secret_init_random(struct call *c, struct secret *s, size_t n)
{
    TRY(allocate(c, s, n));
    random_fill(c->random, s->at, n);
    return OK;
}

enum err secret_init_hex(struct call *c, struct secret *s, size_t n)
{
    struct secret raw = {0}, text;
    TRY(secret_init_random(c, &raw, n));
    enum err failed = allocate(c, &text, 2 * n);
    if (failed == OK) {
        str_write_hex(secret_reveal(&raw), (char *)text.at);
        *s = text;
    }
    secret_clear(&raw);
    return failed;
}

void secret_clear(struct secret *s)
{
    if (s->at) secret_wipe(s->at, s->n);
    allocator_free(s->allocator, s->at);
    *s = (struct secret){0};
}

bool secret_equal(const struct secret *s, bytes other)
{
    return s->n == other.n && (s->n == 0 || CRYPTO_memcmp(s->at, other.at, s->n) == 0);
}

void secret_wipe(void *at, size_t n)
{
    explicit_bzero(at, n); // OPENSSL_cleanse goes word by word, which takes ten times as long for a body
}
