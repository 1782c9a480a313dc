/*
 * b64.h - base64 for text that travels: standard, and URL-safe without padding.
 *
 * Layer:  core
 * Source: https://www.rfc-editor.org/rfc/rfc4648
 */
#pragma once
#include "core/buf.h"

void b64_add(struct buf *b, bytes s);    /* A-Z a-z 0-9 + / with = at the end */
void b64url_add(struct buf *b, bytes s); /* A-Z a-z 0-9 - _ without padding */

/*
 * Reads the one form and refuses the other. Bits left over must be zero.
 * Errors: ERR_BASE64_INVALID
 */
FALLIBLE b64_decode(struct call *c, str text, bytes *out);
FALLIBLE b64url_decode(struct call *c, str text, bytes *out);
