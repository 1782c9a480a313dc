/*
 * time.h - the clock, and dates in the forms that the wire wants.
 *
 * Layer:  core
 * Source: https://www.rfc-editor.org/rfc/rfc3339, https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats
 */
#pragma once
#include <stdatomic.h>
#include <time.h>

#include "core/str.h"

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

/* The product's clock: the system's plus an offset that a test may move. Shared by threads. */
struct clock {
    _Atomic int64_t offset_ns;
};

/* Nanoseconds since 1970; `clock` may be NULL: the system's. */
int64_t clock_now_ns(const struct clock *clock);
void    clock_advance(struct clock *clock, int64_t by_ns);

/* Now and so long, by CLOCK_MONOTONIC: until when to wait for a condition. No test moves it. */
struct timespec time_after(int64_t ms);

struct time_text {
    char s[40];
};

struct time_text time_iso(int64_t ns);    /* 2026-11-23T04:15:00.1234567Z */
struct time_text time_iso_s(int64_t s);   /* 2026-11-23T04:15:00Z */
struct time_text time_plain(int64_t s);   /* 2026-11-23 04:15:00Z, as the token service dates errors */
struct time_text time_http(int64_t s);    /* Mon, 23 Nov 2026 04:15:00 GMT */
struct time_text time_compact(int64_t s); /* 20261123T041500Z */

struct time_text time_span(int64_t s); /* 1d2h10m, 0s: units that are nought are left out */

/* Reads RFC 3339 with up to nine digits of a second; Z or an offset is needed. Years 1..9999. */
MUST_USE bool time_parse_iso(str text, int64_t *out_ns);
/* Reads a length of time as time_span writes it: numbers with d, h, m or s, each unit at most once, the largest first. */
MUST_USE bool time_parse_span(str text, int64_t *out_s);
