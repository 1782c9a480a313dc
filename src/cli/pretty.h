/*
 * pretty.h - JSON for people: indented, and coloured where there is colour.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/buf.h"

/*
 * Appends `text` indented by two blanks. Numbers and strings stay as they are written: nothing is read
 * but brackets, commas, colons and quotes. `text` must be JSON.
 */
void pretty_json(struct buf *b, str text, bool color);
