#include "core/b64.h"
#include "core/guid.h"
#include "core/time.h"
#include "test.h"

TEST(str_cut_gives_every_piece)
{
    static const struct { const char *text; size_t pieces; } CASES[] = {
        {"", 1}, {"a", 1}, {",", 2}, {"a,b", 2}, {"a,,b", 3}, {",a,", 3},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        size_t n = 0;
        for (str rest = str_of(CASES[i].text), piece; str_cut(&rest, ',', &piece);) n++;
        CHECK_INT(n, CASES[i].pieces, CASES[i].text);
    }
}

TEST(str_decimal_writes_what_is_read_back)
{
    char     room[STR_DECIMAL_BYTES], want[24];
    uint64_t near = 1;
    for (int i = 0; i < 20; i++, near *= 10) { // every number of digits
        for (int by = -2; by <= 2; by++) {
            uint64_t v = near + (uint64_t)by, back = 0;
            str      text = str_decimal(v, room);
            snprintf(want, sizeof want, "%llu", (unsigned long long)v);
            CHECK_STR(text, str_of(want), want);
            CHECK_ROW(str_to_u64(text, &back) && back == v, want);
        }
    }
    CHECK_STR(str_decimal(0, room), S("0"), "0");
    CHECK_STR(str_decimal(UINT64_MAX, room), S("18446744073709551615"), "the largest");
}

