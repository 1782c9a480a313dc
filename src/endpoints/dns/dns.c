#include "endpoints/dns/dns.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/buf.h"

#define HEAD_BYTES          12
#define CLASS_IN            1
#define DATAGRAMS_AT_ONCE   64 // then others have their turn
#define POINTER_TO_QUESTION 0xc00c

// Bits of the second word.
#define FLAG_ANSWER    0x8000
#define FLAG_OPCODE    0x7800
#define FLAG_AUTHORITY 0x0400
#define FLAG_TRUNCATED 0x0200
#define FLAG_DESIRED   0x0100
#define FLAG_AVAILABLE 0x0080

enum code { CODE_OK = 0, CODE_FORMAT = 1, CODE_NO_NAME = 3, CODE_NOT_DONE = 4, CODE_REFUSED = 5, CODE_BAD_VERSION = 16 };

/* ---- reading ---- */

struct cursor {
    str  at;
    bool short_;
};

static uint8_t take_byte(struct cursor *cursor)
{
    if (cursor->at.n < 1) {
        cursor->short_ = true;
        return 0;
    }
    uint8_t b = (uint8_t)*cursor->at.at;
    cursor->at = str_from(cursor->at, 1);
    return b;
}

static uint16_t take_word(struct cursor *cursor)
{
    unsigned high = take_byte(cursor);
    return (uint16_t)(high << 8 | take_byte(cursor));
}

static bool is_host_byte(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '_';
}

// Labels up to the root. A pointer has nothing to point at in the first name of a message: it is refused.
static enum err read_name(struct call *c, struct cursor *cursor, str *out)
{
    struct buf b;
    size_t     wire_bytes = 1;
    bool       is_host = true;
    buf_init(&b, &c->arena);
    for (uint8_t n; (n = take_byte(cursor)) != 0;) {
        if (n > DNS_MAX_LABEL_BYTES) return FAIL(c, ERR_DNS_INVALID, "A label is longer than %d bytes, or a pointer.", DNS_MAX_LABEL_BYTES);
        wire_bytes += n + 1u;
        if (wire_bytes > DNS_MAX_NAME_BYTES) return FAIL(c, ERR_DNS_INVALID, "The name is longer than %d bytes.", DNS_MAX_NAME_BYTES);
        if (b.n) buf_add_char(&b, '.');
        for (; n; n--) {
            char letter = char_lower((char)take_byte(cursor));
            is_host &= is_host_byte((uint8_t)letter); // a dot within a label must not read as two labels
            buf_add_char(&b, letter);
        }
    }
    TRY(buf_finish(c, &b, out));
    if (!is_host) *out = S("");
    return OK;
}

// The one record that may follow: OPT, whose class and time to live mean something else than elsewhere.
static enum err read_edns(struct call *c, struct cursor *cursor, struct dns_query *q)
{
    bool is_root = take_byte(cursor) == 0;
    if (take_word(cursor) != DNS_OPT || !is_root) return FAIL(c, ERR_DNS_INVALID, "An additional record is not of the type OPT.");
    take_word(cursor); // the size of answers that it takes: ours are all smaller
    take_byte(cursor); // the upper bits of a response's code
    q->edns_version = take_byte(cursor);
    take_word(cursor);
    size_t n = take_word(cursor);
    cursor->short_ |= n > cursor->at.n;
    cursor->at = str_from(cursor->at, n); // options: none concerns us
    q->has_edns = true;
    return OK;
}

enum err dns_read(struct call *c, str datagram, struct dns_query *out)
{
    struct cursor    cursor = {.at = datagram};
    struct dns_query q = {.id = take_word(&cursor), .flags = take_word(&cursor)};
    unsigned         questions = take_word(&cursor), answers = take_word(&cursor), authorities = take_word(&cursor), additions = take_word(&cursor);
    if (datagram.n > DNS_MAX_DATAGRAM_BYTES) return FAIL(c, ERR_DNS_INVALID, "The query is longer than %d bytes.", DNS_MAX_DATAGRAM_BYTES);
    if (q.flags & (FLAG_ANSWER | FLAG_OPCODE | FLAG_TRUNCATED)) return FAIL(c, ERR_DNS_INVALID, "The message is not a standard query.");
    if (questions != 1 || answers || authorities || additions > 1) return FAIL(c, ERR_DNS_INVALID, "A query has one question and nothing else.");
    str before = cursor.at;
    TRY(read_name(c, &cursor, &q.name));
    q.type = take_word(&cursor);
    q.class = take_word(&cursor);
    q.question = str_upto(before, before.n - cursor.at.n);
    if (additions) TRY(read_edns(c, &cursor, &q));
    if (cursor.short_) return FAIL(c, ERR_DNS_INVALID, "The query ends too early.");
    if (cursor.at.n) return FAIL(c, ERR_DNS_INVALID, "The message goes on after the query.");
    *out = q;
    return OK;
}

