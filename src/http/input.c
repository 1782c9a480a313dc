// Where a connection's input lies: in the loop's block as long as it is read and answered in one turn, else in one of
// the connection's own.
#include "core/secret.h"
#include "http/inside.h"

#define SMALLEST_INPUT_BYTES ((size_t)1024)

void http_input_drop(struct connection *conn)
{
    if (conn->input && conn->input == conn->loop->input)
        secret_wipe(conn->input->at, conn->input_at + conn->input_n); // http_block_drop does it for the others
    if (conn->input != conn->loop->input) http_block_drop(conn->loop, conn->input);
    conn->input = NULL;
    conn->input_at = conn->input_n = conn->seen_n = 0;
}

// False: no memory, or the loop holds too much. Nothing may look at the old place any more.
static bool move_input(struct connection *conn, size_t size)
{
    struct block *b = http_block_take(conn->loop, size);
    if (!b) return false;
    memcpy(b->at, conn->input->at + conn->input_at, conn->input_n);
    if (conn->input == conn->loop->input) secret_wipe(conn->input->at, conn->input_at + conn->input_n);
    if (conn->input != conn->loop->input) http_block_drop(conn->loop, conn->input);
    conn->input = b;
    conn->input_at = 0;
    return true;
}

// Grows as bytes come in, not as a peer announces them.
bool http_input_make_room(struct connection *conn)
{
    struct http_loop *loop = conn->loop;
    if (!conn->input) {
        if (!loop->input) loop->input = http_block_take(loop, HTTP_INPUT_BYTES);
        conn->input = loop->input;
        return conn->input != NULL;
    }
    if (conn->input->size - conn->input_at - conn->input_n >= SMALLEST_INPUT_BYTES / 2) return true;
    if (conn->input_n > conn->input->size / 2) return move_input(conn, conn->input->size * 2);
    memmove(conn->input->at, conn->input->at + conn->input_at, conn->input_n); // what stood before it is answered
    secret_wipe(conn->input->at + conn->input_n, conn->input_at);
    conn->input_at = 0;
    return true;
}

// What is not a whole request yet stays with the connection; mostly nothing does.
bool http_input_park(struct connection *conn)
{
    if (!conn->input) return true;
    if (conn->input_n == 0) {
        http_input_drop(conn);
        return true;
    }
    size_t size = SMALLEST_INPUT_BYTES;
    while (size < 2 * conn->input_n && size < HTTP_INPUT_BYTES) size *= 2;
    return conn->input != conn->loop->input || move_input(conn, size);
}

// A request that is looked at after this turn keeps the block that it stands in.
void http_input_adopt(struct connection *conn)
{
    if (conn->input == conn->loop->input) conn->loop->input = NULL;
}

bool http_input_split(struct connection *conn, struct block **out_head)
{
    struct block *rest = NULL;
    size_t        size = conn->input_n > HTTP_INPUT_BYTES ? conn->input_n : HTTP_INPUT_BYTES;
    if (conn->input_n && !(rest = http_block_take(conn->loop, size))) return false;
    if (rest) memcpy(rest->at, conn->input->at + conn->input_at, conn->input_n);
    if (rest) secret_wipe(conn->input->at + conn->input_at, conn->input_n);
    http_input_adopt(conn);
    *out_head = conn->input;
    conn->input = rest;
    conn->input_at = 0;
    return true;
}
