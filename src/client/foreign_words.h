/*
 * foreign_words.h - a server's words without the secret that it was sent.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "core/call.h"

/*
 * At most `most` bytes of `text`, with "***" for each place where `secret` stands: as it is, or with some or all of its bytes escaped as in a form or a URL.
 * It is called before a text is shortened, after which a piece of the secret would not be found. An empty secret: the text itself.
 * Lives: in the call, or points into `text`.
 */
str words_without(struct call *c, str text, str secret, size_t most);
