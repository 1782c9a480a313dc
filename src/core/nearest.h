/*
 * nearest.h - the distance between two words, for "did you mean" suggestions.
 *
 * Layer:  core
 */
#pragma once
#include "core/str.h"

#define NEAREST_MAX_BYTES 512 /* longer texts are near to nothing */

/*
 * Letters to insert, drop, exchange or swap with their neighbour to make one of the other, without case; `most` + 1 if
 * there are more than `most`. Takes time in proportion to the product of the lengths.
 */
size_t nearest_slips(str a, str b, size_t most);
