/*
 * terminal.h - texts of others do no harm on a terminal.
 *
 * Names, targets and messages that a command prints were written by others. On a terminal a control character in them could hide or
 * forge lines, and a character that turns the direction could make a name look like another. So what is printed to a terminal goes
 * through a filter: such a character is written as \u001b. The colours that this program itself prints pass. What goes
 * elsewhere - to a file or a pipe - is not changed.
 *
 * Layer:  cli (uses core)
 * Source: https://www.unicode.org/reports/tr9/ (characters that turn the direction), https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
 */
#pragma once
#include <stdio.h>

#include "core/buf.h"

#define TERMINAL_LONGEST 8 /* bytes of a character or colour that may be cut between two writes */

struct terminal_filter {
    char   rest[TERMINAL_LONGEST]; /* the begin of one that is not whole yet */
    size_t rest_n;
};

/* Appends what may be shown of `text`; what is cut at its end waits in the filter for the next. */
void terminal_filter(struct terminal_filter *f, str text, struct buf *out);

/* Once, before anything is printed: standard output and errors, if they are terminals. Without memory they stay as they are. */
void terminal_guard(void);