TEST(str_to_i64_takes_whole_numbers_only)
{
    static const struct { const char *text; bool ok; int64_t want; } CASES[] = {
        {"0", true, 0}, {"-1", true, -1}, {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN}, {"9223372036854775808", false, 0},
        {"", false, 0}, {"-", false, 0}, {"+3", false, 0}, {" 1", false, 0}, {"1x", false, 0}, {"0x1", false, 0},
        {"18446744073709551616", false, 0}, {"111111111111111111111", false, 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t v = 0;
        bool    ok = str_to_i64(str_of(CASES[i].text), &v);
        CHECK_ROW(ok == CASES[i].ok && v == CASES[i].want, CASES[i].text);
    }
}

TEST(str_compares_without_case_in_ascii_only)
{
    CHECK(str_eq_nocase(S("Microsoft.KeyVault"), S("microsoft.keyvault")));
    CHECK(!str_eq_nocase(S("[a"), S("{a")));
    CHECK(str_eq_nocase(S("/SUBSCRIPTIONS/a/Z"), S("/subscriptions/A/z")));
    CHECK(!str_eq_nocase(S("/subscriptions@"), S("/subscriptions`")));
    CHECK(!str_eq_nocase(S("12345678[ab"), S("12345678{ab")));
    CHECK(!str_eq_nocase(S("\xc1"
                           "2345678"),
                         S("\xe1"
                           "2345678")));
    CHECK(!str_eq_nocase(S("\xc3\x84"), S("\xc3\xa4"))); // an umlaut is not folded
    CHECK(str_cmp_nocase(S("abc"), S("ABD")) < 0);
    CHECK(str_starts_nocase(S("/Subscriptions/x"), S("/subscriptions/")));
    CHECK(str_contains_nocase(S("a ReadMe b"), S("readme")));
    CHECK(!str_starts_nocase(S("/sub"), S("/subscriptions/")));
}

TEST(guid_parse_takes_one_form)
{
    static const struct { const char *text; bool ok; } CASES[] = {
        {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", true}, {"8E3AF657-A8FF-443C-A75C-2FE8C4BCB635", true},
        {"{8e3af657-a8ff-443c-a75c-2fe8c4bcb635}", false}, {"8e3af657a8ff443ca75c2fe8c4bcb635", false},
        {"8e3af657-a8ff-443c-a75c-2fe8c4bcb63", false}, {"8e3af657-a8ff-443c-a75c-2fe8c4bcb63g", false},
        {"8e3af657+a8ff-443c-a75c-2fe8c4bcb635", false}, {"", false}, {" 8e3af657-a8ff-443c-a75c-2fe8c4bcb635", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        guid g;
        CHECK_ROW(guid_parse(str_of(CASES[i].text), &g) == CASES[i].ok, CASES[i].text);
        if (CASES[i].ok) CHECK_STR(str_of(guid_text(g).s), S("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), CASES[i].text);
        if (CASES[i].ok) CHECK_STR(str_of(guid_digits(g).s), S("8e3af657a8ff443ca75c2fe8c4bcb635"), CASES[i].text);
    }
}

TEST(time_parse_reads_what_time_iso_writes)
{
    static const struct { const char *text; bool ok; const char *again; } CASES[] = {
        {"2026-11-23T04:15:00Z", true, "2026-11-23T04:15:00.0000000Z"},
        {"2026-11-23T04:15:00.1234567Z", true, "2026-11-23T04:15:00.1234567Z"},
        {"2026-11-23t04:15:00.5+02:00", true, "2026-11-23T02:15:00.5000000Z"},
        {"1969-12-31T23:59:59.9Z", true, "1969-12-31T23:59:59.9000000Z"},
        {"2026-02-30T00:00:00Z", false, ""}, {"2026-11-23", false, ""}, {"2026-11-23T04:15:00", false, ""},
        {"2026-13-01T00:00:00Z", false, ""}, {"2026-11-23T24:00:00Z", false, ""}, {"2026-11-23T04:15:00.Z", false, ""},
        {"2026-11-23T04:15:00.1234567890Z", false, ""}, {"2026-11-23T04:15:00Zx", false, ""}, {"0001-01-01T00:00:00Z", false, ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t ns = 0;
        CHECK_ROW(time_parse_iso(str_of(CASES[i].text), &ns) == CASES[i].ok, CASES[i].text);
        if (CASES[i].ok) CHECK_STR(str_of(time_iso(ns).s), str_of(CASES[i].again), CASES[i].text);
    }
    CHECK_STR(str_of(time_http(1763913300).s), S("Sun, 23 Nov 2025 15:55:00 GMT"), "http");
}

TEST(time_span_reads_what_it_writes_and_refuses_the_rest)
{
    static const struct { const char *text; bool ok; int64_t s; const char *again; } CASES[] = {
        {"10m", true, 600, "10m"}, {"24h", true, 86400, "1d"}, {"1d2h3m4s", true, 93784, "1d2h3m4s"}, {"90s", true, 90, "1m30s"},
        {"0s", true, 0, "0s"}, {"1h30m", true, 5400, "1h30m"}, {"45d", true, 3888000, "45d"},
        {"", false, 0, ""}, {"10", false, 0, ""}, {"m", false, 0, ""}, {"10x", false, 0, ""}, {"10m 5s", false, 0, ""}, {"5s10m", false, 0, ""},
        {"1m1m", false, 0, ""}, {"-10m", false, 0, ""}, {"+10m", false, 0, ""}, {"1.5h", false, 0, ""}, {"10M", false, 0, ""}, {"10m5", false, 0, ""},
        {"99999999999999999999s", false, 0, ""}, {"9223372036854775807d", false, 0, ""}, {"9223372036854775807s", true, INT64_MAX, "106751991167300d15h30m7s"},
        {"106751991167300d24h", false, 0, ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t s = 0;
        CHECK_ROW(time_parse_span(str_of(CASES[i].text), &s) == CASES[i].ok, CASES[i].text);
        CHECK_INT(s, CASES[i].s, CASES[i].text);
        if (CASES[i].ok) CHECK_STR(str_of(time_span(s).s), str_of(CASES[i].again), CASES[i].text);
    }
}

TEST(b64_reads_one_form_and_refuses_the_other)
{
    static const struct { const char *text; bool standard, url; } CASES[] = {
        {"", true, true}, {"Zm9v", true, true}, {"Zg==", true, false}, {"Zg", false, true}, {"Zh", false, false},
        {"Zg=", false, false}, {"-_-_", false, true}, {"+/+/", true, false}, {"Zm9", false, false}, {"Zm8", false, true},
        {"A", false, false}, {"Zm 9", false, false}, {"====", false, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        bytes out;
        CHECK_ERR(b64_decode(t->call, str_of(CASES[i].text), &out), CASES[i].standard ? OK : ERR_BASE64_INVALID, CASES[i].text);
        CHECK_ERR(b64url_decode(t->call, str_of(CASES[i].text), &out), CASES[i].url ? OK : ERR_BASE64_INVALID, CASES[i].text);
    }
    for (size_t n = 0; n < 40; n++) {
        uint8_t    raw[40];
        struct buf b;
        bytes      again;
        for (size_t i = 0; i < n; i++) raw[i] = (uint8_t)(i * 37 + n);
        buf_init(&b, &t->call->arena);
        b64url_add(&b, (bytes){raw, n});
        CHECK_OK(b64url_decode(t->call, buf_view(&b), &again));
        CHECK(again.n == n && memcmp(again.at, raw, n) == 0);
    }
}
