// Where a connection's input lies: in the loop's block as long as it is read and answered in one turn, else in one of
// the connection's own.
#include "core/secret.h"
#include "http/inside.h"

#define SMALLEST_INPUT_BYTES ((size_t)1024)

void http_input_drop(struct connection *k)
{
    if (k->input && k->input == k->loop->input) secret_wipe(k->input->at, k->input_at + k->input_n); // http_block_drop does it for the others
    if (k->input != k->loop->input) http_block_drop(k->loop, k->input);
    k->input = NULL;
    k->input_at = k->input_n = k->seen_n = 0;
}

// False: no memory, or the loop holds too much. Nothing may look at the old place any more.
static bool move_input(struct connection *k, size_t size)
{
    struct block *b = http_block_take(k->loop, size);
    if (!b) return false;
    memcpy(b->at, k->input->at + k->input_at, k->input_n);
    if (k->input == k->loop->input) secret_wipe(k->input->at, k->input_at + k->input_n);
    if (k->input != k->loop->input) http_block_drop(k->loop, k->input);
    k->input = b;
    k->input_at = 0;
    return true;
}

// Grows as bytes come in, not as a peer announces them.
bool http_input_make_room(struct connection *k)
{
    struct http_loop *loop = k->loop;
    if (!k->input) {
        if (!loop->input) loop->input = http_block_take(loop, HTTP_INPUT_BYTES);
        k->input = loop->input;
        return k->input != NULL;
    }
    if (k->input->size - k->input_at - k->input_n >= SMALLEST_INPUT_BYTES / 2) return true;
    if (k->input_n > k->input->size / 2) return move_input(k, k->input->size * 2);
    memmove(k->input->at, k->input->at + k->input_at, k->input_n); // what stood before it is answered
    secret_wipe(k->input->at + k->input_n, k->input_at);
    k->input_at = 0;
    return true;
}

// What is not a whole request yet stays with the connection; mostly nothing does.
bool http_input_park(struct connection *k)
{
    if (!k->input) return true;
    if (k->input_n == 0) {
        http_input_drop(k);
        return true;
    }
    size_t size = SMALLEST_INPUT_BYTES;
    while (size < 2 * k->input_n && size < HTTP_INPUT_BYTES) size *= 2;
    return k->input != k->loop->input || move_input(k, size);
}

// A request that is looked at after this turn keeps the block that it stands in.
void http_input_adopt(struct connection *k)
{
    if (k->input == k->loop->input) k->loop->input = NULL;
}

bool http_input_split(struct connection *k, struct block **out_head)
{
    struct block *rest = NULL;
    size_t        size = k->input_n > HTTP_INPUT_BYTES ? k->input_n : HTTP_INPUT_BYTES;
    if (k->input_n && !(rest = http_block_take(k->loop, size))) return false;
    if (rest) memcpy(rest->at, k->input->at + k->input_at, k->input_n);
    if (rest) secret_wipe(k->input->at + k->input_at, k->input_n);
    http_input_adopt(k);
    *out_head = k->input;
    k->input = rest;
    k->input_at = 0;
    return true;
}
