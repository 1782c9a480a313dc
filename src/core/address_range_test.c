#include "core/address_range.h"

#include "test.h"

TEST(address_ranges_are_read_and_written)
{
    static const struct { const char *text, *want; bool is_exact; } CASES[] = {
        {"10.0.0.0/24", "10.0.0.0/24", true},
        {"10.0.0.7/24", "10.0.0.0/24", false},
        {"0.0.0.0/0", "0.0.0.0/0", true},
        {"10.1.2.3/32", "10.1.2.3/32", true},
        {"10.255.255.255/9", "10.128.0.0/9", false},
        {"fd00::/48", "fd00::/48", true},
        {"fd00::1/64", "fd00::/64", false},
        {"::/0", "::/0", true},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct address_range r;
        bool                 is_read = address_range_read(str_of(CASES[i].text), &r);
        CHECK_ROW(is_read, CASES[i].text);
        CHECK_STR(address_range_text(t->call, &r), str_of(CASES[i].want), CASES[i].text);
        CHECK_ROW(address_range_is_exact(&r) == CASES[i].is_exact, CASES[i].text);
    }
}

TEST(address_ranges_that_are_none)
{
    static const char *const CASES[] = {
        "",        "/",          "10.0.0.0",     "10.0.0.0/",    "10.0.0.0/33",  "10.0.0.0/-1", "10.0.0.0/024x", "10.0.0/24",
        "10.0.0.0.0/24", "256.0.0.0/8", "fd00::/129", " 10.0.0.0/24", "10.0.0.0/24 ", "10.0.0.0/2/4", "10.0.0.0/9999", "a/8",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999/64",
    };
    struct address_range r;
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ROW(!address_range_read(str_of(CASES[i]), &r), CASES[i]);
    CHECK(!address_range_read((str){"10.0.0.0\0/24", 12}, &r));
    CHECK(!address_read(S("10.0.0.0/24"), &r));
}

TEST(address_ranges_contain_and_overlap)
{
    static const struct { const char *a, *b; bool contains, overlaps; } CASES[] = {
        {"10.0.0.0/16", "10.0.1.0/24", true, true},
        {"10.0.1.0/24", "10.0.0.0/16", false, true},
        {"10.0.0.0/24", "10.0.0.0/24", true, true},
        {"10.0.0.0/24", "10.0.1.0/24", false, false},
        {"10.0.0.0/25", "10.0.0.128/25", false, false},
        {"0.0.0.0/0", "192.168.0.0/16", true, true},
        {"::/0", "10.0.0.0/24", false, false},
        {"fd00::/8", "fd12::/64", true, true},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct address_range a, b;
        CHECK_ROW(address_range_read(str_of(CASES[i].a), &a) && address_range_read(str_of(CASES[i].b), &b), CASES[i].a);
        CHECK_ROW(address_range_contains(&a, &b) == CASES[i].contains, CASES[i].a);
        CHECK_ROW(address_range_overlaps(&a, &b) == CASES[i].overlaps && address_range_overlaps(&b, &a) == CASES[i].overlaps, CASES[i].a);
    }
}

TEST(address_ranges_count_their_addresses)
{
    struct address_range r, at;
    CHECK(address_range_read(S("10.0.0.128/25"), &r) && address_range_count(&r) == 128);
    CHECK_STR(address_range_at(t->call, &r, 4), S("10.0.0.132"), "the fifth");
    CHECK(address_read(S("10.0.0.132"), &at) && address_range_contains(&r, &at) && address_range_index(&r, &at) == 4);
    CHECK(address_range_read(S("10.0.0.1/32"), &r) && address_range_count(&r) == 1);
    CHECK(address_range_read(S("0.0.0.0/0"), &r) && address_range_count(&r) == (uint32_t)1 << 31);
    CHECK_STR(address_range_at(t->call, &r, 256), S("0.0.1.0"), "of all");
    CHECK(address_range_read(S("fd00::/64"), &r) && address_range_count(&r) == 0);
}
