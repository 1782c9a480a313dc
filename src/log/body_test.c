#include "log/body.h"

#include "core/pack.h"
#include "log/activity.h"
#include "store/store.h"
#include "test.h"

// A body of version 1 that repeats itself after `period` bytes.
static str plain_of(struct test *t, size_t n, size_t period)
{
    char *at = NULL;
    CHECK_OK(NEW(t->call, &at, n));
    for (size_t i = 0; at && i < n; i++) at[i] = (char)(i ? i % period * 37 + i % period / 256 : 1);
    return (str){at, at ? n : 0};
}

TEST(log_bodies_are_stored_compressed_and_read_as_they_were)
{
    static const struct { const char *what; size_t n, period, at_most; } CASES[] = {
        {"one byte", 1, 1, 1},
        {"too short to try", 255, 10, 255},
        {"long and much the same", 2000, 60, 200},
        {"the longest that is tried", LOG_BODY_MAX_BYTES, 100, LOG_BODY_MAX_BYTES / 50},
        {"longer", LOG_BODY_MAX_BYTES + 1, 100, LOG_BODY_MAX_BYTES + 1},
    };
    struct log_body_room room = {0};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str   plain = plain_of(t, CASES[i].n, CASES[i].period), stored = STR_NONE;
        bytes again = {0};
        CHECK_OK(log_body_close(t->call, plain, &stored));
        CHECK_AT_MOST(stored.n, CASES[i].at_most, CASES[i].what);
        CHECK_OK(log_body_open(t->call, str_bytes(stored), &room, &again));
        CHECK_ROW(str_eq(bytes_str(again), plain), CASES[i].what);
    }
}

TEST(log_bodies_that_do_not_repeat_stay_as_they_are)
{
    char     at[512] = {1};
    str      stored, plain = {at, sizeof at};
    uint32_t x = 1;
    for (size_t i = 1; i < sizeof at; i++) at[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    CHECK_OK(log_body_close(t->call, plain, &stored));
    CHECK(stored.at == plain.at && stored.n == plain.n);
}

TEST(log_bodies_that_are_damaged_are_refused)
{
    str                  stored = STR_NONE, plain = plain_of(t, 2000, 60);
    struct log_body_room room = {0};
    bytes                out = {0};
    char                *at = NULL;
    CHECK_OK(log_body_close(t->call, plain, &stored));
    CHECK(stored.n > 8 && stored.at[0] == 0);
    for (size_t n = 1; n < stored.n; n++)
        CHECK_ERR(log_body_open(t->call, (bytes){(const uint8_t *)stored.at, n}, &room, &out), ERR_STORE_DAMAGED, "cut");
    static const struct { const char *what; char length[4]; } CASES[] = {
        {"one byte more than it has", {(char)0xd1, 0x0f}},
        {"one byte fewer", {(char)0xcf, 0x0f}},
        {"none", {(char)0x80, 0x00}},
        {"past the limit", {(char)0xff, (char)0xff}}, // goes on into the block
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_OK(NEW(t->call, &at, stored.n));
        if (!at) return;
        memcpy(at, stored.at, stored.n);
        memcpy(at + 1, CASES[i].length, 2); // 2000 takes two bytes
        CHECK_ERR(log_body_open(t->call, (bytes){(const uint8_t *)at, stored.n}, &room, &out), ERR_STORE_DAMAGED, CASES[i].what);
    }
    CHECK(out.at == NULL);
}

// What the largest record of a change may hold is compressed: its texts are bounded by log/record.h and log/activity.h.
TEST(log_bodies_of_the_largest_changes_are_compressed)
{
    str document = plain_of(t, ACTIVITY_MAX_DOCUMENT_BYTES, 300), text = plain_of(t, LOG_MAX_TEXT_BYTES, 80), body = STR_NONE, stored = STR_NONE;
    struct activity a = {.caller_name = text, .action = text, .method = text, .uri = text, .address = text, .client_request = text, .error = text};
    a.before = a.after = document;
    a.message = plain_of(t, ACTIVITY_MAX_MESSAGE_BYTES, 100);
    CHECK_OK(activity_pack(t->call, &a, &body));
    CHECK_OK(log_body_close(t->call, body, &stored));
    CHECK(body.n > 2 * document.n);
    CHECK_AT_MOST(stored.n, body.n / 4, "bytes");
}
