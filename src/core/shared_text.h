/*
 * shared_text.h - a text that many records have: one copy, which goes with the last of them.
 *
 * Threads may take and drop at once; nobody writes to it.
 *
 * Layer:  core
 */
#pragma once
#include "core/str.h"

/* A copy with one owner, and a NUL behind it that does not count. NULL `at`: no memory. */
str shared_text_new(str text) MUST_USE;
/* One owner more, or less. The text is one that shared_text_new gave; dropping STR_NONE is fine. */
str  shared_text_take(str text);
void shared_text_drop(str text);
