// What a loop keeps warm: exchanges and input blocks.
#include <stdlib.h>

#include "core/secret.h"
#include "http/inside.h"

struct exchange *http_exchange_take(struct http_loop *loop)
{
    struct exchange *x = loop->spare_exchanges;
    if (x) {
        loop->spare_exchanges = x->next;
        loop->spare_exchange_n--;
    } else {
        x = calloc(1, sizeof *x);
        if (!x) return NULL;
        x->open.loop = loop->net;
        x->loop = loop;
        x->back.run = http_exchange_back;
    }
    loop->exchange_n++;
    return x;
}

static void free_exchange(struct exchange *x)
{
    call_clear(&x->open.call);
    free(x);
}

void http_exchange_drop(struct http_loop *loop, struct exchange *x)
{
    loop->exchange_n--;
    for (size_t i = 0; i < COUNT(x->blocks); i++) {
        http_block_drop(loop, x->blocks[i]);
        x->blocks[i] = NULL;
    }
    if (loop->spare_exchange_n == HTTP_MAX_SPARES) {
        free_exchange(x);
        return;
    }
    arena_reset(&x->open.call.arena); // a large answer does not stay
    x->next = loop->spare_exchanges;
    loop->spare_exchanges = x;
    loop->spare_exchange_n++;
}

struct block *http_block_take(struct http_loop *loop, size_t size)
{
    struct block *b = size == HTTP_INPUT_BYTES ? loop->spare_blocks : NULL;
    if (b) {
        loop->spare_blocks = b->next;
        loop->spare_block_n--;
        return b;
    }
    // Only large requests are held off: small ones are bounded by the number of connections.
    size_t most = loop->server->settings.max_input_bytes;
    if (size > HTTP_INPUT_BYTES && (loop->block_bytes >= most || size > most - loop->block_bytes)) return NULL;
    b = malloc(sizeof *b + size);
    if (!b) return NULL;
    b->size = size;
    loop->block_bytes += size;
    return b;
}

void http_block_drop(struct http_loop *loop, struct block *b)
{
    if (!b) return;
    secret_wipe(b->at, b->size); // requests hold secrets and tokens
    if (b->size != HTTP_INPUT_BYTES || loop->spare_block_n == HTTP_MAX_SPARES) {
        loop->block_bytes -= b->size;
        free(b);
        return;
    }
    b->next = loop->spare_blocks;
    loop->spare_blocks = b;
    loop->spare_block_n++;
}

void http_spares_free(struct http_loop *loop)
{
    for (struct exchange *x = loop->spare_exchanges, *next; x; x = next) {
        next = x->next;
        free_exchange(x);
    }
    for (struct block *b = loop->spare_blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(loop->input);
    free(loop->output);
}
