#include "client/expiry.h"

#include <time.h>

#include "core/time.h"

// A number of one to `most` digits at the start of *rest.
static bool take_number(str *rest, size_t most, int *out)
{
    size_t n = 0;
    int    v = 0;
    while (n < rest->n && n < most && rest->at[n] >= '0' && rest->at[n] <= '9') v = v * 10 + (rest->at[n++] - '0');
    if (n == 0) return false;
    *rest = str_from(*rest, n);
    *out = v;
    return true;
}

static bool take_char(str *rest, char ch)
{
    if (rest->n == 0 || rest->at[0] != ch) return false;
    *rest = str_from(*rest, 1);
    return true;
}

static bool take_word(str *rest, str word)
{
    if (!str_starts_nocase(*rest, word)) return false;
    *rest = str_from(*rest, word.n);
    return true;
}

// "11/23/2026" as Azure's services write it, or "2026-11-23".
static bool take_date(str *rest, struct tm *out)
{
    str american = *rest, iso = *rest;
    if (take_number(&american, 2, &out->tm_mon) && take_char(&american, '/') && take_number(&american, 2, &out->tm_mday) &&
        take_char(&american, '/') && take_number(&american, 4, &out->tm_year)) {
        *rest = american;
    } else if (take_number(&iso, 4, &out->tm_year) && take_char(&iso, '-') && take_number(&iso, 2, &out->tm_mon) && take_char(&iso, '-') &&
               take_number(&iso, 2, &out->tm_mday)) {
        *rest = iso;
    } else {
        return false;
    }
    if (out->tm_year < 1970 || out->tm_mon < 1 || out->tm_mon > 12 || out->tm_mday < 1 || out->tm_mday > 31) return false;
    out->tm_year -= 1900;
    out->tm_mon -= 1;
    return true;
}

// "04:15:00", "04:15:00.123456", "5:24:12 AM".
static bool take_time(str *rest, struct tm *out)
{
    int fraction;
    if (!take_number(rest, 2, &out->tm_hour) || !take_char(rest, ':') || !take_number(rest, 2, &out->tm_min) || !take_char(rest, ':') ||
        !take_number(rest, 2, &out->tm_sec))
        return false;
    if (take_char(rest, '.') && !take_number(rest, 9, &fraction)) return false;
    bool is_am = take_word(rest, S(" AM")), is_pm = !is_am && take_word(rest, S(" PM"));
    if (is_am || is_pm) {
        if (out->tm_hour < 1 || out->tm_hour > 12) return false;
        out->tm_hour = out->tm_hour % 12 + (is_pm ? 12 : 0);
    }
    return out->tm_hour < 24 && out->tm_min < 60 && out->tm_sec < 61;
}

// " +00:00", "Z" or nothing.
static bool take_offset(str *rest, bool *out_is_there, int64_t *out_s)
{
    int hours, minutes;
    *out_is_there = true;
    *out_s = 0;
    if (take_char(rest, 'Z')) return true;
    bool spaced = take_char(rest, ' '), plus = take_char(rest, '+'), minus = !plus && take_char(rest, '-');
    if (!plus && !minus) {
        *out_is_there = false;
        return !spaced;
    }
    if (!take_number(rest, 2, &hours) || !take_char(rest, ':') || !take_number(rest, 2, &minutes) || hours > 14 || minutes > 59) return false;
    *out_s = (plus ? 1 : -1) * (int64_t)(hours * 60 + minutes) * 60;
    return true;
}

static bool parse(str text, bool is_local, int64_t *out_s)
{
    int64_t   number, offset_s;
    bool      has_offset;
    struct tm tm = {.tm_isdst = -1};
    str       rest = text;
    if (text.n > EXPIRY_MAX_TEXT_BYTES) return false;
    if (str_to_i64(text, &number)) {
        if (number <= 0 || number > EXPIRY_MAX_S) return false;
        *out_s = number;
        return true;
    }
    if (!take_date(&rest, &tm) || !(take_char(&rest, ' ') || take_char(&rest, 'T')) || !take_time(&rest, &tm)) return false;
    if (!take_offset(&rest, &has_offset, &offset_s) || rest.n) return false;
    int     month = tm.tm_mon, day = tm.tm_mday; // which timegm and mktime put right where there is no such day
    int64_t s = is_local && !has_offset ? mktime(&tm) : timegm(&tm) - offset_s;
    if (tm.tm_mon != month || tm.tm_mday != day || s <= 0 || s > EXPIRY_MAX_S) return false;
    *out_s = s;
    return true;
}

bool expiry_parse(str text, int64_t *out_s)
{
    return parse(text, false, out_s);
}

bool expiry_parse_local(str text, int64_t *out_s)
{
    return parse(text, true, out_s);
}

bool expiry_of(const struct json *v, int64_t *out_s)
{
    if (json_is(v, JSON_IS_STRING)) return expiry_parse(v->u.string, out_s);
    int64_t s = 0;
    if (json_is(v, JSON_IS_INT)) s = v->u.integer;
    if (json_is(v, JSON_IS_REAL) && v->u.real > 0 && v->u.real < (double)EXPIRY_MAX_S) s = (int64_t)v->u.real;
    if (s <= 0 || s > EXPIRY_MAX_S) return false;
    *out_s = s;
    return true;
}

bool expiry_seconds_of(const struct json *v, int64_t *out_s)
{
    int64_t s = -1;
    if (json_is(v, JSON_IS_STRING) && !str_to_i64(v->u.string, &s)) return false;
    if (json_is(v, JSON_IS_INT)) s = v->u.integer;
    if (s < 0 || s > EXPIRY_MAX_S) return false;
    *out_s = s;
    return true;
}
