/*
 * dns.h - the sandbox's resolver: our own names lead here, no other name leads anywhere.
 *
 * A name that is served has one address; asked for anything else about it, there is none. Every
 * other name does not exist: a sandboxed program cannot reach the real cloud by mistake.
 *
 * Layer:  endpoints (uses core, resources)
 * Source: https://www.rfc-editor.org/rfc/rfc1035, https://www.rfc-editor.org/rfc/rfc6891 (EDNS)
 */
#pragma once
#include "core/call.h"
#include "resources/names.h"

#define DNS_MAX_DATAGRAM_BYTES 1232 /* what a client may send with EDNS */
#define DNS_MAX_NAME_BYTES     255
#define DNS_MAX_LABEL_BYTES    63
#define DNS_TTL_S              60

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_OPT = 41, DNS_ANY = 255 };

struct dns_query {
    uint16_t id;
    uint16_t flags;
    uint16_t type;
    uint16_t class;
    str     name;     /* lower case, no dot at the end; empty: the root, or no host's name */
    str     question; /* as it came: it is echoed, in its own casing */
    bool    has_edns;
    uint8_t edns_version;
};

/*
 * Reads a query with exactly one question. Nothing may follow it but one OPT record.
 * Lives:  `question` points into the datagram, `name` into the call.
 * Errors: ERR_DNS_INVALID
 */
FALLIBLE dns_read(struct call *c, str datagram, struct dns_query *out);

struct dns_zone {
    const struct names *names;
    uint8_t             address[4];
};

/* What to send back; empty: nothing (it is an answer itself, or has no id). A bad query is told so. */
FALLIBLE dns_answer(struct call *c, const struct dns_zone *zone, str datagram, str *out);

/* Answers on a bound UDP socket: dns_ready fits net_watch_new. */
struct dns;
FALLIBLE dns_new(struct call *c, const struct dns_zone *zone, struct dns **out);
void     dns_free(void *dns);
void     dns_ready(int fd, void *dns);
