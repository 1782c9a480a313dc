/*
 * characters.h - texts as the template language counts them: by characters.
 *
 * .NET counts UTF-16 units; here a character is a code point, which differs only beyond U+FFFF.
 *
 * Layer:  template (uses core)
 */
#pragma once
#include "core/str.h"

/* The byte at which character `n` begins; the end if there are fewer. */
size_t characters_offset(str s, size_t n);

/* Where `part` stands first (last) in `s`, in characters; -1: nowhere. Without ASCII case where `nocase`. */
int64_t characters_find(str s, str part, bool nocase, bool last);