/* ---- answering ---- */

static void add_word(struct buf *b, unsigned w)
{
    buf_add_char(b, (char)(w >> 8 & 0xff));
    buf_add_char(b, (char)(w & 0xff));
}

static void add_head(struct buf *b, uint16_t id, uint16_t asked, enum code code, unsigned questions, unsigned answers, unsigned additions)
{
    add_word(b, id);
    add_word(b, FLAG_ANSWER | FLAG_AUTHORITY | FLAG_AVAILABLE | (asked & (FLAG_OPCODE | FLAG_DESIRED)) | (code & 0xfu));
    add_word(b, questions);
    add_word(b, answers);
    add_word(b, 0);
    add_word(b, additions);
}

static void add_address(struct buf *b, const struct dns_zone *zone)
{
    add_word(b, POINTER_TO_QUESTION);
    add_word(b, DNS_A);
    add_word(b, CLASS_IN);
    add_word(b, 0);
    add_word(b, DNS_TTL_S);
    add_word(b, sizeof zone->address);
    buf_add_bytes(b, (bytes){zone->address, sizeof zone->address});
}

static void add_edns(struct buf *b, enum code code)
{
    buf_add_char(b, 0);
    add_word(b, DNS_OPT);
    add_word(b, DNS_MAX_DATAGRAM_BYTES);
    add_word(b, (code >> 4) << 8); // the rest of the code, and version 0
    add_word(b, 0);
    add_word(b, 0);
}

static enum code decide(const struct dns_zone *zone, const struct dns_query *q, bool *out_address)
{
    *out_address = false;
    if (q->has_edns && q->edns_version != 0) return CODE_BAD_VERSION;
    if (q->class != CLASS_IN) return CODE_REFUSED;
    if (str_empty(q->name) || !names_serves(zone->names, q->name)) return CODE_NO_NAME;
    *out_address = q->type == DNS_A || q->type == DNS_ANY;
    return CODE_OK;
}

// A query that cannot be read gets its id back and a code; what is not even a query gets nothing.
static void answer_bad(struct buf *b, str datagram)
{
    struct cursor cursor = {.at = datagram};
    uint16_t      id = take_word(&cursor), flags = take_word(&cursor);
    if (datagram.n < HEAD_BYTES || flags & FLAG_ANSWER) return;
    add_head(b, id, flags, flags & FLAG_OPCODE ? CODE_NOT_DONE : CODE_FORMAT, 0, 0, 0);
}

enum err dns_answer(struct call *c, const struct dns_zone *zone, str datagram, str *out)
{
    struct dns_query q;
    struct buf       b;
    bool             has_address;
    buf_init(&b, &c->arena);
    enum err read = dns_read(c, datagram, &q);
    if (read == ERR_NO_MEMORY) return read;
    if (read != OK) {
        call_forgive(c);
        answer_bad(&b, datagram);
        return buf_finish(c, &b, out);
    }
    enum code code = decide(zone, &q, &has_address);
    add_head(&b, q.id, q.flags, code, 1, has_address, q.has_edns);
    buf_add(&b, q.question);
    if (has_address) add_address(&b, zone);
    if (q.has_edns) add_edns(&b, code);
    return buf_finish(c, &b, out);
}

/* ---- the socket ---- */

struct dns {
    struct dns_zone zone;
    struct call     call; // reused: its arena stays warm
};

enum err dns_new(struct call *c, const struct dns_zone *zone, struct dns **out)
{
    struct dns *d = calloc(1, sizeof *d);
    if (!d) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    d->zone = *zone;
    call_init(&d->call, NULL, c->random);
    *out = d;
    return OK;
}

void dns_free(void *dns)
{
    struct dns *d = dns;
    if (!d) return;
    call_clear(&d->call);
    free(d);
}

void dns_ready(int fd, void *dns)
{
    struct dns *d = dns;
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        char                    room[DNS_MAX_DATAGRAM_BYTES + 1]; // one more, to see that it is too long
        struct sockaddr_storage from;
        socklen_t               from_n = sizeof from;
        str                     answer;
        ssize_t                 n = recvfrom(fd, room, sizeof room, MSG_DONTWAIT, (struct sockaddr *)&from, &from_n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return;
        call_reset(&d->call, NULL);
        if (dns_answer(&d->call, &d->zone, (str){room, (size_t)n}, &answer) != OK || str_empty(answer)) continue;
        // A client that is gone, or a full buffer: it asks again.
        (void)!sendto(fd, answer.at, answer.n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&from, from_n);
    }
}
