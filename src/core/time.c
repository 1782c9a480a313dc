#include "core/time.h"

#include <stdio.h>

int64_t clock_now_ns(const struct clock *clock)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t offset = clock ? atomic_load_explicit(&clock->offset_ns, memory_order_relaxed) : 0;
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec + offset;
}

void clock_advance(struct clock *clock, int64_t by_ns)
{
    atomic_fetch_add_explicit(&clock->offset_ns, by_ns, memory_order_relaxed);
}

struct timespec time_after(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + ms % 1000 * NS_PER_MS;
    return (struct timespec){.tv_sec = t.tv_sec + ms / 1000 + ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

static struct tm utc(int64_t s)
{
    struct tm tm = {0};
    time_t    t = (time_t)s;
    gmtime_r(&t, &tm);
    return tm;
}

static struct time_text text(const char *format, int64_t s)
{
    struct time_text t = {{0}};
    struct tm        tm = utc(s);
    strftime(t.s, sizeof t.s, format, &tm);
    return t;
}

struct time_text time_iso(int64_t ns)
{
    int64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;
    if (rest < 0) {
        rest += NS_PER_S;
        s--;
    }
    struct time_text t = text("%Y-%m-%dT%H:%M:%S", s);
    size_t           n = strlen(t.s);
    snprintf(t.s + n, sizeof t.s - n, ".%07dZ", (int)(rest / 100));
    return t;
}

struct time_text time_iso_s(int64_t s)
{
    return text("%Y-%m-%dT%H:%M:%SZ", s);
}

struct time_text time_plain(int64_t s)
{
    return text("%Y-%m-%d %H:%M:%SZ", s);
}

struct time_text time_http(int64_t s)
{
    return text("%a, %d %b %Y %H:%M:%S GMT", s);
}

struct time_text time_compact(int64_t s)
{
    return text("%Y%m%dT%H%M%SZ", s);
}

static const struct {
    char    name;
    int64_t s;
} UNITS[] = {{'d', S_PER_DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};

struct time_text time_span(int64_t s)
{
    struct time_text t = {{0}};
    size_t           n = 0;
    for (size_t i = 0; i < COUNT(UNITS); i++) {
        int64_t times = s / UNITS[i].s;
        s -= times * UNITS[i].s;
        if (times) n += (size_t)snprintf(t.s + n, sizeof t.s - n, "%lld%c", (long long)times, UNITS[i].name);
    }
    if (n == 0) memcpy(t.s, "0s", 3);
    return t;
}

bool time_parse_span(str text, int64_t *out_s)
{
    int64_t total = 0, times, part;
    size_t  unit = 0;
    if (str_empty(text)) return false;
    while (text.n) {
        size_t digits = 0;
        while (digits < text.n && text.at[digits] >= '0' && text.at[digits] <= '9') digits++;
        if (digits == text.n || !str_to_i64(str_upto(text, digits), &times)) return false;
        while (unit < COUNT(UNITS) && UNITS[unit].name != text.at[digits]) unit++;
        if (unit == COUNT(UNITS)) return false;
        if (__builtin_mul_overflow(times, UNITS[unit++].s, &part) || __builtin_add_overflow(total, part, &total)) return false;
        text = str_from(text, digits + 1);
    }
    *out_s = total;
    return true;
}

static bool take_number(str *s, size_t digits, int low, int high, int *out)
{
    int v = 0;
    if (s->n < digits) return false;
    for (size_t i = 0; i < digits; i++) {
        char c = s->at[i];
        if (c < '0' || c > '9') return false;
        v = v * 10 + (c - '0');
    }
    *s = str_from(*s, digits);
    *out = v;
    return v >= low && v <= high;
}

static bool take_char(str *s, char want)
{
    if (s->n == 0 || char_lower(s->at[0]) != char_lower(want)) return false;
    *s = str_from(*s, 1);
    return true;
}

static bool take_fraction(str *s, int64_t *out_ns)
{
    int64_t ns = 0, unit = NS_PER_S;
    *out_ns = 0;
    if (!take_char(s, '.')) return true;
    size_t n = 0;
    for (; n < s->n && s->at[n] >= '0' && s->at[n] <= '9'; n++) {
        if (n >= 9) return false;
        unit /= 10;
        ns += (s->at[n] - '0') * unit;
    }
    *s = str_from(*s, n);
    *out_ns = ns;
    return n > 0;
}

static bool take_offset(str *s, int64_t *out_s)
{
    int  hours, minutes;
    bool behind;
    *out_s = 0;
    if (take_char(s, 'Z')) return true;
    if (take_char(s, '+')) behind = false;
    else if (take_char(s, '-')) behind = true;
    else return false;
    if (!take_number(s, 2, 0, 23, &hours) || !take_char(s, ':') || !take_number(s, 2, 0, 59, &minutes)) return false;
    *out_s = (hours * 60 + minutes) * 60 * (behind ? -1 : 1);
    return true;
}

bool time_parse_iso(str s, int64_t *out_ns)
{
    struct tm tm = {0};
    int64_t   fraction_ns, offset_s;
    if (!take_number(&s, 4, 1, 9999, &tm.tm_year) || !take_char(&s, '-')) return false;
    if (!take_number(&s, 2, 1, 12, &tm.tm_mon) || !take_char(&s, '-')) return false;
    if (!take_number(&s, 2, 1, 31, &tm.tm_mday) || !take_char(&s, 'T')) return false;
    if (!take_number(&s, 2, 0, 23, &tm.tm_hour) || !take_char(&s, ':')) return false;
    if (!take_number(&s, 2, 0, 59, &tm.tm_min) || !take_char(&s, ':')) return false;
    if (!take_number(&s, 2, 0, 59, &tm.tm_sec)) return false;
    if (!take_fraction(&s, &fraction_ns) || !take_offset(&s, &offset_s) || s.n) return false;
    struct tm asked = tm;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t seconds = (int64_t)timegm(&tm);
    if (tm.tm_mday != asked.tm_mday) return false; // the 30th of February became a day in March
    int64_t ns;
    if (__builtin_mul_overflow(seconds - offset_s, NS_PER_S, &ns)) return false; // before 1678, after 2262
    *out_ns = ns + fraction_ns;
    return true;
}
