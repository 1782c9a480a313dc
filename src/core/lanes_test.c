#include "core/lanes.h"

#include <stdlib.h>

#include "core/pages.h"
#include "test.h"

// A heap copy of exactly n bytes: what reads past it is seen by the sanitizer.
static char *exactly(const char *text, size_t n)
{
    char *copy = malloc(n ? n : 1);
    if (copy) memcpy(copy, text, n);
    return copy;
}

TEST(word_load_and_lanes_load_take_so_many_bytes_and_no_more)
{
    static const char TEXT[] = "\x81\x02\xf3 Defghijklmnop";
    for (size_t n = 0; n <= LANES; n++) {
        char *text = exactly(TEXT, n), word[8], sixteen[LANES];
        if (!text) break;
        uint64_t loaded = word_load(text, n);
        lanes    all = lanes_load(text, n), padded = lanes_load_padded(text, n, 'a');
        memcpy(word, &loaded, sizeof word);
        memcpy(sixteen, &all, sizeof sixteen);
        for (size_t i = 0; i < sizeof word; i++) CHECK_INT((uint8_t)word[i], i < n ? (uint8_t)TEXT[i] : 0, "a word");
        for (size_t i = 0; i < LANES; i++) CHECK_INT((uint8_t)sixteen[i], i < n ? (uint8_t)TEXT[i] : 0, "lanes");
        memcpy(sixteen, &padded, sizeof sixteen);
        for (size_t i = 0; i < LANES; i++) CHECK_INT((uint8_t)sixteen[i], i < n ? (uint8_t)TEXT[i] : 'a', "lanes with a pad");
        free(text);
    }
}

TEST(lanes_know_letters_and_places)
{
    for (int first = 0; first < 256; first += (int)LANES) {
        char text[LANES], lower[LANES];
        for (size_t i = 0; i < LANES; i++) text[i] = (char)(first + (int)i);
        lanes all = lanes_load(text, LANES), small = lanes_lower(all);
        memcpy(lower, &small, sizeof lower);
        for (size_t i = 0; i < LANES; i++) {
            CHECK_INT((uint8_t)lower[i], (uint8_t)char_lower(text[i]), "a small letter");
            CHECK_INT(lanes_bits((lanes)(all == (uint8_t)text[i])), 1u << i, "the lane that is equal");
        }
        CHECK(lanes_half(all, 0) == le64toh(word_load(text, 8)) && lanes_half(all, 1) == le64toh(word_load(text + 8, 8)));
        CHECK(lanes_any(all) && lanes_any((lanes)(all == (uint8_t)text[15])) && !lanes_any(all ^ all));
    }
}

TEST(pages_are_zero_whatever_their_number)
{
    static const size_t SIZES[] = {1, 4096, (2u << 20) - 1, 2u << 20, (2u << 20) + 8, 5u << 20};
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        uint8_t *room = pages_alloc(SIZES[i], 1);
        bool     is_zero = room != NULL;
        for (size_t at = 0; is_zero && at < SIZES[i]; at++) is_zero = room[at] == 0;
        CHECK_INT(is_zero, true, "zero");
        CHECK_INT((uintptr_t)room % 64, 0, "the beginning of a cache line");
        free(room);
    }
    void *too_much = pages_alloc(SIZE_MAX / 2, 4);
    CHECK(!too_much);
}
