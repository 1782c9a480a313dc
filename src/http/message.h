/*
 * message.h - HTTP/1.1 requests: a strict grammar, and what a handler sees of one.
 *
 * Everything is a view into the connection's buffer. Nothing is percent-decoded:
 * "%2F" in a resource id means something else than "/".
 *
 * Layer:  http (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc9112, https://www.rfc-editor.org/rfc/rfc9110
 */
#pragma once
#include "core/buf.h"

#define HTTP_MAX_HEAD_BYTES       (48u << 10) /* tokens of users in many groups are long */
#define HTTP_MAX_TARGET_BYTES     (16u << 10)
#define HTTP_MAX_METHOD_BYTES     24
#define HTTP_MAX_HEADERS          100
#define HTTP_MAX_BODY_BYTES       (4u << 20)          /* of a body that is kept whole */
#define HTTP_MAX_LENGTH           (UINT64_C(1) << 40) /* of one that is read in pieces */
#define HTTP_MAX_CHUNK_LINE_BYTES 256                 /* a chunk's size and its extension */
#define HTTP_MAX_TRAILER_BYTES    (4u << 10)
#define HTTP_MAX_QUERY_FIELDS     64

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER };

struct http_header {
    str name;
    str value; /* without blanks at either end */
};

struct http_request {
    enum http_method    method;
    str                 method_text;
    str                 target; /* as sent */
    str                 path;   /* before "?", undecoded; an absolute-form target is reduced to its path */
    str                 query;  /* behind "?", undecoded */
    str                 host;   /* the Host field, with port if given; lower case is not forced */
    struct http_header *headers;
    size_t              header_n;
    str                 body;   /* whole, chunks joined */
    bool                secure; /* came over TLS */
};

/* What the framing says once the head is read. */
struct http_framing {
    size_t head_bytes;     /* up to and with the empty line */
    size_t content_length; /* 0 when chunked */
    bool   chunked;
    bool   is_1_0; /* knows no chunks */
    bool   keep_alive;
    bool   expects_continue;
};

enum http_progress { HTTP_NEED_MORE, HTTP_DONE, HTTP_REFUSED };

/*
 * Reads a request's head from the start of `in`, in one pass and without memory of its own.
 * HTTP_REFUSED: *out_status is the status to answer before closing (400, 413, 414, 417, 431,
 * 501, 505); more input would not change it. Refuses what others let pass: no or two Hosts, Content-Length with
 * Transfer-Encoding, two or signed lengths, other transfer codings than chunked, ports past 65535, blanks before
 * the colon, folded lines, bare LF, control characters, an absolute-form target for another host.
 * Lives: views point into `in`; *out and *framing are written with HTTP_DONE only.
 */
enum http_progress http_read_head(str in, struct http_header headers[HTTP_MAX_HEADERS], struct http_request *out, struct http_framing *framing,
                                  int *out_status);

/* Where the joining of a chunked body stands; zero is the start. */
struct http_chunks {
    size_t limit;  /* of the body; 0 means HTTP_MAX_BODY_BYTES */
    size_t taken;  /* bytes that were joined and taken away: see http_take_chunks */
    size_t joined; /* bytes of body so far, without those */
    size_t left;   /* bytes still to come of the chunk being read */
    size_t trailer_bytes;
    enum { HTTP_CHUNK_SIZE, HTTP_CHUNK_DATA, HTTP_CHUNK_END, HTTP_CHUNK_TRAILER } next;
};

/*
 * Joins a chunked body in place, as its input comes in: `in` holds the bytes joined so far and then
 * *n - joined fresh ones. Afterwards it holds more joined ones and what is not read yet: *n only shrinks,
 * and with HTTP_DONE the next request begins at in + joined. Extensions are skipped, trailers dropped.
 * HTTP_REFUSED: malformed (400), or longer than the limit (413).
 */
enum http_progress http_read_chunks(struct http_chunks *state, char *in, size_t *n, int *out_status);
/* What was joined is taken away: the next input begins behind it. */
void http_take_chunks(struct http_chunks *state);

/* The first header of that name, case-insensitively; an empty str with NULL `at` if absent. */
str  http_header(const struct http_request *r, str name);
bool http_has_header(const struct http_request *r, str name);

/*
 * True if the request says that a proxy passed it on: Forwarded, Via, X-Real-IP, X-Forwarded-*. Where the connection
 * itself is the proof of who asks, such a request is somebody else's.
 * Source: https://www.rfc-editor.org/rfc/rfc7239, https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3
 */
bool http_is_forwarded(const struct http_request *r);

/* One name=value of a query string or form body, decoded into the call ("+" is a blank). */
struct http_field {
    str name;
    str value;
};
/* Errors: ERR_URL_INVALID (bad escapes, NUL), ERR_TOO_LARGE */
FALLIBLE http_read_fields(struct call *c, str encoded, struct http_field **out, size_t *out_n);
/* The value of the first field of that name, case-insensitively; empty with NULL `at` if absent. */
str http_field(const struct http_field *fields, size_t n, str name);

/* Percent-decodes; "+" stays. Errors: ERR_URL_INVALID (bad escape, or a NUL comes out) */
FALLIBLE http_unescape(struct call *c, str text, str *out);
/* Appends `text` with everything escaped but letters, digits and -._~ */
void http_escape(struct buf *b, str text);
