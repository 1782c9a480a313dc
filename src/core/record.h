/*
 * record.h - one heap block for a record that is shared: the struct, then its texts.
 *
 * Layer:  core
 */
#pragma once
#include "core/ref.h"
#include "core/str.h"

/*
 * A copy of `plain`, a struct of `size` bytes whose first member is a struct ref, with one
 * reference. The strs at the offsets in `texts` are copied into the same block, each with a
 * NUL behind it that does not count. `tail` more bytes, aligned for any type and zeroed,
 * lie behind the struct: their start is *out_tail (NULL if not wanted). NULL: no memory.
 */
void *record_new(const void *plain, size_t size, const size_t *texts, size_t text_n, size_t tail, void **out_tail);
