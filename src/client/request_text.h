/*
 * request_text.h - the texts that requests are made of: URLs, forms, headers.
 *
 * Texts with secrets may be made: they live in the call, which is wiped at its end.
 *
 * Layer:  client (uses core)
 * Source: https://url.spec.whatwg.org/#application/x-www-form-urlencoded
 */
#pragma once
#include "core/buf.h"

#define URL_MAX_BYTES    2048
#define HEADER_MAX_BYTES 8192

/* One to `most` printable ASCII characters without spaces: what an id or a token is made of. */
bool is_word(str s, size_t most);

struct form_field {
    str name, value; /* a value whose `at` is NULL: the field is left out */
};
/* "a=1&b=%2F"; for a query too. */
str form_text(struct call *c, const struct form_field *fields, size_t n);
/* "URL?a=1&b=%2F", NUL-terminated. */
const char *url_with_query(struct call *c, str url, const struct form_field *fields, size_t n);

/* "Name: value", NUL-terminated. Errors: ERR_CONTENT_INVALID - the value cannot stand in a header; the text does not repeat it */
FALLIBLE header_text(struct call *c, const char *name, str value, const char **out);

/*
 * A URL that a request may be sent to: http or https, a host, printable ASCII, no user name, no fragment, no query, of
 * at most URL_MAX_BYTES. Gives its host, without port, and whether it is https.
 */
struct url_view {
    str  host; /* of an IPv6 address with its brackets */
    str  origin;
    str  path; /* with its slash; may be empty */
    bool is_https;
};
MUST_USE bool url_read(str url, struct url_view *out);
